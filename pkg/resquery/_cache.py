"""The owner of a C cache, which any number of resolvers, engines and threads share.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ._lib import ffi, lib, name_octets, owned, status_error
from ._settings import within
from .errors import IllegalSetting, shown

_ENTRIES_MAX = 1 << 24
_OCTETS_LEAST, _OCTETS_MAX = 512, 1 << 36  # the least holds what once was the largest answer (RFC 1035, 4.2.1)
_SECONDS_MAX = 2**31 - 1  # RFC 2181, 8


class CacheStats(Struct, frozen=True):
    """Totals since a cache was made, and what it holds now.

    hits, misses     lookups that found an answer, and those that did not
    stale            of the hits, those with an answer that had expired
    stored           answers that were kept
    evicted          of these, given up to make room
    expired          found too old
    entries, octets  what it holds now
    """

    hits: int
    misses: int
    stale: int
    stored: int
    evicted: int
    expired: int
    entries: int
    octets: int


class Cache:
    """Answers, positive and negative (RFC 2308), for as long as their TTLs say; any threads may share it.

    Holds at most `entries` answers in `octets` of memory (512 or more), which is used only as it fills. A TTL counts as
    one within `ttl`, two numbers of seconds, and for NXDOMAIN and for a name without such records as `negative_ttl` at
    the most. For `stale` seconds after its end an answer still stands in for a lookup that fails (RFC 8767). All of
    these are whole seconds, as TTLs are. A forked child finds it empty. Raises TypeError or IllegalSetting for a number
    that is not, or out of range.

    >>> from resquery import bulk
    >>> from resquery.testing import Server
    >>> cache = Cache(entries=1000, negative_ttl=60)
    >>> with Server(text="example.com. 300 IN A 192.0.2.1") as server:
    ...     for _ in range(3):
    ...         row = next(bulk(["example.com"], servers=server.address, cache=cache))
    >>> cache.stats.hits, cache.stats.misses, cache.flush("Example.com"), len(cache)
    (2, 1, 1, 0)
    """

    __slots__ = ("_about", "_handle")

    def __init__(
        self,
        *,
        entries: int = 10_000,
        octets: int = 8 << 20,
        ttl: tuple[float, float] = (0, 86_400),
        negative_ttl: float = 3600,
        stale: float = 0,
    ) -> None:
        within("entries", entries, 1, _ENTRIES_MAX)
        within("octets", octets, _OCTETS_LEAST, _OCTETS_MAX)
        if not isinstance(ttl, (tuple, list)) or len(ttl) != 2:  # pyright: ignore
            raise TypeError(f"ttl is two numbers of seconds, the least and the most, not {shown(repr(ttl))}")
        for name, seconds in (("ttl", ttl[0]), ("ttl", ttl[1]), ("negative_ttl", negative_ttl), ("stale", stale)):
            within(name, seconds, 0.0, _SECONDS_MAX)
            if seconds != int(seconds):
                raise IllegalSetting(name, f"is a whole number of seconds, as TTLs are, not {seconds}", seconds)
        if ttl[0] > ttl[1]:
            raise IllegalSetting("ttl", f"is the least and the most: {ttl[0]} is more than {ttl[1]}")
        conf = {
            "entries": entries,
            "octets": octets,
            "ttl_min_s": int(ttl[0]),
            "ttl_max_s": int(ttl[1]),
            "negative_max_s": int(negative_ttl),
            "stale_s": int(stale),
        }
        status = ffi.new("int32_t *")
        self._about = f"entries={entries}, octets={octets}"
        self._handle: Any = owned(lib.rq_cache_free, lib.rq_cache_new, ffi.new("rq_cache_conf *", conf), status)
        if self._handle == ffi.NULL:
            raise status_error(status[0])

    def flush(self, name: str | bytes | None = None) -> int:
        """Forgets the answers for a name, of all types, or all answers; returns how many. Raises IllegalName."""
        octets = b"" if name is None else name_octets(name)
        flushed = lib.rq_cache_flush(self._handle, octets, len(octets))
        if flushed < 0:
            raise status_error(flushed, octets)
        return int(flushed)

    @property
    def stats(self) -> CacheStats:
        """Totals so far."""
        raw = ffi.new("rq_cache_stats *")
        lib.rq_cache_tell(self._handle, raw)
        return CacheStats(*(getattr(raw, field) for field in CacheStats.__struct_fields__))

    def __len__(self) -> int:
        return self.stats.entries

    def __bool__(self) -> bool:
        return True  # also an empty one is a cache

    def __repr__(self) -> str:
        return f"Cache({self._about})"


def serve(cache: Cache, engine: Any) -> None:
    """Has the C engine use the cache, which it keeps alive."""
    used = lib.rq_engine_use_cache(engine, cache._handle)  # pyright: ignore[reportPrivateUsage]
    if used < 0:
        raise status_error(used)


def cache_of(cache: object) -> Cache | None:
    """The cache that a setting stands for: a new one for True, none for False. Raises TypeError."""
    if cache is None or isinstance(cache, Cache):
        return cache
    if not isinstance(cache, bool):
        raise TypeError(f"cache is a Cache, True or False, not {shown(repr(cache))}")
    return Cache() if cache else None
