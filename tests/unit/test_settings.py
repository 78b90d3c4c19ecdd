"""Servers, limits and resolv.conf(5) as Python sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resquery import Resolver, bulk, errors


@pytest.mark.parametrize("server", ["localhost", "", "127.0.0.1:0x35", "127.0.0.1:65536", "[::1", "1.2.3", "a\x1bb"])
def test_a_bad_server_is_refused_by_name(server: str) -> None:
    """BadServer carries the text, and shows it escaped."""
    for call in (lambda: Resolver(["127.0.0.1", server]), lambda: bulk([], servers=[server])):
        with pytest.raises(errors.BadServer) as caught:
            call()
        assert caught.value.value == server
        assert str(caught.value).isprintable()


def test_no_servers_at_all_are_refused() -> None:
    """An empty list is a mistake, not a wish for the system's servers."""
    with pytest.raises(errors.BadServer, match="no servers"):
        Resolver([])
    with pytest.raises(TypeError, match="int"):
        Resolver([53])  # pyright: ignore


@pytest.mark.parametrize("servers", [53, b"127.0.0.1"])
def test_what_is_no_list_of_servers_is_a_type_error(servers: Any) -> None:
    """It says what servers are, and what was given."""
    for call in (lambda: Resolver(servers), lambda: bulk([], servers=servers)):
        with pytest.raises(TypeError, match=f"servers are .*{type(servers).__name__}"):
            call()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("search", 5, "search is a list of domain names, not int: 5"),
        ("resolv_conf", 5, "resolv_conf is the path of a file, not int: 5"),
    ],
)
def test_another_python_type_is_told_in_one_sentence(setting: str, value: Any, said: str) -> None:
    """With what the setting is, and what was given."""
    with pytest.raises(TypeError, match=f"^{said}$"):
        Resolver("127.0.0.1", **{setting: value})


def test_servers_are_told_in_one_form() -> None:
    """The port is always shown, IPv6 in brackets; a single text will do as the list."""
    assert Resolver(["9.9.9.9", "::1", "[2001:DB8::1]:5301"]).servers == (
        "9.9.9.9:53",
        "[::1]:53",
        "[2001:db8::1]:5301",
    )
    assert Resolver("127.0.0.1:5301").servers == ("127.0.0.1:5301",)


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("timeout", 0, ValueError),
        ("timeout", -1.0, ValueError),
        ("timeout", float("nan"), ValueError),
        ("timeout", 3601, ValueError),
        ("timeout", "5", TypeError),
        ("tries", 0, ValueError),
        ("tries", 101, ValueError),
        ("tries", 1.5, TypeError),
        ("tries", True, TypeError),
        ("try_timeout", 0, ValueError),
        ("transport", "quic", ValueError),
        ("edns", "no", TypeError),
        ("dnssec_ok", 1, TypeError),
        ("recurse", "", TypeError),
        ("rotate", "no", TypeError),
    ],
)
def test_a_limit_out_of_range_is_named(option: str, value: Any, kind: type[Exception]) -> None:
    """The message names the option and the range, before anything is sent."""
    for call in (
        lambda: Resolver("127.0.0.1", **{option: value}),
        lambda: bulk([], servers="127.0.0.1", **{option: value}),
    ):
        with pytest.raises(kind, match=option):
            call()


def test_signatures_are_not_asked_for_without_edns() -> None:
    """DO stands in the OPT record: a query without one would drop the wish in silence."""
    for call in (
        lambda: Resolver("127.0.0.1", edns=False, dnssec_ok=True),
        lambda: bulk([], servers="127.0.0.1", edns=False, dnssec_ok=True),
    ):
        with pytest.raises(ValueError, match="dnssec_ok needs edns"):
            call()


@pytest.mark.parametrize(("value", "kind"), [("1", TypeError), (1.5, TypeError), (-1, ValueError), (16, ValueError)])
def test_ndots_is_checked_when_the_resolver_is_made(value: Any, kind: type[Exception]) -> None:
    """0 to 15, as in resolv.conf(5)."""
    with pytest.raises(kind, match="ndots"):
        Resolver("127.0.0.1", ndots=value)


@pytest.mark.parametrize("value", [0, 65537, -1])
def test_bulk_has_a_bounded_number_in_flight(value: int) -> None:
    """1 to 65536."""
    with pytest.raises(ValueError, match="max_in_flight"):
        bulk([], servers="127.0.0.1", max_in_flight=value)


def test_resolv_conf_gives_servers_search_list_and_manners(tmp_path: Path) -> None:
    """Without servers the file is read; what the caller says goes before it."""
    file = tmp_path / "resolv.conf"
    file.write_text(
        "search corp.example lab.example\nnameserver 192.0.2.1\nnameserver ::1\noptions ndots:3 rotate use-vc\n"
    )
    resolver = Resolver(resolv_conf=file)
    assert resolver.servers == ("192.0.2.1:53", "[::1]:53")
    assert (resolver.search, resolver.ndots) == (("corp.example", "lab.example"), 3)
    assert (resolver._limits.rotate, resolver._limits.transport) == (True, "tcp")
    assert (resolver._limits.timeout, resolver._limits.tries, resolver._limits.try_timeout) == (5.0, 3, None)
    other = Resolver(resolv_conf=file, search=[], ndots=1, rotate=False, transport="udp")
    assert (other.search, other.ndots, other._limits.rotate, other._limits.transport) == ((), 1, False, "udp")


def test_timeout_and_attempts_of_resolv_conf_count_when_they_are_set(tmp_path: Path) -> None:
    """`timeout` is for one query, `attempts` for a round over all servers, as for libc."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:1 attempts:3\n")
    limits = Resolver(resolv_conf=file)._limits
    assert (limits.try_timeout, limits.tries, limits.timeout) == (1.0, 6, 6.0)
    assert Resolver(resolv_conf=file, timeout=2.0)._limits.timeout == 2.0


def test_a_missing_resolv_conf_means_the_local_server(tmp_path: Path) -> None:
    """As for libc: 127.0.0.1."""
    assert Resolver(resolv_conf=tmp_path / "none").servers == ("127.0.0.1:53",)


def test_an_illegal_search_domain_is_refused() -> None:
    """The caller's own search list is checked when the resolver is made."""
    with pytest.raises(errors.IllegalName):
        Resolver("127.0.0.1", search=["ok.example", "a..b"])
