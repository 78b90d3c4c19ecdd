"""Who looks names up in `resquery bench lookup`: a command each, and how its answers are counted and checked.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ...errors import ResqueryError
from .served import Rows, Served, check_rows

FLOOR = "floor_udp"  # what the others are measured against
_BARE = ("--no-adapt", "--no-share", "--no-spread", "--no-case", "--no-cookies", "--hops", "0")
_CLIENTS = Path(__file__).with_name("clients.py")
_DNSPERF_DONE = re.compile(r"Queries completed: +(\d+)")
_DNSPERF_RIGHT = re.compile(r"NOERROR (\d+)")


class Task(NamedTuple):
    """One run: whom to ask for what, and where there is room."""

    folder: Path
    names: Path
    total: int
    served: Served
    checked: bool  # its answers are looked at, where a run that is timed would only count them


class Contender(NamedTuple):
    """A way to look names up."""

    key: str
    title: str
    group: str  # "floor", "resquery" or "peer"
    command: Callable[[Task], list[str]]
    counted: Callable[[Task, str], Rows]  # what it answered, from its standard output or its files
    missing: Callable[[], str]  # why it cannot run; "" when it can
    slow: bool = False  # gets fewer names, and its figures are scaled
    one_server: bool = False


def contenders(floor: Path | None) -> list[Contender]:
    """All of them, in the order of the tables. `floor` is the program made from bench/floor.c, if there is one."""
    return [
        _floor("udp", "floor: sendmmsg, recvmmsg", floor, one_server=False),
        _floor("gso", "floor: UDP GSO", floor, one_server=False),
        _floor("one", "floor: send, recv", floor),
        _floor("tcp", "floor: TCP", floor),
        _bulk("ndjson", "resquery bulk, NDJSON to a file"),
        _bulk("ndjson_null", "resquery bulk, NDJSON thrown away", output=os.devnull),
        _bulk("ndjson_tcp", "resquery bulk --transport tcp", "--transport", "tcp"),
        _bulk("ndjson_null_tcp", "the same, thrown away", "--transport", "tcp", output=os.devnull),
        _bulk("ndjson_2", "resquery bulk --threads 2", "--threads", "2"),
        _bulk("ndjson_bare", "resquery bulk, all manners off", *_BARE),
        _client("columns", "resquery.bulk_columns, answers counted", "resquery"),
        _client("columns_tcp", 'bulk_columns(transport="tcp")', "resquery", "columns", 'transport="tcp"'),
        _client("rows", "for row in resquery.bulk", "resquery"),
        _client("rows_tcp", 'for row in bulk(transport="tcp")', "resquery", "rows", 'transport="tcp"'),
        _client("rows_2", "for row in bulk(threads=2)", "resquery", "rows", "threads=2"),
        Contender("massdns", "massdns -o Snl", "peer", _massdns, _in_file, _program("massdns"), one_server=False),
        Contender("dnsperf", "dnsperf", "peer", _dnsperf, _dnsperf_count, _program("dnsperf"), one_server=True),
        Contender("zdns", "zdns A", "peer", _zdns, _in_file, _program("zdns"), slow=True),
        _client("unbound", "libunbound", "peer"),
        _client("blastdns", "blastdns, 256 in flight", "peer"),
        _client("blastdns_kept", "blastdns, kept sockets", "peer", "blastdns", "kept=true"),
        _client("aiodns", "aiodns", "peer"),
        _client("dnspython", "dnspython, asyncio", "peer"),
    ]


def chosen(all_of_them: list[Contender], only: str | None) -> tuple[list[Contender], list[str]]:
    """Those that were asked for and can run, and why others cannot. Raises ResqueryError for one that is not known."""
    if only == "list":
        return all_of_them, []
    keys = only.split(",") if only else [one.key for one in all_of_them]
    for key in keys:
        if key not in {one.key for one in all_of_them}:
            raise ResqueryError(f"there is no contender {key!r}: --only list lists them")
    wanted = [one for one in all_of_them if one.key in keys]
    reasons = {one.key: one.missing() for one in wanted}
    return [one for one in wanted if not reasons[one.key]], [
        f"{one.title}: {reasons[one.key]}" for one in wanted if reasons[one.key]
    ]


def build(sources: Path | None, folder: Path, program: str, *libraries: str) -> tuple[Path | None, str]:
    """A program of bench/ in the sources, or why there is none. Raises ResqueryError when it does not compile."""
    if sources is None:
        return None, f"{program} needs resquery's sources: --sources"
    built = folder / program
    compiler = [*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-D_GNU_SOURCE", "-O2"]
    source = sources / "bench" / f"{program}.c"
    try:
        done = subprocess.run(
            [*compiler, str(source), "-o", str(built), *libraries], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None, f"{program} needs a C compiler"
    if done.returncode != 0:
        raise ResqueryError(f"{source} does not compile: {done.stderr.strip()[:2000]}")
    return built, ""


# --- the floor: it tells how many answers came, and looks at none ----------------------------------------------------


def _floor(form: str, title: str, program: Path | None, *, one_server: bool = True) -> Contender:
    def command(task: Task) -> list[str]:
        served = task.served
        return [str(program), form, str(task.names), served.hosts[0], str(served.port), str(len(served.hosts))]

    def missing() -> str:
        return "" if program else "was not built"

    return Contender(f"floor_{form}", title, "floor", command, _printed, missing, one_server=one_server)


def _printed(task: Task, said: str) -> Rows:
    answers = int(json.loads(said.splitlines()[-1])["answers"])
    return Rows(answers, task.total - answers)


# --- resquery's command ----------------------------------------------------------------------------------------------


def _bulk(key: str, title: str, *options: str, output: str | None = None) -> Contender:
    def command(task: Task) -> list[str]:
        words = [sys.executable, "-m", "resquery", "bulk", str(task.names), "--type", "A", *options]
        rows = _output(task) if output is None or task.checked else output
        return [*words, "--servers", str(_server_list(task)), "--output", str(rows), "--stats", str(_stats(task))]

    def count(task: Task, said: str) -> Rows:
        totals = json.loads(_stats(task).read_text(encoding="utf-8"))
        if totals["rows"] != task.total:
            raise ResqueryError(f"{title}: {totals['rows']} rows for {task.total} names")
        right = totals["statuses"].get("NOERROR", 0)
        return _in_file(task, said) if output is None or task.checked else Rows(right, task.total - right)

    return Contender(key, title, "resquery", command, count, _option(options[0]) if options else _nothing)


def _option(option: str) -> Callable[[], str]:
    def missing() -> str:
        help_text = subprocess.run(
            [sys.executable, "-m", "resquery", "bulk", "--help"], capture_output=True, text=True, check=False
        ).stdout
        return "" if option in help_text else f"resquery bulk has no {option}"

    return missing


def _nothing() -> str:
    return ""


# --- programs in Python, see clients.py ------------------------------------------------------------------------------


def _client(key: str, title: str, group: str, who: str | None = None, *more: str) -> Contender:
    def command(task: Task) -> list[str]:
        output = str(_output(task)) if task.checked else "-"
        return [
            sys.executable, str(_CLIENTS), who or key, str(task.names), output, *task.served.addresses, *more
        ]  # fmt: skip

    def count(task: Task, said: str) -> Rows:
        return _in_file(task, said) if task.checked else _printed(task, said)

    def missing() -> str:
        if key == "unbound":
            return "" if find_library("unbound") else "libunbound is not installed"
        module = {"dnspython": "dns"}.get(key, (who or key) if group == "peer" else "resquery")
        if any("threads" in word for word in more) and not _bulk_takes("threads"):
            return "bulk() has no threads"
        return "" if find_spec(module) else f"{module} is not installed: pip install 'resquery[bench]'"

    return Contender(key, title, group, command, count, missing, slow=group == "peer")


def _bulk_takes(setting: str) -> bool:
    from inspect import signature

    from ...bulk import bulk

    return setting in signature(bulk).parameters


# --- other programs --------------------------------------------------------------------------------------------------


def _massdns(task: Task) -> list[str]:
    """With as many lookups at once as resquery has: its own default, 10,000, floods the server and costs it more."""
    servers = str(_server_list(task))
    return [
        "massdns",
        "-q",
        "-s",
        "1000",
        "-r",
        servers,
        "-t",
        "A",
        "-o",
        "Snl",
        "-w",
        str(_output(task)),
        str(task.names),
    ]


def _dnsperf(task: Task) -> list[str]:
    queries = task.names.with_suffix(".queries")
    if not queries.exists():
        with task.names.open(encoding="ascii") as names, queries.open("w", encoding="ascii") as file:
            for line in names:
                file.write(f"{line[:-1]} A\n")
    host, port = task.served.hosts[0], str(task.served.port)
    return ["dnsperf", "-s", host, "-p", port, "-d", str(queries), "-n", "1", "-c", "1", "-T", "1", "-t", "1", "-e"]


def _dnsperf_count(task: Task, said: str) -> Rows:
    done, right = _DNSPERF_DONE.search(said), _DNSPERF_RIGHT.search(said)
    if done is None or right is None or int(done[1]) != int(right[1]):
        raise ResqueryError(f"dnsperf does not say that all answers are NOERROR: {said[-500:]}")
    return Rows(int(right[1]), task.total - int(right[1]))


def _zdns(task: Task) -> list[str]:
    servers = ",".join(task.served.addresses)
    words = ["zdns", "A", f"--name-servers={servers}", "--threads=100"]
    return [*words, f"--input-file={task.names}", f"--output-file={_output(task)}"]


def _program(name: str) -> Callable[[], str]:
    def missing() -> str:
        return "" if shutil.which(name) else f"{name} is not on the PATH"

    return missing


# --- files of a run --------------------------------------------------------------------------------------------------


def _output(task: Task) -> Path:
    return task.folder / "rows"


def _stats(task: Task) -> Path:
    return task.folder / "stats.json"


def _server_list(task: Task) -> Path:
    path = task.folder / "servers"
    path.write_text("".join(f"{address}\n" for address in task.served.addresses), encoding="ascii")
    return path


def _in_file(task: Task, said: str) -> Rows:
    with _output(task).open("rb") as lines:
        return check_rows(lines, task.total)
