"""The value types: one Struct for each row of the C core's table, and numbers that have a name or get one."""

import pickle
import typing

import msgspec
import pytest

from resquery import types
from resquery._lib import call_text, lib
from resquery.errors import UnknownType
from resquery.types import A, EdnsOption, Flag, Opcode, Raw, Rcode, Record, RRClass, RRType, SvcParam

KINDS: dict[str, object] = {
    **dict.fromkeys(("u8", "u16", "u32", "time"), int),
    **dict.fromkeys(("a", "aaaa", "name"), str),
    **dict.fromkeys(("string", "tag", "text", "hex", "base64", "salt", "base32"), bytes),
    "type": RRType,
    "types": tuple[RRType, ...],
    "strings": tuple[bytes, ...],
    "params": tuple[SvcParam, ...],
    "options": tuple[EdnsOption, ...],
}
STRUCTS = [struct for struct in typing.get_args(types.Rdata) if struct is not Raw]


def table() -> list[tuple[str, list[list[str]]]]:
    """The rows of csrc/wire/rq_rr.def as C tells them: mnemonic and [kind, name] of each field."""
    rows: list[tuple[str, list[list[str]]]] = []
    while True:
        try:
            mnemonic, *fields = call_text(lib.rq_table_row, len(rows)).splitlines()
        except ValueError:
            return rows
        rows.append((mnemonic, [field.split(" ") for field in fields]))


ROWS = table()


def test_each_row_of_the_table_has_a_struct() -> None:
    """The Structs are the rows of the table, in its order, with their type's number as tag."""
    assert [struct.__name__ for struct in STRUCTS] == [mnemonic for mnemonic, _ in ROWS]
    assert [struct.__struct_config__.tag for struct in STRUCTS] == [RRType.parse(mnemonic) for mnemonic, _ in ROWS]


@pytest.mark.parametrize(
    ("struct", "fields"), list(zip(STRUCTS, (fields for _, fields in ROWS), strict=True)), ids=[m for m, _ in ROWS]
)
def test_a_struct_has_the_fields_of_its_row(struct: type[msgspec.Struct], fields: list[list[str]]) -> None:
    """Field names and their order are the table's; the Python type follows from the kind."""
    assert list(struct.__struct_fields__) == [name for _, name in fields]
    hints = typing.get_type_hints(struct)
    assert [hints[name] for _, name in fields] == [KINDS[kind] for kind, _ in fields]


def test_every_type_of_the_table_is_a_member() -> None:
    """RRType has a member for each row, and none that the table lacks."""
    assert [(member.name, member.value) for member in RRType] == [
        (m, lib.rq_type_number(m.encode(), len(m))) for m, _ in ROWS
    ]


@pytest.mark.parametrize(
    ("numbers", "unknown", "name"),
    [(RRType, 65280, "TYPE65280"), (RRClass, 7, "CLASS7"), (Rcode, 3000, "RCODE3000"), (Opcode, 9, "OPCODE9")],
)
def test_a_number_without_a_mnemonic_is_a_member_all_the_same(numbers: typing.Any, unknown: int, name: str) -> None:
    """An unknown number becomes a member that equals itself, prints as RFC 3597 names it, and survives pickling."""
    member = numbers(unknown)
    assert member == unknown == numbers(unknown)
    assert str(member) == f"{member}" == member.name == name
    assert hash(member) == hash(numbers(unknown))
    assert pickle.loads(pickle.dumps(member)) == member
    assert repr(member) == f"<{numbers.__name__}.{name}: {unknown}>"


@pytest.mark.parametrize("value", [-1, 65536, "MX", None])
def test_what_is_no_16_bit_number_is_no_type(value: object) -> None:
    """RRType() takes numbers of 16 bits only; mnemonics go through parse()."""
    with pytest.raises(ValueError, match="is not a valid RRType"):
        RRType(value)


def test_parse_takes_mnemonics_and_numbers() -> None:
    """Types and classes are read in either case, as TYPEn or CLASSn, or as a number."""
    assert RRType.parse("mx") is RRType.parse("TYPE15") is RRType.parse(15) is RRType.MX
    assert RRClass.parse("ch") is RRClass.parse("CLASS3") is RRClass.parse(3) is RRClass.CH


@pytest.mark.parametrize("text", ["", "M", "MXX", "TYPE", "TYPE65536", "TYPE-1", "ＭＸ"])
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
    record = Record("x.example.", RRType(65280), RRClass(42), 0, b"\xab", Raw(RRType(65280), b"\xab"))
    assert record.to_text() == r"x.example. 0 CLASS42 TYPE65280 \# 1 AB"
