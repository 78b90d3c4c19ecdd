"""Letter case and cookies: servers that keep both are asked over UDP alone; those that break one, over TCP as well."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from random import Random

import pytest
from daemons import Daemon

import resquery
from resquery import BulkSettings
from resquery.options import Cookie, Nsid, TcpKeepalive
from resquery.testing import Before, Cookies, Cut, Drop, Fault, LowerCase, NoEdns, Query, Send, Server

PATIENCE = 30.0
NAMES = [f"Name-{number}.Example" for number in range(40)]
ONE_BY_ONE: BulkSettings = {"timeout": PATIENCE, "max_in_flight": 1, "share": False, "spread": False, "adapt": False}
ZONE = "*.example. 60 A 192.0.2.1\n"


def look_up(names: list[str], *faults: Fault, **settings: object) -> tuple[list[resquery.Row], Server]:
    """The rows of lookups one after the other, in order, and the server that was asked."""
    given: dict[str, object] = {**ONE_BY_ONE, **settings}
    with Server(text=ZONE, faults=faults, log=1000) as server:
        rows = list(resquery.bulk(names, "A", servers=[server.address], **given))  # type: ignore[arg-type]
    return rows, server


def test_names_are_sent_in_random_case_and_told_in_that_of_the_input() -> None:
    """No two queries look alike, whatever the input was; row, question and owner names have the case of the input."""
    rows, server = look_up(["letters.only.example"] * 20 + NAMES)
    sent = [query.name_wire for query in server.log[:20]]
    assert len(set(sent)) > 15
    for place, octet in enumerate(sent[0]):
        letter = chr(octet).isalpha()
        assert len({name[place] for name in sent}) == (2 if letter else 1)
    for row, name in zip(rows[20:], NAMES, strict=True):
        assert (row.name, row.transport, row.tries) == (name, "udp", 1)
        assert [record.name for record in row.answer] == [name + "."]


def test_case_is_that_of_the_input_where_nobody_asked_for_another() -> None:
    """With mixed_case=False, and over TCP."""
    for settings in ({"mixed_case": False}, {"transport": "tcp"}):
        _, server = look_up(NAMES[:3], **settings)
        assert [query.name_wire for query in server.log] == [
            bytes([len(name) - 8]) + name[:-8].encode() + b"\x07Example\0" for name in NAMES[:3]
        ]


def test_a_server_that_breaks_case_is_asked_over_tcp() -> None:
    """The first lookup finds out, over TCP beside UDP; the next ones go over TCP at once."""
    rows, server = look_up(NAMES, Fault(transport="udp", action=LowerCase()))
    assert {(row.status, row.transport) for row in rows} == {("NOERROR", "tcp")}
    assert [row.tries for row in rows] == [2] + [1] * 39
    assert (server.counts.udp, server.counts.tcp) == (1, 40)


def test_nobody_looks_at_case_where_it_is_not_mixed() -> None:
    """With mixed_case=False such a server is as good as any."""
    rows, server = look_up(NAMES, Fault(transport="udp", action=LowerCase()), mixed_case=False)
    assert {(row.status, row.transport, row.tries) for row in rows} == {("NOERROR", "udp", 1)}
    assert server.counts.tcp == 0


@pytest.mark.parametrize("wrong", [LowerCase(), Cookies(wrong=True)], ids=["case", "cookie"])
def test_forged_answers_before_the_right_one_cost_nothing(wrong: LowerCase | Cookies) -> None:
    """A hundred of them, right but for letter case or cookie: dropped, and the right answer is taken over UDP."""
    rows, server = look_up(NAMES, Fault(transport="udp", action=Before(wrong, 100)))
    assert {(row.status, row.transport, row.tries) for row in rows} == {("NOERROR", "udp", 1)}
    assert server.counts.tcp == 0


def test_a_server_that_breaks_case_and_has_no_tcp_cannot_be_trusted() -> None:
    """Each lookup tries over TCP beside each query, goes on with its tries over UDP, and ends by its deadline."""
    faults = [Fault(transport="udp", action=LowerCase()), Fault(transport="tcp", action=Cut())]
    rows, server = look_up(NAMES[:1], *faults, tries=2, try_timeout=0.2)
    assert [(row.status, row.tries) for row in rows] == [("TIMEOUT", 4)]
    assert (server.counts.udp, server.counts.tcp) == (2, 2)


def test_cookies_are_learned_and_sent_back() -> None:
    """A server that answers BADCOOKIE to whoever has none of its cookies is asked twice, then once for each name."""
    rows, server = look_up(NAMES, Fault(action=Cookies(required=True)))
    assert {(row.status, row.transport) for row in rows} == {("NOERROR", "udp")}
    assert [row.tries for row in rows] == [2] + [1] * 39
    assert server.counts.tcp == 0


def test_a_server_whose_cookie_is_never_right_is_asked_over_tcp() -> None:
    """BADCOOKIE to everything over UDP: once more with its cookie, then over TCP (RFC 7873, 5.3)."""

    def always(query: Query, sends: list[Send], rng: Random) -> list[Send]:
        return Cookies(secret=rng.randbytes(8), required=True)(query, sends, rng)

    rows, server = look_up(NAMES[:3], Fault(action=always))
    assert [(row.status, row.transport, row.tries) for row in rows] == [("NOERROR", "tcp", 3)] * 3
    assert (server.counts.udp, server.counts.tcp) == (6, 3)


def test_cookies_that_are_stripped_lead_to_tcp() -> None:
    """One answer over UDP had a cookie, the others have not: over TCP it is still there, so UDP is left alone."""
    faults = [Fault(transport="udp", times=1, action=Cookies()), Fault(transport="tcp", action=Cookies())]
    rows, server = look_up(NAMES, *faults)
    assert [(row.transport, row.tries) for row in rows] == [("udp", 1), ("tcp", 2)] + [("tcp", 1)] * 38
    assert (server.counts.udp, server.counts.tcp) == (2, 39)


def test_a_server_that_gave_up_cookies_is_asked_over_udp_again() -> None:
    """Over TCP there is no cookie either: nobody could have stripped it there."""
    rows, server = look_up(NAMES, Fault(times=1, action=Cookies()))
    assert [(row.transport, row.tries) for row in rows] == [("udp", 1), ("tcp", 2)] + [("udp", 1)] * 38
    assert (server.counts.udp, server.counts.tcp) == (40, 1)


def test_a_server_that_garbles_cookies_is_asked_over_tcp() -> None:
    """Over UDP our part of the cookie comes back changed; over TCP nobody minds."""
    rows, _ = look_up(NAMES, Fault(action=Cookies(wrong=True)))
    assert [(row.status, row.transport, row.tries) for row in rows[:2]] == [
        ("NOERROR", "tcp", 2),
        ("NOERROR", "tcp", 1),
    ]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_one_opt_record_has_all_options(transport: str) -> None:
    """Those of the caller, our cookie, and over TCP the wish to keep the connection (RFC 7828)."""
    seen: list[resquery.Message] = []

    def note(query: Query, sends: list[Send], rng: Random) -> list[Send]:
        seen.append(resquery.Message(query.wire))
        return sends

    look_up(NAMES[:2], Fault(action=note), transport=transport, options=[Nsid(b"")])
    for message in seen:
        assert message.edns is not None
        nsid, cookie, *rest = message.edns.options
        assert (nsid, rest) == (Nsid(b""), [TcpKeepalive(None)] if transport == "tcp" else [])
        assert isinstance(cookie, Cookie)
        assert (len(cookie.client), cookie.server) == (8, b"")
    assert len(seen) == 2


def test_without_edns_there_is_no_cookie() -> None:
    """And none is expected."""
    rows, server = look_up(NAMES[:3], Fault(action=Cookies(required=True)), edns=False)
    assert {(row.status, row.tries) for row in rows} == {("NOERROR", 1)}
    assert {query.payload for query in server.log} == {None}


def test_a_server_that_is_silent_to_edns_is_asked_without() -> None:
    """The second try goes without OPT, unless DNSSEC records were asked for."""
    [row], _ = look_up(NAMES[:1], Fault(action=NoEdns(None)), tries=2, try_timeout=0.2)
    assert (row.status, row.transport, row.tries) == ("NOERROR", "udp", 2)
    [row], _ = look_up(NAMES[:1], Fault(action=NoEdns(None)), tries=2, try_timeout=0.2, dnssec_ok=True)
    assert (row.status, row.tries) == ("TIMEOUT", 2)


def test_a_server_that_spoke_edns_before_is_not_asked_without() -> None:
    """A lost answer is no word on EDNS, once the server has spoken it."""
    rows, server = look_up(NAMES[:2], Fault(name=NAMES[1], times=1, action=Drop()), tries=2, try_timeout=0.2)
    assert [row.tries for row in rows] == [1, 2]
    assert {query.payload for query in server.log} == {1232}


# --- real servers ---


class Relay:
    """Between a resolver and a server over UDP: passes everything on, and keeps it."""

    def __init__(self, server: Daemon) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []  # queries with their answers
        self._server = ("127.0.0.1", server.port)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._stop = threading.Event()
        self.address = f"127.0.0.1:{self._front.getsockname()[1]}"

    def run(self) -> None:
        """Serves until stopped."""
        with self._front, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.connect(self._server)
            while not self._stop.is_set():
                if not select.select([self._front], [], [], 0.05)[0]:
                    continue
                query, client = self._front.recvfrom(65535)
                back.send(query)
                answer = back.recv(65535)
                self.pairs.append((query, answer))
                self._front.sendto(answer, client)

    def stop(self) -> None:
        """Ends `run`."""
        self._stop.set()


@contextmanager
def relay(server: Daemon) -> Generator[Relay]:
    """A relay that runs in a thread of its own."""
    between = Relay(server)
    thread = threading.Thread(target=between.run)
    thread.start()
    try:
        yield between
    finally:
        between.stop()
        thread.join()


def ask_through(between: Relay, count: int) -> list[resquery.Row]:
    """Lookups one after the other."""
    names = ["www.example", "WWW.Example", "nowhere.example"] * count
    return list(resquery.bulk(names[:count], servers=[between.address], **ONE_BY_ONE))


def cookie_in(wire: bytes) -> bytes | None:
    """The COOKIE option of a message."""
    edns = resquery.Message(wire).edns
    cookie = edns.option(Cookie) if edns else None
    return None if cookie is None else cookie.client + cookie.server


def test_every_server_repeats_the_letter_case(server: Daemon) -> None:
    """So all answers come over UDP, at the first try."""
    with relay(server) as between:
        rows = ask_through(between, 30)
    assert {(row.transport, row.tries) for row in rows} == {("udp", 1)}
    assert len({query[12:25] for query, _ in between.pairs}) > 15
    for query, answer in between.pairs:
        assert answer[12:25] == query[12:25]


@pytest.mark.parametrize("name", ["bind", "knot-cookies", "nsd-cookies"])
def test_the_cookies_of_servers_are_learned(start: Callable[[str], Daemon], name: str) -> None:
    """BIND, Knot DNS and NSD get in each query the cookie that they last sent, and ours never changes."""
    with relay(start(name)) as between:
        rows = ask_through(between, 12)
    assert {(row.status, row.transport) for row in rows} == {("NOERROR", "udp"), ("NXDOMAIN", "udp")}
    first = cookie_in(between.pairs[0][0])
    assert first is not None
    assert len(first) == 8
    for (_, answer), (query, _) in zip(between.pairs, between.pairs[1:], strict=False):
        told, sent = cookie_in(answer), cookie_in(query)
        assert told is not None
        assert told[:8] == first
        assert len(told) >= 16
        assert sent == told
