"""What DNS messages are made of, as values: questions, records, EDNS, and the numbers in them.

All are frozen, hashable and comparable. The RDATA of each type is in `rdata`, EDNS options are in `options`.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Union

from . import _lib
from .codes import Ede as Ede
from .codes import Flag as Flag
from .codes import Opcode as Opcode
from .codes import Rcode as Rcode
from .codes import RRClass as RRClass
from .codes import RRType as RRType
from .options import AnyOption, EdnsOption, Value, first
from .rdata import Rdata

if TYPE_CHECKING:
    AnyRdata = Rdata
else:
    AnyRdata = Union[tuple(Rdata.__subclasses__())]  # noqa: UP007 - msgspec finds the Struct by its tag

O = TypeVar("O", bound=EdnsOption)  # noqa: E741


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

    def option(self, kind: type[O]) -> O | None:
        """The first option of that class, None when there is none.

        >>> from resquery.options import Cookie, Nsid
        >>> edns = Edns(1232, 0, 0, (Nsid(b"ns1"),))
        >>> edns.option(Nsid), edns.option(Cookie)
        (Nsid(data=b'ns1'), None)
        """
        return first(self.options, kind)


class Question(Value, frozen=True):
    """What is asked (RFC 1035, 4.1.2)."""

    name: str
    type: RRType
    rrclass: RRClass


class Record(Value, frozen=True):
    """One resource record (RFC 1035, 4.1.3); `ttl` in seconds.

    >>> from resquery.rdata import MX
    >>> Record("example.com.", RRType.MX, RRClass.IN, 60, MX(10, "m.")).to_text()
    'example.com. 60 IN MX 10 m.'
    """

    name: str
    type: RRType
    rrclass: RRClass
    ttl: int
    rdata: AnyRdata

    @property
    def rdata_wire(self) -> bytes:
        """The RDATA in wire format, with its names uncompressed. Raises `IllegalValue`."""
        return self.rdata.to_wire()

    def to_wire(self) -> bytes:
        """The record in wire format, with its names uncompressed. Raises `IllegalValue`."""
        return self._wire(_lib.lib.rq_record_unpack)

    def to_text(self) -> str:
        """The record as a line of a zone file, without the newline (RFC 1035, 5.1). Raises `IllegalValue`."""
        return f"{self.name} {self.ttl} {self.rrclass} {self.type} {self.rdata.to_text()}"


class Sections(Value, frozen=True):
    """What a message holds (RFC 1035, 4.1). The OPT record is `edns`, and in no section; `rcode` has its upper bits."""

    question: tuple[Question, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns: Edns | None
    rcode: Rcode
