"""A DNS server on loopback for tests: zones or a function, and scripted faults.

Zones are read with dnspython (extra `testing`).

>>> from resquery.testing import Drop, Fault, Server
>>> server = Server(text="www.example. 300 IN A 192.0.2.1", faults=[Fault(name="www.example.", times=1, action=Drop())])
"""

from .faults import (
    Action,
    All,
    Before,
    Cookies,
    Cut,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Frame,
    Garbage,
    Loop,
    LowerCase,
    NoEdns,
    NotReply,
    Rcode,
    Reorder,
    Slow,
    Truncate,
    WrongId,
    WrongQuestion,
    WrongSource,
)
from .libc import LibcResult, glibc_res_query
from .query import Query, Reply, Send
from .server import Counts, Server, ServerError
from .zone import ZoneError

__all__ = [
    "Action",
    "All",
    "Before",
    "Cookies",
    "Counts",
    "Cut",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "Frame",
    "Garbage",
    "LibcResult",
    "Loop",
    "LowerCase",
    "NoEdns",
    "NotReply",
    "Query",
    "Rcode",
    "Reorder",
    "Reply",
    "Send",
    "Server",
    "ServerError",
    "Slow",
    "Truncate",
    "WrongId",
    "WrongQuestion",
    "WrongSource",
    "ZoneError",
    "glibc_res_query",
]
