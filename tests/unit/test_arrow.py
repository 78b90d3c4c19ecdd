"""Columns: the schema, the rows, what they are made from, who reads them, and that all memory comes back."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import types
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from columns import library, message_cells, rows
from resquery import Batch, _columns, _engine, bulk, bulk_columns, errors, make_query, parse_columns
from resquery._columns import Live, live
from resquery.cli.bench.shapes import shapes
from resquery.testing import Drop, Fault, Server
from wires import message, opt, question, record

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
www 300 IN A 192.0.2.1
www 300 IN MX 10 mx1
mx1 60 IN A 192.0.2.9
"""
A = record("x.example.", 1, bytes([192, 0, 2, 1]))
ANSWER = message([question("x.example.", 1)], [A])
RECORDS = json.loads((Path(__file__).parents[1] / "data/records.json").read_text())


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """After each test all memory of columns has come back."""
    yield
    gc.collect()
    assert live() == (0, 0)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


# --- schemas ---------------------------------------------------------------------------------------------------------


def list_of_records(pa: Any) -> Any:
    """The type of a section."""
    texts = [pa.field("name", pa.utf8(), False), pa.field("type", pa.utf8(), False)]
    rest = [pa.field("ttl", pa.int32(), False), pa.field("data", pa.utf8(), False)]
    return pa.list_(pa.field("item", pa.struct([*texts, *rest]), False))


def schema_of(pa: Any, columns: dict[str, Any]) -> Any:
    """A schema of columns by name; one that may be null ends in a question mark."""
    return pa.schema([pa.field(name.rstrip("?"), kind, name.endswith("?")) for name, kind in columns.items()])


def test_the_schema_of_messages() -> None:
    """As parse_columns says, without and with the columns that one has to ask for."""
    pa = library("pyarrow")
    i32, text, section = pa.int32(), pa.utf8(), list_of_records(pa)
    wanted = {"index": pa.int64(), "status": text, "id?": i32, "flags?": i32, "rcode?": i32}
    wanted |= {"name?": text, "type?": text, "class?": text, "answer": section}
    assert pa.schema(parse_columns([])) == schema_of(pa, wanted)
    assert pa.schema(parse_columns([], wire=True)) == schema_of(pa, wanted | {"wire?": pa.binary()})
    wanted |= {"authority": section, "additional": section, "wire?": pa.binary()}
    batch = parse_columns([ANSWER], authority=True, additional=True, wire=True)
    assert pa.schema(batch) == schema_of(pa, wanted)
    assert pa.record_batch(batch).schema == schema_of(pa, wanted)


def test_the_schema_of_lookups(silent: str) -> None:
    """That of the design, whether or not a lookup is ever made."""
    pa = library("pyarrow")
    i32, i64, text, section = pa.int32(), pa.int64(), pa.utf8(), list_of_records(pa)
    wanted = {"index": i64, "name": text, "type": text, "status": text, "rcode?": i32, "flags?": i32}
    wanted |= {"server?": text, "transport?": text, "tries": i32, "rtt_us?": i64, "size?": i32}
    wanted |= {"time": pa.timestamp("us", "UTC"), "error?": text, "answer": section}
    lookups = bulk_columns([], servers=silent)
    assert pa.schema(lookups) == schema_of(pa, wanted)
    lookups.close()
    wanted |= {"authority": section, "additional": section, "wire?": pa.binary()}
    with bulk_columns([], servers=silent, authority=True, additional=True, wire=True) as lookups:
        assert pa.schema(lookups) == schema_of(pa, wanted)


# --- rows of messages ------------------------------------------------------------------------------------------------


def test_rows_are_those_of_messages() -> None:
    """Every record of tests/data, the messages of the benchmark, and what is not quite a message."""
    wires = [message([question("x.", 1)], [record("x.", 65280, b"")])]
    for vector in RECORDS:
        number = vector["value"][0] if isinstance(vector["value"][0], int) else 1
        wires.append(message([question("x.", 255)], [record("a\\.b.x.", abs(number), bytes.fromhex(vector["wire"]))]))
    wires += shapes(crowd=40).values()
    wires += [
        message(),  # a header alone
        message([question("x.", 1), question("y.", 28, 3)], [A]),  # two questions
        message([], [A], [opt(ttl=1 << 24), opt(ttl=2 << 24)]),  # OPT where it tells nothing
        message([question("x.", 1)], [], [], [opt(ttl=1 << 24), opt(ttl=2 << 24), A]),  # BADVERS; two OPT records
        message([question("x.", 1)], [record("x.", 1, bytes(4), ttl=2**31), record("x.", 1, bytes(4), ttl=2**31 - 1)]),
        message([question("\x7f\x00.x.", 1)], [record("x.", 16, b'\x05\x00\xff"\\ ')], flags=0x8407),
        ANSWER[:-1],  # cut within its record
        ANSWER[:20],  # cut within its question
        ANSWER + b"more",
        b"",
        ANSWER[:11],
    ]
    wanted = [message_cells(wire, index) for index, wire in enumerate(wires)]
    assert rows(parse_columns(wires, authority=True, additional=True, wire=True)) == wanted


def test_a_malformed_message_shows_what_stands_before_the_flaw() -> None:
    """Its question and records up to there; the status says the rest."""
    loop = b"\xc0\x3a" + A[11:]
    (row,) = rows(parse_columns([message([question("x.example.", 1)], [A, loop])]))
    assert (row["status"], row["id"], row["rcode"], row["name"]) == ("MALFORMED", 1, 0, "x.example.")
    assert [record["data"] for record in row["answer"]] == ["192.0.2.1"]


def test_owners_that_share_a_name_by_pointers() -> None:
    """By a pointer to the question, to an owner, to a pointer, into a name: each is its own name."""
    at = 12 + 11 + 4  # where the first record begins
    owners = [b"\xc0\x0c", b"\x01y\xc0\x0c", bytes([0xC0, at + 16]), b"\xc0\x0e", bytes([0xC0, at]), b"\xc0\x0c", b"\0"]
    wire = message([question("x.example.", 1)], [owner + A[11:] for owner in owners])
    (row,) = rows(parse_columns([wire]))
    names = ["x.example.", "y.x.example.", "y.x.example.", "example.", "x.example.", "x.example.", "."]
    assert [record["name"] for record in row["answer"]] == names


def test_no_message_and_many() -> None:
    """An empty batch has all columns; one of a hundred thousand messages has as many rows."""
    assert rows(parse_columns([])) == []
    assert rows(parse_columns(iter(()), wire=True)) == []
    batch = parse_columns(ANSWER if n % 3 else None for n in range(100_000))
    table = library("pyarrow").record_batch(batch)
    assert (len(batch), table.num_rows, table["status"].value_counts().to_pylist()) == (
        100_000,
        100_000,
        [{"values": "ILLEGAL_INPUT", "counts": 33_334}, {"values": "NOERROR", "counts": 66_666}],
    )
    assert table["answer"].flatten().field("data").unique().to_pylist() == ["192.0.2.1"]
    assert batch.nbytes < 40_000_000


# --- what they are made from -----------------------------------------------------------------------------------------

PARTS = [ANSWER, None, b"", ANSWER[:30], make_query("nowhere.example", "MX", id=9)]
WANTED = [{**message_cells(wire, index), "wire": wire} for index, wire in enumerate(PARTS)]


def wanted_rows() -> list[dict[str, Any]]:
    """The rows of PARTS as they are asked for below."""
    return [{key: cell for key, cell in row.items() if key not in ("authority", "additional")} for row in WANTED]


def test_messages_of_any_bytes_like_kind() -> None:
    """bytes, bytearrays, views of anything in one piece, None; a list, a tuple, a generator."""
    padded = ANSWER + bytes(-len(ANSWER) % 4)
    kinds = [bytearray(ANSWER), memoryview(ANSWER), memoryview(b"--" + ANSWER)[2:], ANSWER]
    assert {str(row | {"index": 0}) for row in rows(parse_columns(kinds))} == {str(rows(parse_columns([ANSWER]))[0])}
    views = [memoryview(padded).cast("I"), ANSWER, array("B", ANSWER), memoryview(ANSWER)[::-1], None]
    found = rows(parse_columns(views, wire=True))
    assert [row["wire"] for row in found] == [padded, ANSWER, ANSWER, ANSWER[::-1], None]
    for parts in (PARTS, tuple(PARTS), iter(PARTS)):
        assert rows(parse_columns(parts, wire=True)) == wanted_rows()


@pytest.mark.parametrize("kind", [array, bytes, list, "numpy"])
def test_one_buffer_cut_at_offsets(kind: Any) -> None:
    """Offsets as any iterable of integers; what lies before the first and behind the last is no message."""
    parts = [part for part in PARTS if part is not None]
    offsets: Any = list(accumulate(map(len, parts), initial=3))
    if kind == "numpy":
        offsets = library("numpy").array(offsets, dtype="int32")
    elif kind is array:
        offsets = array("i", offsets)
    elif kind is bytes:
        parts, offsets = parts[:2], bytes(offsets[:3])
    found = rows(parse_columns(bytearray(b"xyz" + b"".join(parts) + b"xyz"), offsets=offsets, wire=True))
    assert found == [{**row, "index": at} for at, row in enumerate(r for r in wanted_rows() if r["wire"] in parts)]


def test_columns_of_other_libraries() -> None:
    """Binary, large and view columns in one piece and in chunks, sliced, with nulls and without, from anyone."""
    pa, pl, na = library("pyarrow"), library("polars"), library("nanoarrow")
    around = [b"\xff" * 40, *PARTS, None]
    columns: dict[str, Any] = {str(kind): pa.array(PARTS, kind) for kind in (pa.binary(), pa.large_binary())}
    columns["view"] = pa.array(PARTS, pa.binary_view())
    columns["sliced"] = pa.array(around, pa.binary())[1:-1]
    columns["sliced view"] = pa.array(around, pa.binary_view())[1:-1]
    columns["chunks"] = pa.chunked_array([pa.array(PARTS[:1]), pa.array([], pa.binary()), pa.array(around[2:])[:4]])
    columns["polars"] = pl.Series(PARTS)
    columns["polars, sliced"] = pl.Series(around)[1:-1]
    columns["polars, chunks"] = pl.concat([pl.Series(PARTS[:2]), pl.Series(PARTS[2:])], rechunk=False)
    columns["nanoarrow"] = na.Array(PARTS, na.binary())
    columns["our own wire"] = pa.record_batch(parse_columns(PARTS, wire=True))["wire"]
    for name, column in columns.items():
        assert rows(parse_columns(column, wire=True)) == wanted_rows(), name


def test_a_column_with_a_null_in_each_place() -> None:
    """A bitmap that begins within an octet is read from there."""
    pa = library("pyarrow")
    for start in range(10):
        for gap in range(10):
            parts = [None if at == gap else ANSWER for at in range(10)]
            found = parse_columns(pa.array([b""] * start + parts)[start:])
            assert [row["status"] for row in rows(found)] == [
                "ILLEGAL_INPUT" if at == gap else "NOERROR" for at in range(10)
            ]


def test_other_messages_are_refused() -> None:
    """By name of what is wrong with them."""
    pa = library("pyarrow")
    cases: list[tuple[Any, str]] = [
        (ANSWER, "messages are an iterable or a column of messages; to cut one buffer give offsets, too"),
        ("text", "messages are an iterable or a column of messages; to cut one buffer give offsets, too"),
        (7, "messages are an iterable or a column of messages; to cut one buffer give offsets, too"),
        ([ANSWER, "text"], "messages are bytes-like objects or None; number 1 is of type str"),
        ([ANSWER, None, 7], "messages are bytes-like objects or None; number 2 is of type int"),
        (pa.array(["text"]), "not of Arrow format 'u'"),
        (pa.array([1]), "not of Arrow format 'l'"),
        (pa.array([ANSWER]).dictionary_encode(), "not of Arrow format 'i'"),
        (pa.table({"wire": [ANSWER]}), r"not of Arrow format '\+s'"),
        (pa.array([[ANSWER]]), r"not of Arrow format '\+l'"),
    ]
    for messages, told in cases:
        with pytest.raises(TypeError, match=told):
            parse_columns(messages)


def test_offsets_outside_the_buffer_are_refused() -> None:
    """As are those that go back, none at all, and what are no numbers."""
    for offsets in ([0, 99], [-1, 5], [5, 4], [2**40, 2**40 + 1]):
        with pytest.raises(ValueError, match="offsets must not decrease, nor leave the buffer of 10 octets"):
            parse_columns(bytes(10), offsets=offsets)
    with pytest.raises(ValueError, match="offsets are empty"):
        parse_columns(bytes(10), offsets=[])
    with pytest.raises(TypeError):
        parse_columns(bytes(10), offsets=["0"])  # type: ignore[list-item]
    assert len(parse_columns(bytes(10), offsets=[10])) == 0


def test_a_failure_of_the_input_comes_out() -> None:
    """An iterator's exception as it is; a stream's with its words; a column that was consumed before."""
    pa = library("pyarrow")

    def failing() -> Iterator[bytes]:
        yield ANSWER
        raise RuntimeError("no more today")

    def failing_batches() -> Iterator[Any]:
        yield pa.record_batch({"wire": pa.array([ANSWER])})
        raise RuntimeError("no more today")

    with pytest.raises(RuntimeError, match="no more today"):
        parse_columns(failing())
    batches = pa.RecordBatchReader.from_batches(pa.schema({"wire": pa.binary()}), failing_batches())
    with pytest.raises(TypeError, match=r"Arrow format '\+s'"):
        parse_columns(batches)
    capsules = pa.array([ANSWER]).__arrow_c_array__()
    pa.Array._import_from_c_capsule(*capsules)
    with pytest.raises(ValueError, match="was consumed before"):
        parse_columns(types.SimpleNamespace(__arrow_c_array__=lambda: capsules))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="PyCapsule_GetPointer"):
        parse_columns(types.SimpleNamespace(__arrow_c_stream__=lambda: capsules[0]))  # type: ignore[arg-type]


def test_too_much_for_a_column_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an exception of its own, where offsets of 32 bits end; here they end earlier."""
    monkeypatch.setattr(_columns, "LIMIT", 1000)
    assert len(parse_columns([ANSWER] * 90)) == 90
    with pytest.raises(errors.BatchTooLarge, match="would exceed 2\\^31-1 octets or records"):
        parse_columns([ANSWER] * 101)
    assert issubclass(errors.BatchTooLarge, OverflowError)


def test_no_memory_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where C gives nothing, or Python no capsule, nothing crashes and nothing is left."""
    batch = parse_columns([ANSWER])

    def none(*_: object) -> Any:
        return _columns.ffi.NULL

    def failing(*_: object) -> Any:
        raise MemoryError("no capsule")

    constants = {name: getattr(_columns.lib, name) for name in dir(_columns.lib) if name.startswith("RQ_")}
    makers = {f"rq_columns_{name}": none for name in ("new", "free", "array", "stream", "schema")}
    calls = (batch.__arrow_c_schema__, batch.__arrow_c_array__, batch.__arrow_c_stream__)
    with monkeypatch.context() as patched:
        patched.setattr(_columns, "lib", types.SimpleNamespace(**constants, **makers))
        for call in (*calls, lambda: parse_columns([ANSWER])):
            with pytest.raises(MemoryError):
                call()
    monkeypatch.setattr(_columns, "_python", lambda: types.SimpleNamespace(new=failing))
    for call in calls:
        with pytest.raises(MemoryError, match="no capsule"):
            call()


def interrupted_at(step: int, call: Callable[[], object]) -> bool:
    """Whether the call was interrupted: as a signal would, just before or after so many calls that it makes itself."""
    left = step

    def interrupt(frame: object, event: str, called: object) -> None:
        nonlocal left
        left -= called is not sys.setprofile
        if left == 0:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_an_interrupt_at_any_step_loses_no_memory_and_frees_none_twice() -> None:
    """Wherever it comes while columns are made, filled and handed over, each has one owner."""
    batch = parse_columns([ANSWER])
    held = live()
    calls: list[Callable[[], object]] = [lambda: parse_columns([ANSWER])]
    calls += [batch.__arrow_c_schema__, batch.__arrow_c_array__, batch.__arrow_c_stream__]
    for call in calls:
        for step in range(1, 1000):
            if not interrupted_at(step, call):
                break
            gc.collect()
            assert live() == held
        assert 5 < step < 999


# --- who reads them --------------------------------------------------------------------------------------------------


def summary(found: Any) -> list[tuple[Any, ...]]:
    """The name and the data of the first answer of each row, out of plain dictionaries."""
    return [(row["name"], row["answer"][0]["data"] if len(row["answer"]) else None) for row in found]


READ = [("x.example.", "192.0.2.1"), (None, None), (None, None), ("x.example.", None), ("nowhere.example.", None)]


def test_pyarrow_reads_them() -> None:
    """As a record batch and as a table, as often as it likes, also after our object is gone."""
    pa = library("pyarrow")
    batch = parse_columns(PARTS)
    taken = [pa.record_batch(batch), pa.record_batch(batch), pa.table(batch), pa.RecordBatchReader.from_stream(batch)]
    del batch
    gc.collect()
    for found in [*taken[:3], taken[3].read_all()]:
        found.validate(full=True)
        assert summary(found.to_pylist()) == READ


def test_polars_reads_them(server: Server) -> None:
    """Messages and lookups as data frames."""
    pl = library("polars")
    frame = pl.DataFrame(parse_columns(PARTS))
    assert summary(frame.to_dicts()) == READ
    assert frame.explode("answer").unnest("answer", separator=".")["answer.ttl"].drop_nulls().to_list() == [60]
    lookups = pl.DataFrame(bulk_columns(["www.example", "nowhere.example"], servers=server.address))
    assert sorted(zip(lookups["name"], lookups["status"], strict=True)) == [
        ("nowhere.example", "NXDOMAIN"),
        ("www.example", "NOERROR"),
    ]


def test_duckdb_reads_them(server: Server) -> None:
    """In SQL, with a list of structs for each section."""
    duckdb = library("duckdb")
    library("pyarrow")
    with duckdb.connect() as connection:
        batch = parse_columns(PARTS)
        found = connection.sql("select name, answer[1].data from batch order by index")
        assert found.fetchall() == READ
        lookups = bulk_columns(["www.example", "nowhere.example"], ["A", "MX"], servers=server.address)
        counted = connection.sql("select status, count(*), max(len(answer)) from lookups group by 1 order by 1")
        assert counted.fetchall() == [("NOERROR", 2, 1), ("NXDOMAIN", 2, 0)]
        del found, counted, batch, lookups


def test_pandas_reads_them() -> None:
    """As a data frame; older pandas through pyarrow."""
    pd, pa = library("pandas"), library("pyarrow")
    batch = parse_columns(PARTS)
    frame = pd.DataFrame.from_arrow(batch) if hasattr(pd.DataFrame, "from_arrow") else pa.table(batch).to_pandas()
    assert list(frame["index"]) == [0, 1, 2, 3, 4]
    assert list(frame["status"])[:3] == ["NOERROR", "ILLEGAL_INPUT", "MALFORMED"]
    assert [data[0]["data"] for data in frame["answer"] if len(data)] == ["192.0.2.1"]
    del frame


def test_nanoarrow_reads_them() -> None:
    """As an array and as a stream."""
    na = library("nanoarrow")
    batch = parse_columns(PARTS)
    assert summary(na.Array(batch).to_pylist()) == READ
    assert summary(row for row in na.ArrayStream(batch).read_all().to_pylist()) == READ


def test_none_of_them_is_needed() -> None:
    """Columns are made, handed out and freed where no reader of columns can be imported."""
    program = """
    import sys
    for name in ("pyarrow", "polars", "duckdb", "pandas", "numpy", "nanoarrow"):
        sys.modules[name] = None
    import resquery
    from resquery._columns import live
    batch = resquery.parse_columns([b"x", None])
    taken = [batch.__arrow_c_schema__(), *batch.__arrow_c_array__(), batch.__arrow_c_stream__()]
    print(len(batch), live().blocks > 0, type(taken[0]).__name__)
    del batch, taken
    print(live() == (0, 0))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2 True PyCapsule\nTrue\n", "")


# --- memory ----------------------------------------------------------------------------------------------------------


def test_what_nobody_took_comes_back() -> None:
    """Capsules without a consumer free all that they hold, in whatever order they go."""
    before = live()
    for _ in range(10):
        batch = parse_columns([ANSWER] * 10)
        capsules: list[object] = [batch.__arrow_c_stream__(), batch.__arrow_c_schema__(), *batch.__arrow_c_array__()]
        del batch
        assert live().blocks > before.blocks
        capsules.reverse()
        capsules.clear()
        assert live() == before


def test_what_was_taken_lives_as_long_as_its_taker() -> None:
    """A column moved out of the batch keeps the memory; the rest may go."""
    pa = library("pyarrow")
    before = live()
    column = pa.record_batch(parse_columns([ANSWER] * 1000))["answer"]
    gc.collect()
    assert live().octets > before.octets
    assert column[999].as_py()[0]["data"] == "192.0.2.1"
    del column
    gc.collect()
    assert live() == before


def test_columns_are_made_and_freed_in_any_thread() -> None:
    """Eight threads make, hand over and drop batches of each other."""
    pa = library("pyarrow")
    handed: list[Any] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for n in range(40):
                batch = parse_columns([ANSWER] * (50 + n))
                handed.append((pa.record_batch(batch), batch.__arrow_c_array__(), 50 + n))
                taken, _, count = handed.pop(0)
                assert taken.num_rows == count
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    handed.clear()


def test_the_end_of_the_interpreter_frees_capsules_too() -> None:
    """Also those that outlive every module, and streams with lookups under way."""
    program = """
    import socket, resquery
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    held.bind(("127.0.0.1", 0))
    lookups = resquery.bulk_columns(["x.example"] * 9, servers=f"127.0.0.1:{held.getsockname()[1]}")
    batch = resquery.parse_columns([b"x"] * 9)
    class Last:
        def __init__(self): self.taken = [*batch.__arrow_c_array__(), batch.__arrow_c_stream__()]
    cycle = [Last(), lookups.__arrow_c_stream__()]
    cycle.append(cycle)
    import builtins
    builtins.kept = [batch.__arrow_c_schema__(), batch.__arrow_c_stream__(), lookups]
    print("done")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


# --- lookups ---------------------------------------------------------------------------------------------------------

NAMES = ["www.example", b"nowhere.example", "a..b", "www.example", b"\xff\xc3\xa9", "mx1.example."]
CELLS = ("index", "name", "type", "status", "rcode", "flags", "server", "transport", "tries", "size", "error")


def test_lookups_are_the_rows_of_bulk(server: Server) -> None:
    """The same cells for each name and type, whether iterated over or taken as a stream."""
    wanted = sorted(
        (*(getattr(row, cell) for cell in CELLS), [record.to_text().split(" ", 4)[4] for record in row.answer])
        for row in bulk(NAMES, ["A", "MX"], servers=server.address, share=False)
    )
    batches = list(bulk_columns(NAMES, ["A", "MX"], servers=server.address, share=False, batch_rows=5))
    streamed = rows(bulk_columns(NAMES, ["A", "MX"], servers=server.address, share=False, batch_rows=5))
    assert sum(map(len, batches)) == len(streamed) == len(wanted) == 12
    assert max(map(len, batches)) <= 5
    for found in ([row for batch in batches for row in rows(batch)], streamed):
        cells = [(*(row[cell] for cell in CELLS), [record["data"] for record in row["answer"]]) for row in found]
        assert sorted(cells, key=lambda row: row[:3]) == wanted
        for row in found:
            assert (row["rtt_us"] is None) == (row["rcode"] is None)
            assert row["time"].year >= 2024


def test_lookups_show_what_is_asked_for(server: Server) -> None:
    """The SOA of a negative answer, the records beside an answer, the octets."""
    asked: dict[str, Any] = {"servers": server.address, "authority": True, "additional": True, "wire": True}
    found = {row["name"]: row for row in rows(bulk_columns(["www.example", "nowhere.example"], "MX", **asked))}
    assert [record["type"] for record in found["nowhere.example"]["authority"]] == ["SOA"]
    assert [record["type"] for record in found["www.example"]["answer"]] == ["MX"]
    for row in found.values():
        cells = message_cells(row["wire"], 0)
        assert (row["answer"], row["additional"]) == (cells["answer"], cells["additional"])
        assert len(row["wire"]) == row["size"]


def test_a_lookup_that_fails_is_a_row(silent: str) -> None:
    """Without an answer its cells are null, but for who was asked."""
    asked: dict[str, Any] = {"servers": silent, "timeout": 0.1, "try_timeout": 0.05, "tries": 2, "wire": True}
    (row,) = rows(bulk_columns(["www.example"], **asked))
    del row["time"]
    wanted = {"index": 0, "name": "www.example", "type": "A", "status": "TIMEOUT", "rcode": None, "flags": None}
    wanted |= {
        "server": silent,
        "transport": "udp",
        "tries": 2,
        "rtt_us": None,
        "size": None,
        "error": None,
        "answer": [],
        "wire": None,
    }
    assert row == wanted


def test_a_lookup_that_fails_says_why(silent: str) -> None:
    """Where the status does not, as a Row does: the rule that a name breaks, what the network said."""
    asked: dict[str, Any] = {"servers": silent, "timeout": 0.5, "tries": 1, "transport": "tcp"}  # only UDP is there
    found = {row["name"]: (row["status"], row["error"]) for row in rows(bulk_columns(["www.example", "a..b"], **asked))}
    assert found == {
        "www.example": ("ERROR", "connection refused"),
        "a..b": ("ILLEGAL_INPUT", "the name has an empty label"),
    }


def test_a_batch_is_handed_out_in_time() -> None:
    """When rows have waited long enough, though others are still under way."""
    with Server(text=ZONE, faults=[Fault(action=Drop(), times=1)]) as server:
        asked: dict[str, Any] = {"servers": server.address, "timeout": 5.0, "try_timeout": 0.5, "batch_seconds": 0.0}
        assert [len(batch) for batch in bulk_columns(["www.example", "nowhere.example"], **asked)] == [1, 1]
    with Server(text=ZONE, faults=[Fault(action=Drop(), times=1)]) as server:
        asked["servers"] = server.address
        stream = bulk_columns(["www.example", "nowhere.example"], **asked)
        reader = library("pyarrow").RecordBatchReader.from_stream(stream)
        assert [batch.num_rows for batch in reader] == [1, 1]


def test_lookups_come_once(server: Server) -> None:
    """Taken as a stream or iterated over, not both; closed, not at all."""
    for take in (iter, lambda lookups: lookups.__arrow_c_stream__(), lambda lookups: lookups.close()):
        lookups = bulk_columns(["www.example"], servers=server.address)
        first = take(lookups)
        if isinstance(first, type(lookups)):
            assert len(next(first)) == 1
            assert list(lookups) == []
        with pytest.raises(errors.ResqueryError, match="these lookups were taken before, or closed"):
            lookups.__arrow_c_stream__()
        lookups.close()
        del first, lookups


def test_lookups_given_up_leave_nothing(silent: str) -> None:
    """Closed while under way, left behind, as an iterator and as a stream that was begun or not."""
    pa = library("pyarrow")
    names = ["a..b"] * 3 + ["www.example"] * 3
    asked: dict[str, Any] = {"servers": silent, "batch_rows": 2}
    with bulk_columns(names, **asked) as lookups:
        assert len(next(lookups)) == 2
    assert list(lookups) == []
    lookups = bulk_columns(names, **asked)
    assert len(next(lookups)) == 2
    stream = bulk_columns(names, **asked).__arrow_c_stream__()
    reader = pa.RecordBatchReader.from_stream(bulk_columns(names, **asked))
    assert reader.read_next_batch().num_rows == 2
    del lookups, stream, reader


def test_a_failure_of_the_names_comes_after_the_rows_before(server: Server) -> None:
    """For an iterator; a stream reads all names first, so it is not made."""

    def names() -> Iterator[Any]:
        yield "www.example"
        raise RuntimeError("no more names")

    lookups = bulk_columns(names(), servers=server.address)
    assert len(next(lookups)) == 1
    with pytest.raises(RuntimeError, match="no more names"):
        next(lookups)
    with pytest.raises(RuntimeError, match="no more names"):
        bulk_columns(names(), servers=server.address).__arrow_c_stream__()
    with pytest.raises(TypeError, match="a domain name is a str, not int"):
        bulk_columns(iter([7]), servers=server.address).__arrow_c_stream__()  # type: ignore[list-item]


def test_wrong_settings_are_refused(silent: str) -> None:
    """Before anything is sent, as in bulk()."""
    for wrong in ({"batch_rows": 0}, {"batch_rows": 10**8}, {"batch_seconds": -1.0}, {"batch_seconds": float("nan")}):
        with pytest.raises(ValueError, match="batch_"):
            bulk_columns(["x"], servers=silent, **wrong)  # type: ignore[arg-type]
    for wrong in ({"batch_rows": "9"}, {"batch_rows": 1.5}, {"batch_seconds": "1"}):
        with pytest.raises(TypeError, match="batch_"):
            bulk_columns(["x"], servers=silent, **wrong)  # type: ignore[arg-type]
    for wrong in ({"authority": -1}, {"additional": 1}, {"wire": "x"}):
        with pytest.raises(TypeError, match="is True or False, not"):
            bulk_columns(["x"], servers=silent, **wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="is True or False, not"):
            parse_columns([], **wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="for one name give"):
        bulk_columns("x", servers=silent)
    with pytest.raises(errors.UnknownType):
        bulk_columns(["x"], "NOTYPE", servers=silent)


def test_a_column_that_is_full_begins_a_batch(monkeypatch: pytest.MonkeyPatch, silent: str) -> None:
    """No row is lost where a column would exceed its limit: the next batch begins with it."""
    monkeypatch.setattr(_columns, "LIMIT", 200)
    monkeypatch.setattr(_engine, "LIMIT", 200)
    names = [f"{n:04}..illegal" for n in range(40)]  # errors have 27 octets: seven make a batch
    batches = list(bulk_columns(names, servers=silent))
    assert {len(batch) for batch in batches[:-1]} == {7}
    found = [row["name"] for batch in batches for row in rows(batch)]
    assert found == [row["name"] for row in rows(bulk_columns(names, servers=silent))] == names
    with pytest.raises(errors.BatchTooLarge):
        list(bulk_columns(["x" * 199 + ".."], servers=silent))
    with pytest.raises(OSError, match="a column would exceed"):
        rows(bulk_columns(["x" * 199 + ".."], servers=silent))


def test_a_stream_is_pulled_in_another_thread(server: Server) -> None:
    """After the object that made it is gone, and while this thread does something else."""
    pa = library("pyarrow")
    asked: dict[str, Any] = {"servers": server.address, "batch_rows": 64, "batch_seconds": 3600}
    reader = pa.RecordBatchReader.from_stream(bulk_columns(["www.example"] * 500, **asked))
    found: list[int] = []

    def pull() -> None:
        found.extend(batch.num_rows for batch in reader)

    thread = threading.Thread(target=pull)
    thread.start()
    thread.join()
    assert found == [64] * 7 + [52]


def test_a_signal_ends_an_iteration(silent: str, interruptible: None) -> None:
    """KeyboardInterrupt while nothing happens."""
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        next(bulk_columns(["www.example"], servers=silent, timeout=60.0, tries=1))
    timer.join()


def test_batches_show_themselves() -> None:
    """Their size and what their rows are."""
    batch = parse_columns(PARTS)
    assert isinstance(batch, Batch)
    assert (len(batch), repr(batch)) == (5, "<Batch of 5 messages>")
    assert live() > Live(0, 0)
