"""What DNS messages are made of, as values: types, classes, codes, questions, records and their RDATA.

One Struct for each line of `csrc/wire/rq_rr.def`, with the same field names. All values are frozen, hashable and
comparable; msgspec builds them straight from what C writes. Names and addresses are `str` (names with the final dot
and RFC 1035 escapes), whatever else a server may fill with any octets is `bytes`. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import enum
from typing import Union

import msgspec

from . import _lib


class _Number(enum.IntEnum):
    """A 16-bit number with mnemonics; a number that has none is a member all the same, named as in RFC 3597, 5."""

    @classmethod
    def _missing_(cls, value: object) -> _Number | None:
        if not isinstance(value, int) or not 0 <= value <= 65535:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"{cls.__name__.upper().removeprefix('RR')}{value}"
        member._value_ = value
        return member

    def __reduce_ex__(self, proto: object) -> tuple[type[_Number], tuple[int]]:
        return type(self), (int(self),)  # early 3.11 would look for the name, which an unknown number has not

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)


class RRType(_Number):
    """A record type (IANA, "Resource Record (RR) TYPEs"). `str()` is the mnemonic.

    >>> RRType.MX, str(RRType(65280))
    (<RRType.MX: 15>, 'TYPE65280')
    """

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    AAAA = 28
    LOC = 29
    SRV = 33
    NAPTR = 35
    DNAME = 39
    OPT = 41
    DS = 43
    SSHFP = 44
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    SVCB = 64
    HTTPS = 65
    URI = 256
    CAA = 257

    @classmethod
    def parse(cls, text: str | int) -> RRType:
        """The type of that mnemonic or number. Raises `UnknownType`.

        >>> RRType.parse("mx"), RRType.parse("TYPE28")
        (<RRType.MX: 15>, <RRType.AAAA: 28>)
        """
        return cls(_lib.type_number(text))


class RRClass(_Number):
    """A class (RFC 1035, 3.2.4; RFC 2136, 2.4). `str()` is the mnemonic.

    >>> RRClass(1), str(RRClass(42))
    (<RRClass.IN: 1>, 'CLASS42')
    """

    IN = 1
    CH = 3
    HS = 4
    NONE = 254
    ANY = 255

    @classmethod
    def parse(cls, text: str | int) -> RRClass:
        """The class of that mnemonic or number. Raises `UnknownType`.

        >>> RRClass.parse("in"), RRClass.parse("CLASS3")
        (<RRClass.IN: 1>, <RRClass.CH: 3>)
        """
        return cls(_lib.class_number(text))


class Rcode(_Number):
    """How a server says a query went (RFC 1035, 4.1.1; RFC 2136, 2.2; RFC 6891, 9). `str()` is the mnemonic."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    DSOTYPENI = 11
    BADVERS = 16
    BADKEY = 17
    BADTIME = 18
    BADMODE = 19
    BADNAME = 20
    BADALG = 21
    BADTRUNC = 22
    BADCOOKIE = 23


class Opcode(_Number):
    """The kind of a query (RFC 1035, 4.1.1; RFC 1996; RFC 2136; RFC 8490). `str()` is the mnemonic."""

    QUERY = 0
    IQUERY = 1
    STATUS = 2
    NOTIFY = 4
    UPDATE = 5
    DSO = 6


class Flag(enum.IntFlag):
    """The header's flags, at their places in its second 16 bits (RFC 1035, 4.1.1; RFC 4035, 3).

    >>> str(Flag.QR | Flag.RD)
    'qr rd'
    """

    QR = 0x8000
    AA = 0x0400
    TC = 0x0200
    RD = 0x0100
    RA = 0x0080
    Z = 0x0040
    AD = 0x0020
    CD = 0x0010

    def __str__(self) -> str:
        return " ".join(name.lower() for name, bit in Flag.__members__.items() if self & bit)


class _Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of all values: frozen, so it can hold no reference to itself and needs no garbage collection."""


class SvcParam(_Value, frozen=True):
    """One service parameter (RFC 9460, 2.1): its key, and its value as it stands in the record."""

    key: int
    value: bytes


class EdnsOption(_Value, frozen=True):
    """One EDNS option (RFC 6891, 6.1.2): its code, and its data as it stands in the record."""

    code: int
    data: bytes


class Edns(_Value, frozen=True):
    """What a message's OPT record says (RFC 6891, 6.1.3)."""

    payload: int
    version: int
    flags: int
    options: tuple[EdnsOption, ...]

    @property
    def dnssec_ok(self) -> bool:
        """The DO bit (RFC 3225)."""
        return self.flags >= 0x8000


# --- RDATA: one Struct for each line of csrc/wire/rq_rr.def --------------------------------------------------------


class A(_Value, frozen=True, tag=1):
    """An IPv4 address (RFC 1035, 3.4.1)."""

    address: str


class NS(_Value, frozen=True, tag=2):
    """A server of the zone (RFC 1035, 3.3.11)."""

    target: str


class CNAME(_Value, frozen=True, tag=5):
    """The name that this one is an alias of (RFC 1035, 3.3.1)."""

    target: str


class SOA(_Value, frozen=True, tag=6):
    """The start of a zone (RFC 1035, 3.3.13); times in seconds."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


class PTR(_Value, frozen=True, tag=12):
    """The name that belongs to an address (RFC 1035, 3.3.12)."""

    target: str


class HINFO(_Value, frozen=True, tag=13):
    """A host's hardware and system (RFC 1035, 3.3.2), or the stand-in for ANY (RFC 8482)."""

    cpu: bytes
    os: bytes


class MX(_Value, frozen=True, tag=15):
    """A host that takes the domain's mail, the lowest preference first (RFC 1035, 3.3.9)."""

    preference: int
    exchange: str


class TXT(_Value, frozen=True, tag=16):
    """Strings of up to 255 octets each (RFC 1035, 3.3.14)."""

    strings: tuple[bytes, ...]


class AAAA(_Value, frozen=True, tag=28):
    """An IPv6 address (RFC 3596, 2.2), written as RFC 5952 says."""

    address: str


class LOC(_Value, frozen=True, tag=29):
    """A place on Earth (RFC 1876, 2), as the numbers stand in the record."""

    version: int
    size: int
    horizontal_precision: int
    vertical_precision: int
    latitude: int
    longitude: int
    altitude: int


class SRV(_Value, frozen=True, tag=33):
    """A host and port of a service (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class NAPTR(_Value, frozen=True, tag=35):
    """A rewrite rule (RFC 3403, 4.1)."""

    order: int
    preference: int
    flags: bytes
    service: bytes
    regexp: bytes
    replacement: str


class DNAME(_Value, frozen=True, tag=39):
    """Where the whole subtree below this name went (RFC 6672, 2.1)."""

    target: str


class OPT(_Value, frozen=True, tag=41):
    """EDNS options of an OPT record that stands where none belongs; see `Edns` (RFC 6891, 6.1.2)."""

    options: tuple[EdnsOption, ...]


class DS(_Value, frozen=True, tag=43):
    """The digest of a child zone's key (RFC 4034, 5.1)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class SSHFP(_Value, frozen=True, tag=44):
    """The fingerprint of a host's SSH key (RFC 4255, 3.1)."""

    algorithm: int
    fingerprint_type: int
    fingerprint: bytes


class RRSIG(_Value, frozen=True, tag=46):
    """A signature over a set of records (RFC 4034, 3.1); times in seconds since 1970, modulo 2^32."""

    type_covered: RRType
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int
    inception: int
    key_tag: int
    signer: str
    signature: bytes


class NSEC(_Value, frozen=True, tag=47):
    """The next name of the zone and the types of this one (RFC 4034, 4.1)."""

    next_name: str
    types: tuple[RRType, ...]


class DNSKEY(_Value, frozen=True, tag=48):
    """A public key of the zone (RFC 4034, 2.1)."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class NSEC3(_Value, frozen=True, tag=50):
    """The next hashed name of the zone and the types of this one (RFC 5155, 3.1)."""

    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes
    next_hash: bytes
    types: tuple[RRType, ...]


class NSEC3PARAM(_Value, frozen=True, tag=51):
    """How the zone's names are hashed (RFC 5155, 4.1)."""

    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes


class TLSA(_Value, frozen=True, tag=52):
    """A certificate, or its digest, for a TLS service (RFC 6698, 2.1)."""

    usage: int
    selector: int
    matching_type: int
    certificate: bytes


class SVCB(_Value, frozen=True, tag=64):
    """Where and how a service is reached (RFC 9460, 2.2)."""

    priority: int
    target: str
    params: tuple[SvcParam, ...]


class HTTPS(_Value, frozen=True, tag=65):
    """Where and how a web server is reached (RFC 9460, 9)."""

    priority: int
    target: str
    params: tuple[SvcParam, ...]


class URI(_Value, frozen=True, tag=256):
    """The URI of a service (RFC 7553, 4)."""

    priority: int
    weight: int
    target: bytes


class CAA(_Value, frozen=True, tag=257):
    """Who may issue certificates for the domain (RFC 8659, 4.1)."""

    flags: int
    tag: bytes
    value: bytes


class Raw(_Value, frozen=True, tag=-1):
    """RDATA of a type without a Struct here, or that does not fit the layout of its type (RFC 3597)."""

    rrtype: RRType
    data: bytes


Rdata = Union[  # noqa: UP007 - a value at run time
    A, NS, CNAME, SOA, PTR, HINFO, MX, TXT, AAAA, LOC, SRV, NAPTR, DNAME, OPT, DS, SSHFP, RRSIG, NSEC, DNSKEY, NSEC3,
    NSEC3PARAM, TLSA, SVCB, HTTPS, URI, CAA, Raw,
]  # fmt: skip


# --- entries of a message ------------------------------------------------------------------------------------------


class Question(_Value, frozen=True):
    """What is asked (RFC 1035, 4.1.2)."""

    name: str
    type: RRType
    rrclass: RRClass


class Record(_Value, frozen=True):
    """One resource record (RFC 1035, 4.1.3); `ttl` in seconds, `rdata_wire` with its names uncompressed.

    >>> Record("example.com.", RRType.MX, RRClass.IN, 60, bytes([0, 10, 1, 109, 0]), MX(10, "m.")).to_text()
    'example.com. 60 IN MX 10 m.'
    """

    name: str
    type: RRType
    rrclass: RRClass
    ttl: int
    rdata_wire: bytes
    rdata: Rdata

    def to_text(self) -> str:
        """The record as a line of a zone file, without the newline (RFC 1035, 5.1)."""
        rdata = _lib.call_text(_lib.lib.rq_rdata_text, self.type, self.rdata_wire, len(self.rdata_wire))
        return f"{self.name} {self.ttl} {self.rrclass} {self.type} {rdata}"
