"""RDATA as values: one Struct for each line of `csrc/wire/rq_rr.def`, with the same field names.

All are frozen, hashable and comparable; msgspec builds them straight from what C writes. Names and addresses are `str`
(names with the final dot and RFC 1035 escapes), whatever else a server may fill with any octets is `bytes`. What has no
line there, or does not fit its layout, is `Raw`. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from . import _lib
from .codes import RRType
from .options import AddressPrefix, AnyOption, AnyParam, Row, SvcParam, first

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

P = TypeVar("P", bound=SvcParam)
# What stands for an octet that is no UTF-8, by the surrogate that Python decodes it to, and for a backslash.
_ESCAPES = {0xDC00 + octet: f"\\{octet}" for octet in range(128, 256)} | {ord("\\"): "\\\\"}


class Rdata(Row, frozen=True, tag_field="number"):
    """The base of all RDATA.

    >>> MX(10, "m.").to_wire(), MX(10, "m.").to_text()
    (b'\\x00\\n\\x01m\\x00', '10 m.')
    """

    _table: ClassVar[int] = _lib.lib.RQ_TABLE_TYPES

    def to_text(self) -> str:
        """The RDATA as in a zone file; what has no such form as \\# and octets (RFC 3597, 5). Raises `IllegalValue`."""
        return _text(self.__struct_config__.tag, self.to_wire())


class _Strings:
    """What the types that are lists of strings have in common."""

    __slots__ = ()
    strings: tuple[bytes, ...]

    @property
    def text(self) -> str:
        r"""The strings joined, as text that loses no octet: those that are no UTF-8 stand as \DDD, and \ as \\.

        >>> TXT((b"caf\xc3\xa9 ", b"\xff")).text
        'café \\255'
        """
        return b"".join(self.strings).decode("utf-8", "surrogateescape").translate(_ESCAPES)


class _Service:
    """What the types that describe a service have in common."""

    __slots__ = ()
    params: tuple[AnyParam, ...]

    def param(self, kind: type[P]) -> P | None:
        """The parameter of that class, None when there is none.

        >>> from resquery.options import Alpn, Port
        >>> HTTPS(1, ".", (Port(8443),)).param(Port), HTTPS(1, ".", (Port(8443),)).param(Alpn)
        (Port(port=8443), None)
        """
        return first(self.params, kind)


def _text(rrtype: object, wire: bytes) -> str:
    return _lib.call_text(_lib.lib.rq_rdata_text, rrtype, wire, len(wire))


class A(Rdata, frozen=True, tag=1):
    """An IPv4 address (RFC 1035, 3.4.1).

    >>> A("192.0.2.1").packed, A("192.0.2.1").ip
    (b'\\xc0\\x00\\x02\\x01', IPv4Address('192.0.2.1'))
    """

    address: str

    @property
    def packed(self) -> bytes:
        """The address as 4 octets."""
        return self.to_wire()

    @property
    def ip(self) -> IPv4Address:
        """The address as a value of the standard library."""
        from ipaddress import IPv4Address

        return IPv4Address(self.packed)


class NS(Rdata, frozen=True, tag=2):
    """A server of the zone (RFC 1035, 3.3.11)."""

    target: str


class MD(Rdata, frozen=True, tag=3):
    """A mail destination, obsolete: MX took its place (RFC 1035, 3.3.4)."""

    target: str


class MF(Rdata, frozen=True, tag=4):
    """A mail forwarder, obsolete: MX took its place (RFC 1035, 3.3.5)."""

    target: str


class CNAME(Rdata, frozen=True, tag=5):
    """The name that this one is an alias of (RFC 1035, 3.3.1)."""

    target: str


class SOA(Rdata, frozen=True, tag=6):
    """The start of a zone (RFC 1035, 3.3.13); times in seconds."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


class MB(Rdata, frozen=True, tag=7):
    """The host of a mailbox, experimental (RFC 1035, 3.3.3)."""

    target: str


class MG(Rdata, frozen=True, tag=8):
    """A member of a mail group, experimental (RFC 1035, 3.3.6)."""

    target: str


class MR(Rdata, frozen=True, tag=9):
    """The new name of a mailbox, experimental (RFC 1035, 3.3.8)."""

    target: str


class NULL(Rdata, frozen=True, tag=10):
    """Any octets, experimental (RFC 1035, 3.3.10)."""

    data: bytes


class WKS(Rdata, frozen=True, tag=11):
    """The services of a host by protocol number, as ports below 65,536; obsolete (RFC 1035, 3.4.2)."""

    address: str
    protocol: int
    ports: tuple[int, ...]


class PTR(Rdata, frozen=True, tag=12):
    """The name that belongs to an address (RFC 1035, 3.3.12)."""

    target: str


class HINFO(Rdata, frozen=True, tag=13):
    """A host's hardware and system (RFC 1035, 3.3.2), or the stand-in for ANY (RFC 8482)."""

    cpu: bytes
    os: bytes


class MINFO(Rdata, frozen=True, tag=14):
    """Who is responsible for a mailing list, and who gets its errors (RFC 1035, 3.3.7)."""

    rmailbx: str
    emailbx: str


class MX(Rdata, frozen=True, tag=15):
    """A host that takes the domain's mail, the lowest preference first (RFC 1035, 3.3.9)."""

    preference: int
    exchange: str


class TXT(Rdata, _Strings, frozen=True, tag=16):
    """Strings of up to 255 octets each (RFC 1035, 3.3.14)."""

    strings: tuple[bytes, ...]


class RP(Rdata, frozen=True, tag=17):
    """Who is responsible: a mailbox as a name, and where TXT records say more (RFC 1183, 2.2)."""

    mbox: str
    txt: str


class AFSDB(Rdata, frozen=True, tag=18):
    """A host of an AFS cell or a DCE authenticator (RFC 1183, 1)."""

    subtype: int
    hostname: str


class X25(Rdata, frozen=True, tag=19):
    """A PSDN address of digits (RFC 1183, 3.1)."""

    address: bytes


class ISDN(Rdata, frozen=True, tag=20):
    """An ISDN address of digits, and a subaddress if there is one (RFC 1183, 3.2)."""

    address: bytes
    subaddress: bytes | None


class RT(Rdata, frozen=True, tag=21):
    """A host that relays for one without a direct connection (RFC 1183, 3.3)."""

    preference: int
    host: str


class NSAP(Rdata, frozen=True, tag=22):
    """An OSI network address (RFC 1706, 5)."""

    address: bytes


class NSAP_PTR(Rdata, frozen=True, tag=23):
    """The name that belongs to an NSAP address (RFC 1706, 6)."""

    target: str


class SIG(Rdata, frozen=True, tag=24):
    """A signature, superseded by RRSIG but for transactions (RFC 2535, 4.1; RFC 2931); times in seconds since 1970,
    modulo 2^32.
    """

    type_covered: RRType
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int
    inception: int
    key_tag: int
    signer: str
    signature: bytes


class KEY(Rdata, frozen=True, tag=25):
    """A public key, superseded by DNSKEY but for transactions (RFC 2535, 3.1; RFC 3445)."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class PX(Rdata, frozen=True, tag=26):
    """How X.400 and RFC 822 mail addresses map (RFC 2163, 4)."""

    preference: int
    map822: str
    mapx400: str


class GPOS(Rdata, frozen=True, tag=27):
    """A place on Earth as decimal numbers in degrees and metres; LOC took its place (RFC 1712, 3)."""

    longitude: bytes
    latitude: bytes
    altitude: bytes


class AAAA(Rdata, frozen=True, tag=28):
    """An IPv6 address (RFC 3596, 2.2), written as RFC 5952 says."""

    address: str

    @property
    def packed(self) -> bytes:
        """The address as 16 octets."""
        return self.to_wire()

    @property
    def ip(self) -> IPv6Address:
        """The address as a value of the standard library."""
        from ipaddress import IPv6Address

        return IPv6Address(self.packed)


class LOC(Rdata, frozen=True, tag=29):
    """A place on Earth (RFC 1876, 2), as the numbers stand in the record."""

    version: int
    size: int
    horizontal_precision: int
    vertical_precision: int
    latitude: int
    longitude: int
    altitude: int


class NXT(Rdata, frozen=True, tag=30):
    """The next name of the zone and the types of this one; NSEC took its place (RFC 2535, 5.2)."""

    next_name: str
    types: tuple[RRType, ...]


class EID(Rdata, frozen=True, tag=31):
    """A Nimrod endpoint identifier (draft-ietf-nimrod-dns)."""

    endpoint: bytes


class NIMLOC(Rdata, frozen=True, tag=32):
    """A Nimrod locator (draft-ietf-nimrod-dns)."""

    locator: bytes


class SRV(Rdata, frozen=True, tag=33):
    """A host and port of a service (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class ATMA(Rdata, frozen=True, tag=34):
    """An ATM address: format 0 is an end system address, 1 are E.164 digits (af-dans-0152)."""

    format: int
    address: bytes


class NAPTR(Rdata, frozen=True, tag=35):
    """A rewrite rule (RFC 3403, 4.1)."""

    order: int
    preference: int
    flags: bytes
    service: bytes
    regexp: bytes
    replacement: str


class KX(Rdata, frozen=True, tag=36):
    """A host that exchanges keys for this one, the lowest preference first (RFC 2230, 3)."""

    preference: int
    exchanger: str


class CERT(Rdata, frozen=True, tag=37):
    """A certificate or a revocation list (RFC 4398, 2)."""

    type: int
    key_tag: int
    algorithm: int
    certificate: bytes


class A6(Rdata, frozen=True, tag=38):
    """The last bits of an IPv6 address, and where its prefix is; historic (RFC 2874, 3.1).
    `address` is None when the prefix is all of it.
    """

    prefix_length: int
    address: str | None
    prefix_name: str | None


class DNAME(Rdata, frozen=True, tag=39):
    """Where the whole subtree below this name went (RFC 6672, 2.1)."""

    target: str


class SINK(Rdata, frozen=True, tag=40):
    """Anything, as a coding and subcoding tell (draft-eastlake-kitchen-sink)."""

    meaning: int
    coding: int
    subcoding: int
    data: bytes


class OPT(Rdata, frozen=True, tag=41):
    """EDNS options of an OPT record that stands where none belongs; see `Edns` (RFC 6891, 6.1.2)."""

    options: tuple[AnyOption, ...]


class APL(Rdata, frozen=True, tag=42):
    """Lists of address prefixes (RFC 3123, 4)."""

    prefixes: tuple[AddressPrefix, ...]


class DS(Rdata, frozen=True, tag=43):
    """The digest of a child zone's key (RFC 4034, 5.1)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class SSHFP(Rdata, frozen=True, tag=44):
    """The fingerprint of a host's SSH key (RFC 4255, 3.1)."""

    algorithm: int
    fingerprint_type: int
    fingerprint: bytes


class IPSECKEY(Rdata, frozen=True, tag=45):
    """A key for IPsec, and the gateway to use: None, an address or a name, as its type 0 to 3 tells (RFC 4025, 2)."""

    precedence: int
    gateway_type: int
    algorithm: int
    gateway: str | None
    public_key: bytes


class RRSIG(Rdata, frozen=True, tag=46):
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


class NSEC(Rdata, frozen=True, tag=47):
    """The next name of the zone and the types of this one (RFC 4034, 4.1)."""

    next_name: str
    types: tuple[RRType, ...]


class DNSKEY(Rdata, frozen=True, tag=48):
    """A public key of the zone (RFC 4034, 2.1)."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class DHCID(Rdata, frozen=True, tag=49):
    """Which DHCP client a name belongs to (RFC 4701, 3)."""

    digest: bytes


class NSEC3(Rdata, frozen=True, tag=50):
    """The next hashed name of the zone and the types of this one (RFC 5155, 3.1)."""

    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes
    next_hash: bytes
    types: tuple[RRType, ...]


class NSEC3PARAM(Rdata, frozen=True, tag=51):
    """How the zone's names are hashed (RFC 5155, 4.1)."""

    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes


class TLSA(Rdata, frozen=True, tag=52):
    """A certificate, or its digest, for a TLS service (RFC 6698, 2.1)."""

    usage: int
    selector: int
    matching_type: int
    certificate: bytes


class SMIMEA(Rdata, frozen=True, tag=53):
    """A certificate, or its digest, for S/MIME (RFC 8162, 2)."""

    usage: int
    selector: int
    matching_type: int
    certificate: bytes


class HIP(Rdata, frozen=True, tag=55):
    """A host identity: its tag, its key, and rendezvous servers (RFC 8005, 5)."""

    algorithm: int
    hit: bytes
    public_key: bytes
    servers: tuple[str, ...]


class NINFO(Rdata, _Strings, frozen=True, tag=56):
    """The status of a zone, as strings (draft-reid-dnsext-zs)."""

    strings: tuple[bytes, ...]


class RKEY(Rdata, frozen=True, tag=57):
    """A key to encrypt records with (draft-reid-dnsext-rkey)."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class TALINK(Rdata, frozen=True, tag=58):
    """A link of a chain of trust anchors (draft-wijngaards-dnsop-trust-history)."""

    previous_name: str
    next_name: str


class CDS(Rdata, frozen=True, tag=59):
    """A DS record that the child asks its parent for (RFC 7344, 3.1)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class CDNSKEY(Rdata, frozen=True, tag=60):
    """A key whose DS record the child asks its parent for (RFC 7344, 3.2)."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class OPENPGPKEY(Rdata, frozen=True, tag=61):
    """An OpenPGP key (RFC 7929, 2.1)."""

    key: bytes


class CSYNC(Rdata, frozen=True, tag=62):
    """Which records the parent should copy from the child (RFC 7477, 2.1)."""

    serial: int
    flags: int
    types: tuple[RRType, ...]


class ZONEMD(Rdata, frozen=True, tag=63):
    """A digest of the whole zone (RFC 8976, 2.2)."""

    serial: int
    scheme: int
    hash_algorithm: int
    digest: bytes


class SVCB(Rdata, _Service, frozen=True, tag=64):
    """Where and how a service is reached (RFC 9460, 2.2)."""

    priority: int
    target: str
    params: tuple[AnyParam, ...]


class HTTPS(Rdata, _Service, frozen=True, tag=65):
    """Where and how a web server is reached (RFC 9460, 9)."""

    priority: int
    target: str
    params: tuple[AnyParam, ...]


class DSYNC(Rdata, frozen=True, tag=66):
    """Where to send notifications for a delegation (RFC 9859, 2.1)."""

    type: RRType
    scheme: int
    port: int
    target: str


class HHIT(Rdata, frozen=True, tag=67):
    """A hierarchical host identity tag and its certificates, as CBOR (RFC 9886, 5.1)."""

    data: bytes


class BRID(Rdata, frozen=True, tag=68):
    """Broadcast information of an unmanned aircraft, as CBOR (RFC 9886, 5.2)."""

    data: bytes


class SPF(Rdata, _Strings, frozen=True, tag=99):
    """A sender policy, obsolete: TXT took its place (RFC 7208, 3.1)."""

    strings: tuple[bytes, ...]


class NID(Rdata, frozen=True, tag=104):
    """A node identifier (RFC 6742, 2.1)."""

    preference: int
    node_id: bytes


class L32(Rdata, frozen=True, tag=105):
    """A locator of 32 bits (RFC 6742, 2.2)."""

    preference: int
    locator: str


class L64(Rdata, frozen=True, tag=106):
    """A locator of 64 bits (RFC 6742, 2.3)."""

    preference: int
    locator: bytes


class LP(Rdata, frozen=True, tag=107):
    """A name that has locators (RFC 6742, 2.4)."""

    preference: int
    target: str


class EUI48(Rdata, frozen=True, tag=108):
    """A MAC address of 48 bits (RFC 7043, 3)."""

    address: bytes


class EUI64(Rdata, frozen=True, tag=109):
    """A MAC address of 64 bits (RFC 7043, 4)."""

    address: bytes


class TKEY(Rdata, frozen=True, tag=249):
    """How a secret for TSIG is agreed upon (RFC 2930, 2); times in seconds since 1970, modulo 2^32."""

    algorithm: str
    inception: int
    expiration: int
    mode: int
    error: int
    key: bytes
    other: bytes


class TSIG(Rdata, frozen=True, tag=250):
    """A message's authentication (RFC 8945, 4.2); its time in seconds since 1970, `fudge` in seconds."""

    algorithm: str
    time_signed: int
    fudge: int
    mac: bytes
    original_id: int
    error: int
    other: bytes


class URI(Rdata, frozen=True, tag=256):
    """The URI of a service (RFC 7553, 4)."""

    priority: int
    weight: int
    target: bytes


class CAA(Rdata, frozen=True, tag=257):
    """Who may issue certificates for the domain (RFC 8659, 4.1)."""

    flags: int
    tag: bytes
    value: bytes


class AVC(Rdata, _Strings, frozen=True, tag=258):
    """What an application is, as strings (IANA template AVC)."""

    strings: tuple[bytes, ...]


class DOA(Rdata, frozen=True, tag=259):
    """A digital object (draft-durand-doa-over-dns)."""

    enterprise: int
    type: int
    location: int
    media_type: bytes
    data: bytes


class AMTRELAY(Rdata, frozen=True, tag=260):
    """A multicast relay: None, an address or a name, as its type 0 to 3 tells (RFC 8777, 4)."""

    precedence: int
    discovery_optional: bool
    relay_type: int
    relay: str | None


class RESINFO(Rdata, _Strings, frozen=True, tag=261):
    """What a resolver can do, as strings (RFC 9606, 5)."""

    strings: tuple[bytes, ...]


class WALLET(Rdata, _Strings, frozen=True, tag=262):
    """Where to send money, as strings (IANA template WALLET)."""

    strings: tuple[bytes, ...]


class CLA(Rdata, _Strings, frozen=True, tag=263):
    """Which convergence layers a DTN node has, as strings (draft-johnson-dns-ipn-cla)."""

    strings: tuple[bytes, ...]


class IPN(Rdata, frozen=True, tag=264):
    """The number of a DTN node (draft-johnson-dns-ipn-cla)."""

    node: int


class TA(Rdata, frozen=True, tag=32768):
    """A trust anchor, as a DS record (draft-weiler-dnssec-ta)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class DLV(Rdata, frozen=True, tag=32769):
    """A digest of a key for lookaside validation, historic (RFC 4431, 2)."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class Raw(Rdata, frozen=True, tag=-1):
    """RDATA of a type without a Struct here, or that does not fit the layout of its type (RFC 3597)."""

    rrtype: RRType
    data: bytes

    def to_text(self) -> str:
        """As the base says, by `rrtype`."""
        return _text(self.rrtype, self.to_wire())
