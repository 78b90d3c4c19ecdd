"""From a query to the right answer: the C table, the zones behind it, or the user's function.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ._lib import MESSAGE_MAX, UDP_MAX, Loop
from .query import AA, OPCODE, QR, TC, Query, Reply, Sections, message, rcode_number, udp_limit
from .zone import REFUSED, Zones, read_records

Answer = bytes | Reply | str | Sequence[str] | None
Function = Callable[[Query], Answer]
_FORMERR, _NOTIMP, _BADVERS = 1, 4, 16
_IN = 1
_TRANSFERS = (251, 252)


def respond(loop: Loop, raw: Any, query: Query, zones: Zones, function: Function | None) -> bytes | None:
    """The whole response, None for silence."""
    limit = MESSAGE_MAX if query.transport == "tcp" else udp_limit(query, UDP_MAX)
    if function is not None:
        return _from_function(function(query), query, limit) if query.question else _refuse(query)
    if fast := loop.reply(raw, limit):
        return fast
    if refusal := _refuse(query):
        return refusal
    if query.flags & QR or not query.question:
        return None
    return message(query, zones.answer(query.name_wire, query.rrtype), limit=limit)


def _refuse(query: Query) -> bytes | None:
    """The answer to what no zone answers (RFC 1035, 4.1.1; RFC 6891, 6.1.3); None when a zone may answer."""
    if query.flags & QR or len(query.wire) < 12:
        return None
    if query.flags & OPCODE or query.rrtype in _TRANSFERS:
        return message(query, Sections(), rcode=_NOTIMP)
    if query.edns_version:
        return message(query, Sections(), rcode=_BADVERS)
    if not query.question:
        return message(query, Sections(), rcode=_FORMERR)
    return None if query.rrclass == _IN else message(query, Sections(), rcode=REFUSED)


def _from_function(answer: Answer, query: Query, limit: int) -> bytes | None:
    if answer is None or isinstance(answer, bytes):
        return answer
    if not isinstance(answer, Reply):
        answer = Reply([answer] if isinstance(answer, str) else answer)
    flags = (AA if answer.authoritative else 0) | (TC if answer.truncated else 0)
    sections = Sections(
        flags,
        read_records(answer.answer, query),
        read_records(answer.authority, query),
        read_records(answer.additional, query),
    )
    return message(query, sections, rcode=rcode_number(answer.rcode), limit=limit)
