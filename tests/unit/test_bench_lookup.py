"""The benchmark of lookups: it compares before it times, counts what is lost, and says what it did not measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from resquery.cli import main
from resquery.cli.bench import contenders, lookup, lookup_report, served
from resquery.cli.bench.lookup import Ran, Sample
from resquery.cli.bench.served import Rows, Served, check_rows
from resquery.errors import ResqueryError

ROOT = Path(__file__).parents[2]
PEERS = ["unbound", "blastdns", "blastdns_kept", "aiodns", "dnspython"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Room for the programs and files of all tests here."""
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def floor(folder: Path) -> Path:
    """bench/floor.c, compiled."""
    program, why = contenders.build(ROOT, folder, "floor")
    assert program is not None, why
    return program


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    """The embedded server, on three addresses."""
    with served.embedded(folder, 3) as running:
        yield running


def sample(names: int, cpu_s: float, *, wall_s: float = 1.0, missing: int = 0) -> Sample:
    """A run that took so long."""
    return Sample(names, Ran(cpu_s, wall_s, 2048, ""), Rows(names - missing, missing))


# --- names and their answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        b"n00000007.w0007.bench.example. A 10.0.0.7\n",
        b"n00000007.w0007.bench.example 10.0.0.7\n",
        b'{"name":"n00000007.w0007.bench.example","results":{"A":{"data":{"answers":[{"name":"n00000007.w0007.'
        b'bench.example","ttl":300,"answer":"10.0.0.7"}],"resolver":"127.0.0.1:5301"}}}}\n',
        b"N00000007XXX.w0007.BENCH.example 10.0.0.7\n",
        b"n00000007.w0007.bench.example 198.18.200.3\n",
    ],
)
def test_rows_of_every_client_are_understood(row: bytes) -> None:
    """As massdns, our scripts and zdns write them, in any case, from any server of ours; lines without are skipped."""
    assert check_rows(iter([b"\n", row, b"n00000001.w0001.bench.example TIMEOUT\n"]), 8) == (1, 7)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([b"n00000007.w0007.bench.example 10.0.0.8"], "a wrong answer"),
        ([b"n00000007.w0007.bench.example 10.0.0.7"] * 2, "two answers for one name"),
        ([b"n00000008.w0008.bench.example 10.0.0.8"], "was not asked"),
        ([b"n00000007.w0006.bench.example 10.0.0.6"], "was not asked"),
    ],
)
def test_a_wrong_row_ends_it(rows: list[bytes], complaint: str) -> None:
    """Another name's address, an answer that comes twice, a name that nobody asked for."""
    with pytest.raises(ResqueryError, match=complaint):
        check_rows(iter(rows), 8)


def test_the_zone_and_the_check_agree() -> None:
    """What the zone file says of a wildcard is what a row is held against."""
    lines = [line.split() for line in served._zone_text().splitlines() if line.startswith("*.w")]
    assert len(lines) == len({address for _, _, address in lines}) == served.WILDCARDS
    for index in (0, 7, 256, 65_535, 65_536 + 300):
        wildcard, _, address = lines[index % served.WILDCARDS]
        assert served.name(index).endswith(f"{wildcard[1:]}.{served.ZONE}")
        assert served.is_right(index, address)


@pytest.mark.parametrize("mixed", [False, True])
def test_names_are_distinct_and_counted(tmp_path: Path, mixed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over several blocks; of one length or of sixteen."""
    monkeypatch.setattr(served, "_BLOCK", 100)
    served.write_names(tmp_path / "names", 1234, mixed=mixed)
    names = (tmp_path / "names").read_text().split()
    assert len(names) == len(set(names)) == 1234
    assert names == [served.name(index, mixed=mixed) for index in range(1234)]
    assert len(set(map(len, names))) == (16 if mixed else 1)


# --- the arithmetic ---------------------------------------------------------------------------------------------------


def test_cpu_time_a_lookup_leaves_out_what_it_takes_to_start() -> None:
    """The median of the runs with one name is taken off each run with all."""
    starts = [sample(1, 0.1), sample(1, 0.3), sample(1, 0.2)]
    each = lookup.marginal(starts, [sample(1001, 1.2), sample(1001, 2.2)])
    assert each == pytest.approx([0.001, 0.002])


def test_figures_are_spreads_of_the_rounds() -> None:
    """A million lookups a second of CPU are 1 µs each; ratios are taken round by round; what is lost is a share."""
    party = next(one for one in contenders.contenders(None) if one.key == "rows")
    starts = [sample(1, 0.0, wall_s=1.0)] * 3
    full = [sample(1001, 0.002, wall_s=2.0), sample(1001, 0.004, wall_s=2.0, missing=1), sample(1001, 0.003)]
    found = lookup.figures(party, starts, full, [1e-6, 4e-6, 1e-6])
    assert found["us"] == pytest.approx({"median": 3.0, "p10": 2.0, "p90": 4.0})
    assert found["ratio"] == pytest.approx({"median": 2.0, "p10": 1.0, "p90": 3.0})
    assert found["per_s"]["median"] == pytest.approx(1001)
    assert found["unanswered"] == pytest.approx(1 / 3003)
    assert found["peak_mib"]["median"] == 2
    assert lookup.figures(party, starts, full, [])["ratio"] is None


def figures_of(**cpu: float) -> dict[str, Any]:
    """Figures as measured, with these microseconds a lookup."""
    made: dict[str, Any] = {}
    for key, us in cpu.items():
        flat = {"median": us, "p10": us, "p90": us}
        made[key] = {
            "title": f"<{key}>", "group": "peer", "names": 9, "us": flat, "us_by_round": [us, us],
            "whole_us": flat, "start_ms": flat, "per_s": flat, "peak_mib": flat, "unanswered": 0.25, "ratio": flat,
        }  # fmt: skip
    return made


def found(*cases: dict[str, Any]) -> dict[str, Any]:
    """What a run of these cases writes."""
    listed = [{"title": f"case {at}", "case": {}, "servers": {"knot": one}} for at, one in enumerate(cases)]
    return {"machine": "m", "versions": {}, "rounds": 2, "cases": listed, "missing": ["zdns: not there"]}


def test_the_tables_say_what_grows_and_what_was_not_measured() -> None:
    """CPU of a later case beside the first, two threads beside one, and who is missing."""
    text = lookup_report.tables(found(figures_of(ndjson=2.0, ndjson_2=2.5), figures_of(ndjson=3.0)))
    assert "knot, case 1, beside case 0" in text
    assert "1.50 (1.50-1.50)" in text
    assert "+1.0" in text
    assert "knot, case 0: ndjson: in a CPU second two threads do 0.80 (0.80-0.80) of one's work" in text
    assert "25.0000%" in text
    assert "not measured: zdns: not there" in text


def test_the_table_for_the_readme_holds_the_medians() -> None:
    """A line for each client."""
    lines = lookup_report.markdown(found(figures_of(ndjson=1234.0))).splitlines()
    assert lines[2] == "| client | CPU s per 10^6 | times the floor | lookups/s seen | peak memory |"
    assert lines[4] == "| <ndjson> | 1,234 (1,234 - 1,234) | 1,234x | 1,230 | 1234 MiB |"


def test_the_chart_is_a_drawing() -> None:
    """Well-formed, with escaped names and a bar for each client."""
    drawing = lookup_report.svg(found(figures_of(fast=0.5, slow=500.0)))
    rectangles = ElementTree.fromstring(drawing).findall("{http://www.w3.org/2000/svg}rect")
    lengths = [float(one.attrib["width"]) for one in rectangles]
    assert len(lengths) == 2
    assert 0 < lengths[0] < lengths[1]
    assert "&lt;fast&gt;" in drawing


# --- processes --------------------------------------------------------------------------------------------------------


def test_a_run_tells_what_its_process_used(tmp_path: Path) -> None:
    """CPU of its own, memory of its own, and what it printed."""
    code = "x = bytearray(60 << 20); sum(range(2_000_000)); import time; time.sleep(0.2); print('done')"
    ran = lookup.run([sys.executable, "-c", code], tmp_path)
    assert ran.said == "done\n"
    assert ran.cpu_s > 0
    assert ran.wall_s >= 0.2
    assert ran.peak_kib > 60 << 10


def test_a_run_that_fails_ends_it(tmp_path: Path) -> None:
    """With its exit status and what it complained of."""
    with pytest.raises(ResqueryError, match=r"failed with 3: too bad"):
        lookup.run([sys.executable, "-c", "import sys; print('too bad', file=sys.stderr); sys.exit(3)"], tmp_path)


@pytest.mark.parametrize("form", ["udp", "gso", "one", "tcp", "latency"])
def test_the_floor_is_answered_in_every_form(folder: Path, floor: Path, server: Served, form: str) -> None:
    """One answer for each name, whatever the lengths of the names."""
    served.write_names(folder / "mixed", 3000, mixed=True)
    said = json.loads(lookup.run([str(floor), form, str(folder / "mixed"), "127.0.0.1", str(server.port)], folder).said)
    assert said["answers"] == 3000


def test_the_floor_asks_servers_in_turn(folder: Path, floor: Path, server: Served) -> None:
    """From the first address on, as many as it is told."""
    served.write_names(folder / "turns", 3000)
    command = [str(floor), "udp", str(folder / "turns"), "127.0.0.1", str(server.port), "3"]
    assert json.loads(lookup.run(command, folder).said)["answers"] == 3000


def test_the_floor_asks_again_for_what_is_lost(folder: Path, floor: Path) -> None:
    """So that it ends, with an answer for each name."""
    served.write_names(folder / "lossy", 200)
    with served.embedded(folder, loss=0.3) as lossy:
        said = json.loads(
            lookup.run([str(floor), "udp", str(folder / "lossy"), "127.0.0.1", str(lossy.port)], folder).said
        )
    assert said["answers"] == 200
    assert said["lost"] > 10


@pytest.mark.parametrize(
    "key", [*PEERS, "columns", "columns_tcp", "rows", "rows_tcp", "ndjson", "ndjson_tcp", "ndjson_null_tcp"]
)
def test_every_client_answers_the_same(folder: Path, server: Served, key: str) -> None:
    """Each name once, with its right address, as checked before anything is timed; and as many when it only counts."""
    party = next(one for one in contenders.contenders(None) if one.key == key)
    if why := party.missing():
        pytest.skip(why)
    served.write_names(folder / "some", 50)
    for checked in (True, False):
        task = contenders.Task(folder, folder / "some", 50, server._replace(hosts=server.hosts[:1]), checked)
        assert party.counted(task, lookup.run(party.command(task), folder).said) == (50, 0)


def test_columns_are_checked_without_pyarrow(
    folder: Path, server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that resquery does not need itself is needed to measure it."""
    (tmp_path / "pyarrow.py").write_text("raise ImportError('hidden')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    served.write_names(folder / "plain", 50)
    party = next(one for one in contenders.contenders(None) if one.key == "columns")
    task = contenders.Task(folder, folder / "plain", 50, server, True)
    assert party.missing() == ""
    assert party.counted(task, lookup.run(party.command(task), folder).said) == (50, 0)


@pytest.mark.parametrize("key", ["columns", "rows", "ndjson"])
def test_a_name_without_an_answer_is_not_counted(folder: Path, key: str) -> None:
    """In whatever form the rows come."""
    party = next(one for one in contenders.contenders(None) if one.key == key)
    served.write_names(folder / "half", 40)
    with (folder / "half").open("a") as names:
        names.writelines(f"n{i}.elsewhere.example\n" for i in range(10))
    with served.embedded(folder) as ours:
        task = contenders.Task(folder, folder / "half", 50, ours, False)
        assert party.counted(task, lookup.run(party.command(task), folder).said) == (40, 10)


# --- the commands -----------------------------------------------------------------------------------------------------


def test_the_command_measures_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two cases at an embedded server: JSON, a chart and a table, and a line for who cannot run."""
    files = {kind: tmp_path / kind for kind in ("json", "svg", "markdown")}
    words = ["bench", "lookup", "--names", "20", "40", "--rounds", "2", "--server", "embedded", "--only"]
    words += ["floor_udp,ndjson,rows", *(word for kind, path in files.items() for word in (f"--{kind}", str(path)))]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "not measured: floor needs resquery's sources: --sources" in out
    assert "embedded, 40 names, 1 server, beside 20 names, 1 server" in out
    cases = json.loads(files["json"].read_text())["cases"]
    assert [case["case"]["names"] for case in cases] == [20, 40]
    assert set(cases[0]["servers"]["embedded"]) == {"ndjson", "rows"}
    assert files["markdown"].read_text().count("| for row in resquery.bulk |") == 2
    assert ElementTree.fromstring(files["svg"].read_text()).tag.endswith("svg")


def test_latency_is_told_beside_the_floor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each contender's median, and how much more than sendto and recvfrom in C."""
    words = ["bench", "latency", "--server", "embedded", "--names", "20", "--rounds", "2", "--sources", str(ROOT)]
    assert main([*words, "--json", str(tmp_path / "json")]) == 0
    figures = json.loads((tmp_path / "json").read_text())
    assert {"sendto, recvfrom in C", "Resolver.resolve", "Resolver.res_query", "glibc res_nquery"} <= set(figures["us"])
    assert set(figures["more"]) == set(figures["us"]) - {"sendto, recvfrom in C"}
    assert "more than the floor" in capsys.readouterr().out


def test_contenders_are_listed_and_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """By their keys; one that is not known is named."""
    assert main(["bench", "lookup", "--only", "list"]) == 0
    assert "ndjson " in capsys.readouterr().out
    assert main(["bench", "lookup", "--only", "ndjson,nonsense"]) == 1
    assert "there is no contender 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--names", "0"], ["--names", "x"], ["--loss", "100"], ["--loss", "x"], ["--delay-ms", "-1"], ["--rounds", "1"]],
)
def test_wrong_usage_is_refused(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """With exit status 2 and one line, before a server is started."""
    with pytest.raises(SystemExit) as ended:
        main(["bench", "lookup", *words])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("what", ["parse", "lookup", "latency"])
def test_help_says_how_many_rounds_there_must_be(capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Who asks for one learns it before."""
    with pytest.raises(SystemExit):
        main(["bench", what, "--help"])
    assert "rounds, 2 or more, in which all take turns" in " ".join(capsys.readouterr().out.split())


def test_clients_do_not_load_resquery() -> None:
    """An opponent's process holds nothing of ours: its CPU and memory are its own."""
    clients = Path(contenders.__file__).with_name("clients.py")
    code = f"import runpy, sys; runpy.run_path({str(clients)!r}); print('resquery' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
