"""What RDATA holds lists of: EDNS options, service parameters, address prefixes.

One Struct for each line of `csrc/wire/rq_option.def` and `rq_param.def`, with the same field names. What has no line
there is raw, and so is an option that does not fit its layout. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union

import msgspec

from . import _lib
from ._rules import rule
from .codes import Ede
from .errors import IllegalValue, shown

T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of all values: frozen, so it can hold no reference to itself and needs no garbage collection."""

    def _wire(self, fn: Any, *args: Any) -> bytes:
        """What the C function writes for this value. Raises `IllegalValue`."""
        try:
            pack = _encode(self)
        except (TypeError, OverflowError, UnicodeEncodeError) as error:
            raise IllegalValue(self, "") from error
        octets = _lib.write_value(fn, *args, pack, len(pack))
        if isinstance(octets, int):
            field = self.__struct_fields__[octets - 1] if octets else ""
            raise IllegalValue(self, field, self._rule(octets - 1, field) if field else "")
        return octets

    def _rule(self, place: int, field: str) -> str:
        """What the field may be, as far as one rule says it."""
        return ""


class Row(Value, frozen=True):
    """The base of what has a line in a table of the C core."""

    _table: ClassVar[int]

    def to_wire(self) -> bytes:
        """The octets, as they stand in a message but for names, which are not compressed. Raises `IllegalValue`."""
        return self._wire(_lib.lib.rq_value_unpack, self._table)

    def _rule(self, place: int, field: str) -> str:
        number = self.__struct_config__.tag
        return rule(self._table, number, place, getattr(self, field)) if isinstance(number, int) else ""


def first(values: Iterable[object], kind: type[T]) -> T | None:
    """The first of the values that is of that class, None when none is."""
    return next((value for value in values if isinstance(value, kind)), None)


class AddressPrefix(Value, frozen=True):
    """A range of addresses, or one that is taken out of it (RFC 3123, 4); `family` is 1 for IPv4, 2 for IPv6."""

    family: int
    bits: int
    negated: bool
    address: str


# --- EDNS options ---


class EdnsOption(Row, frozen=True, tag_field="option"):
    """The base of all EDNS options (RFC 6891, 6.1.2).

    >>> TcpKeepalive(300).to_wire().hex(" ", 2)
    '000b 0002 012c'
    """

    _table: ClassVar[int] = _lib.lib.RQ_TABLE_OPTIONS


class Nsid(EdnsOption, frozen=True, tag=3):
    """Which of many servers answers; empty to ask for it (RFC 5001, 2.3)."""

    data: bytes


class Dau(EdnsOption, frozen=True, tag=5):
    """The signature algorithms that the asker understands (RFC 6975, 3)."""

    algorithms: tuple[int, ...]


class Dhu(EdnsOption, frozen=True, tag=6):
    """The DS digest algorithms that the asker understands (RFC 6975, 3)."""

    algorithms: tuple[int, ...]


class N3u(EdnsOption, frozen=True, tag=7):
    """The NSEC3 hash algorithms that the asker understands (RFC 6975, 3)."""

    algorithms: tuple[int, ...]


class ClientSubnet(EdnsOption, frozen=True, tag=8):
    """From which network the question comes (RFC 7871, 6); `family` is 1 for IPv4, 2 for IPv6, and `address` has only
    zeros behind its first `source_prefix` bits. An answer holds for `scope_prefix` bits.
    """

    family: int
    source_prefix: int
    scope_prefix: int
    address: str

    @classmethod
    def of(cls, network: str) -> ClientSubnet:
        """The option for a query on behalf of a network. Raises ValueError for a text that is none.

        >>> ClientSubnet.of("192.0.2.0/24"), ClientSubnet.of("2001:db8::/56").family
        (ClientSubnet(family=1, source_prefix=24, scope_prefix=0, address='192.0.2.0'), 2)
        """
        import ipaddress

        try:
            parsed = ipaddress.ip_network(str(network), strict=False)
        except ValueError:
            raise ValueError(f"'{shown(str(network))}' is no network such as 192.0.2.0/24 or 2001:db8::/56") from None
        return cls(1 if parsed.version == 4 else 2, parsed.prefixlen, 0, str(parsed.network_address))


class Expire(EdnsOption, frozen=True, tag=9):
    """After how many seconds a secondary server should drop the zone; None to ask for it (RFC 7314, 2)."""

    seconds: int | None


class Cookie(EdnsOption, frozen=True, tag=10):
    """A light protection against forgery (RFC 7873, 4): 8 octets of the client; none or 8 to 32 of the server."""

    client: bytes
    server: bytes = b""


class TcpKeepalive(EdnsOption, frozen=True, tag=11):
    """How long an idle connection stays open, in units of 100 ms; None to ask for it (RFC 7828, 3.1)."""

    timeout: int | None


class Padding(EdnsOption, frozen=True, tag=12):
    """Octets that hide how long the message is (RFC 7830, 3)."""

    data: bytes


class Chain(EdnsOption, frozen=True, tag=13):
    """The closest name whose DNSSEC keys the asker has (RFC 7901, 4)."""

    trust_point: str


class KeyTag(EdnsOption, frozen=True, tag=14):
    """The trust anchors that the asker has (RFC 8145, 4.1)."""

    key_tags: tuple[int, ...]


class ExtendedError(EdnsOption, frozen=True, tag=15):
    """Why it went wrong (RFC 8914, 2); `code` is one of `Ede`, `text` is for people.

    >>> ExtendedError(18, "not for you").name
    'PROHIBITED'
    """

    code: int
    text: str = ""

    @property
    def name(self) -> str:
        """The name of the code, EDE<number> for one that has none."""
        return Ede(self.code).name


class ReportChannel(EdnsOption, frozen=True, tag=18):
    """Where to report errors of DNSSEC and others (RFC 9567, 5)."""

    agent_domain: str


class ZoneVersion(EdnsOption, frozen=True, tag=19):
    """The version of the zone that the answer comes from, type 0 a serial number; all None to ask for it (RFC 9660, 2).
    The zone's name is the last `labels` labels of the name that is asked for.
    """

    labels: int | None = None
    type: int | None = None
    version: bytes | None = None


class RawOption(EdnsOption, frozen=True, tag=-1):
    """An option without a layout, or whose octets do not fit it: as it stands."""

    code: int
    data: bytes


# --- service parameters ---


class SvcParam(Row, frozen=True, tag_field="param"):
    """The base of all service parameters (RFC 9460, 2.1).

    >>> Port(443).to_wire().hex(" ", 2)
    '0003 0002 01bb'
    """

    _table: ClassVar[int] = _lib.lib.RQ_TABLE_PARAMS


class Mandatory(SvcParam, frozen=True, tag=0):
    """The keys that a client has to understand, ascending (RFC 9460, 8)."""

    keys: tuple[int, ...]


class Alpn(SvcParam, frozen=True, tag=1):
    """The protocols that are spoken (RFC 9460, 7.1.1).

    >>> Alpn((b"h3", b"h2"))
    Alpn(ids=(b'h3', b'h2'))
    """

    ids: tuple[bytes, ...]


class NoDefaultAlpn(SvcParam, frozen=True, tag=2):
    """The default protocol is not spoken (RFC 9460, 7.1.1)."""


class Port(SvcParam, frozen=True, tag=3):
    """The port to connect to (RFC 9460, 7.2)."""

    port: int


class Ipv4Hint(SvcParam, frozen=True, tag=4):
    """Addresses to try while the real ones are looked up (RFC 9460, 7.3)."""

    addresses: tuple[str, ...]


class Ech(SvcParam, frozen=True, tag=5):
    """How to encrypt the TLS ClientHello, an ECHConfigList (RFC 9848)."""

    config: bytes


class Ipv6Hint(SvcParam, frozen=True, tag=6):
    """Addresses to try while the real ones are looked up (RFC 9460, 7.3)."""

    addresses: tuple[str, ...]


class DohPath(SvcParam, frozen=True, tag=7):
    """The URI template of DNS over HTTPS, relative (RFC 9461, 5)."""

    path: str


class Ohttp(SvcParam, frozen=True, tag=8):
    """The service can be reached by oblivious HTTP (RFC 9540, 4)."""


class RawParam(SvcParam, frozen=True, tag=-1):
    """A parameter without a layout: as it stands."""

    key: int
    value: bytes


if TYPE_CHECKING:
    AnyOption = EdnsOption
    AnyParam = SvcParam
else:
    AnyOption = Union[tuple(EdnsOption.__subclasses__())]  # noqa: UP007 - msgspec finds the Struct by its tag
    AnyParam = Union[tuple(SvcParam.__subclasses__())]  # noqa: UP007
