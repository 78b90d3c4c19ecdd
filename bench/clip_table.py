"""The 100-MX question asked with buffers of eight sizes: what is returned, told and written, resquery beside glibc.

    python bench/clip_table.py

Both ask the same server on loopback, which truncates over UDP, so that both go to TCP. glibc is told a small size but
given room enough, so that what it writes past its buffer is only counted. Nothing is timed. Exits with 1 when resquery
breaks its contract, or when glibc no longer returns the whole length.
"""

import sys

import resquery
from resquery.testing import Server, glibc_res_query
from resquery.testing.demo import BIG_MX, ZONE

CAPACITIES = (0, 1, 11, 12, 512, 1500, 8546, 65535)
ROOM = 65536
FILLS = (0x55, 0xAA)  # an octet that keeps both was not written


def resquery_row(resolver: resquery.Resolver, cap: int) -> tuple[int, int, int]:
    """What resquery returns, what it says the answer has, and how many octets it changed."""
    written: set[int] = set()
    for fill in FILLS:
        room = bytearray([fill]) * ROOM
        stored = resolver.res_query(BIG_MX, "MX", memoryview(room)[:cap])
        written.update(at for at, octet in enumerate(room) if octet != fill)
    return int(stored), stored.actual, len(written)


def main() -> int:
    """Prints the table."""
    print(f"{'':>9}  {'resquery':^29}  {'glibc res_query':^19}")
    print(f"{'capacity':>9}  {'returned':>9} {'actual':>9} {'changed':>9}  {'returned':>9} {'changed':>9}")
    kept = True
    with Server(ZONE) as server, resquery.Resolver(server.address, timeout=10.0, edns=False) as resolver:
        for cap in CAPACITIES:
            returned, actual, changed = resquery_row(resolver, cap)
            libc = glibc_res_query(BIG_MX, "MX", cap, server.address)
            print(f"{cap:>9}  {returned:>9} {actual:>9} {changed:>9}  {libc.returned:>9} {libc.changed:>9}")
            kept = kept and returned == changed == min(actual, cap) and (cap < 12 or libc.returned == actual)
    print("resquery: returned == changed == min(actual, capacity) each time" if kept else "NOT as it should be")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
