"""High-throughput DNS lookups: a C core that cannot write past a caller's buffer.

`resolve`, `res_query` and `res_search` ask the system's servers, a `Resolver` asks yours, and `bulk` looks millions of
names up. `Message` opens an answer, `make_query` builds a question. SPDX-License-Identifier: MIT
"""

from . import codes, errors, options, rdata, types
from ._cache import Cache, CacheStats
from ._conf import Servers
from ._settings import BulkSettings, Settings
from .arrow import Batch, BulkColumns, bulk_columns, parse_columns
from .bulk import Row, bulk
from .codes import Ede, Flag, Opcode, Rcode, RRClass, RRType
from .message import Message, make_query, parse
from .resolver import Resolver, Stored, res_query, res_search, resolve, reverse_name

__version__ = "0.1.0"
__all__ = [
    "Batch",
    "BulkColumns",
    "BulkSettings",
    "Cache",
    "CacheStats",
    "Ede",
    "Flag",
    "Message",
    "Opcode",
    "RRClass",
    "RRType",
    "Rcode",
    "Resolver",
    "Row",
    "Servers",
    "Settings",
    "Stored",
    "__version__",
    "bulk",
    "bulk_columns",
    "codes",
    "errors",
    "make_query",
    "options",
    "parse",
    "parse_columns",
    "rdata",
    "res_query",
    "res_search",
    "resolve",
    "reverse_name",
    "types",
]
