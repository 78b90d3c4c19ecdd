"""Typed values by themselves: to octets and text, what has no wire form, and what they offer beside their fields."""

import copy
import ipaddress
import json
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from resquery import make_query
from resquery._lib import lib
from resquery._rules import rule as rule_of
from resquery.errors import IllegalValue
from resquery.message import Message
from resquery.options import (
    AddressPrefix,
    Alpn,
    Chain,
    ClientSubnet,
    Cookie,
    DohPath,
    EdnsOption,
    Expire,
    ExtendedError,
    Ipv4Hint,
    KeyTag,
    Mandatory,
    NoDefaultAlpn,
    Nsid,
    Port,
    RawOption,
    RawParam,
    Row,
    SvcParam,
    TcpKeepalive,
    ZoneVersion,
)
from resquery.rdata import (
    A6,
    AAAA,
    AMTRELAY,
    APL,
    EUI48,
    HIP,
    HTTPS,
    IPN,
    IPSECKEY,
    ISDN,
    MX,
    NSEC,
    NXT,
    OPT,
    RRSIG,
    SVCB,
    TSIG,
    TXT,
    WKS,
    A,
    Raw,
    Rdata,
)
from resquery.types import Edns, Record, RRClass, RRType
from wires import message, opt, record

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data/records.json").read_text())


def by_text(vector: dict[str, Any]) -> str:
    """The ID of a vector's test."""
    return f"{vector['type']} {vector['text'][:30]}"


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_a_value_goes_back_to_its_octets(vector: dict[str, Any]) -> None:
    """RDATA read from a record is written as it was; so is the record; and its text is that of the vector."""
    rrtype, wire = RRType.parse(vector["type"]), bytes.fromhex(vector["wire"])
    whole = record("x.example", rrtype, wire)
    found = Message(message([], [whole])).answer[0]
    assert found.rdata.to_wire() == found.rdata_wire == wire
    assert found.to_wire() == whole
    assert found.rdata.to_text() == vector["text"]
    assert [copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))] == [found] * 3
    assert len({found, copy.deepcopy(found)}) == 1


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (MX(10, "m"), b"\0\x0a\1m\0"),  # a name without its final dot is absolute all the same
        (AAAA("2001:DB8:0::1"), ipaddress.ip_address("2001:db8::1").packed),
        (NSEC("a.", (RRType.MX, RRType.A, RRType.A)), b"\1a\0\0\2\x40\1"),  # a bitmap is a set
        (NSEC("a.", ()), b"\1a\0"),
        (ISDN(b"1", None), b"\0011"),
        (ISDN(b"1", b""), b"\0011\0"),
        (A6(128, None, "p."), b"\x80\1p\0"),
        (A6(0, "::1", None), b"\0" + bytes(15) + b"\1"),
        (A6(100, "::f00:1", "p."), b"\x64\x0f\0\0\1\1p\0"),
        (IPSECKEY(1, 0, 2, None, b"k"), b"\1\0\2k"),
        (IPSECKEY(1, 3, 2, "g.", b"k"), b"\1\3\2\1g\0k"),
        (AMTRELAY(1, True, 2, "::1"), b"\1\x82" + bytes(15) + b"\1"),
        (AMTRELAY(1, False, 0, None), b"\1\0"),
        (HIP(2, b"tag", b"key", ("r.", ".")), b"\3\2\0\3tagkey\1r\0\0"),
        (APL((AddressPrefix(1, 8, True, "10.0.0.0"), AddressPrefix(2, 0, False, "::"))), b"\0\1\x08\x81\x0a\0\2\0\0"),
        (WKS("1.2.3.4", 6, (25, 0)), b"\1\2\3\4\6\x80\0\0\x40"),
        (IPN(2**64 - 1), b"\xff" * 8),
        (Raw(RRType(65280), b""), b""),
        (OPT((Nsid(b"x"), Expire(None))), b"\0\3\0\1x\0\x09\0\0"),
        (HTTPS(1, ".", (Alpn((b"h2",)), NoDefaultAlpn())), b"\0\1\0\0\1\0\3\2h2\0\2\0\0"),
        (SVCB(1, "s.", (RawParam(3, b"\0\1"), RawParam(667, b"x"))), b"\0\1\1s\0\0\3\0\2\0\1\2\x9b\0\1x"),
        (ClientSubnet(1, 20, 0, "192.0.16.0"), b"\0\x08\0\7\0\1\x14\0\xc0\0\x10"),
        (ZoneVersion(), b"\0\x13\0\0"),
        (ZoneVersion(1, 0, b"\0\0\0\1"), b"\0\x13\0\6\1\0\0\0\0\1"),
        (TcpKeepalive(None), b"\0\x0b\0\0"),
        (ExtendedError(18, "é"), b"\0\x0f\0\4\0\x12\xc3\xa9"),
        (RawOption(10, b"ill"), b"\0\x0a\0\3ill"),
        (Mandatory((1, 3)), b"\0\0\0\4\0\1\0\3"),
    ],
    ids=repr,
)
def test_a_value_made_in_python_is_written(value: Row, octets: bytes) -> None:
    """Values need not come from the network; names, addresses and bitmaps may be spelt in any way."""
    assert value.to_wire() == octets


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (MX(-1, "m."), "preference"),
        (MX(65536, "m."), "preference"),
        (MX(1.0, "m."), "preference"),  # type: ignore[arg-type]
        (MX(True, "m."), "preference"),
        (MX(10, "a..b"), "exchange"),
        (MX(10, "m." * 600), "exchange"),
        (MX(10, b"m."), "exchange"),  # type: ignore[arg-type]
        (MX(10, None), "exchange"),  # type: ignore[arg-type]
        (A("1.2.3"), "address"),
        (A("1.2.3.4 "), "address"),
        (A("::1"), "address"),
        (AAAA("1.2.3.4"), "address"),
        (AAAA("fe80::1%lo"), "address"),
        (TXT(()), "strings"),
        (TXT((bytes(256),)), "strings"),
        (TXT(("text",)), "strings"),  # type: ignore[arg-type]
        (TXT(b"ab"), "strings"),  # type: ignore[arg-type]
        (TXT((b"a",) * 40000), ""),  # more than RDLENGTH can tell
        (EUI48(b"12345"), "address"),
        (NSEC("a.", (RRType.A, 65536)), "types"),  # type: ignore[arg-type]
        (NXT("a.", (RRType(128),)), "types"),
        (NXT("a.", (RRType(0),)), "types"),
        (TSIG("a.", 2**48, 0, b"", 0, 0, b""), "time_signed"),
        (TSIG("a.", 0, 0, bytes(65536), 0, 0, b""), "mac"),
        (A6(129, "::", "p."), "address"),
        (A6(128, "::", "p."), "address"),
        (A6(64, "1::", "p."), "address"),  # a bit that belongs to the prefix
        (A6(0, "::", "p."), "prefix_name"),
        (A6(64, "::", None), "prefix_name"),
        (IPSECKEY(1, 4, 2, None, b""), "gateway"),
        (IPSECKEY(1, 0, 2, "g.", b""), "gateway"),
        (IPSECKEY(1, 1, 2, "::", b""), "gateway"),
        (AMTRELAY(1, 1, 0, None), "discovery_optional"),  # type: ignore[arg-type]
        (AMTRELAY(1, False, 128, None), "relay_type"),
        (HIP(2, bytes(256), b"", ()), "hit"),
        (APL((AddressPrefix(3, 0, False, "::"),)), "prefixes"),
        (APL((AddressPrefix(1, 33, False, "0.0.0.0"),)), "prefixes"),
        (APL(((1, 8, False),)), "prefixes"),  # type: ignore[arg-type]
        (IPN(2**64), ""),  # more than MessagePack has
        (Raw(65536, b""), "rrtype"),  # type: ignore[arg-type]
        (Raw(RRType(65280), bytes(65536)), "data"),
        (Raw(RRType(65280), "text"), "data"),  # type: ignore[arg-type]
        (HTTPS(1, ".", (Port(1), Alpn((b"h2",)))), "params"),  # keys descend
        (HTTPS(1, ".", (Port(1), Port(1))), "params"),
        (HTTPS(1, ".", (RawParam(3, b""),)), "params"),  # not what that key's values look like
        (HTTPS(1, ".", (Nsid(b""),)), "params"),  # type: ignore[arg-type]
        (Alpn(()), "ids"),
        (Alpn((b"",)), "ids"),
        (Mandatory(()), "keys"),
        (Mandatory((3, 1)), "keys"),
        (Ipv4Hint(()), "addresses"),
        (DohPath(b"/"), "path"),  # type: ignore[arg-type]
        (DohPath("\udcff"), ""),  # no text that UTF-8 has octets for
        (ClientSubnet(3, 0, 0, "0.0.0.0"), "address"),
        (ClientSubnet(1, 33, 0, "0.0.0.0"), "address"),
        (ClientSubnet(1, 8, 0, "10.1.0.0"), "address"),
        (Cookie(b"1234567"), "client"),
        (Cookie(b"12345678", b"1234567"), "server"),
        (Cookie(b"12345678", bytes(33)), "server"),
        (ZoneVersion(1), "type"),
        (ZoneVersion(None, 0, b""), "type"),
        (Chain("a..b"), "trust_point"),
        (KeyTag((65536,)), "key_tags"),
        (RawOption(65536, b""), "code"),
        (RawOption(1, bytes(65536)), "data"),
        (MX(10, ...), ""),  # type: ignore[arg-type]
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_value_without_a_wire_form_is_refused(value: Row, field: str) -> None:
    """Wrong types, numbers out of range, texts that are no names or addresses, octets that do not fit: IllegalValue."""
    with pytest.raises(IllegalValue, match="cannot stand in a message") as caught:
        value.to_wire()
    assert isinstance(caught.value, ValueError)
    assert caught.value.value is value
    assert caught.value.field == field
    assert str(caught.value).isprintable()
    assert f"{type(value).__name__}.{field} = " in str(caught.value) or not field


def test_an_error_about_a_value_can_be_pickled() -> None:
    """It crosses processes with its value and field."""
    with pytest.raises(IllegalValue) as caught:
        MX(10, "a..b").to_text()
    same = pickle.loads(pickle.dumps(caught.value))
    assert (same.value, same.field, str(same)) == (
        MX(10, "a..b"),
        "exchange",
        "MX.exchange = 'a..b' cannot stand in a message: it has an empty label",
    )


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (MX(70_000, "m."), "it is an int from 0 to 65,535"),
        (MX("high", "m."), "it is an int from 0 to 65,535"),  # type: ignore[arg-type]
        (MX(1, "x" * 64), "a label is longer than 63 octets"),
        (MX(1, 5), "it is a domain name"),  # type: ignore[arg-type]
        (A("1.2.3"), "it is an IPv4 address such as '192.0.2.1'"),
        (TXT((bytes(256),)), "it is a tuple of bytes, one or more, each at most 255 of them"),
        (Cookie(b"7 bytes"), "it is bytes, 8 of them"),
        (Port(-1), "it is an int from 0 to 65,535"),
        (IPSECKEY(1, 1, 2, "::", b""), ""),  # what its gateway may be, another field says
        (RawOption(65536, b""), ""),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_error_about_a_value_says_the_rule(value: Row, rule: str) -> None:
    """As far as it is one of the field alone."""
    with pytest.raises(IllegalValue) as caught:
        value.to_wire()
    assert caught.value.rule == rule
    assert str(caught.value).endswith(f"cannot stand in a message: {rule}" if rule else "cannot stand in a message")


@pytest.mark.parametrize(("table", "base"), [("TYPES", Rdata), ("OPTIONS", EdnsOption), ("PARAMS", SvcParam)])
def test_a_rule_is_known_for_every_kind_of_field(table: str, base: type[Row]) -> None:
    """But for those that depend on another field."""
    number = {"TYPES": lib.RQ_TABLE_TYPES, "OPTIONS": lib.RQ_TABLE_OPTIONS, "PARAMS": lib.RQ_TABLE_PARAMS}[table]
    for kind in base.__subclasses__():
        for place in range(len(kind.__struct_fields__)):
            said, name = rule_of(number, kind.__struct_config__.tag, place, None), kind.__struct_fields__[place]
            free = kind.__name__.startswith("Raw") or (kind.__name__, name) in {
                *(("A6", "address"), ("A6", "prefix_name"), ("IPSECKEY", "gateway"), ("AMTRELAY", "relay")),
                ("ClientSubnet", "address"),
            }
            assert bool(said) != free, (kind, name)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (Record("a..b", RRType.A, RRClass.IN, 0, A("1.2.3.4")), "name"),
        (Record("a.", 65536, RRClass.IN, 0, A("1.2.3.4")), "type"),  # type: ignore[arg-type]
        (Record("a.", RRType.AAAA, RRClass.IN, 0, A("1.2.3.4")), "type"),
        (Record("a.", RRType.A, -1, 0, A("1.2.3.4")), "rrclass"),  # type: ignore[arg-type]
        (Record("a.", RRType.A, RRClass.IN, 2**32, A("1.2.3.4")), "ttl"),
        (Record("a.", RRType.A, RRClass.IN, 0, A("1.2.3.256")), "rdata"),
        (Record("a.", RRType.A, RRClass.IN, 0, Nsid(b"")), "rdata"),  # type: ignore[arg-type]
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_record_without_a_wire_form_is_refused(entry: Record, field: str) -> None:
    """The field that is wrong is named; the type must be that of the RDATA."""
    with pytest.raises(IllegalValue) as caught:
        entry.to_wire()
    assert (caught.value.value, caught.value.field) == (entry, field)


def test_a_record_of_many_octets_is_written_whole() -> None:
    """What exceeds the first buffer is written all the same."""
    value = TXT((bytes(255),) * 255)
    entry = Record("x.", RRType.TXT, RRClass.IN, 60, value)
    assert value.to_wire() == (b"\xff" + bytes(255)) * 255
    assert entry.to_wire() == record("x", 16, value.to_wire())


def test_what_does_not_fit_its_type_stays_raw_both_ways() -> None:
    """Raw octets of a known type go back as they came, and print as \\#."""
    found = Message(message([], [record("x", RRType.MX, b"\0")])).answer[0]
    assert found.rdata == Raw(RRType.MX, b"\0")
    assert found.rdata.to_wire() == b"\0"
    assert found.to_text() == r"x. 60 IN MX \# 1 00"


def test_addresses_have_octets_and_objects() -> None:
    """A and AAAA give the packed address and that of the standard library."""
    assert A("192.0.2.1").packed == A("192.0.2.1").ip.packed == bytes([192, 0, 2, 1])
    assert AAAA("2001:db8::1").ip == ipaddress.IPv6Address("2001:db8::1")
    assert AAAA("2001:db8::1").packed == AAAA("2001:db8::1").ip.packed
    for value in (A("::1"), A("300.1.1.1"), AAAA("192.0.2.1"), AAAA("nowhere")):
        for use in (lambda value=value: value.packed, lambda value=value: value.ip, value.to_text):
            with pytest.raises(IllegalValue, match=r"\.address = "):
                use()


def octets_of(text: str) -> bytes:
    """The octets that such a text stands for."""
    out = bytearray()
    while text:
        if text[0] != "\\":
            head, text = text[0].encode(), text[1:]
        elif text[1] == "\\":
            head, text = b"\\", text[2:]
        else:
            head, text = bytes([int(text[1:4])]), text[4:]
        out += head
    return bytes(out)


@pytest.mark.parametrize(
    ("strings", "text"),
    [
        ((b"v=spf1 ", b"-all"), "v=spf1 -all"),
        (("grüße".encode(),), "grüße"),
        ((b"\xc3", b"\xa9"), "é"),  # strings may end anywhere
        ((b"a\\b\xff\xc3\x28",), r"a\\b\255\195("),
        ((b"\xed\xa0\x80",), r"\237\160\128"),  # a surrogate, which UTF-8 does not have
        ((b"",), ""),
    ],
)
def test_strings_have_a_text_that_loses_nothing(strings: tuple[bytes, ...], text: str) -> None:
    """Strings joined; octets that are no UTF-8 stand as \\DDD, a backslash is doubled, so the octets can be told."""
    assert TXT(strings).text == text
    assert octets_of(text) == b"".join(strings)


def test_every_type_of_strings_has_the_text() -> None:
    """All types whose field is a list of strings have it."""
    like_txt = [struct for struct in Rdata.__subclasses__() if struct.__struct_fields__ == ("strings",)]
    assert len(like_txt) > 5
    assert {struct((b"a", b"b")).text for struct in like_txt} == {"ab"}  # type: ignore[attr-defined,call-arg]


def test_options_and_parameters_are_found_by_class() -> None:
    """The first of the class, or None."""
    edns = Edns(1232, 0, 0, (Nsid(b"1"), Cookie(b"12345678"), Nsid(b"2")))
    assert (edns.option(Nsid), edns.option(Cookie), edns.option(Expire)) == (Nsid(b"1"), Cookie(b"12345678"), None)
    for service in (SVCB(1, ".", (Port(1),)), HTTPS(1, ".", (Port(1),))):
        assert (service.param(Port), service.param(Alpn)) == (Port(1), None)


def test_an_extended_error_has_a_name() -> None:
    """That of its code, or EDE and the number."""
    assert [ExtendedError(code).name for code in (6, 4711)] == ["DNSSEC_BOGUS", "EDE4711"]


@pytest.mark.parametrize(
    ("wire", "options"),
    [
        (b"\0\3\0\2ns", (Nsid(b"ns"),)),
        (b"\0\x0a\0\3ill\xfd\xe9\0\0", (RawOption(10, b"ill"), RawOption(65001, b""))),
        (b"\0\x08\0\4\0\0\0\0", (RawOption(8, bytes(4)),)),  # no family, which the table does not have
        (b"\0\x09\0\0\0\x09\0\4\0\0\0\7", (Expire(None), Expire(7))),
        (b"\0\x13\0\0", (ZoneVersion(None, None, None),)),
        (b"\0\x0f\0\3\0\6\xff", (RawOption(15, b"\0\6\xff"),)),  # its text is no UTF-8
    ],
)
def test_edns_options_are_typed_or_raw(wire: bytes, options: tuple[EdnsOption, ...]) -> None:
    """What a message's OPT record holds, in its order; nothing is dropped, and all goes back as it came."""
    edns = Message(message([], [], [], [opt(wire)])).edns
    assert edns == Edns(1232, 0, 0, options)
    assert b"".join(option.to_wire() for option in options) == wire


def test_a_query_carries_options() -> None:
    """In the order given, behind the payload size and the DO bit; any iterable will do."""
    options = (Cookie(b"12345678"), ClientSubnet(2, 32, 0, "2001:db8::"), RawOption(65001, b"x"))
    edns = Message(make_query("x", "ANY", payload=4096, dnssec_ok=True, options=iter(options))).edns
    assert edns == Edns(4096, 0, 0x8000, options)


def test_options_of_a_query_are_checked() -> None:
    """An option without a wire form, options without EDNS, and more than a message holds are refused."""
    with pytest.raises(IllegalValue, match=r"Cookie\.client"):
        make_query("x", "A", options=[Cookie(b"")])
    with pytest.raises(ValueError, match="options need edns"):
        make_query("x", "A", options=[Nsid(b"")], edns=False)
    largest = (65535 - 12 - 255 - 4 - 11) - 4
    longest = ".".join(["a" * 63] * 3 + ["a" * 61])
    assert len(make_query(longest, "A", options=[RawOption(65001, bytes(largest))])) == 65535
    with pytest.raises(ValueError, match="options take 65254 octets"):
        make_query("x", "A", options=[RawOption(65001, bytes(largest + 1))])


def test_a_value_is_decoded_from_what_it_is_encoded_to() -> None:
    """msgspec reads a Struct back from MessagePack and from JSON, whatever its type."""
    value = RRSIG(RRType.MX, 8, 2, 60, 1, 2, 3, "s.", b"\0")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=RRSIG) == value
    assert msgspec.json.decode(msgspec.json.encode(value), type=RRSIG) == value
