"""What RDATA holds lists of: EDNS options, service parameters, address prefixes. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of all values: frozen, so it can hold no reference to itself and needs no garbage collection."""


class SvcParam(Value, frozen=True):
    """One service parameter (RFC 9460, 2.1): its key, and its value as it stands in the record."""

    key: int
    value: bytes


class EdnsOption(Value, frozen=True):
    """One EDNS option (RFC 6891, 6.1.2): its code, and its data as it stands in the record."""

    code: int
    data: bytes


class AddressPrefix(Value, frozen=True):
    """A range of addresses, or one that is taken out of it (RFC 3123, 4); `family` is 1 for IPv4, 2 for IPv6."""

    family: int
    bits: int
    negated: bool
    address: str
