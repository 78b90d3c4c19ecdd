"""The value types: one Struct for each row of the C core's table, and numbers that have a name or get one."""

import itertools
import pickle
import re
import typing
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from resquery._lib import call_text, lib
from resquery.codes import Ede
from resquery.errors import UnknownType
from resquery.options import AddressPrefix, AnyOption, AnyParam, EdnsOption, RawOption, RawParam, SvcParam, Value
from resquery.rdata import A, Raw, Rdata
from resquery.types import Flag, Opcode, Rcode, Record, RRClass, RRType

KINDS: dict[str, object] = {
    **dict.fromkeys(("U8", "U16", "U32", "U48", "U64", "TIME", "ERROR", "CERT_TYPE", "ALGORITHM", "SCHEME"), int),
    **dict.fromkeys(("GATEWAY_TYPE", "RELAY_TYPE", "PREFIX", "FORMAT", "FAMILY", "SOURCE", "HIP_ALGORITHM"), int),
    "BIT": bool,
    "TYPE": RRType,
    **dict.fromkeys(("A", "AAAA", "SUBNET", "NAME", "WHOLE_NAME", "UTF8"), str),
    **dict.fromkeys(("SUFFIX", "GATEWAY", "PREFIX_NAME"), str | None),
    **dict.fromkeys(("EUI48", "EUI64", "LOCATOR", "COOKIE", "SERVER_COOKIE", "COUNTED", "HIT", "HIP_KEY"), bytes),
    **dict.fromkeys(("STRING", "TAG", "SALT", "BASE32", "TEXT", "HEX", "NSAP", "ATM", "BASE64", "DATA64"), bytes),
    "OCTETS": bytes,
    "MAYBE_STRING": bytes | None,
    **dict.fromkeys(("NAMES", "AS", "AAAAS"), tuple[str, ...]),
    **dict.fromkeys(("STRINGS", "IDS"), tuple[bytes, ...]),
    **dict.fromkeys(("TYPES", "LOW_TYPES"), tuple[RRType, ...]),
    **dict.fromkeys(("PORTS", "U8S", "U16S", "KEYS"), tuple[int, ...]),
    "PREFIXES": tuple[AddressPrefix, ...],
    "PARAMS": tuple[AnyParam, ...],
    "OPTIONS": tuple[AnyOption, ...],
}


def by_tag(base: type[Value], raw: type[Value]) -> dict[int, type[Value]]:
    """The Structs of a base by the number that is their tag, but for the one that holds what has no row."""
    return {struct.__struct_config__.tag: struct for struct in base.__subclasses__() if struct is not raw}


STRUCTS = by_tag(Rdata, Raw)


class Row(NamedTuple):
    """A row of a table of layouts, as C tells it."""

    number: int
    shape: str
    mnemonic: str
    fields: list[list[str]]  # kind, name, and the name in zdns JSON if it has another there


def rows(table: int) -> Iterator[Row]:
    """The rows of a table of the C core."""
    for row in itertools.count():
        try:
            head, *fields = call_text(lib.rq_table_row, table, row).splitlines()
        except ValueError:
            return
        number, shape, mnemonic = head.split(" ")
        yield Row(int(number), shape, mnemonic, [field.split(" ") for field in fields])


TYPES = list(rows(lib.RQ_TABLE_TYPES))
LAID_OUT = [row for row in TYPES if row.shape != "NONE"]


OPTIONS, PARAMS = list(rows(lib.RQ_TABLE_OPTIONS)), list(rows(lib.RQ_TABLE_PARAMS))
OPTION_STRUCTS, PARAM_STRUCTS = by_tag(EdnsOption, RawOption), by_tag(SvcParam, RawParam)
LISTED = [(row, OPTION_STRUCTS) for row in OPTIONS] + [(row, PARAM_STRUCTS) for row in PARAMS]


def identifier(mnemonic: str) -> str:
    """The mnemonic as a name in Python."""
    return mnemonic.replace("-", "_")


def test_each_row_of_the_table_has_a_struct() -> None:
    """Every row that has a layout has a Struct with its type's number as tag, and no Struct is without a row."""
    assert {row.number: identifier(row.mnemonic) for row in LAID_OUT} == {
        number: struct.__name__ for number, struct in STRUCTS.items()
    }


@pytest.mark.parametrize("row", LAID_OUT, ids=[row.mnemonic for row in LAID_OUT])
def test_a_struct_has_the_fields_of_its_row(row: Row) -> None:
    """Field names and their order are the table's; the Python type follows from the kind."""
    has_fields_of(STRUCTS[row.number], row)


def has_fields_of(struct: type[Value], row: Row) -> None:
    """Assert that fields and their types are the row's."""
    assert list(struct.__struct_fields__) == [name for _, name, *_ in row.fields]
    hints = typing.get_type_hints(struct)
    wanted = [KINDS[kind] for kind, *_ in row.fields]
    if row.shape == "OR_EMPTY":
        wanted = [typing.cast(type, kind) | None for kind in wanted]
    assert [hints[name] for _, name, *_ in row.fields] == wanted


@pytest.mark.parametrize(("row", "structs"), LISTED, ids=[row.mnemonic for row, _ in LISTED])
def test_an_option_or_parameter_has_the_fields_of_its_row(row: Row, structs: dict[int, type[Value]]) -> None:
    """They are named as the table names them, in Python's manner; all fields of one that may be empty may be None."""
    struct = structs[row.number]
    plain = {"EDE": "extendederror"}.get(row.mnemonic, row.mnemonic.replace("-", "").lower())
    assert struct.__name__.lower() == plain
    has_fields_of(struct, row)


def test_no_option_and_no_parameter_is_without_a_row() -> None:
    """There are as many Structs as rows."""
    assert set(OPTION_STRUCTS) == {row.number for row in OPTIONS}
    assert set(PARAM_STRUCTS) == {row.number for row in PARAMS}


def test_every_type_of_the_table_is_a_member() -> None:
    """RRType has a member for each row, and none that the table lacks; it prints and parses as C does."""
    assert [(member.name, member.value) for member in RRType] == [(identifier(r.mnemonic), r.number) for r in TYPES]
    assert [str(member) for member in RRType] == [row.mnemonic for row in TYPES]
    assert [RRType.parse(row.mnemonic) for row in TYPES] == list(RRType)


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [
        (RRClass, lib.RQ_CODES_CLASS),
        (Rcode, lib.RQ_CODES_RCODE),
        (Opcode, lib.RQ_CODES_OPCODE),
        (Ede, lib.RQ_CODES_EXTENDED_ERROR),
    ],
)
def test_every_code_has_the_name_that_text_shows(numbers: typing.Any, codes: int) -> None:
    """Classes, rcodes, opcodes and extended errors: the members are those that the C core has a name for."""
    named = {number: call_text(lib.rq_code_name, codes, number) for number in range(65536)}
    plain = {number: re.sub("[^A-Z0-9]", "_", name.upper()) for number, name in named.items() if name}
    assert plain == {member.value: member.name for member in numbers}


@pytest.mark.parametrize(
    ("numbers", "unknown", "name"),
    [
        (RRType, 65280, "TYPE65280"),
        (RRClass, 7, "CLASS7"),
        (Rcode, 3000, "RCODE3000"),
        (Opcode, 9, "OPCODE9"),
        (Ede, 99, "EDE99"),
    ],
)
def test_a_number_without_a_mnemonic_is_a_member_all_the_same(numbers: typing.Any, unknown: int, name: str) -> None:
    """An unknown number becomes a member that equals itself, prints as RFC 3597 names it, and survives pickling."""
    member = numbers(unknown)
    assert member == unknown == numbers(unknown)
    assert str(member) == f"{member}" == member.name == name
    assert hash(member) == hash(numbers(unknown))
    assert pickle.loads(pickle.dumps(member)) == member
    assert repr(member) == f"{numbers.__name__}({unknown})"


@pytest.mark.parametrize("value", [-1, 65536, "MX", None])
def test_what_is_no_16_bit_number_is_no_type(value: object) -> None:
    """RRType() takes numbers of 16 bits only; mnemonics go through parse()."""
    with pytest.raises(ValueError, match="is not a valid RRType"):
        RRType(value)


def test_parse_takes_mnemonics_and_numbers() -> None:
    """Types and classes are read in either case, as TYPEn or CLASSn, or as a number, in digits too."""
    assert RRType.parse("mx") is RRType.parse("TYPE15") is RRType.parse("15") is RRType.parse(15) is RRType.MX
    assert RRClass.parse("ch") is RRClass.parse("CLASS3") is RRClass.parse("3") is RRClass.parse(3) is RRClass.CH


@pytest.mark.parametrize(
    "text", ["", "M", "MXX", "TYPE", "TYPE65536", "TYPE-1", "ＭＸ", "65536", "-1", "000015", "１５"]
)
def test_parse_names_the_text_that_is_no_type(text: str) -> None:
    """A text that is no type raises UnknownType, which carries it."""
    with pytest.raises(UnknownType) as caught:
        RRType.parse(text)
    assert caught.value.value == text


def test_flags_print_as_dig_prints_them() -> None:
    """Flags print in lower case, in the order of their bits."""
    assert str(Flag.RD | Flag.QR | Flag.AD) == "qr rd ad"
    assert str(Flag(0)) == ""


def test_values_are_frozen_and_comparable() -> None:
    """Values are equal when their fields are, hash alike, and cannot be changed."""
    one, same, other = A("192.0.2.1"), A("192.0.2.1"), A("192.0.2.2")
    assert one == same != other
    assert len({one, same, other}) == 2
    with pytest.raises(AttributeError):
        one.address = "192.0.2.3"  # type: ignore[misc]
    assert repr(one) == "A(address='192.0.2.1')"
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_record_prints_as_a_line_of_a_zone_file() -> None:
    """A record's text is owner, TTL, class, type and RDATA; an unknown class and type print by number."""
    record = Record("x.example.", RRType(65280), RRClass(42), 0, Raw(RRType(65280), b"\xab"))
    assert record.to_text() == r"x.example. 0 CLASS42 TYPE65280 \# 1 AB"
