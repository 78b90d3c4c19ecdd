"""Compiles play.c against the shipped C files and speaks to it: commands in, decisions out, all on virtual time."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import compiled

LOOKUP = ("rq_lookup", "rq_judge", "rq_manner", "rq_health")
SOURCES = [
    compiled.TESTS / "scenario/play.c",
    *(compiled.CSRC / f"lookup/{name}.c" for name in LOOKUP),
    *compiled.core("wire"),
]

RCODES = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
    "BADVERS": 16,
    "BADCOOKIE": 23,
}
QR, TC, OPCODE_NOTIFY = 0x8000, 0x0200, 0x2000
QUESTION = b"\3www\7example\0\0\1\0\1"
A_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


def compile_player(folder: Path) -> Path:
    """Builds the driver in `folder`."""
    return compiled.program(SOURCES, folder / "play", compiled.ASAN)


def play(player: Path, commands: list[str]) -> list[str]:
    """What the driver prints, a line for each command that is no policy."""
    said = compiled.output(player, stdin="\n".join(commands) + "\n")
    return [" ".join(line.split()) for line in said.splitlines()]


def message(
    *,
    flags: int = QR,
    rcode: int = 0,
    question: bytes = QUESTION,
    questions: int | None = None,
    answers: tuple[bytes, ...] = (),
    additional: tuple[bytes, ...] = (),
    counts: tuple[int, int, int] | None = None,
) -> bytes:
    """A message as told; counts follow from the parts unless they are given."""
    if questions is None:
        questions = 1 if question else 0
    if counts is None:
        counts = (len(answers), 0, len(additional))
    header = struct.pack("!6H", 0x1234, flags | rcode & 15, questions, *counts)
    return header + question + b"".join(answers) + b"".join(additional)


def opt(rcode: int = 0, data: bytes = b"") -> bytes:
    """An OPT record with the upper bits of an rcode."""
    return struct.pack("!BHHIH", 0, 41, 1232, rcode >> 4 << 24, len(data)) + data


def cookie(client: bytes, server: bytes = b"") -> bytes:
    """A COOKIE option (RFC 7873, 4)."""
    return struct.pack("!HH", 10, len(client + server)) + client + server


def reply(rcode: int, *, truncated: bool = False, question: bytes = QUESTION, options: bytes = b"") -> bytes:
    """What a server that speaks EDNS answers."""
    answers = (A_RECORD,) if rcode == 0 and not truncated else ()
    flags = QR | (TC if truncated else 0)
    return message(flags=flags, rcode=rcode, question=question, answers=answers, additional=(opt(rcode, options),))


# EDNS options, by the name that scenarios give them.
OURS = bytes(range(1, 9))
OPTIONS = {
    "a cookie": cookie(OURS, b"serverto"),
    "the longest cookie": cookie(OURS, b"s" * 32),
    "only our cookie": cookie(OURS),
    "a cookie for another": cookie(bytes(8), b"serverto"),
    "half of our cookie": cookie(OURS[:4]),
    "an empty cookie": cookie(b""),
    "a cookie that is too short": cookie(OURS, b"s" * 7),
    "a cookie that is too long": cookie(OURS, b"s" * 33),
    "a cookie before one for another": cookie(OURS, b"serverto") + cookie(bytes(8), b"serverto"),
    "a cookie behind one for another": cookie(bytes(8), b"serverto") + cookie(OURS, b"serverto"),
    "a cookie between others": b"\0\x03\0\2id" + cookie(OURS, b"serverto") + b"\0\x0f\0\2\0\0",
}

# Packets that are no answer to www.example. A, by the name that scenarios give them.
WRONG = {
    "short packet": reply(0)[:11],
    "empty packet": b"",
    "query": message(flags=0),
    "notify": message(flags=QR | OPCODE_NOTIFY),
    "other name": reply(0, question=b"\3wwx\7example\0\0\1\0\1"),
    "other type": reply(0, question=b"\3www\7example\0\0\x1c\0\1"),
    "other class": reply(0, question=b"\3www\7example\0\0\1\0\3"),
    "two questions": message(question=QUESTION * 2, questions=2),
    "no question": message(question=b""),
    "no question with TC": message(flags=QR | TC, question=b""),
    "no question with SERVFAIL": message(rcode=2, question=b""),
    "no question with FORMERR and a record": message(rcode=1, question=b"", answers=(b"\0" + A_RECORD[2:],)),
    "no question with FORMERR and TC": message(flags=QR | TC, rcode=1, question=b""),
    "compressed question": b"\0\0\x81\x80\0\1\0\0\0\0\0\0" + b"\3www\7example\xc0\4\0\1\0\1",
    "looping question": message(question=b"\xc0\x0c\0\1\0\1"),
    "cut record": reply(0)[:40],
    "cut question": message()[:20],
    "looping owner name": message(answers=(b"\xc0\x1d" + A_RECORD[2:],)),
    "too few records": message(answers=(A_RECORD,), counts=(2, 0, 0)),
    "looping owner name with TC": message(flags=QR | TC, answers=(b"\xc0\x1d" + A_RECORD[2:],)),
    "two OPT records": message(additional=(opt(), opt())),
}

# Replies that pass although they are odd, by the name that scenarios give them.
ODD = {
    "FORMERR without question": message(rcode=1, question=b""),
    "NOTIMP without question": message(rcode=4, question=b""),
    "BADVERS without question": message(question=b"", additional=(opt(16),)),
    "NOERROR in other case": message(question=b"\3wWw\7EXAMPLE\0\0\1\0\1", answers=(A_RECORD,)),
    "NOERROR with octets after it": reply(0) + b"\xff" * 9,
    "NOERROR TC cut inside a record": message(flags=QR | TC, answers=(A_RECORD[:9],)),
    "BADCOOKIE with an address beside OPT": message(rcode=23, additional=(A_RECORD, opt(23), A_RECORD)),
    "NOERROR with OPT as an answer": message(answers=(opt(16),)),
}


def in_milliseconds(line: str) -> str:
    """Microseconds of the driver as the milliseconds of a scenario."""
    return re.sub(r"\b(until|at) (\d+)", lambda found: f"{found[1]} {int(found[2]) / 1000:g}ms", line)
