"""The command: what it prints and writes, how it ends, and that no input, output or signal makes it fail badly."""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from resquery import BulkSettings, __version__
from resquery._engine import RCODES, STATUSES, Column, Engine, Types
from resquery._files import Reader
from resquery._lib import lib, status_error
from resquery._settings import RATE_MAX, SLOTS_MAX, THREADS_MAX
from resquery.bulk import bulk_plan
from resquery.cli import bulk as bulk_command
from resquery.cli import main
from resquery.cli.options import add_load, add_settings, settings
from resquery.cli.progress import progress
from resquery.testing import Fault, Garbage, Reply, Server

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
www 300 IN A 192.0.2.1
www 300 IN A 192.0.2.2
www 300 IN MX 10 mx1
txt 300 IN TXT "a b" "c"
*.lab 300 IN A 192.0.2.7
"""
COMMAND = [sys.executable, "-m", "resquery"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


def run(*words: str | bytes | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    if "stdout" not in options:
        options["stdout"] = subprocess.PIPE
    return subprocess.run([*COMMAND, *words], stderr=subprocess.PIPE, check=False, timeout=60, **options)


def one_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """Standard error, which must be one line that says who speaks; never a traceback."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, done.stderr.decode()
    assert lines[0].startswith("resquery: ")
    return lines[0]


class Bulk:
    """Runs `resquery bulk` on octets; keeps rows and totals."""

    def __init__(self, folder: Path, address: str) -> None:
        self.source, self.output, self.stats = folder / "names.txt", folder / "rows.ndjson", folder / "stats.json"
        self.address = address

    def __call__(self, text: bytes, *words: str) -> list[dict[str, Any]]:
        self.source.write_bytes(text)
        done = run(
            *("bulk", self.source, "--output", self.output, "--stats", self.stats, "--server", self.address, *words)
        )
        assert (done.returncode, done.stderr, done.stdout) == (0, b"", b"")
        return [json.loads(line) for line in self.output.read_bytes().decode().split("\n")[:-1]]

    @property
    def totals(self) -> dict[str, Any]:
        """What --stats wrote."""
        return json.loads(self.stats.read_text())


@pytest.fixture
def bulk(tmp_path: Path, server: Server) -> Bulk:
    """`resquery bulk` against the server."""
    return Bulk(tmp_path, server.address)


# -- query


def test_query_prints_as_dig_does(server: Server) -> None:
    """Header, question and answer."""
    done = run("query", "www.example", "MX", "--server", server.address)
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "status: NOERROR" in text
    assert ";; ANSWER SECTION:\nwww.example.\t\t300\tIN\tMX\t10 mx1.example.\n" in text
    assert "MSG SIZE  rcvd:" in text


def test_query_asks_for_any(server: Server) -> None:
    """ANY is a type like any other; each record prints with its own."""
    done = run("query", "www.example", "any", "--server", server.address, "--short")
    assert (done.returncode, sorted(done.stdout.splitlines())) == (0, [b"10 mx1.example.", b"192.0.2.1", b"192.0.2.2"])


def test_query_prints_data_alone_or_json(server: Server) -> None:
    """--short and --json."""
    done = run("query", "www.example", "--server", server.address, "--short")
    assert sorted(done.stdout.split()) == [b"192.0.2.1", b"192.0.2.2"]
    done = run("query", "txt.example", "16", "--server", server.address, "--short")
    assert done.stdout == b'"a b" "c"\n'
    done = run("query", "www.example", "--server", server.address, "--json")
    assert {answer["answer"] for answer in json.loads(done.stdout)["answers"]} == {"192.0.2.1", "192.0.2.2"}


@pytest.mark.parametrize(
    ("option", "key"), [("--json", "answers"), ("--json=zdns", "answers"), ("--json=rfc8427", "answerRRs")]
)
def test_query_prints_json_in_the_shape_that_is_named(server: Server, option: str, key: str) -> None:
    """--json alone is zdns's, the shape follows an equals sign; the option may stand before the name."""
    done = run("query", option, "www.example", "--server", server.address)
    assert len(json.loads(done.stdout)[key]) == 2
    assert done.stdout.count(b"\n") == 1


def test_query_prints_massdns_s_json_also_of_a_failure(server: Server) -> None:
    """The response is printed, the status is in it, and the reason goes to standard error."""
    done = run("query", "nowhere.example", "--json=massdns", "--server", server.address)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "NXDOMAIN")
    assert "does not exist" in one_line(done)


def test_query_prints_long_data_on_several_lines(server: Server) -> None:
    """--multiline, with comments."""
    done = run("query", "example", "SOA", "--multiline", "--server", server.address)
    assert b"300 IN SOA ns.example. root.example. (\n\t\t\t\t1          ; serial\n" in done.stdout
    assert b"MSG SIZE  rcvd:" in done.stdout


def test_query_prints_a_response_that_is_a_failure(server: Server) -> None:
    """The response on standard output, the reason on standard error, exit status 1."""
    done = run("query", "nowhere.example", "--server", server.address)
    assert done.returncode == 1
    assert b"status: NXDOMAIN" in done.stdout
    assert "does not exist" in one_line(done)


def test_query_options_reach_the_query() -> None:
    """--tcp, --dnssec, --no-edns, --no-recurse, --class."""
    seen: list[tuple[Any, ...]] = []

    def answer(query: Any) -> Reply:
        seen.append((query.transport, query.payload, query.dnssec_ok, query.flags & 0x100, query.rrclass))
        return Reply(rcode="REFUSED")

    with Server(answer=answer) as server:
        for words in (["--tcp"], ["--dnssec"], ["--no-edns"], ["--no-recurse"], ["--class", "CH"]):
            run("query", "x.example", "--server", server.address, *words)
    assert seen == [
        ("tcp", 1232, False, 0x100, 1),
        ("udp", 1232, True, 0x100, 1),
        ("udp", None, False, 0x100, 1),
        ("udp", 1232, False, 0, 1),
        ("udp", 1232, False, 0x100, 3),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a..b"], "empty label"),
        (["x" * 64], "63 octets"),
        ([b"\xff\xfe.example"], "\\255\\254"),
        (["x.example", "NOSUCH"], "'NOSUCH'"),
        (["x.example", "A", "--server", "nowhere"], "'nowhere'"),
        (
            ["x.example", "A", "--timeout", "0"],
            "resquery: --timeout is a number of seconds from 0.001 to 3,600, not 0",
        ),
        (["x.example", "A", "--try-timeout", "9999"], "resquery: --try-timeout is "),
        (["x.example", "A", "--dnssec", "--no-edns"], "resquery: --dnssec needs EDNS: leave out --no-edns"),
        (["x.example", "A", "--nsid", "--no-edns"], "resquery: --nsid needs EDNS: leave out --no-edns"),
        (["x.example", "A", "--timeout", "soon"], "soon"),
        (["x.example", "A", "--tries", "1000"], "tries"),
        (["x.example", "A", "--class", "XX"], "'XX'"),
        (["x.example", "A", "B"], "B"),
        (["x.example", "--short", "--json"], "--json"),
        (["x.example", "--json=massdns", "--json=rfc8427"], "--json=rfc8427"),
        (["x.example", "--short", "--multiline"], "--multiline"),
        (["x.example", "--json=dig"], "'dig'"),
        (["x.example", "MX", "--json", "massdns"], "--json=massdns"),
        (["--json", "massdns", "x.example"], "--json=massdns"),
        (["--short"], "NAME"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(words: list[str | bytes], said: str) -> None:
    """It names the value and the rule."""
    done = run("query", "--server", "127.0.0.1:9", *words)  # what would slip through gets no further
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in one_line(done)


def test_every_option_of_a_lookup_is_stored_under_its_setting() -> None:
    """Nothing that is typed gets lost on its way to the engine."""
    parser = argparse.ArgumentParser()
    add_settings(parser)
    add_load(parser)
    beside = {"server", "servers", "subnet", "nsid", "entries"}
    assert {action.dest for action in parser._actions} - {"help"} - beside <= set(BulkSettings.__annotations__)
    off = ["--no-edns", "--no-recurse", "--no-case", "--no-cookies", "--no-adapt", "--no-rotate", "--no-share"]
    given = settings(parser.parse_args([*off, "--no-spread"]))
    assert [name for name, value in given.items() if value is False] == [
        *("dnssec_ok", "edns", "recurse", "mixed_case", "cookies", "adapt", "rotate", "share", "spread", "cache")
    ]


def test_the_command_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """--version, --help, and no command at all."""
    for words, status, out in ((["--version"], 0, f"resquery {__version__}\n"), (["--help"], 0, None), ([], 2, "")):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == status
        said = capsys.readouterr()
        assert out is None or said.out == out
    assert said.err.count("\n") == 1
    with pytest.raises(SystemExit):
        main(["query", "--help"])
    assert "--json[=SHAPE]  " in capsys.readouterr().out


# -- bulk: input


def test_bulk_writes_a_row_for_each_name_and_type(bulk: Bulk) -> None:
    """Types repeated or with commas; blank lines counted and skipped; CR LF and a last line without LF."""
    rows = bulk(b"www.example\r\n\n  \t\n nowhere.example \nlast.lab.example", "--type", "A,MX", "--type", "TXT")
    assert Counter((row["name"], rrtype) for row in rows for rrtype in row["results"]) == Counter(
        (name, rrtype)
        for name in ("www.example", "nowhere.example", "last.lab.example")
        for rrtype in ("A", "MX", "TXT")
    )
    totals = bulk.totals
    assert (totals["inputs"], totals["blank"], totals["rows"]) == (3, 2, 9)
    assert totals["statuses"] == {"NOERROR": 6, "NXDOMAIN": 3}
    assert totals["tries"] == totals["queries"]["udp"] == totals["received"]["udp"] == 9
    assert totals["cpu_seconds"] > 0
    assert totals["seconds"] > 0
    assert 2**20 < totals["peak_rss_bytes"] < 2**28


def test_bulk_answers_ten_thousand_names_once_each(bulk: Bulk) -> None:
    """More than a block of input and of output holds."""
    names = [f"host-{i}.lab.example" for i in range(10_000)]
    rows = bulk("\n".join(names).encode())
    assert sorted(row["name"] for row in rows) == sorted(names)
    assert {row["results"]["A"]["status"] for row in rows} == {"NOERROR"}


@pytest.mark.parametrize("blanks", [b" " * 300_000, b"\t" * 131_072, b" " * 131_071])
def test_blanks_around_a_name_are_nothing_however_many(bulk: Bulk, blanks: bytes) -> None:
    """Also when they fill more than a block; a line of nothing else is blank."""
    rows = bulk(blanks + b"www.example" + blanks + b"\r\n" + blanks + b"\n" + blanks + b"x.lab.example")
    assert sorted((row["name"], row["results"]["A"]["status"]) for row in rows) == [
        ("www.example", "NOERROR"),
        ("x.lab.example", "NOERROR"),
    ]
    assert bulk.totals["blank"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b"x" * 131_071,
        b"x" * 131_072,
        b"x" * 131_073,
        b"www.example" + b" " * 131_072 + b"junk",
        b"www.example" + b" " * 500_000 + b".",
        b"a." * 300_000,
        b"\x00" * 200_000,
        bytes(octet for octet in range(256) if octet != 10) * 1000,
    ],
    ids=range(8),
)
def test_an_over_long_line_is_one_illegal_input(bulk: Bulk, line: bytes) -> None:
    """Never two, never a name that is not there; its neighbours are unharmed."""
    rows = bulk(b"www.example\n" + line + b"\nx.lab.example\n" + line)
    assert len(rows) == 4
    statuses = Counter(row["results"]["A"]["status"] for row in rows)
    assert statuses == {"NOERROR": 2, "ILLEGAL_INPUT": 2}
    assert (bulk.totals["inputs"], bulk.totals["blank"], bulk.totals["statuses"]) == (4, 0, dict(statuses))


def test_binary_junk_gives_a_row_for_each_line(bulk: Bulk) -> None:
    """All octets but LF; every row is valid JSON in valid UTF-8."""
    lines = [bytes((high, low)) for high in range(256) for low in range(0, 256, 7)]
    junk = b"\n".join(lines)
    rows = bulk(junk)
    expected = [line for line in junk.split(b"\n") if line.strip(b" \t\r")]
    assert len(rows) == bulk.totals["inputs"] == len(expected)


def test_bulk_reads_standard_input_as_it_comes(server: Server) -> None:
    """A name that arrives gets its row while the pipe stays open; input and output are standard when not named."""
    process = subprocess.Popen(
        [*COMMAND, "bulk", "--server", server.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for name in (b"www.example", b"x.lab.example"):
            process.stdin.write(name + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["name"] == name.decode()
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_an_empty_input_gives_no_rows(bulk: Bulk) -> None:
    """And totals of nothing."""
    assert bulk(b"") == []
    assert (bulk.totals["inputs"], bulk.totals["rows"], bulk.totals["statuses"]) == (0, 0, {})


# -- bulk: servers


def test_servers_come_from_a_file_too(bulk: Bulk, tmp_path: Path) -> None:
    """One on a line, with comments; who is listed twice is asked once, and standard error says so."""
    listed = tmp_path / "servers"
    listed.write_text(f"# ours\n\n{bulk.address} # here\n{bulk.address}\n")
    bulk.source.write_text("www.example\n")
    done = run("bulk", bulk.source, "--servers", listed)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert one_line(done) == f"resquery: note: asked once, though listed more than once: {bulk.address}"
    done = run("query", "www.example", "--short", "--servers", listed)
    assert (done.returncode, done.stdout[:10]) == (0, b"192.0.2.1\n")


def test_servers_come_from_standard_input_too(bulk: Bulk) -> None:
    """`--servers -`, unless the names do; junk and a closed one are told as those of a file are."""
    bulk.source.write_text("www.example\n")
    listed = f"# ours\n{bulk.address}\n".encode()
    for words in (("bulk", bulk.source), ("query", "www.example", "--short")):
        done = run(*words, "--servers", "-", input=listed)
        assert (done.returncode, done.stderr, b"192.0.2.1" in done.stdout) == (0, b"", True)
    done = run("bulk", bulk.source, "--servers", "-", input=b"127.0.0.1\nlocalhost\n")
    assert (done.returncode, "standard input:2: 'localhost' is no" in one_line(done)) == (2, True)
    done = run("bulk", bulk.source, "--servers", "-", preexec_fn=closing(0))
    assert (done.returncode, one_line(done)) == (1, "resquery: standard input: Bad file descriptor")
    done = run("bulk", "--servers", "-", input=listed)
    assert (done.returncode, one_line(done)) == (
        2,
        "resquery: standard input is the input and cannot be the servers too",
    )


def test_a_byte_order_mark_is_no_part_of_a_list(bulk: Bulk, tmp_path: Path) -> None:
    """Neither of the servers, nor of the names, also when the first line fills the buffer."""
    (tmp_path / "servers").write_text(f"{bulk.address}\n", encoding="utf-8-sig")
    assert run("query", "www.example", "--servers", tmp_path / "servers").returncode == 0
    assert [row["name"] for row in bulk(b"\xef\xbb\xbfwww.example\n")] == ["www.example"]
    rows = bulk(b"\xef\xbb\xbf" + b" " * (1 << 17) + b"a.b\nc.d\n")
    assert sorted(row["name"] for row in rows) == ["a.b", "c.d"]
    assert bulk(b"\xef\xbb\xbf") == []


@pytest.mark.parametrize(
    ("text", "said"), [(b"127.0.0.1\n\n\xff\x1b[2J\n", ":3: '\\255\\027[2J'"), (b"# none\n", "no server")]
)
def test_a_junk_server_line_is_told_with_its_number(tmp_path: Path, text: bytes, said: str) -> None:
    """And shown escaped; nothing is touched."""
    listed = tmp_path / "servers"
    listed.write_bytes(text)
    done = run("bulk", "-", "--output", tmp_path / "rows", "--servers", listed, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    line = one_line(done)
    assert said in line
    assert line.isprintable()
    assert not (tmp_path / "rows").exists()


def test_dropped_packets_are_counted_by_reason(tmp_path: Path) -> None:
    """Garbage before the answer."""
    with Server(text=ZONE, faults=[Fault(times=3, action=Garbage())]) as server:
        bulk = Bulk(tmp_path, server.address)
        bulk(b"www.example\n", "--try-timeout", "0.1", "--tries", "20", "--timeout", "10")
    assert sum(bulk.totals["dropped"].values()) >= 1
    assert bulk.totals["statuses"] == {"NOERROR": 1}


@pytest.mark.parametrize("rcode", [*range(11), 16, 23, 4095])
def test_statuses_in_totals_are_those_in_rows(tmp_path: Path, rcode: int) -> None:
    """The names of rcodes are the same in both; one that has no counter of its own is OTHER."""
    with Server(answer=lambda query: Reply(rcode=rcode)) as server:
        bulk = Bulk(tmp_path, server.address)
        (row,) = bulk(b"www.example\n", "--tries", "1")
    status = row["results"]["A"]["status"]
    assert bulk.totals["statuses"] == {status if rcode in RCODES else "OTHER": 1}


def test_statuses_without_an_answer_are_those_in_rows(tmp_path: Path, silent: str) -> None:
    """TIMEOUT, ILLEGAL_INPUT, and ERROR for a refused connection."""
    for transport, expected in (("udp", {"TIMEOUT", "ILLEGAL_INPUT"}), ("tcp", {"ERROR", "ILLEGAL_INPUT"})):
        bulk = Bulk(tmp_path, silent)  # only UDP listens there
        rows = bulk(b"www.example\na..b\n", "--timeout", "0.2", "--tries", "1", "--transport", transport)
        statuses = {row["results"]["A"]["status"] for row in rows}
        assert statuses == set(bulk.totals["statuses"]) == expected
        assert statuses <= set(STATUSES.values())


# -- bulk: output


def some_names(folder: Path, count: int = 5000) -> Path:
    """A file of names that exist."""
    file = folder / "names.txt"
    file.write_text("".join(f"host-{i}.lab.example\n" for i in range(count)))
    return file


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{folder}/none", "--output", "{folder}/rows"], "none: No such file"),
        (["{folder}", "--output", "{folder}/rows"], "Is a directory"),
        (["{names}", "--output", "{folder}/none/rows"], "none/rows: No such file"),
        (["{names}", "--output", "{folder}"], "Is a directory"),
        (["{names}", "--output", "/dev/full"], "/dev/full: No space left"),
        (["{names}", "--output", "{folder}/rows", "--stats", "/dev/full"], "/dev/full: No space left"),
        (["{names}", "--output", "{folder}/rows", "--stats", "{folder}/none/stats"], "none/stats: No such file"),
        (["{names}", "--output", "{folder}/rows", "--servers", "{folder}/none"], "none: No such file"),
    ],
)
def test_a_file_that_fails_is_one_line_and_status_1(
    tmp_path: Path, server: Server, words: list[str], said: str
) -> None:
    """It names the file and the reason."""
    names = some_names(tmp_path)
    done = run("bulk", *(word.format(folder=tmp_path, names=names) for word in words), "--server", server.address)
    assert done.returncode == 1
    assert said in one_line(done)


def test_the_input_is_never_emptied_by_the_output(tmp_path: Path, server: Server) -> None:
    """The same file for both is wrong usage, by whatever path."""
    names = some_names(tmp_path)
    (tmp_path / "link").symlink_to(names)
    before = names.read_bytes()
    done = run("bulk", names, "--output", tmp_path / "link", "--server", server.address)
    assert done.returncode == 2
    assert "is the input" in one_line(done)
    assert names.read_bytes() == before


def test_rows_of_before_stay_when_the_totals_cannot_be_written(tmp_path: Path, server: Server) -> None:
    """Neither file is emptied before both are open."""
    names = some_names(tmp_path)
    rows = tmp_path / "rows"
    rows.write_text("of before\n")
    done = run("bulk", names, "--output", rows, "--stats", tmp_path / "none" / "stats", "--server", server.address)
    assert done.returncode == 1
    assert "none/stats: No such file" in one_line(done)
    assert rows.read_text() == "of before\n"


@pytest.mark.parametrize(
    ("output", "stats", "said"),
    [
        ("rows", "names.txt", "is the input and cannot be the stats too"),
        ("rows", "rows", "is the output and cannot be the stats too"),
        ("-", "-", "standard output is the output"),
    ],
)
def test_totals_overwrite_neither_names_nor_rows(
    tmp_path: Path, server: Server, output: str, stats: str, said: str
) -> None:
    """The same file, or standard output, twice is wrong usage."""
    names = some_names(tmp_path, 3)
    before = names.read_bytes()
    done = run("bulk", names, "--output", output, "--stats", stats, "--server", server.address, cwd=tmp_path)
    assert done.returncode == 2
    assert said in one_line(done)
    assert names.read_bytes() == before


@pytest.mark.parametrize(
    ("form", "name", "answers"),
    [
        ("rfc8427", "www.example", lambda row: row["answerRRs"]),
        ("massdns", "www.example.", lambda row: row["data"]["answers"]),
    ],
)
def test_rows_have_the_shape_that_is_named(
    bulk: Bulk, form: str, name: str, answers: Callable[[Any], list[Any]]
) -> None:
    """--format: a line for each name in each shape, failures too, with their status and what is wrong."""
    rows = {row["name"]: row for row in bulk(b"www.example\nnowhere.example\na..b\n", "--format", form)}
    dot = "." if form == "massdns" else ""
    assert {name: row["status"] for name, row in rows.items()} == {
        name: "NOERROR",
        f"nowhere.example{dot}": "NXDOMAIN",
        "a..b": "ILLEGAL_INPUT",
    }
    assert len(answers(rows[name])) == 2
    assert rows["a..b"]["error"] == "the name has an empty label"
    assert rows[name]["resolver"] == bulk.address


@pytest.mark.parametrize("types", ["A,", ",", "A,,MX", ""])
def test_an_empty_item_in_a_list_of_types_is_told(types: str) -> None:
    """As such, and not as a type without a name."""
    done = run("bulk", "--type", types, stdin=subprocess.DEVNULL)
    assert (done.returncode, one_line(done)) == (2, f"resquery: --type has an empty item: '{types}'")


def test_another_shape_of_rows_is_wrong_usage() -> None:
    """--format names the shapes there are."""
    assert "'dig'" in one_line(run("bulk", "--format", "dig", stdin=subprocess.DEVNULL))


def test_totals_go_to_standard_output_too(tmp_path: Path, server: Server) -> None:
    """`--stats -`, as for rows."""
    words = ["--output", tmp_path / "rows", "--stats", "-", "--server", server.address]
    assert json.loads(run("bulk", some_names(tmp_path, 3), *words).stdout)["rows"] == 3


@pytest.mark.parametrize("output", ["{folder}/rows.ndjson", "-"])
def test_a_row_larger_than_a_block_is_written_whole(tmp_path: Path, output: str) -> None:
    """60,000 octets that JSON spells out with five characters each, between small rows."""
    lines = [
        f'big.test. 60 IN TXT "{chr(92)}000{"".join(chr(92) + "255" for _ in range(250))}{i:04d}"' for i in range(220)
    ]
    names = tmp_path / "names.txt"
    names.write_text("a..b\nbig.test\na..b\n" * 3)
    with Server(answer=lambda query: Reply(answer=lines)) as server:
        words = ["bulk", names, "--type", "TXT", "--output", output.format(folder=tmp_path), "--server", server.address]
        done = run(*words)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout if output == "-" else (tmp_path / "rows.ndjson").read_bytes()
    rows = [json.loads(line)["results"]["TXT"] for line in text.decode().split("\n")[:-1]]
    assert Counter(row["status"] for row in rows) == {"ILLEGAL_INPUT": 6, "NOERROR": 3}
    assert [len(row["data"]["answers"]) for row in rows if row["status"] == "NOERROR"] == [220] * 3


@pytest.mark.parametrize("status", [lib.RQ_NO_MEMORY, lib.RQ_BAD_ARGUMENT])
def test_a_refusal_of_the_core_says_once_who_speaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The command does, so the exception does not."""

    def refused(*_: object) -> None:
        raise status_error(status)

    monkeypatch.setattr(bulk_command, "bulk_plan", refused)
    assert main(["bulk", "--server", "127.0.0.1:9"]) in (1, 2)
    assert capsys.readouterr().err.count("resquery: ") == 1


@pytest.mark.parametrize("descriptors", [3, 4, 5])
def test_too_few_descriptors_are_told(server: Server, descriptors: int) -> None:
    """One line, status 1, whichever of the engine's descriptors is the one too many."""
    code = (
        "import resource, sys; from resquery.cli import main; import resquery.cli.query; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors})); sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", code, "query", "www.example", "--server", server.address]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE_")}  # it opens files too
    done = subprocess.run(words, capture_output=True, check=False, timeout=60, env=plain)
    assert done.returncode == 1
    assert "Too many open files" in one_line(done)


def test_a_longer_output_file_is_replaced(bulk: Bulk) -> None:
    """Nothing of what it held before stays."""
    bulk.output.write_bytes(b"x" * 100_000)
    assert len(bulk(b"www.example")) == 1


def test_a_full_standard_output_is_one_line_and_status_1(tmp_path: Path, server: Server) -> None:
    """Both commands."""
    with open("/dev/full", "wb") as full:
        done = run("bulk", some_names(tmp_path), "--output", "-", "--server", server.address, stdout=full)
        assert done.returncode == 1
        assert "standard output: No space left" in one_line(done)
        done = run("query", "www.example", "--server", server.address, stdout=full)
        assert done.returncode == 1
        assert "standard output: No space left" in one_line(done)


def test_a_reader_that_has_seen_enough_is_no_failure_to_talk_about(tmp_path: Path, server: Server) -> None:
    """As `head` does: quiet, and no success."""
    words = ["bulk", str(some_names(tmp_path)), "--output", "-", "--server", server.address]
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_totals_are_true_when_the_output_fails(tmp_path: Path, server: Server, threads: int) -> None:
    """The rows that were made by then are in them, however early that was."""
    stats = tmp_path / "stats.json"
    words = ("--output", "/dev/full", "--stats", stats, "--threads", str(threads), "--server", server.address)
    done = run("bulk", some_names(tmp_path, 200), *words)
    assert (done.returncode, one_line(done)) == (1, "resquery: /dev/full: No space left on device")
    totals = json.loads(stats.read_text())
    assert totals["interrupted"]
    assert 0 < totals["rows"] == sum(totals["statuses"].values()) <= totals["inputs"] == 200


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["bulk", "{names}", "--servers", "{servers}", "--output", "{folder}/rows"], 0),
        (["query", "www.example", "--servers", "{servers}"], 0),
        (["query", "nowhere.example", "--servers", "{servers}"], 1),
        (["bulk", "{names}", "--servers", "{servers}", "--rate", "0"], 2),
        (["query", "--nonsense"], 2),
        (["bulk", "{folder}/none", "--servers", "{servers}"], 1),
    ],
)
@pytest.mark.parametrize("heard", [False, None])
def test_what_cannot_be_said_changes_nothing(
    tmp_path: Path, server: Server, words: list[str], status: int, heard: bool | None
) -> None:
    """With a full standard error, or one whose reader is gone, the work is done and the status is the same."""
    (tmp_path / "servers").write_text(f"{server.address}\n{server.address}\n")
    places = {"names": some_names(tmp_path, 3), "servers": tmp_path / "servers", "folder": tmp_path}
    ours, gone = os.pipe()
    os.close(ours)
    with open(gone, "wb") as broken, open("/dev/full", "wb") as full:
        given = [word.format(**places) for word in words]
        done = subprocess.run(
            [*COMMAND, *given],
            stdout=subprocess.PIPE,
            stderr=broken if heard is None else full,
            check=False,
            timeout=60,
        )
    assert done.returncode == status
    if "--output" in words:
        assert (tmp_path / "rows").read_bytes().count(b"\n") == 3


def closing(*fds: int) -> Callable[[], None]:
    """What closes descriptors in the child, before the command starts."""
    return lambda: [os.close(fd) for fd in fds] and None


def test_closed_standard_descriptors_are_never_written_to(tmp_path: Path, server: Server) -> None:
    """No socket or file takes their place."""
    names = some_names(tmp_path, 10)
    words = ["bulk", names, "--output", "-", "--server", server.address]
    done = run(*words, preexec_fn=closing(1))
    assert done.returncode == 1
    assert "standard output: Bad file descriptor" in one_line(done)
    done = run("query", "www.example", "--server", server.address, preexec_fn=closing(0, 1))
    assert done.returncode == 1
    assert "standard output" in one_line(done)
    done = run("query", "a..b", "--server", server.address, preexec_fn=closing(0, 1, 2))
    assert (done.returncode, done.stderr, done.stdout) == (2, b"", b"")
    done = run("bulk", "--server", server.address, preexec_fn=closing(0))
    assert (done.returncode, one_line(done)) == (1, "resquery: standard input: Bad file descriptor")
    done = run("bulk", names, "--output", tmp_path / "rows", "--server", server.address, preexec_fn=closing(0, 1, 2))
    assert (done.returncode, (tmp_path / "rows").read_bytes().count(b"\n")) == (0, 10)


def test_a_slow_reader_costs_no_answers(tmp_path: Path, server: Server) -> None:
    """While the pipe is full the network is served; every row arrives in the end, whole."""
    stats = tmp_path / "stats.json"
    words = ["bulk", str(some_names(tmp_path)), "--output", "-", "--stats", str(stats), "--server", server.address]
    with subprocess.Popen([*COMMAND, *words, "--max-in-flight", "100"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        select.select([], [], [], 0.3)
        rows = [json.loads(line) for line in (first, *process.stdout)]
    assert process.returncode == 0
    assert len({row["name"] for row in rows}) == len(rows) == 5000
    totals = json.loads(stats.read_text())
    assert (totals["tries"], totals["statuses"]) == (5000, {"NOERROR": 5000})


@pytest.mark.parametrize("when", ["after a write", "after a drain"])
def test_an_interrupt_splits_no_step(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, interruptible: None, when: str
) -> None:
    """Arriving before Python knows how much was written or drained, it neither doubles a row nor loses one."""
    write, taken = os.write, [0]
    interrupts = iter([signal.SIGINT])

    def step(name: str) -> None:
        for number in interrupts if name == when else ():
            signal.raise_signal(number)

    def counted(take: Callable[..., tuple[int, int, int]]) -> Callable[..., tuple[int, int, int]]:
        def counted_take(*arguments: object) -> tuple[int, int, int]:
            octets, rows, wanted = take(*arguments)
            taken[0] += rows
            step("after a drain")
            return octets, rows, wanted

        return counted_take

    def counted_write(fd: int, octets: memoryview) -> int:
        written = write(fd, octets)
        step("after a write")
        return written

    monkeypatch.setattr(Engine, "drain", counted(Engine.drain))
    monkeypatch.setattr(Engine, "work", counted(Engine.work))
    monkeypatch.setattr(os, "write", counted_write)
    names = some_names(tmp_path)
    assert main(["bulk", str(names), "--output", str(tmp_path / "rows"), "--server", server.address]) == 130
    rows = [json.loads(line)["name"] for line in (tmp_path / "rows").read_text().splitlines()]
    assert len(set(rows)) == len(rows) == taken[0] > 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# -- bulk: signals and terminals


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_does_not_split_the_totals(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, interruptible: None, sent: int
) -> None:
    """Arriving while they are about to be written, it ends the command when they are."""
    totals = bulk_command._totals  # pyright: ignore[reportPrivateUsage]

    def interrupted(*args: Any, **more: Any) -> dict[str, Any]:
        signal.raise_signal(sent)
        return totals(*args, **more)

    monkeypatch.setattr(bulk_command, "_totals", interrupted)
    words = ["bulk", some_names(tmp_path, 10), "--output", tmp_path / "rows", "--stats", tmp_path / "stats"]
    try:
        status = main([*map(str, words), "--server", server.address])
    except SystemExit as ended:
        status = ended.code
    assert status == 128 + sent
    assert json.loads((tmp_path / "stats").read_text())["rows"] == 10
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_interrupt_leaves_no_part_of_a_row_in_a_pipe(tmp_path: Path, server: Server) -> None:
    """Also when nobody reads it, and it can take no more."""
    ours, theirs = os.pipe()
    words = ["bulk", str(some_names(tmp_path)), "--server", server.address]
    with open(ours, "rb") as rows:
        with subprocess.Popen([*COMMAND, *words], stdout=theirs, preexec_fn=heeding_interrupts) as process:
            while select.select([], [theirs], [], 0)[1]:
                assert process.poll() is None
                select.select([], [], [], 0.01)
            process.send_signal(signal.SIGINT)
        os.close(theirs)
        assert process.returncode == 130
        assert all(json.loads(line)["name"] for line in rows)


def heeding_interrupts() -> None:
    """For the child: SIGINT is not ignored, also where the tests run as a job in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("command", ["query", "bulk"])
def test_an_interrupt_is_status_130(tmp_path: Path, command: str) -> None:
    """Quietly; the rows that were finished are written, none of them torn."""
    (tmp_path / "names.txt").write_text("a..b\nwww.example\n")
    words = {
        "query": ["query", "www.example"],
        "bulk": ["bulk", str(tmp_path / "names.txt"), "--output", str(tmp_path / "rows"), "--timeout", "60"],
    }[command]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.settimeout(30)
        words += ["--server", f"127.0.0.1:{deaf.getsockname()[1]}"]
        with subprocess.Popen(
            [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeding_interrupts
        ) as process:
            deaf.recv(512)  # the lookup is under way
            process.send_signal(signal.SIGINT)
            assert process.communicate() == (b"", b"")
    assert process.returncode == 130
    if command == "bulk":
        (row,) = (tmp_path / "rows").read_text().splitlines()
        assert json.loads(row)["results"]["A"]["status"] == "ILLEGAL_INPUT"


def on_a_terminal(words: list[str], **environment: str) -> str:
    """What the command shows on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm", **environment}
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                block = os.read(ours, 4096)
            except OSError:  # Linux's way to say that the other side is closed
                break
            shown += block
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def without_rich(folder: Path, there: bool) -> dict[str, str]:
    """The environment in which rich is missing, unless it is there."""
    if there:
        return {}
    (folder / "hidden").mkdir()
    (folder / "hidden/rich.py").write_text("raise ImportError('hidden')\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder / "hidden"), os.environ.get("PYTHONPATH", "")])}


@pytest.mark.parametrize("rich", [True, False])
def test_progress_is_shown_on_a_terminal(tmp_path: Path, server: Server, rich: bool) -> None:
    """Done, rate, in flight, ETA, statuses; plain where rich is missing."""
    names = some_names(tmp_path, 100)
    words = ["bulk", str(names), "--output", str(tmp_path / "rows"), "--server", server.address]
    shown = on_a_terminal(words, COLUMNS="120", NO_COLOR="1", **without_rich(tmp_path, rich))
    for part in ("100 done", "/s", "0 in flight", "ETA 0:00", "NOERROR 100"):
        assert part in shown
    assert "Traceback" not in shown


def test_an_interrupted_progress_line_ends_with_what_was_done(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not with what it was at the last update."""
    with (
        bulk_plan(1, server.address, {})()[0] as engine,
        open(some_names(tmp_path, 1), "rb") as names,
        suppress(KeyboardInterrupt),
        progress(engine.stats, Reader(names.fileno(), "names"), 1, shown=True) as tick,
    ):
        tick()
        assert engine.submit(Column.of(b"a..b", [4]), Types([1])) == 1
        engine.drain("zdns", memoryview(bytearray(4096)))
        raise KeyboardInterrupt
    assert capsys.readouterr().err.splitlines()[-1].split()[:2] == ["1", "done"]


@pytest.mark.parametrize("quiet", [True, False])
def test_who_is_to_type_names_is_told(server: Server, quiet: bool) -> None:
    """Without FILE on a terminal, the command does not wait in silence."""
    ours, theirs = pty.openpty()
    os.write(ours, b"www.example\n\x04")
    done = run("bulk", "--server", server.address, *["--quiet"] * quiet, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert quiet or one_line(done) == "resquery: note: reads names from the terminal, one on a line, until Ctrl-D"
    assert not (quiet and done.stderr)


def test_help_tells_the_ranges_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Those that a value is held against."""
    with pytest.raises(SystemExit):
        main(["bulk", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for option, low, high in (
        ("--max-in-flight N lookups at once", 1, SLOTS_MAX),
        ("--threads N threads", 1, THREADS_MAX),
        ("--rate N queries a second", 0.001, "1e9"),
        ("--timeout SECONDS a lookup ends by then", 0.001, 3600),
        ("--tries N queries for a name at the most", 1, 100),
    ):
        assert f"{option}, {low} to {high}" in said
    assert RATE_MAX == 1e9


@pytest.mark.parametrize("rich", [True, False])
def test_a_terminal_that_goes_away_costs_no_rows(tmp_path: Path, server: Server, rich: bool) -> None:
    """The progress is shown to nobody from then on, and the command goes on."""
    ours, theirs = pty.openpty()
    words = ["bulk", "--output", str(tmp_path / "rows"), "--server", server.address]
    environment = {**os.environ, "TERM": "xterm", **without_rich(tmp_path, rich)}
    with subprocess.Popen([*COMMAND, *words], stdin=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        assert process.stdin is not None
        process.stdin.write(b"www.example\n")
        process.stdin.flush()
        os.read(ours, 1)
        os.close(ours)
        process.stdin.write(b"www.example\n" * 2)
        process.stdin.close()
    assert (process.returncode, (tmp_path / "rows").read_bytes().count(b"\n")) == (0, 3)


def test_no_progress_is_shown_when_nobody_looks(tmp_path: Path, server: Server) -> None:
    """--quiet on a terminal, and a pipe for standard error."""
    words = ["bulk", str(some_names(tmp_path, 10)), "--output", str(tmp_path / "rows"), "--server", server.address]
    assert on_a_terminal([*words, "--quiet"]) == ""
    assert run(*words).stderr == b""
