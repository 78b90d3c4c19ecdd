"""What DNS messages are made of, as values: questions, records, EDNS, and the numbers in them.

All are frozen, hashable and comparable. The RDATA of each type is in `rdata`, EDNS options are in `options`.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from . import _lib
from .codes import Flag as Flag
from .codes import Opcode as Opcode
from .codes import Rcode as Rcode
from .codes import RRClass as RRClass
from .codes import RRType as RRType
from .options import AnyOption, Value
from .rdata import Rdata

if TYPE_CHECKING:
    AnyRdata = Rdata
else:
    AnyRdata = Union[tuple(Rdata.__subclasses__())]  # noqa: UP007 - msgspec finds the Struct by its tag


class Edns(Value, frozen=True):
    """What a message's OPT record says (RFC 6891, 6.1.3)."""

    payload: int
    version: int
    flags: int
    options: tuple[AnyOption, ...]

    @property
    def dnssec_ok(self) -> bool:
        """The DO bit (RFC 3225)."""
        return self.flags >= 0x8000


class Question(Value, frozen=True):
    """What is asked (RFC 1035, 4.1.2)."""

    name: str
    type: RRType
    rrclass: RRClass


class Record(Value, frozen=True):
    """One resource record (RFC 1035, 4.1.3); `ttl` in seconds, `rdata_wire` with its names uncompressed.

    >>> from resquery.rdata import MX
    >>> Record("example.com.", RRType.MX, RRClass.IN, 60, bytes([0, 10, 1, 109, 0]), MX(10, "m.")).to_text()
    'example.com. 60 IN MX 10 m.'
    """

    name: str
    type: RRType
    rrclass: RRClass
    ttl: int
    rdata_wire: bytes
    rdata: AnyRdata

    def to_text(self) -> str:
        """The record as a line of a zone file, without the newline (RFC 1035, 5.1)."""
        rdata = _lib.call_text(_lib.lib.rq_rdata_text, self.type, self.rdata_wire, len(self.rdata_wire))
        return f"{self.name} {self.ttl} {self.rrclass} {self.type} {rdata}"


class Sections(Value, frozen=True):
    """All that a message holds beside its header (RFC 1035, 4.1). The OPT record is `edns`, and in no section."""

    question: tuple[Question, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns: Edns | None
