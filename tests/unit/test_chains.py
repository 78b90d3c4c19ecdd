"""CNAME chains across answers: where they lead, what is kept of them, and how many queries they cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resquery import Resolver, Row, bulk, errors
from resquery.testing import Query, Reply, Server

ZONES: dict[str, Reply] = {
    "a.one.": Reply(["a.one. 300 IN CNAME b.two."]),
    "b.two.": Reply(["b.two. 200 IN CNAME c.three."]),
    "c.three.": Reply(["c.three. 100 IN A 192.0.2.3", "c.three. 100 IN A 192.0.2.4"]),
    "nowhere.one.": Reply(["nowhere.one. 300 IN CNAME x.two."]),
    "x.two.": Reply([], ["two. 300 IN SOA ns.two. root.two. 1 2 3 4 60"], rcode="NXDOMAIN"),
    "empty.one.": Reply(["empty.one. 300 IN CNAME y.two."]),
    "y.two.": Reply([], ["two. 300 IN SOA ns.two. root.two. 1 2 3 4 60"]),
    "mute.one.": Reply(["mute.one. 300 IN CNAME z.two."]),
    "z.two.": Reply([]),
    "said.one.": Reply(
        ["said.one. 300 IN CNAME v.two."], ["two. 300 IN SOA ns.two. root.two. 1 2 3 4 60"]
    ),  # NODATA: no need to ask
    "self.one.": Reply(["self.one. 300 IN CNAME SELF.one."]),
    "here.one.": Reply(["here.one. 300 IN CNAME there.one.", "there.one. 300 IN CNAME here.one."]),
    "ping.one.": Reply(["ping.one. 300 IN CNAME pong.two."]),
    "pong.two.": Reply(["pong.two. 300 IN CNAME ping.one."]),
    "bad.one.": Reply(["bad.one. 300 IN CNAME servfail.two."]),
    "servfail.two.": Reply([], rcode="SERVFAIL"),
    "under.one.": Reply(["one. 300 IN DNAME two.", "under.one. 300 IN CNAME under.two."]),
    "under.two.": Reply(["two. 300 IN DNAME evil.", "under.two. 300 IN A 192.0.2.9"]),
}


def answer(query: Query) -> Reply:
    """The zones above, and names that lead on for ever."""
    name = query.name.lower()
    if name.startswith("far"):
        return Reply([f"{name} 300 IN CNAME far{int(name[3:].partition('.')[0]) + 1}.one."])
    return ZONES[name]


def look_up(name: str, hops: int = 8, script: Callable[[Query], Reply] = answer) -> tuple[Row, int]:
    """The row of a name, and how many queries it took."""
    with Server(answer=script) as server:
        (row,) = bulk([name], servers=server.address, hops=hops)
        return row, server.queries


def texts(row: Row) -> list[str]:
    """The records of a row."""
    return [record.to_text() for record in row.answer]


def test_a_chain_is_followed_to_its_end() -> None:
    """The row has the whole chain and the server's last word, and counts every query."""
    row, queries = look_up("A.One")
    assert (row.name, row.type, row.status, row.tries, queries) == ("A.One", "A", "NOERROR", 3, 3)
    assert texts(row) == [
        "A.One. 300 IN CNAME b.two.",
        "b.two. 200 IN CNAME c.three.",
        "c.three. 100 IN A 192.0.2.3",
        "c.three. 100 IN A 192.0.2.4",
    ]


def test_the_message_of_a_chain_is_one_message() -> None:
    """Its question is the one that was asked, and its records are the chain's."""
    with Server(answer=answer) as server, Resolver(server.address) as resolver:
        message = resolver.resolve("a.ONE")
        assert [str(question.name) for question in message.question] == ["a.ONE."]
        assert [str(record.type) for record in message.answer] == ["CNAME", "CNAME", "A", "A"]
        assert not message.authority
        assert not message.additional


@pytest.mark.parametrize(
    ("name", "status", "records", "queries"),
    [
        ("nowhere.one", "NXDOMAIN", 1, 2),
        ("empty.one", "NOERROR", 1, 2),
        ("mute.one", "NOERROR", 1, 2),
        ("said.one", "NOERROR", 1, 1),
        ("bad.one", "SERVFAIL", 1, 2),
        ("under.one", "NOERROR", 3, 2),
    ],
)
def test_the_end_of_a_chain_decides(name: str, status: str, records: int, queries: int) -> None:
    """NXDOMAIN and SERVFAIL are the last server's; an SOA that denies the name at the end is enough."""
    row, asked = look_up(name)
    assert (row.status, len(row.answer), asked) == (status, records, queries)


def test_a_dname_is_kept_where_it_made_the_cname() -> None:
    """One that has nothing to do with the chain is not."""
    assert texts(look_up("under.one")[0]) == [
        "one. 300 IN DNAME two.",
        "under.one. 300 IN CNAME under.two.",
        "under.two. 300 IN A 192.0.2.9",
    ]


@pytest.mark.parametrize(("name", "queries"), [("self.one", 1), ("here.one", 1), ("ping.one", 2)])
def test_a_loop_is_told(name: str, queries: int) -> None:
    """In one answer or across several: CNAME_LOOP, and the loop is not gone round again."""
    row, asked = look_up(name)
    assert (row.status, row.answer, asked, row.tries) == ("CNAME_LOOP", (), queries, queries)


@pytest.mark.parametrize("hops", [1, 2, 8, 16])
def test_hops_are_limited(hops: int) -> None:
    """A chain without an end costs one query for each hop and the first, then it is CNAME_LOOP."""
    row, queries = look_up("far0.one", hops)
    assert (row.status, queries) == ("CNAME_LOOP", hops + 1)


def test_without_hops_an_answer_is_what_one_server_said() -> None:
    """Neither followed nor searched for loops."""
    assert [look_up(name, 0)[0].status for name in ("a.one", "here.one")] == ["NOERROR", "NOERROR"]
    assert look_up("a.one", 0)[1] == 1


def test_a_long_chain_in_one_answer_is_followed_so_far() -> None:
    """32 links in all."""

    def chain(links: int) -> Callable[[Query], Reply]:
        lines = [f"n{n}.one. 300 IN CNAME n{n + 1}.one." for n in range(links)]
        return lambda query: Reply([*lines, f"n{links}.one. 300 IN A 192.0.2.1"])

    assert look_up("n0.one", script=chain(32))[0].status == "NOERROR"
    assert look_up("n0.one", script=chain(33))[0].status == "CNAME_LOOP"


def test_resolve_raises_what_a_chain_comes_to() -> None:
    """CnameLoop for a loop, NXDomain for a target that is not there; res_query follows nothing."""
    with Server(answer=answer) as server, Resolver(server.address) as resolver:
        with pytest.raises(errors.CnameLoop) as caught:
            resolver.resolve("ping.one")
        assert (caught.value.name, caught.value.server, caught.value.tries) == ("ping.one", server.address, 2)
        with pytest.raises(errors.NXDomain):
            resolver.resolve("nowhere.one")
        with pytest.raises(errors.NoAnswer):
            resolver.res_query("a.one", "A", bytearray(100))


@pytest.mark.parametrize(
    ("hops", "name", "said"),
    [
        (8, "y.two", "the name has no such record (NOERROR"),
        (8, "empty.one", "the name is an alias of 'y.two.', which has no such record (NOERROR"),
        (0, "a.one", "the name is an alias of 'b.two.', which was not asked for (NOERROR"),
        (0, "here.one", "the name is an alias of 'here.one.', which was not asked for (NOERROR"),
        (0, "said.one", "the name is an alias of 'v.two.', which has no such record (NOERROR"),
    ],
)
def test_a_failure_says_where_the_chain_led(hops: int, name: str, said: str) -> None:
    """And that its end was not asked for, where no alias is followed and the server does not deny it."""
    with Server(answer=answer) as server, Resolver(server.address, hops=hops) as resolver:
        with pytest.raises(errors.NoAnswer) as caught:
            resolver.resolve(name)
        assert said in str(caught.value)
        if not hops:
            with pytest.raises(errors.NoAnswer) as caught:
                resolver.res_query(name, "A", bytearray(100))
            assert said in str(caught.value)


FOREIGN = {  # what Kaminsky and DNSpooq put beside or into an answer
    "beside": Reply(
        ["victim.one. 300 IN A 192.0.2.66", "www.one. 300 IN CNAME w.two.", "bank.example. 300 IN A 192.0.2.66"],
        ["example. 300 IN NS ns.evil."],
        ["ns.evil. 300 IN A 192.0.2.66"],
    ),
    "after": Reply(["www.one. 300 IN CNAME w.two.", "w.one. 300 IN A 192.0.2.66", "one. 300 IN DNAME evil."]),
    "above": Reply(
        ["www.one. 300 IN CNAME w.two."], ["evil. 300 IN SOA ns.evil. root.evil. 1 2 3 4 60"]
    ),  # denies nothing
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_records_off_the_chain_are_left_out(kind: str) -> None:
    """A followed answer has the chain's records alone, whatever else a server put into its message."""
    last = Reply(
        ["w.two. 300 IN A 192.0.2.1", "bank.example. 300 IN A 192.0.2.66"], additional=["x. 9 IN A 192.0.2.66"]
    )
    row, queries = look_up("www.one", script=lambda query: FOREIGN[kind] if query.name.lower() == "www.one." else last)
    assert (queries, texts(row)) == (2, ["www.one. 300 IN CNAME w.two.", "w.two. 300 IN A 192.0.2.1"])
