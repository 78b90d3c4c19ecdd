"""Programs that look a file of names up: the ways from Python into resquery, and each opponent.

    python clients.py WHO NAMES OUTPUT ADDRESS... [SETTING=JSON...]
    python clients.py WHO NAMES latency ADDRESS

They are what a user would write: names are read from the file as they are needed, answers come as the library gives
them. OUTPUT gets a line "name address" for each answer; with "-" answers are only counted. Prints a line of JSON. It is
run as a file, so that an opponent's process holds nothing of resquery. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from statistics import median
from time import perf_counter_ns
from typing import Any, TextIO

Found = Callable[[Any, Any], None]  # told the name and one address of each lookup that was answered

_BLASTDNS_FLIGHT, _BLASTDNS_KEPT_FLIGHT = 256, 32
_AIODNS_FLIGHT, _DNSPYTHON_FLIGHT, _UNBOUND_FLIGHT = 200, 100, 200


def names_of(path: str) -> Iterator[str]:
    """The lines of the file."""
    with open(path, encoding="ascii") as file:
        for line in file:
            yield line[:-1]


# --- resquery ---------------------------------------------------------------------------------------------------------


def run_rows(path: str, addresses: list[str], found: Found, **more: Any) -> None:
    """`for row in bulk(...)`, its answers as records."""
    import resquery

    for row in resquery.bulk(names_of(path), "A", servers=addresses, **more):
        if row.answer:
            found(row.name, row.answer[0].rdata)


def run_rows_tcp(path: str, addresses: list[str], found: Found, **more: Any) -> None:
    """The same over TCP."""
    run_rows(path, addresses, found, transport="tcp", **more)


def run_columns(path: str, addresses: list[str], found: Found, **more: Any) -> None:
    """`bulk_columns`; the answers are only counted, or looked at where they are to be written."""
    import resquery

    for batch in resquery.bulk_columns(names_of(path), "A", servers=addresses, **more):
        _, capsule = batch.__arrow_c_array__()  # keeps the rows
        rows = _ArrowArray.at(capsule)
        if found is _count:
            _tally.answered += rows.answered
        else:
            _tell_answers(rows, found)


class _ArrowArray(ctypes.Structure):
    """struct ArrowArray of the Arrow C data interface, as far as it is read here."""

    @classmethod
    def at(cls, capsule: object) -> _ArrowArray:
        """The one in a capsule."""
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.argtypes, pointer.restype = (ctypes.py_object, ctypes.c_char_p), ctypes.c_void_p
        return cls.from_address(pointer(capsule, b"arrow_array"))

    @property
    def answers(self) -> _ArrowArray:
        """The last column: a list of records for each row."""
        return self.children[self.n_children - 1].contents

    @property
    def answered(self) -> int:
        """How many rows have an answer: their lists of one record each end where the next begins."""
        return self.answers.buffers[1][self.length]

    def text(self, at: int) -> str:
        """A text of a column of them."""
        begun, ended = self.buffers[1][at : at + 2]
        return ctypes.string_at(ctypes.addressof(self.buffers[2].contents) + begun, ended - begun).decode()


_ArrowArray._fields_ = (
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
)


def _tell_answers(rows: _ArrowArray, found: Found) -> None:
    names, answers = rows.children[1].contents, rows.answers
    data = answers.children[0].contents.children[3].contents
    for at in range(rows.length):
        first, ended = answers.buffers[1][at : at + 2]
        if first < ended:
            found(names.text(at), data.text(first))


# --- opponents --------------------------------------------------------------------------------------------------------


def run_blastdns(path: str, addresses: list[str], found: Found, *, kept: bool = False) -> None:
    """blastdns, `resolve_batch`, without its cache and its limit for each server.

    With sockets that are `kept` it allows no more than 32 in flight on them, and its pacing, which waits, is off.
    """
    blastdns: Any = import_module("blastdns")
    flight = _BLASTDNS_KEPT_FLIGHT if kept else _BLASTDNS_FLIGHT
    config = blastdns.ClientConfig(
        max_inflight_per_resolver=flight,
        max_concurrency=flight,
        cache_capacity=0,
        adaptive=not kept,
        persistent_socket=kept,
    )

    async def ask() -> None:
        client = blastdns.Client(addresses, config)
        async for host, _, answers in client.resolve_batch(names_of(path), "A"):
            found(host, answers[0])

    asyncio.run(ask())


def run_aiodns(path: str, addresses: list[str], found: Found) -> None:
    """aiodns, so pycares on asyncio."""
    aiodns: Any = import_module("aiodns")

    async def ask_one(resolver: Any, name: str) -> None:
        try:
            result = await resolver.query_dns(name, "A")
        except aiodns.error.DNSError:
            return
        found(name, result.answer[0].data.addr)

    async def ask() -> None:
        resolver = aiodns.DNSResolver(nameservers=addresses, timeout=1, tries=5)
        await _some_at_once(_AIODNS_FLIGHT, path, lambda name: ask_one(resolver, name))

    asyncio.run(ask())


def run_dnspython(path: str, addresses: list[str], found: Found) -> None:
    """dnspython's asynchronous resolver."""
    asyncresolver: Any = import_module("dns.asyncresolver")
    exception: Any = import_module("dns.exception")

    async def ask_one(resolver: Any, name: str) -> None:
        try:
            answer = await resolver.resolve(f"{name}.", "A")
        except exception.DNSException:
            return
        found(name, answer[0].address)

    async def ask() -> None:
        resolver = asyncresolver.Resolver(configure=False)
        hosts, ports = zip(*(one.rsplit(":", 1) for one in addresses), strict=True)
        resolver.nameservers, resolver.port = list(hosts), int(ports[0])
        await _some_at_once(_DNSPYTHON_FLIGHT, path, lambda name: ask_one(resolver, name))

    asyncio.run(ask())


async def _some_at_once(flight: int, path: str, ask: Callable[[str], Any]) -> None:
    """So many tasks, which take names until there are no more."""
    names = names_of(path)

    async def work() -> None:
        for name in names:
            await ask(name)

    await asyncio.gather(*(work() for _ in range(flight)))


class _UnboundResult(ctypes.Structure):
    """struct ub_result of unbound.h, as far as it is read here."""

    _fields_ = (
        ("qname", ctypes.c_char_p),
        ("qtype", ctypes.c_int),
        ("qclass", ctypes.c_int),
        ("data", ctypes.POINTER(ctypes.POINTER(ctypes.c_ubyte))),
        ("len", ctypes.POINTER(ctypes.c_int)),
    )


def run_unbound(path: str, addresses: list[str], found: Found) -> None:
    """libunbound, asynchronous, forwarding to the servers, its own thread at work; its C function calls us back."""
    library = ctypes.CDLL(ctypes.util.find_library("unbound") or "libunbound.so.8")
    callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_UnboundResult))
    library.ub_ctx_create.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.ub_ctx_create())
    options = (("do-not-query-localhost:", "no"), ("module-config:", "iterator"), ("outgoing-range:", "1024"))
    for option, value in (*options, ("num-queries-per-thread:", "512")):
        library.ub_ctx_set_option(context, option.encode(), value.encode())
    for address in addresses:
        library.ub_ctx_set_fwd(context, address.replace(":", "@").encode())
    library.ub_ctx_async(context, 1)
    open_now = 0

    def ended(_data: Any, error: int, result: Any) -> None:
        nonlocal open_now
        open_now -= 1
        if error == 0 and result and result[0].data[0]:
            octets = result[0].data[0]
            found(result[0].qname.decode().rstrip("."), ".".join(str(octets[i]) for i in range(4)))
        library.ub_resolve_free(result)

    told = callback(ended)
    for name in names_of(path):
        library.ub_resolve_async(context, name.encode(), 1, 1, None, told, None)
        open_now += 1
        while open_now >= _UNBOUND_FLIGHT:
            _unbound_wait(library, context)
    library.ub_wait(context)


def _unbound_wait(library: Any, context: Any) -> None:
    """Until there is something to be told, and then it."""
    import select

    poll = select.poll()
    poll.register(library.ub_fd(context), select.POLLIN)
    poll.poll(1000)
    library.ub_process(context)


# --- one lookup at a time: each takes the file's names one by one, and says how many seconds each took ----------------


def time_floor(_: list[str], address: tuple[str, int]) -> Callable[[str], Any]:
    """sendto and recvfrom of a query that is only patched: what Python costs when it does nothing but the two calls."""
    import socket

    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def ask(name: str) -> Any:
        labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
        one.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1", address)
        return one.recvfrom(4096)

    return ask


def time_resolve(addresses: list[str], _: tuple[str, int]) -> Callable[[str], Any]:
    """`Resolver.resolve` without its cache, an exception or a checked Message."""
    import resquery

    return resquery.Resolver(addresses, cache=None).resolve


def time_res_query(addresses: list[str], _: tuple[str, int]) -> Callable[[str], Any]:
    """`Resolver.res_query` into a buffer that is there."""
    import resquery

    resolver, buffer = resquery.Resolver(addresses, cache=None), bytearray(4096)
    return lambda name: resolver.res_query(name, "A", buffer)


def time_dnspython(_: list[str], address: tuple[str, int]) -> Callable[[str], Any]:
    """dnspython's blocking resolver."""
    module: Any = import_module("dns.resolver")
    resolver = module.Resolver(configure=False)
    resolver.nameservers, resolver.port = [address[0]], address[1]
    return lambda name: resolver.resolve(f"{name}.", "A")


def time_pycares(addresses: list[str], _: tuple[str, int]) -> Callable[[str], Any]:
    """pycares with its own event thread, waited for."""
    import threading

    pycares: Any = import_module("pycares")
    channel = pycares.Channel(servers=addresses, timeout=1, tries=3)
    done = threading.Event()
    errors: list[Any] = []

    def told(_: Any, error: Any) -> None:
        if error is not None:
            errors.append(error)
        done.set()

    def ask(name: str) -> Any:
        done.clear()
        channel.query(name, pycares.QUERY_TYPE_A, callback=told)
        done.wait()
        if errors:
            raise RuntimeError(f"pycares: {errors[0]}")

    return ask


TIMED: dict[str, Callable[[list[str], tuple[str, int]], Callable[[str], Any]]] = {
    "socket": time_floor,
    "resolve": time_resolve,
    "res_query": time_res_query,
    "dnspython": time_dnspython,
    "pycares": time_pycares,
}


def run_timed(who: str, path: str, address: str) -> float:
    """Median microseconds of a lookup; the first tenth only warms up."""
    host, _, port = address.rpartition(":")
    ask = TIMED[who]([address], (host, int(port)))
    took: list[int] = []
    for name in names_of(path):
        began = perf_counter_ns()
        ask(name)
        took.append(perf_counter_ns() - began)
    return median(took[len(took) // 10 :]) / 1000


# --- the program ------------------------------------------------------------------------------------------------------


class _Tally:
    """How many lookups were answered."""

    answered = 0


_tally = _Tally()


def _count(_name: Any, _address: Any) -> None:
    _tally.answered += 1


def _to(file: TextIO) -> Found:
    def write(name: Any, address: Any) -> None:
        _tally.answered += 1
        print(name, str(getattr(address, "address", address)), file=file)

    return write


CLIENTS: dict[str, Callable[..., None]] = {
    "rows": run_rows,
    "rows_tcp": run_rows_tcp,
    "columns": run_columns,
    "blastdns": run_blastdns,
    "aiodns": run_aiodns,
    "dnspython": run_dnspython,
    "unbound": run_unbound,
}


def main(argv: list[str]) -> int:
    """Runs one of them."""
    who, path, output, *rest = argv
    if output == "latency":
        print(json.dumps({"us": run_timed(who, path, rest[0])}))
        return 0
    addresses = [word for word in rest if "=" not in word]
    more = {key: json.loads(value) for key, _, value in (word.partition("=") for word in rest if "=" in word)}
    with ExitStack() as stack:
        found = _count if output == "-" else _to(stack.enter_context(open(output, "w", encoding="ascii")))
        CLIENTS[who](path, addresses, found, **more)
    print(json.dumps({"answers": _tally.answered}))
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # blastdns aborts now and then while the interpreter takes itself down
