"""Settings of load, safety and caching: each reaches the core or the wire, and none that is wrong sends anything."""

from __future__ import annotations

import errno
import inspect
import math
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from resquery import (
    BulkSettings,
    Cache,
    CacheStats,
    Message,
    Resolver,
    Row,
    Settings,
    bulk,
    bulk_columns,
    errors,
    reverse_name,
)
from resquery._conf import POLITE, engine_conf
from resquery._settings import divided, fair, limits_of
from resquery.bulk import bulk_plan
from resquery.options import ClientSubnet, Cookie, Nsid, RawOption, TcpKeepalive
from resquery.testing import Query, Reply, Server

COMMAND = [sys.executable, "-m", "resquery"]


# -- one list of settings


@pytest.mark.parametrize(("call", "kind"), [(Resolver, Settings), (bulk, BulkSettings), (bulk_columns, BulkSettings)])
def test_help_shows_every_setting_and_explains_it(call: Any, kind: Any) -> None:
    """In the signature one by one, in the docstring of the list by name."""
    parameters = inspect.signature(call).parameters
    assert set(kind.__annotations__) <= set(parameters)
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in kind.__annotations__)
    text = "\n".join(inspect.cleandoc(one.__doc__ or "") for one in (Settings, BulkSettings))
    assert all(f"\n  {name} " in text for name in kind.__annotations__)


@pytest.mark.parametrize("kind", [Row, CacheStats])
def test_help_explains_every_field(kind: Any) -> None:
    """In the docstring of the class: a text behind a field is not shown."""
    assert all(re.search(rf"^ *(\w+, )?{field}\b", kind.__doc__, re.MULTILINE) for field in kind.__struct_fields__)


def test_the_guide_explains_every_setting() -> None:
    """docs/lookups.md names each of them."""
    guide = (Path(__file__).parents[2] / "docs/lookups.md").read_text()
    assert all(f"`{name}`" in guide for name in BulkSettings.__annotations__)


def test_what_the_system_sets_is_told() -> None:
    """A default that resolv.conf(5) may replace is not given as if it always stood."""
    guide = (Path(__file__).parents[2] / "docs/lookups.md").read_text()
    for told in (guide, Settings.__doc__ or ""):
        assert all(option in told for option in ("resolv.conf", "timeout", "attempts", "use-vc", "search", "ndots"))


@pytest.mark.parametrize("given", [{"stale": 0.5}, {"negative_ttl": 1.5}, {"ttl": (0.1, 5)}])
def test_a_cache_takes_whole_seconds(given: dict[str, Any]) -> None:
    """As TTLs are: half a second is not taken for none. A float that is whole will do."""
    with pytest.raises(errors.IllegalSetting, match="whole number of seconds"):
        Cache(**given)
    Cache(stale=1.0, negative_ttl=60.0, ttl=(1.0, 2.0))


def test_an_unknown_setting_is_a_type_error() -> None:
    """As for any other keyword; what only bulk has is unknown to a Resolver."""
    for call, name in ((lambda: bulk([], max_inflight=3), "max_inflight"), (lambda: Resolver(rate=3), "rate")):  # type: ignore[call-arg]
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
            call()


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("rate", 0, ValueError),
        ("rate", -1.0, ValueError),
        ("rate", math.nan, ValueError),
        ("rate", -math.inf, ValueError),
        ("rate", "9", TypeError),
        ("rate", True, TypeError),
        ("rate_per_server", 0.0, ValueError),
        ("max_in_flight_per_server", 0, ValueError),
        ("max_in_flight_per_server", 1.5, TypeError),
        ("share", 1, TypeError),
        ("spread", "no", TypeError),
        ("try_timeout", -1, ValueError),
        ("max_in_flight", 10**12, ValueError),
    ],
)
def test_a_load_out_of_range_is_named(option: str, value: Any, kind: type[Exception]) -> None:
    """The message names the setting and its range."""
    for call in (bulk, bulk_columns):
        with pytest.raises(kind, match=option):
            call([], servers="127.0.0.1", **{option: value})


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("hops", -1, ValueError),
        ("hops", 17, ValueError),
        ("hops", True, TypeError),
        ("mixed_case", 1, TypeError),
        ("cookies", "yes", TypeError),
        ("adapt", 0, TypeError),
        ("cache", 100, TypeError),
        ("cache", "yes", TypeError),
        ("options", Nsid(b""), TypeError),
        ("options", [3], TypeError),
        ("options", "nsid", TypeError),
        ("options", 5, TypeError),
        ("options", [RawOption(65001, bytes(600))], ValueError),
        ("options", [Cookie(b"12345678")], ValueError),
        ("options", [TcpKeepalive(None)], ValueError),
        ("options", [Nsid(5)], errors.IllegalValue),  # type: ignore[arg-type]
    ],
)
def test_a_manner_out_of_range_is_named(option: str, value: Any, kind: type[Exception]) -> None:
    """For one lookup as for many."""
    for call in (Resolver, lambda servers, **given: bulk([], servers=servers, **given)):
        with pytest.raises(kind, match=r"options|Nsid" if option == "options" else option):
            call("127.0.0.1", **{option: value})


@pytest.mark.parametrize("given", [{"cookies": True}, {"options": [Nsid(b"")]}])
def test_what_stands_in_the_opt_record_needs_edns(given: dict[str, Any]) -> None:
    """Without it the wish would be dropped in silence; cookies that were not asked for go with it."""
    with pytest.raises(ValueError, match="need edns"):
        Resolver("127.0.0.1", edns=False, **given)
    assert Resolver("127.0.0.1", edns=False)._limits.cookies is False
    assert Resolver("127.0.0.1", cookies=False, options=[Cookie(b"12345678")])._limits.options[:2] == b"\0\x0a"


def test_settings_reach_the_core() -> None:
    """Every field of the C struct, infinite rates as none; options outlive the call that copies them."""
    conf, options = engine_conf(
        limits_of(
            {
                "mixed_case": False,
                "cookies": False,
                "share": False,
                "spread": True,
                "adapt": False,
                "hops": 3,
                "rate": 2.5,
                "rate_per_server": math.inf,
                "max_in_flight_per_server": 1,
                "options": [Nsid(b"")],
            }
        )
    )
    assert [conf.mixed_case, conf.cookies, conf.share, conf.spread, conf.adapt] == [0, 0, 0, 1, 0]
    assert (conf.hops, conf.rate, conf.server_rate, conf.server_flight, conf.options_len) == (3, 2.5, 0.0, 1, 4)
    assert bytes(conf.options[0:4]) == bytes(options) == b"\0\x03\0\0"


# -- politeness


def test_the_systems_servers_are_spared_unless_told_otherwise(tmp_path: Path) -> None:
    """In bulk: a hundred at once and 500 a second for each; servers of the caller's choice have no such limits."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 127.0.0.1\n")
    for given, expected in (
        ({}, (100, 500.0)),
        ({"max_in_flight_per_server": 7, "rate_per_server": math.inf}, (7, math.inf)),
    ):
        (engine,) = bulk_plan(1, None, {"resolv_conf": file, **given})()
        assert (engine.limits.max_in_flight_per_server, engine.limits.rate_per_server) == expected
        engine.close()
    (engine,) = bulk_plan(1, "127.0.0.1", {})()
    assert (engine.limits.max_in_flight_per_server, engine.limits.rate_per_server) == (None, None)
    engine.close()
    assert POLITE == {"max_in_flight_per_server": 100, "rate_per_server": 500.0}


@pytest.mark.parametrize("threads", [1, 2, 3, 64])
def test_limits_of_threads_add_up(threads: int) -> None:
    """To what was asked for, in all; no engine has none."""
    whole = limits_of({"max_in_flight": 100, "max_in_flight_per_server": 50, "rate": 30.0, "rate_per_server": 3.0})
    parts = divided(whole, threads, 1)
    assert sum(part.max_in_flight for part in parts) == 100
    assert sum(part.max_in_flight_per_server or 0 for part in parts) == 50
    assert sum(part.rate or 0 for part in parts) == pytest.approx(30.0)
    assert sum(part.rate_per_server or 0 for part in parts) == pytest.approx(3.0)
    assert min(part.max_in_flight for part in parts) >= 1
    assert all(1 <= fair(part, 256) <= 256 for part in parts)


@pytest.mark.parametrize(("reason", "refused"), [(errno.EMFILE, True), (errno.ENOENT, False)])
def test_files_that_cannot_be_counted_are_none_left_or_no_limit(
    monkeypatch: pytest.MonkeyPatch, reason: int, refused: bool
) -> None:
    """When there is no descriptor to look with, bulk says what it lacks; without /proc it goes on."""

    def listdir(path: str) -> list[str]:
        raise OSError(reason, os.strerror(reason), path)

    monkeypatch.setattr(os, "listdir", listdir)
    with pytest.raises(errors.BeyondLimits, match="may open 0 more files") if refused else nullcontext():
        assert [row.status for row in bulk(["a..b"], servers="127.0.0.1:9")] == ["ILLEGAL_INPUT"]


# -- servers


def test_a_path_is_a_list_of_servers(tmp_path: Path) -> None:
    """With comments; junk is named by file and line, a server that comes twice is asked once."""
    listed = tmp_path / "servers.txt"
    listed.write_text("# ours\n127.0.0.1 # here\n\n::1\n127.0.0.1:53\n")
    assert Resolver(listed).servers == ("127.0.0.1:53", "[::1]:53")
    assert Resolver(["::1", "[::1]:53"]).servers == ("[::1]:53",)
    listed.write_text("127.0.0.1\n\nlocal\x1bhost\n")
    for call in (lambda: Resolver(listed), lambda: bulk([], servers=listed), lambda: bulk_columns([], servers=listed)):
        with pytest.raises(errors.BadServer, match=r"servers\.txt:3: 'local\\027host'") as caught:
            call()
        assert caught.value.value == "local\x1bhost"
    listed.write_text("# none\n")
    with pytest.raises(errors.BadServer, match="no server in it"):
        Resolver(listed)
    with pytest.raises(FileNotFoundError):
        Resolver(tmp_path / "missing")


def test_more_servers_than_can_be_asked_are_refused() -> None:
    """65,536 are the most."""
    with pytest.raises(errors.BadServer, match="65,537"):
        Resolver([f"127.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(65537)])


# -- the cache


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"entries": 0}, ValueError),
        ({"entries": 1 << 25}, ValueError),
        ({"octets": 0}, ValueError),
        ({"octets": 511}, ValueError),
        ({"ttl": (10, 5)}, ValueError),
        ({"ttl": (-1, 5)}, ValueError),
        ({"ttl": 5}, TypeError),
        ({"ttl": (1, 2, 3)}, TypeError),
        ({"negative_ttl": -1}, ValueError),
        ({"negative_ttl": math.nan}, ValueError),
        ({"stale": "1"}, TypeError),
        ({"stale": 2.0**32}, ValueError),
    ],
)
def test_a_cache_out_of_range_is_refused(given: dict[str, Any], kind: type[Exception]) -> None:
    """It names what is wrong."""
    with pytest.raises(kind, match=next(iter(given))):
        Cache(**given)


def counting(seen: list[str]) -> Server:
    """A server that notes what it is asked."""

    def answer(query: Query) -> Reply:
        seen.append(f"{query.name.lower()} {query.type}")
        if query.name.lower().startswith("no"):
            return Reply(rcode="NXDOMAIN", authority=["example. 300 IN SOA ns root 1 2 3 4 60"])
        return Reply(answer=[f"{query.name} 300 IN A 192.0.2.1"])

    return Server(answer=answer)


def test_a_resolver_remembers_answers_and_refusals_of_its_own() -> None:
    """It asks once for each; `cache=None` asks each time; `flush` forgets a name, whatever its case."""
    seen: list[str] = []
    with counting(seen) as server:
        with Resolver(server.address) as resolver:
            for _ in range(3):
                assert resolver.resolve("www.example").answer[0].ttl <= 300
                with pytest.raises(errors.NXDomain) as caught:
                    resolver.resolve("no.example")
            assert caught.value.server is None
            assert "from the cache" in str(caught.value)
            assert len(seen) == 2
            assert resolver.cache is not None
            assert (resolver.cache.stats.hits, resolver.cache.stats.misses, len(resolver.cache)) == (4, 2, 2)
            assert resolver.cache.flush("WWW.example") == 1
            resolver.resolve("www.example")
            assert len(seen) == 3
        with Resolver(server.address, cache=None) as forgetful:
            assert forgetful.cache is None
            for _ in range(3):
                forgetful.resolve("www.example")
        assert len(seen) == 6


def test_a_cache_is_shared_by_whom_it_is_given_to() -> None:
    """Resolvers, bulk and its threads, columns; a hit is a row without a server and without a query."""
    seen: list[str] = []
    cache = Cache()
    with counting(seen) as server:
        Resolver(server.address, cache=cache).resolve("www.example")
        (row,) = bulk(["www.example"], servers=server.address, cache=cache)
        assert (row.status, row.server, row.transport, row.tries) == ("NOERROR", None, None, 0)
        rows = list(bulk(["www.example"] * 300, servers=server.address, cache=cache, threads=2))
        assert [row.tries for row in rows] == [0] * 300
        assert [len(batch) for batch in bulk_columns(["www.example"], servers=server.address, cache=cache)] == [1]
        assert len(seen) == 1
        assert [row.tries for row in bulk(["www.example"], servers=server.address)] == [1]
    assert cache.flush() == 1
    assert (len(cache), bool(cache), cache.flush("www.example")) == (0, True, 0)
    with pytest.raises(errors.IllegalName):
        cache.flush("")


def test_res_query_never_reads_from_memory() -> None:
    """Its contract is with the server: each call asks."""
    seen: list[str] = []
    with counting(seen) as server, Resolver(server.address) as resolver:
        for _ in range(3):
            resolver.res_query("www.example", "A", bytearray(512))
    assert len(seen) == 3


# -- the command line


def test_options_of_the_command_reach_the_query() -> None:
    """--subnet, --nsid, --no-case, --no-cookies, --tcp and --transport, for one name and for many."""
    seen: list[Query] = []

    def answer(query: Query) -> Reply:
        seen.append(query)
        return Reply(rcode="REFUSED")

    with Server(answer=answer) as server:
        for words in (["query", "x.example"], ["bulk", "-"]):
            words += ["--server", server.address, "--subnet", "192.0.2.77/24", "--nsid", "--no-case", "--no-cookies"]
            for transport in (["--tcp"], ["--transport", "tcp"], []):
                subprocess.run([*COMMAND, *words, *transport], input=b"x.example\n", capture_output=True, check=False)
    assert [query.transport for query in seen] == ["tcp", "tcp", "udp"] * 2
    for query in seen:
        edns = Message(query.wire).edns
        assert edns is not None
        assert edns.option(Nsid) == Nsid(b"")
        assert edns.option(ClientSubnet) == ClientSubnet(1, 24, 0, "192.0.2.0")
        assert edns.option(Cookie) is None
        assert query.name == "x.example."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "0"], "rate is a number of queries a second from 0.001 to 1,000,000,000, not 0"),
        (["--rate", "nan"], "resquery: --rate is "),
        (["--rate-per-server", "-1"], "resquery: --rate-per-server is "),
        (["--max-in-flight-per-server", "0"], "resquery: --max-in-flight-per-server is "),
        (["--threads", "-1"], "resquery: --threads is "),
        (["--threads", "many"], "many"),
        (["--hops", "17"], "resquery: --hops is "),
        (["--subnet", "192.0.2.0/33"], "no network such as"),
        (["--cache-entries", "0"], "resquery: --cache-entries is "),
        (["--no-edns", "--nsid"], "resquery: --nsid needs EDNS: leave out --no-edns"),
        (["--tcp", "--transport", "udp"], "--transport"),
        (["--colour"], "unrecognized arguments: --colour; see resquery bulk --help"),
    ],
)
def test_wrong_settings_are_one_line_and_status_2(tmp_path: Path, words: list[str], said: str) -> None:
    """Before a file is touched."""
    command = [*COMMAND, "bulk", "-", "--output", str(tmp_path / "rows"), "--server", "127.0.0.1:9", *words]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
    assert not (tmp_path / "rows").exists()


def test_the_command_asks_for_the_name_of_an_address() -> None:
    """query -x, as with dig; another type may be given."""
    seen: list[str] = []
    with Server(answer=lambda query: seen.append(f"{query.name} {query.type}") or Reply(rcode="REFUSED")) as server:
        for words in (["-x", "192.0.2.1"], ["--reverse", "192.0.2.1", "A"]):
            subprocess.run(
                [*COMMAND, "query", *words, "--no-case", "--server", server.address], capture_output=True, check=False
            )
    assert seen == ["1.2.0.192.in-addr.arpa. PTR", "1.2.0.192.in-addr.arpa. A"]


def test_a_reverse_name_is_made_of_addresses_alone() -> None:
    """IPv4 and IPv6; a zone is not part of an address."""
    assert reverse_name("2001:db8::567:89ab") == (
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."
    )
    for text in ("192.0.2", "fe80::1%2", "example.com", "", "192.0.2.1/24"):
        with pytest.raises(ValueError, match="no address"):
            reverse_name(text)
    with pytest.raises(TypeError, match="an address is a str, not int: 5"):
        reverse_name(5)  # type: ignore[arg-type]
