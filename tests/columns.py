"""Columns beside messages: the row that a message ought to give, and the libraries that read columns."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

from resquery import Message
from resquery.errors import MessageError
from resquery.types import Record

SECTIONS = ("answer", "authority", "additional")
NO_QUESTION = {"name": None, "type": None, "class": None}


def library(name: str) -> Any:
    """The module. Without it the test is skipped aloud, or fails with RESQUERY_REQUIRE_SERVERS=1 (.ci/run)."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing = f"{name} is not installed: pip install 'resquery[dev]'"
        if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)


def rows(batch: Any) -> list[dict[str, Any]]:
    """A batch, or an object that gives batches, as pyarrow reads it, once all of it was found valid."""
    pyarrow = library("pyarrow")
    table = pyarrow.table(batch)
    table.validate(full=True)
    return table.to_pylist()


def record_cells(record: Record) -> dict[str, Any]:
    """What a record shows in a list."""
    data = record.to_text().split(" ", 4)[4]
    ttl = record.ttl if record.ttl < 2**31 else 0  # RFC 2181, 8
    return {"name": record.name, "type": str(record.type), "ttl": ttl, "data": data}


def message_cells(wire: bytes | None, index: int) -> dict[str, Any]:
    """The row of a message that a Message can be made of, of octets without a header, or of nothing."""
    nothing: dict[str, Any] = {"index": index, "id": None, "flags": None, "rcode": None, "wire": wire, **NO_QUESTION}
    nothing |= {section: [] for section in SECTIONS}
    if wire is None:
        return nothing | {"status": "ILLEGAL_INPUT"}
    if len(wire) < 12:
        return nothing | {"status": "MALFORMED"}
    message = Message(wire)
    asked = NO_QUESTION
    if message.question:
        first = message.question[0]
        asked = {"name": first.name, "type": str(first.type), "class": str(first.rrclass)}
    return {
        **nothing,
        **asked,
        "status": "TRUNCATED" if message.truncated else str(message.rcode),
        "id": message.id,
        "flags": int.from_bytes(wire[2:4], "big"),
        "rcode": int(message.rcode),
        **{section: [record_cells(record) for record in getattr(message, section)] for section in SECTIONS},
    }


def opens(wire: bytes) -> bool:
    """Whether a Message can be made of it: if not, the columns still show what stands before the flaw."""
    try:
        Message(wire)
    except MessageError:
        return False
    return True
