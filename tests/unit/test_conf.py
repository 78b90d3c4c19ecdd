"""Servers as text, and resolv.conf(5), as the C core reads and writes them."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resquery._lib import ffi, lib


def parse(text: str | bytes) -> Any:
    """The rq_addr of a text, or None when it is refused."""
    octets = text.encode() if isinstance(text, str) else text
    addr = ffi.new("rq_addr *")
    status = lib.rq_addr_parse(octets, len(octets), addr)
    assert status in (lib.RQ_OK, lib.RQ_ILLEGAL_INPUT)
    return addr if status == lib.RQ_OK else None


def text_of(addr: Any) -> str:
    """The text of an rq_addr."""
    out, actual = ffi.new("char[]", lib.RQ_ADDR_TEXT), ffi.new("uint32_t *")
    stored = lib.rq_addr_text(addr, out, lib.RQ_ADDR_TEXT, actual)
    assert stored == actual[0] < lib.RQ_ADDR_TEXT
    return ffi.unpack(out, stored).decode()


def conf_of(text: str) -> dict[str, Any]:
    """What a resolv.conf says; servers as text, the search list split."""
    conf = ffi.new("rq_conf *")
    lib.rq_conf_parse(text.encode(), len(text.encode()), conf)
    names = ("ndots", "timeout_s", "attempts", "rotate", "use_vc", "edns0", "trust_ad")
    return {
        "servers": [text_of(ffi.addressof(conf.servers[i])) for i in range(conf.server_count)],
        "search": ffi.string(conf.search).decode().split(),
        **{name: getattr(conf, name) for name in names},
    }


DEFAULTS = conf_of("")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("9.9.9.9", "9.9.9.9:53"),
        ("127.0.0.1:5301", "127.0.0.1:5301"),
        ("255.255.255.255:65535", "255.255.255.255:65535"),
        ("::1", "[::1]:53"),
        ("::", "[::]:53"),
        ("[::1]", "[::1]:53"),
        ("[::1]:53", "[::1]:53"),
        ("2001:DB8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:53"),
        ("::ffff:192.0.2.1", "[::ffff:192.0.2.1]:53"),
        ("fe80::1%2", "[fe80::1%2]:53"),
        ("[fe80::1%2]:5353", "[fe80::1%2]:5353"),
        ("fe80::1%4294967295", "[fe80::1%4294967295]:53"),
    ],
)
def test_server_address_is_read_and_shown_in_one_form(text: str, shown: str) -> None:
    """IPv4, IPv6, ports and zones; the port is 53 unless given, and what is shown reads back as the same."""
    assert text_of(parse(text)) == shown
    assert text_of(parse(shown)) == shown


NO_ADDRESSES = """
9.9.9 9.9.9.9.9 9.9.9.256 9.9.9.09 9.9.9.9: 9.9.9.9:0 9.9.9.9:65536 9.9.9.9:053 9.9.9.9:53:53 9.9.9.9:-1 0x7f.1 1
[9.9.9.9]:53 9.9.9.9%1 ::1:: ::: : 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7::8 1:2:3:4:5:6:7:8:: 12345::
g:: 1: :1 ::1.2.3 1.2.3.4::
[::1 ::1] [::1]: [::1]53 [[::1]] []:53 fe80::1% fe80::1%eth0 fe80::1%4294967296 localhost dns.example:53 ９.９.９.９
"""


@pytest.mark.parametrize("text", [*NO_ADDRESSES.split(), "", " ", "9.9.9.9 ", " 9.9.9.9", "9.9.9.9\n", "::1\0"])
def test_text_that_is_no_address_is_refused(text: str) -> None:
    """A wrong number, a missing or doubled part, a name, blanks around: refused, never guessed at."""
    assert parse(text) is None


@given(st.ip_addresses(v=6))
@example(ipaddress.IPv6Address("::ffff:0:0"))
@example(ipaddress.IPv6Address("::1:0"))
def test_ipv6_is_shown_as_libc_shows_it(address: ipaddress.IPv6Address) -> None:
    """RFC 5952, held against inet_ntop, and back against inet_pton."""
    addr = parse(address.exploded)
    assert bytes(addr.octets) == address.packed == bytes(parse(address.compressed).octets)
    assert text_of(addr) == f"[{socket.inet_ntop(socket.AF_INET6, address.packed)}]:53"


@given(
    st.lists(st.sampled_from(["::", ":", "0", "1", "ab", "FFFF", "12345", "1.2.3.4", "255", "256", "."]), max_size=17)
)
def test_ipv6_is_read_as_libc_reads_it(parts: list[str]) -> None:
    """Any mixture of colons, groups and dots is accepted exactly when inet_pton accepts it, with the same octets."""
    text = "".join(parts)
    try:
        expected = socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        expected = None
    addr = parse(f"[{text}]")
    assert (addr and bytes(addr.octets)) == expected


@given(st.lists(st.sampled_from(["0", "1", "9", "10", "25", "255", "256", "."]), max_size=9))
def test_ipv4_is_read_as_libc_reads_it(parts: list[str]) -> None:
    """Any mixture of numbers and dots is accepted exactly when inet_pton accepts it, with the same octets."""
    text = "".join(parts)
    try:
        expected = socket.inet_pton(socket.AF_INET, text)
    except OSError:
        expected = None
    addr = parse(text)
    assert (addr and bytes(addr.octets)[:4]) == expected


@given(st.binary(max_size=60))
def test_any_octets_are_an_address_or_refused(octets: bytes) -> None:
    """Junk neither crashes nor changes the struct that was handed over."""
    addr = ffi.new("rq_addr *", {"family": 9, "port": 9})
    if lib.rq_addr_parse(octets, len(octets), addr) == lib.RQ_OK:
        assert text_of(parse(text_of(addr))) == text_of(addr)
    else:
        assert (addr.family, addr.port) == (9, 9)


def test_address_text_is_clipped_to_the_buffer() -> None:
    """At most `cap` octets are stored, min(actual, cap) is returned, and `actual` is told."""
    addr, actual = parse("[2001:db8::1%7]:5301"), ffi.new("uint32_t *")
    whole = text_of(addr).encode()
    for cap in range(len(whole) + 3):
        out = ffi.new("char[]", b"?" * 40)
        assert lib.rq_addr_text(addr, out, cap, actual) == min(cap, len(whole))
        assert actual[0] == len(whole)
        assert ffi.unpack(out, 40) == whole[:cap].ljust(40, b"?")


def test_empty_conf_gives_the_defaults_of_resolv_conf() -> None:
    """No server, no search list, ndots 1, 5 seconds, 2 attempts, no option."""
    off = dict.fromkeys(("rotate", "use_vc", "edns0", "trust_ad"), 0)
    assert {"servers": [], "search": [], "ndots": 1, "timeout_s": 5, "attempts": 2, **off} == DEFAULTS


def test_whole_conf_is_read() -> None:
    """Servers in order, search list, options on several lines, comments of both kinds, tabs and CR LF."""
    text = (
        "# made by hand\n; really\n\nnameserver 192.0.2.1\nnameserver\t2001:db8::1  # second\r\n"
        "nameserver [::1]:5301\nsearch corp.example  example. # not this\n"
        "options ndots:2 timeout:3\noptions attempts:4 rotate use-vc edns0 trust-ad\n"
    )
    assert conf_of(text) == {
        "servers": ["192.0.2.1:53", "[2001:db8::1]:53", "[::1]:5301"],
        "search": ["corp.example", "example."],
        "ndots": 2,
        "timeout_s": 3,
        "attempts": 4,
        "rotate": 1,
        "use_vc": 1,
        "edns0": 1,
        "trust_ad": 1,
    }


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("search a.example b.example", ["a.example", "b.example"]),
        ("domain a.example b.example", ["a.example"]),
        ("search a.example\ndomain b.example", ["b.example"]),
        ("domain b.example\nsearch a.example c.example", ["a.example", "c.example"]),
        ("search a.example\nsearch", ["a.example"]),
        ("search a.example\nsearch b..example", ["a.example"]),
        ("search b..example a.example", ["a.example"]),
        ("domain b..example a.example", ["a.example"]),
        ("search .", ["."]),
        ("search a.example;b.example", ["a.example"]),
        ("search " + "x" * 2000, []),
    ],
)
def test_last_of_search_and_domain_wins(text: str, search: list[str]) -> None:
    """`domain` has one name; what is no name is skipped; a line without any name changes nothing."""
    assert conf_of(text)["search"] == search


def test_search_list_keeps_whole_names_only() -> None:
    """A list longer than its room ends after the last name that fits, NUL included."""
    names = [f"{i:03}." + "x" * 60 for i in range(40)]  # 64 octets each, 65 with the space
    fits = lib.RQ_CONF_SEARCH // 65
    assert conf_of("search " + " ".join(names))["search"] == names[:fits]
    exact = [*names[: fits - 1], "y" * 63 + "." + "z" * (lib.RQ_CONF_SEARCH - (fits - 1) * 65 - 65)]
    assert conf_of("search " + " ".join(exact))["search"] == exact
    assert conf_of("search " + " ".join(exact) + "z a.example")["search"] == exact[:-1]


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("ndots:0", "ndots", 0),
        ("ndots:15", "ndots", 15),
        ("ndots:16", "ndots", 15),
        ("timeout:0", "timeout_s", 1),
        ("timeout:31", "timeout_s", 30),
        ("attempts:0", "attempts", 1),
        ("attempts:4294967295", "attempts", 5),
    ],
)
def test_numbers_are_capped_as_libc_caps_them(option: str, name: str, value: int) -> None:
    """ndots at 15, timeout at 30, attempts at 5; a timeout and an attempt there always is."""
    assert conf_of(f"options {option}") == DEFAULTS | {name: value}


@pytest.mark.parametrize(
    "text",
    [
        "nameserver",
        "nameserver 1.2.3",
        "nameserver fe80::1%eth0",
        "nameserver dns.example",
        " nameserver 192.0.2.1",
        "NAMESERVER 192.0.2.1",
        "nameserver:192.0.2.1",
        "nameservers 192.0.2.1",
        "#nameserver 192.0.2.1",
        "; nameserver 192.0.2.1",
        "# options rotate",
        "options # rotate",
        "options rot edns use- trust-a ndots2 timeout3 a4",
        "nameserve 192.0.2.1",
        "searc a.example",
        "options ROTATE rotate:1 ndots ndots: ndots:x ndots:2x ndots:-1 timeout:4294967296 inet6",
        "sortlist 192.0.2.0/24",
        "lookup file bind",
        "\0\1\2 \xff",
    ],
)
def test_what_is_not_understood_is_skipped(text: str) -> None:
    """A line or an option that libc does not know, or that is spoilt, costs nothing but itself."""
    assert conf_of(text) == DEFAULTS
    assert conf_of(f"{text}\nnameserver 192.0.2.1")["servers"] == ["192.0.2.1:53"]


def test_servers_beyond_the_limit_are_ignored() -> None:
    """The first eight nameserver lines that can be used count."""
    lines = ["nameserver no"] * 3 + [f"nameserver 192.0.2.{i}" for i in range(12)]
    assert conf_of("\n".join(lines))["servers"] == [f"192.0.2.{i}:53" for i in range(lib.RQ_CONF_SERVERS)]


WORDS = ["nameserver", "search", "domain", "options", "192.0.2.1", "::1", "a.example", "ndots:3", "rotate", "#", ";"]


@given(st.lists(st.sampled_from([*WORDS, " ", "\t", "\n", "\r\n", "\0", "x" * 700, "\x80"]), max_size=60).map("".join))
def test_any_text_is_read_without_harm(text: str) -> None:
    """Any text gives values within their limits."""
    conf = conf_of(text)
    assert len(conf["servers"]) <= lib.RQ_CONF_SERVERS
    assert len(" ".join(conf["search"])) < lib.RQ_CONF_SEARCH
    assert all(lib.rq_name_flaw(name.encode(), len(name)) == lib.RQ_FLAW_NONE for name in conf["search"])
    assert conf["ndots"] <= 15
    assert 1 <= conf["timeout_s"] <= 30
    assert 1 <= conf["attempts"] <= 5
