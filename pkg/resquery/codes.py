"""The numbers of DNS that have names: types, classes, rcodes, opcodes, flags.

They are those of the C core's tables; a number without a name is a member all the same. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import enum

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

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}.{self.name}" if self.name in type(self).__members__ else f"{name}({int(self)})"

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class RRType(_Number):
    """A record type (IANA, "Resource Record (RR) TYPEs"). `str()` is the mnemonic.

    >>> RRType.MX, str(RRType(65280))
    (RRType.MX, 'TYPE65280')
    """

    A = 1
    NS = 2
    MD = 3
    MF = 4
    CNAME = 5
    SOA = 6
    MB = 7
    MG = 8
    MR = 9
    NULL = 10
    WKS = 11
    PTR = 12
    HINFO = 13
    MINFO = 14
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    X25 = 19
    ISDN = 20
    RT = 21
    NSAP = 22
    NSAP_PTR = 23
    SIG = 24
    KEY = 25
    PX = 26
    GPOS = 27
    AAAA = 28
    LOC = 29
    NXT = 30
    EID = 31
    NIMLOC = 32
    SRV = 33
    ATMA = 34
    NAPTR = 35
    KX = 36
    CERT = 37
    A6 = 38
    DNAME = 39
    SINK = 40
    OPT = 41
    APL = 42
    DS = 43
    SSHFP = 44
    IPSECKEY = 45
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    DHCID = 49
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    SMIMEA = 53
    HIP = 55
    NINFO = 56
    RKEY = 57
    TALINK = 58
    CDS = 59
    CDNSKEY = 60
    OPENPGPKEY = 61
    CSYNC = 62
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    DSYNC = 66
    HHIT = 67
    BRID = 68
    SPF = 99
    UINFO = 100
    UID = 101
    GID = 102
    UNSPEC = 103
    NID = 104
    L32 = 105
    L64 = 106
    LP = 107
    EUI48 = 108
    EUI64 = 109
    NXNAME = 128
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255
    URI = 256
    CAA = 257
    AVC = 258
    DOA = 259
    AMTRELAY = 260
    RESINFO = 261
    WALLET = 262
    CLA = 263
    IPN = 264
    TA = 32768
    DLV = 32769

    def __str__(self) -> str:
        return self.name.replace("_", "-")  # NSAP-PTR, which is no identifier

    @classmethod
    def parse(cls, text: str | int) -> RRType:
        """The type of that mnemonic or number. Raises `UnknownType`.

        >>> RRType.parse("mx"), RRType.parse("TYPE28")
        (RRType.MX, RRType.AAAA)
        """
        return cls(_lib.type_number(text))


class RRClass(_Number):
    """A class (RFC 1035, 3.2.4; RFC 2136, 2.4). `str()` is the mnemonic.

    >>> RRClass(1), str(RRClass(42))
    (RRClass.IN, 'CLASS42')
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
        (RRClass.IN, RRClass.CH)
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


class Ede(_Number):
    """Why it went wrong, as an extended error says (RFC 8914, 4; IANA, "Extended DNS Error Codes")."""

    OTHER = 0
    UNSUPPORTED_DNSKEY_ALGORITHM = 1
    UNSUPPORTED_DS_DIGEST_TYPE = 2
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    DNSSEC_INDETERMINATE = 5
    DNSSEC_BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    DNSKEY_MISSING = 9
    RRSIGS_MISSING = 10
    NO_ZONE_KEY_BIT_SET = 11
    NSEC_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    STALE_NXDOMAIN_ANSWER = 19
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_DATA = 24
    SIGNATURE_EXPIRED_BEFORE_VALID = 25
    TOO_EARLY = 26
    UNSUPPORTED_NSEC3_ITERATIONS_VALUE = 27
    UNABLE_TO_CONFORM_TO_POLICY = 28
    SYNTHESIZED = 29
    INVALID_QUERY_TYPE = 30


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
