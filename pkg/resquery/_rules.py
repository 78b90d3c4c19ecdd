"""What a field of a value may be, in words: for the exception that refuses another one.

Which kind of field it is, the tables of the C core know; nothing here decides. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import Any

from ._lib import FLAWS, call_text, lib, octets_of

_NUMBER = "an int from 0 to "
_SIZED = "bytes, at most "
_RULES: dict[str, str] = {
    **dict.fromkeys(
        ("U8", "ALGORITHM", "SCHEME", "GATEWAY_TYPE", "FORMAT", "SOURCE", "HIP_ALGORITHM"), _NUMBER + "255"
    ),
    **dict.fromkeys(("U16", "ERROR", "CERT_TYPE"), _NUMBER + "65,535"),
    **dict.fromkeys(("U32", "TIME"), _NUMBER + "4,294,967,295"),
    **dict.fromkeys(("NAME", "WHOLE_NAME"), "a domain name"),
    **dict.fromkeys(("STRING", "TAG", "SALT", "BASE32", "HIT"), _SIZED + "255 of them"),
    **dict.fromkeys(("COUNTED", "HIP_KEY"), _SIZED + "65,535 of them"),
    **dict.fromkeys(("EUI64", "LOCATOR", "COOKIE"), "bytes, 8 of them"),
    **dict.fromkeys(("TEXT", "HEX", "NSAP", "ATM", "BASE64", "DATA64", "OCTETS"), _SIZED + "fit into a message"),
    **dict.fromkeys(("TYPES", "LOW_TYPES"), "a tuple of record types"),
    "U48": _NUMBER + "281,474,976,710,655",
    "U64": _NUMBER + "18,446,744,073,709,551,615",
    "TYPE": "a record type, 0 to 65,535",
    "BIT": "True or False",
    "PREFIX": _NUMBER + "128",
    "RELAY_TYPE": _NUMBER + "127",
    "FAMILY": "1 (IPv4) or 2 (IPv6)",
    "A": "an IPv4 address such as '192.0.2.1'",
    "AAAA": "an IPv6 address such as '2001:db8::1'",
    "EUI48": "bytes, 6 of them",
    "NAMES": "a tuple of domain names",
    "UTF8": "a str",
    "STRINGS": "a tuple of bytes, one or more, each at most 255 of them",
    "MAYBE_STRING": _SIZED + "255 of them, or None",
    "PORTS": "a tuple of ints from 0 to 65,535",
    "PREFIXES": "a tuple of AddressPrefix",
    "OPTIONS": "a tuple of EDNS options",
    "PARAMS": "a tuple of service parameters, their keys ascending",
    "U8S": "a tuple of ints from 0 to 255",
    "U16S": "a tuple of ints from 0 to 65,535",
    "KEYS": "a tuple of keys, one or more, ascending",
    "IDS": "a tuple of bytes, one or more, each 1 to 255 of them",
    "AS": "a tuple of IPv4 addresses, one or more",
    "AAAAS": "a tuple of IPv6 addresses, one or more",
    "SERVER_COOKIE": "bytes, 8 to 32 of them, or none",
}


def rule(table: int, number: int, place: int, value: Any) -> str:
    """What the field at that place of a row may be, and what is wrong with a name; "" where no one rule says it.

    >>> rule(lib.RQ_TABLE_TYPES, 15, 0, 70_000)
    'it is an int from 0 to 65,535'
    """
    kind = _kind(table, number, place)
    if _RULES.get(kind) == "a domain name" and isinstance(value, str):
        octets = octets_of(value)
        return FLAWS.get(lib.rq_name_flaw(octets, len(octets)), "")
    return f"it is {_RULES[kind]}" if kind in _RULES else ""


def _kind(table: int, number: int, place: int) -> str:
    """The kind of field, as csrc/wire/rq_kind.def calls it; "" for what has no layout."""
    try:
        for row in range(1 << 16):
            head, *fields = call_text(lib.rq_table_row, table, row).splitlines()
            if int(head.split()[0]) == number:
                return fields[place].split()[0] if place < len(fields) else ""
    except ValueError:  # past its end
        pass
    return ""
