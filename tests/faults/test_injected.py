"""System calls of the shipped program that fail in the kernel (strace --inject): no name is lost in silence.

On a simulated kernel, call by call: tests/c/test_replay.c.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from resquery.testing import Fault, Server, Truncate

ERRORS = ("EINTR", "EAGAIN", "ENOBUFS", "EMFILE", "ENETUNREACH", "ECONNREFUSED")
CALLS = (
    *("socket", "connect", "setsockopt", "getsockopt", "epoll_create1", "epoll_ctl"),
    *("epoll_wait", "sendmmsg", "recvmmsg", "sendto", "recvfrom"),
)
NAMES = [f"n{number}.many.example" for number in range(40)]


def bulk_with(server: str, call: str, error: str, first: int, last: int) -> subprocess.CompletedProcess[str]:
    """`resquery bulk` where these calls fail, counted from 1."""
    traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    traced += ["-e", f"inject={call}:error={error}:when={first}..{last}"]
    words = ["-m", "resquery", "bulk", "-", "--server", server, "--timeout", "5", "--tries", "30", "--quiet"]
    return subprocess.run(
        [*traced, sys.executable, *words],
        input="\n".join(NAMES),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def traceable() -> None:
    """Where nothing can be traced the tests are skipped, and say why; with RESQUERY_REQUIRE_SERVERS=1 they fail."""
    reason = "" if shutil.which("strace") else "strace is not installed"
    if (
        not reason
        and subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
    ):
        reason = "this machine, or this user, may not trace a program"
    if reason and os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.mark.usefixtures("traceable")
@pytest.mark.parametrize("call", CALLS)
def test_failing_calls_of_the_program_cost_no_name(call: str) -> None:
    """The first call, and the first twenty, in six ways; over UDP, and for half of the names over TCP then."""
    fault = Fault(transport="udp", probability=0.5, action=Truncate())
    with Server(synthesize="many.example.", faults=[fault], seed=1) as server:
        for error in ERRORS:
            for first, last in ((1, 1), (2, 20)):
                done = bulk_with(server.address, call, error, first, last)
                if done.returncode == 0:
                    rows = [json.loads(line) for line in done.stdout.splitlines()]
                    assert sorted(row["name"] for row in rows) == sorted(NAMES), (error, first)
                else:
                    assert (done.returncode, done.stdout) == (1, ""), (error, first, done.stderr)
                    assert done.stderr.startswith("resquery: "), (error, first, done.stderr)
                    assert len(done.stderr.splitlines()) == 1, (error, first, done.stderr)
