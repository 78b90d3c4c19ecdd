"""Packets that are lost, late, out of order and doubled on their way: each lookup ends once, and by its deadline."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from proxy import proxied

import resquery
from resquery.testing import Server

NAMES = 500
TIMEOUT = 2.0
LATE_MOST = 0.1
ROUNDS = 3


def looked_up(address: str, adapt: bool) -> tuple[list[resquery.Row], float]:
    """The rows of all names, which are in flight at once, and how late the latest is.

    Counted from the moment at which its name was taken, before which its time cannot have begun.
    """
    taken: list[float] = []

    def names() -> Iterator[str]:
        for number in range(NAMES):
            taken.append(time.time())
            yield f"n{number}.many.example"

    rows = list(
        resquery.bulk(
            names(),
            servers=address,
            timeout=TIMEOUT,
            tries=8,
            try_timeout=0.4,
            max_in_flight=NAMES,
            spread=False,
            adapt=adapt,
        )
    )
    return rows, max(row.time - TIMEOUT - taken[row.index] for row in rows)


@pytest.mark.parametrize("adapt", [False, True])
@pytest.mark.parametrize("loss", range(0, 60, 10))
def test_each_lookup_ends_once_and_in_time_whatever_becomes_of_its_packets(loss: int, adapt: bool) -> None:
    """No row is missing, doubled or wrong, or more than 100 ms late.

    Late by the best of three: a busy machine may hold one up, but not what the lookup waits for.
    """
    late: list[float] = []
    with Server(synthesize="many.example.") as server, proxied(server.address, loss) as address:
        while len(late) < ROUNDS and min(late, default=1.0) > LATE_MOST:
            rows, latest = looked_up(address, adapt)
            late.append(latest)
            assert sorted(row.index for row in rows) == list(range(NAMES))
            statuses = Counter(row.status for row in rows)
            assert set(statuses) <= {"NOERROR", "TIMEOUT"}
            assert statuses["NOERROR"] >= NAMES * (1.0 if loss == 0 else 0.99 - loss / 100)
            assert all(row.answer[0].name == f"n{row.index}.many.example." for row in rows if row.answer)
    assert min(late) <= LATE_MOST
