"""What `rate`, `rate_per_server`, `max_in_flight_per_server` and `adapt` promise, seen from the server's side.

The precise properties are shown on virtual time, in tests/c/test_pace.c.
"""

import time
from collections import Counter

import pytest

from resquery import BulkSettings, bulk
from resquery.testing import Query, Server

ADDRESS = "{name} 300 IN A 192.0.2.1"
HOSTS = tuple(f"127.0.0.{n}" for n in range(1, 5))
PACED: list[tuple[BulkSettings, int, int]] = [
    ({"rate": 200.0}, 1, 200),
    ({"rate": 200.0, "transport": "tcp"}, 1, 200),
    ({"rate": 200.0, "threads": 2}, 1, 200),
    ({"rate_per_server": 50.0}, 4, 200),
]


def names(count: int) -> list[str]:
    """So many different ones."""
    return [f"n{n}.example" for n in range(count)]


@pytest.mark.parametrize(("settings", "servers", "rate"), PACED)
def test_rates_hold(settings: BulkSettings, servers: int, rate: int) -> None:
    """200 queries at 200 a second take a second, less the first tokens; and no lookup runs out of its own time."""
    with Server(synthesize="example", hosts=HOSTS[:servers]) as server:
        began = time.monotonic()
        rows = list(bulk(names(rate), servers=server.addresses, timeout=0.5, tries=1, **settings))
        took = time.monotonic() - began
    assert Counter(row.status for row in rows) == {"NOERROR": rate}
    assert took > 0.9


def test_no_more_than_so_many_are_in_flight_at_one_server() -> None:
    """While the server holds five queries for 50 ms, no sixth one comes."""
    times: list[float] = []

    def answer(query: Query) -> str:
        times.append(time.monotonic())
        return ADDRESS.format(name=query.name)

    with Server(answer=answer, delay=0.05) as server:
        rows = list(bulk(names(60), servers=server.address, max_in_flight_per_server=5, adapt=False, tries=1))
    assert Counter(row.status for row in rows) == {"NOERROR": 60}
    assert all(later - earlier > 0.04 for earlier, later in zip(times, times[5:], strict=False))


def test_a_dead_server_is_left_out() -> None:
    """With `adapt`, few lookups meet the one server of three that is silent; all are answered."""
    with Server(synthesize="example", hosts=HOSTS[:2]) as server:
        dead = f"127.0.0.9:{server.port}"
        rows = list(
            bulk(names(3000), servers=[*server.addresses, dead], timeout=6.0, tries=3, try_timeout=0.2, rate=1500.0)
        )
    assert Counter(row.status for row in rows) == {"NOERROR": 3000}
    assert sum(row.tries > 1 for row in rows) < 800  # without `adapt` 1,000 begin there


def test_rows_are_out_in_time_whatever_is_lost() -> None:
    """Half of all queries are lost, and each row comes by its deadline: no lookup begins before it may be sent."""
    with Server(synthesize="example", loss=0.5, seed=1) as server:
        rows = list(bulk(names(300), servers=server.address, timeout=1.0, tries=3, rate=600.0))
    assert {row.status for row in rows} <= {"NOERROR", "TIMEOUT"}
    assert len(rows) == 300
    assert all(row.tries <= 3 for row in rows)
    assert sum(row.status == "NOERROR" for row in rows) > 200


def test_repeats_are_told_apart_from_tries() -> None:
    """What is lost at a server that is usually quick is sent again within its try, up to thrice; the try is one."""
    with Server(synthesize="example", loss=0.3, seed=2) as server:
        rows = list(bulk(names(400), servers=server.address, timeout=4.0, tries=1))
    assert sum(row.status == "NOERROR" for row in rows) > 380  # 0.99 of all; without repeats it would be 0.7, 280
    assert {row.tries for row in rows} == {1}
