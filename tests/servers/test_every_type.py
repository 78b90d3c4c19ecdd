"""NSD, Knot DNS and BIND serve a zone with every type; what comes over the network is what our text put into it.

The zone is written in our own text, so each server reads what we print; what one does not know it gets as octets. Then
we, dig, kdig and drill ask for each record: we get its octets, and print it as they do, but for the differences that
tests/compare.py explains.
"""

from __future__ import annotations

import re
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from daemons import KINDS, Daemon
from every_type import LOADERS, ORIGIN, Entry, entries, make_zone

import resquery
from compare import AGREE, verdict
from oracles import CLIENTS, find, run
from resquery import Message, make_query
from resquery.types import Record, RRType

Tally = dict[str, Counter[str]]
ENTRIES = entries()


@dataclass(frozen=True)
class Served:
    """A server that runs, and in which form it took each record."""

    daemon: Daemon
    forms: dict[Entry, str]


@pytest.fixture(scope="module", params=LOADERS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Each server in turn with its zone."""
    name: str = request.param
    find(KINDS[name].program, KINDS[name].package)
    folder = tmp_path_factory.mktemp(name)
    forms = make_zone(name, folder / "zone", ENTRIES)
    with Daemon(name, folder / name, ORIGIN, folder / "zone") as daemon:
        yield Served(daemon, forms)


@pytest.fixture(scope="module")
def transferred(served: Served) -> dict[tuple[str, int], Record]:
    """The zone's records as we read them from a transfer, by owner and type."""
    messages = transfer(served.daemon.port)
    return {(record.name, record.type): record for message in messages for record in message.answer}


def transfer(port: int) -> list[Message]:
    """The messages of a zone transfer, up to the one that ends with the SOA (RFC 5936)."""
    query = make_query(ORIGIN, "AXFR", edns=False)
    messages: list[Message] = []
    with socket.create_connection(("127.0.0.1", port), timeout=30.0) as connection, connection.makefile("rb") as stream:
        connection.sendall(struct.pack("!H", len(query)) + query)
        while len(messages) == 0 or messages[-1].answer[-1].type != RRType.SOA or records(messages) == 1:
            (size,) = struct.unpack("!H", stream.read(2))
            messages.append(Message(stream.read(size)))
    return messages


def records(messages: list[Message]) -> int:
    """How many records the messages have in all."""
    return sum(len(message.answer) for message in messages)


def test_every_record_comes_with_the_octets_that_went_in(
    tally: Tally, served: Served, transferred: dict[tuple[str, int], Record]
) -> None:
    """Each server read our text, or the octets, and what we read of its transfer is the same record again."""
    for entry in served.forms:
        record = transferred[entry.owner, entry.rrtype]
        if record.rdata_wire != entry.rdata:  # NSD and Knot DNS write the letters of names in lower case
            assert served.daemon.name in ("nsd", "knot")
            assert record.rdata_wire.lower() == entry.rdata.lower(), (entry.type, entry.text)
        else:
            assert record.to_text().split(" ", 4)[3:] == [entry.type, entry.text]
    for entry in ENTRIES:
        form = served.forms.get(entry, "neither")
        outcome = AGREE if form == "text" else f"{entry.type}: takes {form}"
        tally[f"{served.daemon.name}, reads our text"][outcome] += 1


def test_a_lookup_gives_the_same_records(served: Served, transferred: dict[tuple[str, int], Record]) -> None:
    """Asked one by one over UDP; NSEC3 records belong to no name (RFC 5155, 7.2), and some types are referrals."""
    askable = [entry for entry in served.forms if entry.type not in ("NS", "NSEC3")]
    with resquery.Resolver([served.daemon.address], timeout=30.0) as resolver:
        for entry in askable:
            answer = resolver.resolve(entry.owner, entry.rrtype).answer
            assert transferred[entry.owner, entry.rrtype] in answer


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_print_what_they_get_as_we_do(
    tally: Tally, served: Served, transferred: dict[tuple[str, int], Record], client: str
) -> None:
    """The server's answers as dig, kdig and drill print them are our text of the same octets."""
    asked = [entry for entry in served.forms if entry.type != "NSEC3"]
    printed = printed_by(client, served.daemon.port, asked)
    for entry in asked:
        theirs, record = printed.get((entry.owner, entry.rrtype)), transferred[entry.owner, entry.rrtype]
        ours = entry.type, record.to_text().split(" ", 4)[4]
        reason = verdict(client, record.rdata_wire, ours, theirs)
        assert reason is not None, (client, ours, theirs)
        outcome = reason if reason == AGREE else f"{entry.type}: {reason}"
        tally[f"{client}, prints the answers of {served.daemon.name} as we do"][outcome] += 1


def printed_by(client: str, port: int, asked: list[Entry]) -> dict[tuple[str, int], tuple[str, str]]:
    """The records that a client prints when it asks for each, by owner and type."""
    one = CLIENTS[client]
    head = [find(one.program, one.package), *one.options, "@127.0.0.1", "-p", str(port)]
    questions = [[entry.owner, f"TYPE{entry.rrtype}"] for entry in asked]
    if client == "drill":  # takes one question at a time
        printed = "".join(run([*head, *question]).stdout for question in questions)
    else:
        printed = run([*head, *(word for question in questions for word in question)]).stdout
    lines = re.findall(r"^(\d{32}\.example\.)\s+\d+\s+IN\s+(\S+)[ \t]*(.*)$", printed, re.MULTILINE)
    return {(owner, RRType.parse(rrtype)): (rrtype, text) for owner, rrtype, text in lines}
