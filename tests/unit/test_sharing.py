"""One query for identical questions, and answers out of the cache: to whom they go, what is kept, for how long."""

from __future__ import annotations

import importlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from resquery import Cache, Resolver, bulk, bulk_columns, errors
from resquery.testing import Delay, Drop, Fault, Query, Rcode, Reply, Server

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
www 300 IN A 192.0.2.1
www 300 IN TXT "text"
zero 0 IN A 192.0.2.2
brief 1 IN A 192.0.2.3
alias 300 IN CNAME www
*.lab 300 IN A 192.0.2.7
"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


# -- identical questions in flight


def test_ten_thousand_identical_questions_are_one_datagram() -> None:
    """Names that differ in case are the same; each has its row in its own case, and one has a query to its name."""
    names = ["www.example", "WWW.example", "www.EXAMPLE."] * 3333 + ["www.example"]
    with Server(text=ZONE, faults=[Fault(action=Delay(0.5))]) as slow:
        rows = list(bulk(names, servers=slow.address, max_in_flight=10_000, rate=None))
        assert slow.queries == 1
        assert {row.server for row in rows} == {slow.address}
    assert sorted(row.index for row in rows) == list(range(10_000))
    assert {(row.name, row.answer[0].name) for row in rows} == {(name, name.rstrip(".") + ".") for name in names}
    assert Counter((row.status, row.tries, row.transport, len(row.answer)) for row in rows) == {
        ("NOERROR", 0, "udp", 1): 9_999,
        ("NOERROR", 1, "udp", 1): 1,
    }


def test_other_types_are_other_questions(server: Server) -> None:
    """A name's types are asked for one by one."""
    rows = list(bulk(["www.example"] * 5, ["A", "TXT", "MX"], servers=server.address, spread=False))
    assert {(row.type, len(row.answer)) for row in rows} == {("A", 1), ("TXT", 1), ("MX", 0)}
    assert len(rows) == 15


def test_without_sharing_each_lookup_asks() -> None:
    """As many datagrams as names."""
    with Server(text=ZONE, faults=[Fault(action=Delay(0.1))]) as slow:
        rows = list(bulk(["www.example"] * 50, servers=slow.address, share=False))
        assert (slow.queries, {row.tries for row in rows}) == (50, {1})


def test_followers_of_a_lookup_that_fails_ask_for_themselves() -> None:
    """The first answer that is lost costs only one of them its row."""
    with Server(text=ZONE, faults=[Fault(action=Drop(), times=1)]) as server:
        rows = list(
            bulk(["www.example"] * 20, servers=server.address, tries=1, try_timeout=0.2, timeout=5.0, adapt=False)
        )
    assert Counter(row.status for row in rows) == {"TIMEOUT": 1, "NOERROR": 19}


def test_followers_time_out_by_their_own_deadlines() -> None:
    """Nobody answers: every name has its row, in time."""
    with Server(text=ZONE, faults=[Fault(action=Drop())]) as server:
        rows = list(bulk(["www.example"] * 20, servers=server.address, tries=1, timeout=0.3))
        assert Counter(row.status for row in rows) == {"TIMEOUT": 20}
        assert server.queries <= 2 * 20


def test_questions_that_a_chain_leads_to_are_shared_too() -> None:
    """A thousand names of one target: one query for each name, one for the target."""

    def answer(query: Query) -> Reply:
        if query.name.lower().startswith("n"):
            return Reply([f"{query.name} 60 IN CNAME target.test."])
        return Reply(["target.test. 60 IN A 192.0.2.1"])

    with Server(answer=answer, log=4000, delay=0.05) as server:
        rows = list(bulk([f"n{i}.test" for i in range(200)], servers=server.address))
        asked = Counter(query.name.lower() for query in server.log)
    assert {(row.status, len(row.answer)) for row in rows} == {("NOERROR", 2)}
    assert max(asked[f"n{i}.test."] for i in range(200)) == 1
    assert asked["target.test."] < 100


# -- the cache


def test_what_was_answered_is_not_asked_again(server: Server) -> None:
    """Whatever the case of its name, in which it comes back; the row says that nobody was asked."""
    cache = Cache()
    list(bulk(["www.example"], servers=server.address, cache=cache))
    (row,) = bulk(["Www.Example"], servers=server.address, cache=cache)
    assert server.queries == 1
    assert (row.status, row.tries, row.server, row.transport, row.rtt) == ("NOERROR", 0, None, None, None)
    assert [record.to_text() for record in row.answer] == ["Www.Example. 300 IN A 192.0.2.1"]
    assert (cache.stats.hits, cache.stats.misses, cache.stats.stored, len(cache)) == (1, 1, 1, 1)


def test_a_resolver_remembers(server: Server) -> None:
    """Answers, NXDOMAIN and NODATA; res_query always asks."""
    with Resolver(server.address, cache=True) as resolver:
        for _ in range(3):
            assert len(resolver.resolve("alias.example").answer) == 2
            with pytest.raises(errors.NXDomain) as caught:
                resolver.resolve("nothing.example")
            assert caught.value.response is not None
            assert [str(record.type) for record in caught.value.response.authority] == ["SOA"]
            with pytest.raises(errors.NoAnswer):
                resolver.resolve("www.example", "MX")
        assert server.queries == 3
        resolver.res_query("alias.example", "A", bytearray(512))
        assert server.queries == 4


def test_a_loop_is_remembered() -> None:
    """Its links are answers like others; the exception says that nobody was asked."""
    links = {"a.one.": Reply(["a.one. 60 IN CNAME b.two."]), "b.two.": Reply(["b.two. 60 IN CNAME a.one."])}
    with Server(answer=lambda query: links[query.name.lower()]) as server, Resolver(server.address) as resolver:
        for tries, said in ((2, f"last asked {server.address} after 2 queries"), (0, "last asked the cache")):
            with pytest.raises(errors.CnameLoop, match=said) as caught:
                resolver.resolve("a.one")
            assert (caught.value.tries, caught.value.server is None, server.queries) == (tries, tries == 0, 2)


def test_a_hit_has_the_flags_of_an_answer_that_was_kept(server: Server) -> None:
    """Its ID is 0 and AA is clear: nobody says so now; what was said of recursion stays."""
    with Resolver(server.address, cache=True) as resolver:
        first, second = resolver.resolve("www.example"), resolver.resolve("www.example")
    assert second.id == 0
    assert int(first.flags) & ~0x0400 == int(second.flags)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(["x.test. 0 IN A 192.0.2.1"]),
        Reply(["x.test. 2147483647 IN CNAME y.test.", "y.test. 0 IN A 192.0.2.1"]),
        Reply(rcode="SERVFAIL"),
        Reply(rcode="REFUSED"),
        Reply(rcode="NXDOMAIN"),
        Reply(),
        Reply(rcode="NXDOMAIN", authority=["other. 300 IN SOA ns. root. 1 2 3 4 60"]),
        Reply(rcode="NXDOMAIN", authority=["test. 300 IN SOA ns. root. 1 2 3 4 0"]),
        Reply(authority=["test. 300 IN NS ns.test."]),
        Reply(["other.test. 300 IN A 192.0.2.1"]),
        Reply(["x.test. 300 IN A 192.0.2.1"], rcode="NXDOMAIN"),
    ],
    ids=repr,
)
def test_what_is_not_kept(reply: Reply) -> None:
    """A TTL of 0, failures, and negative answers without an SOA of a zone that the name is in."""
    cache = Cache()
    with Server(answer=lambda query: reply) as server:
        for _ in range(2):
            list(bulk(["x.test"], servers=server.address, cache=cache, hops=0))
        assert (server.queries, len(cache)) == (2, 0)


def test_any_is_not_kept() -> None:
    """Whatever a server says to ANY (RFC 8482) is not all there is."""
    cache = Cache()
    with Server(text=ZONE) as server:
        list(bulk(["www.example"], "ANY", servers=server.address, cache=cache))
    assert len(cache) == 0


def test_each_hop_of_a_chain_is_kept_for_itself() -> None:
    """Under its own question, whether the rest of the chain was kept before, after, or never."""

    def answer(query: Query) -> Reply:
        target = {"a.one.": "b.two.", "c.one.": "b.two."}.get(query.name.lower())
        return Reply([f"{query.name} 60 IN CNAME {target}"] if target else [f"{query.name} 40 IN A 192.0.2.1"])

    cache = Cache()
    with Server(answer=answer) as server:
        steps = (("a.one", 2, 2), ("b.two", 2, 0), ("a.one", 2, 0), ("c.one", 3, 1), ("c.one", 3, 0))
        for name, queries, tries in steps:
            (row,) = bulk([name], servers=server.address, cache=cache)
            assert (row.status, row.answer[-1].name, server.queries) == ("NOERROR", "b.two.", queries)
            assert (row.server is None, row.tries) == (tries < 2, tries)
            assert [record.ttl for record in row.answer] == ([60, 40] if len(row.answer) > 1 else [40])
        cache.flush("b.two")
        (row,) = bulk(["a.one"], servers=server.address, cache=cache)
        assert (row.server, row.tries, server.queries) == (server.address, 1, 4)
    assert len(cache) == 3


def test_what_leads_on_is_kept_no_longer_than_it_says() -> None:
    """A CNAME whose TTL is 0, or whose target fails, is asked for again or not as its own TTL says."""

    def answer(query: Query) -> Reply:
        name = query.name.lower()
        if name.endswith("two."):
            return Reply(rcode="SERVFAIL")
        return Reply([f"{name} {0 if name.startswith('zero') else 60} IN CNAME b.two."])

    cache = Cache()
    with Server(answer=answer) as server:
        for name, queries in (("zero.one", 2), ("zero.one", 4), ("a.one", 6), ("a.one", 7)):
            (row,) = bulk([name], servers=server.address, cache=cache)
            assert (row.status, len(row.answer), server.queries) == ("SERVFAIL", 1, queries)


def test_a_warm_cache_changes_no_outcome() -> None:
    """A chain that is too long or loops is so with all of its hops in the cache, and one that is not is not."""

    def answer(query: Query) -> Reply:
        name = query.name.lower()
        number = int(name[1 : name.index(".")])
        if name.startswith("n") and number == 16:
            return Reply([f"{name} 60 IN A 192.0.2.1"])
        return Reply([f"{name} 60 IN CNAME {name[0]}{(number + 1) % 17}.test."])

    names = ["n16", "n8", "n7", "n12", "n0", "n8", "l3"]
    ends = ["NOERROR", "NOERROR", "CNAME_LOOP", "NOERROR", "CNAME_LOOP", "NOERROR", "CNAME_LOOP"]
    cache = Cache()
    with Server(answer=answer) as server:
        for queries in (17 + 9, 17 + 9):
            rows = [row for name in names for row in bulk([f"{name}.test"], servers=server.address, cache=cache)]
            assert ([row.status for row in rows], server.queries) == (ends, queries)
        (row,) = bulk(["n8.test"], servers=server.address, cache=cache, hops=0)
        assert ([str(record.type) for record in row.answer], server.queries) == (["CNAME"], queries)
        (row,) = bulk(["n8.test"], servers=server.address, cache=cache, hops=7)
        assert (row.status, row.server, server.queries) == ("CNAME_LOOP", None, queries)


def test_columns_have_the_whole_chain() -> None:
    """The answer of a row that was followed, shared or cached is the same list of records in columns."""

    def answer(query: Query) -> Reply:
        first = query.name.lower() == "a.one."
        return Reply(["a.one. 60 IN CNAME b.two."] if first else ["b.two. 40 IN A 192.0.2.1"])

    pyarrow: Any = importlib.import_module("pyarrow")
    cache, rows = Cache(), list[Any]()
    with Server(answer=answer) as server:
        for _ in range(2):
            batches = bulk_columns(["a.one"] * 3, servers=server.address, cache=cache)
            rows = [row for batch in batches for row in pyarrow.record_batch(batch).to_pylist()]
            assert [[record["type"] for record in row["answer"]] for row in rows] == [["CNAME", "A"]] * 3
        assert server.queries == 2
        assert {(row["server"], row["transport"], row["tries"]) for row in rows} == {(None, None, 0)}


def test_what_differs_in_manner_is_kept_apart(server: Server) -> None:
    """Answers with signatures are not those without, and so it is with recursion and AD."""
    cache = Cache()
    for settings in ({}, {"dnssec_ok": True}, {"recurse": False}, {}):
        list(bulk(["www.example"], servers=server.address, cache=cache, **settings))  # pyright: ignore
    assert (server.queries, len(cache)) == (3, 3)


def test_only_what_answers_is_kept() -> None:
    """Foreign records, glue and name servers of an answer do not come out of the cache, under no name."""
    poison = Reply(
        ["www.test. 300 IN A 192.0.2.1", "bank.test. 300 IN A 192.0.2.66", "www.test. 300 IN TXT no"],
        ["test. 300 IN NS ns.evil."],
        ["bank.test. 300 IN A 192.0.2.66"],
    )
    cache = Cache()

    def answer(query: Query) -> Reply:
        return poison if (query.name.lower(), query.type) == ("www.test.", "A") else Reply(rcode="NXDOMAIN")

    with Server(answer=answer) as server:
        list(bulk(["www.test"], servers=server.address, cache=cache))
        with Resolver(server.address, cache=cache) as resolver:
            kept = resolver.resolve("www.test")
            assert [record.to_text() for record in kept.answer] == ["www.test. 300 IN A 192.0.2.1"]
            assert not kept.authority
            assert not kept.additional
            for name, rrtype in (("bank.test", "A"), ("test", "NS"), ("www.test", "TXT")):
                with pytest.raises(errors.LookupFailure):
                    resolver.resolve(name, rrtype)


def test_a_failure_gives_way_to_what_is_too_old(server: Server) -> None:
    """RFC 8767: with TTL 30, after the server was asked; without it the failure stays."""
    cache = Cache(ttl=(0, 1), stale=3600)
    (row,) = bulk(["www.example"], servers=server.address, cache=cache)
    assert row.answer[0].ttl == 300
    server.script(Fault(action=Drop(), name="www.example."))
    threading.Event().wait(1.1)
    (row,) = bulk(["www.example"], servers=server.address, cache=cache, timeout=0.3, tries=1)
    assert (row.status, row.tries, row.server, [record.ttl for record in row.answer]) == ("NOERROR", 1, None, [30])
    server.script(Fault(action=Rcode("SERVFAIL")))
    (row,) = bulk(["www.example"], servers=server.address, cache=cache)
    assert (row.status, row.answer[0].ttl, cache.stats.stale) == ("NOERROR", 30, 2)
    (row,) = bulk(["ftp.example"], servers=server.address, cache=cache)
    assert row.status == "SERVFAIL"


def test_a_chain_that_is_too_old_stands_in_whole() -> None:
    """Hop by hop, in the time of one lookup."""

    def answer(query: Query) -> Reply:
        first = query.name.lower() == "a.one."
        return Reply(["a.one. 60 IN CNAME b.two."] if first else ["b.two. 40 IN A 192.0.2.1"])

    cache = Cache(ttl=(0, 1), stale=3600)
    with Server(answer=answer) as server:
        list(bulk(["a.one"], servers=server.address, cache=cache))
        server.script(Fault(action=Drop()))
        threading.Event().wait(1.1)
        (row,) = bulk(["a.one"], servers=server.address, cache=cache, timeout=0.3, tries=1)
    assert (row.status, row.server, [record.ttl for record in row.answer]) == ("NOERROR", None, [30, 30])


def test_flush_forgets(server: Server) -> None:
    """A name with all its types, or everything."""
    cache = Cache()
    list(bulk(["www.example", "alias.example"], ["A", "TXT"], servers=server.address, cache=cache))
    assert (cache.flush("WWW.example"), cache.flush("nothing.example"), len(cache)) == (2, 0, 2)
    assert (cache.flush(), len(cache), cache.stats.octets) == (2, 0, 0)


def test_limits_hold(server: Server) -> None:
    """In entries and in octets, with what was given up counted."""
    few, small = Cache(entries=10), Cache(octets=1000)
    for cache in (few, small):
        list(bulk([f"n{i}.lab.example" for i in range(300)], servers=server.address, cache=cache))
    assert (len(few), few.stats.evicted, few.stats.stored) == (10, 290, 300)
    assert 0 < small.stats.octets <= 1000


def test_threads_share_a_cache(server: Server) -> None:
    """Any number at once: every lookup has its answer, and few are asked for twice."""
    cache, failures = Cache(), list[BaseException]()

    def work() -> None:
        try:
            names = [f"n{i}.lab.example" for i in range(200)] * 3
            rows = list(bulk(names, servers=server.address, cache=cache))
            assert {(row.status, len(row.answer)) for row in rows} == {("NOERROR", 1)}
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(cache) == 200
    assert server.queries <= 800


def test_a_forked_child_finds_the_cache_empty(server: Server) -> None:
    """Its locks are new too, and the parent's cache stays as it is."""
    with Resolver(server.address, cache=True) as resolver:
        resolver.resolve("www.example")
        asked = server.queries
        child = os.fork()
        if child == 0:
            try:
                resolver.resolve("www.example")
                resolver.resolve("www.example")
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert server.queries == asked + 1
        resolver.resolve("www.example")
        assert server.queries == asked + 1
