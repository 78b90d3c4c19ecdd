"""The benchmark of parsing: it compares before it times, says what it did not measure, and draws what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from resquery import Message
from resquery.cli import main
from resquery.cli.bench import chart, measure, native, peers, report
from resquery.cli.bench.shapes import shapes
from resquery.errors import ResqueryError

ROOT = Path(__file__).parents[2]
OURS = {"columns", "rcode", "typed", "text"}
SIZES = {"A x1": 60, "A x4": 108, "MX + glue": 181, "NXDOMAIN + SOA": 96, "TXT": 213, "HTTPS": 113}
SPREAD = {"median": 1.0, "p10": 1.0, "p90": 1.0}


@pytest.fixture(autouse=True)
def quick_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is built here has to be right, not fast."""
    monkeypatch.setattr(native, "_FLAGS", [*native._FLAGS, "-O0"])


def found(**more: Any) -> dict[str, Any]:
    """Figures of one shape, as measured."""
    ns = {
        who: {"median": at, "p10": at, "p90": at} for who, at in (("typed", 100.0), ("dnspython", 1e4), ("dnslib", 1e3))
    }
    shape = {"octets": 60, "ns": ns, "ratio": {"dnspython/typed": {"median": 100.0, "p10": 90.5, "p90": 110.0}}}
    return {"machine": "m", "versions": {}, "rounds": 2, "python": {"A < B": shape}, "c_missing": []} | more


def test_the_messages_are_those_that_are_documented() -> None:
    """Six small ones of fixed size, a 100-MX answer, and one of about 64 kB; all of them whole."""
    wires = shapes()
    assert {shape: len(wire) for shape, wire in wires.items()}.items() >= SIZES.items()
    assert 8500 <= len(wires["MX x100"]) <= 8600
    assert 63_000 <= len(wires["pointer chains"]) <= 65_535
    for wire in wires.values():
        assert not Message(wire).truncated
    assert len({record.rdata for record in Message(wires["pointer chains"]).answer}) == 3500


def test_the_largest_message_is_the_worst_case_of_compression() -> None:
    """Nearly all of its records have an owner of 251 octets, which stands there in two."""
    names = [record.name for record in Message(shapes()["pointer chains"]).answer]
    assert sum(len(name) == 250 and name.count(".") == 125 for name in names) > 3480


def test_opponents_read_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The command runs through, says each figure, and writes JSON and a chart; its table is narrow enough."""
    figures, drawing = tmp_path / "figures.json", tmp_path / "bars.svg"
    words = ["bench", "parse", "--quick", "--json", str(figures), "--svg", str(drawing)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines()[1:])) <= 110
    written = json.loads(figures.read_text())
    assert set(written["python"]) == set(shapes())
    for one in written["python"].values():
        assert set(one["ns"]) >= OURS | {"dnspython", "dnslib"}
        assert set(one["ratio"]) >= {"dnspython/rcode", "dnspython/typed", "dnslib/typed", "dnspython/columns"}
        assert all(0 < times["p10"] <= times["median"] <= times["p90"] for times in one["ns"].values())
    assert "not measured: the opponents in C need resquery's sources: --sources" in out
    assert ElementTree.fromstring(drawing.read_text()).tag.endswith("svg")


@pytest.mark.parametrize("who", ["dnspython", "dnslib"])
def test_an_opponent_that_reads_otherwise_ends_it(monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """One octet of one record is enough, and nothing is timed."""
    facts = getattr(peers, f"_facts_{who}")
    wire = shapes()["A x1"]
    monkeypatch.setattr(peers, f"_facts_{who}", lambda wire: facts(wire.replace(b"\xc0\0\x02\x01", b"\xc0\0\x02\x02")))
    with pytest.raises(ResqueryError, match=f"A x1: {who} does not read the same sections; nothing was timed"):
        peers.check_alike({"A x1": wire})


def test_an_extra_that_is_not_there_is_named() -> None:
    """One line that says what to install."""
    code = "import sys; sys.modules['dnslib'] = None; from resquery.cli import main; sys.exit(main(['bench', 'parse']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "resquery: bench parse needs dnslib: pip install 'resquery[bench]'\n"


@pytest.mark.parametrize("what", ["lookup", "latency"])
def test_lookups_are_timed_without_the_opponents_that_read_messages(what: str) -> None:
    """Neither dnslib nor dnspython is needed to begin with."""
    code = (
        "import sys; sys.modules.update({'dnslib': None, 'dns': None}); "
        f"from resquery.cli.bench import {what}, lookup_report, report"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("rounds", ["1", "-3", "many"])
def test_too_few_rounds_are_refused(capsys: pytest.CaptureFixture[str], rounds: str) -> None:
    """One has no spread."""
    with pytest.raises(SystemExit) as ended:
        main(["bench", "parse", "--rounds", rounds])
    assert ended.value.code == 2
    assert "give 2 rounds or more" in capsys.readouterr().err


def test_ratios_are_medians_of_the_rounds() -> None:
    """Not the ratio of two medians: a slow moment of the machine hits both sides of a round."""
    times = {"slow": [100.0, 400.0, 30.0], "fast": [1.0, 2.0, 3.0]}
    ratio = measure.summary(60, times, (("slow", "fast"), ("absent", "fast")))["ratio"]
    assert ratio == {"slow/fast": {"median": 100.0, "p10": 10.0, "p90": 200.0}}


def test_what_was_not_measured_is_said() -> None:
    """A library that is missing leaves a line, not a gap."""
    text = report.tables(found(c_missing=["pkg-config does not find libcares >= 1.28"]))
    assert "not measured: pkg-config does not find libcares >= 1.28" in text
    assert "100 (90.5-110)" in text


def test_the_tables_for_the_readme_hold_the_medians() -> None:
    """A line for each message: its size, times with their units, ratios."""
    lines = report.markdown(found()).splitlines()
    assert lines[0] == "| message | octets | typed | dnspython | dnslib | dnspython/typed |"
    assert lines[2] == "| A < B | 60 | 100 ns | 10.0 µs | 1.00 µs | 100x |"


def test_the_chart_shows_speed_beside_dnspython() -> None:
    """A bar of two decades for what is a hundred times faster; names are escaped; C only where it was measured."""
    drawing = chart.svg(found())
    assert "100×" in drawing
    assert "10.0×" in drawing
    assert "A &lt; B" in drawing
    assert "in C" not in drawing
    in_c = {"A < B": {"octets": 60, "ns": {"resquery": SPREAD}, "ratio": {}}}
    assert "in C" in chart.svg(found(c=in_c))


def test_the_program_in_c_times_us_and_whom_it_finds() -> None:
    """With the sources at hand our own figure is there, and each library has a figure or a line that it is missing."""
    wires = {"A x1": shapes()["A x1"], "MX + glue": shapes()["MX + glue"]}
    figures = native.measure(wires, 2, ROOT)
    for one in figures["c"].values():
        assert set(one["ns"]) == {"resquery", *figures["c_versions"]}
        assert set(one["ratio"]) == {f"{who}/resquery" for who in figures["c_versions"]}
    assert len(figures["c_versions"]) + len(figures["c_missing"]) == 2


def test_the_program_in_c_refuses_what_it_cannot_read() -> None:
    """A message cut short is not timed."""
    with pytest.raises(ResqueryError, match="does not read the whole message"):
        native.measure({"cut": shapes()["A x1"][:-1]}, 2, ROOT)


def test_an_opponent_in_c_that_reads_otherwise_ends_it() -> None:
    """Two OPT records: c-ares refuses them, ldns keeps the last, we keep both."""
    wire = shapes()["A x1"]
    if not native.measure({"A x1": wire}, 2, ROOT)["c_versions"]:
        pytest.skip("needs libcares (1.28 or newer) or ldns")
    twice = wire[:10] + b"\0\2" + wire[12:] + wire[-11:]
    with pytest.raises(ResqueryError, match=r"parse_c: (c-ares|ldns): (does not read|reads)"):
        native.measure({"two OPTs": twice}, 2, ROOT)


def test_no_compiler_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures in Python are worth having without those in C."""
    monkeypatch.setenv("CC", "no-such-compiler")
    assert native.measure(shapes(crowd=60), 2, ROOT) == {"c_missing": ["there is no C compiler"]}
