"""Typed values back to octets: what fits its layout comes back as it was, any other input is refused cleanly."""

import msgspec
import pytest
from guarded import SIDES, Guarded, Side, check_clip
from hypothesis import given
from hypothesis import strategies as st
from layouts import OPTIONS, PARAMS, TABLE, TYPES, laid_out, pair, rdata_of

from resquery._rq import ffi, lib
from resquery.message import Message
from resquery.options import RawOption, RawParam
from resquery.rdata import HTTPS, Raw
from resquery.types import Record
from wires import message, opt, record

TABLES = [lib.RQ_TABLE_TYPES, lib.RQ_TABLE_OPTIONS, lib.RQ_TABLE_PARAMS]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**64 - 1), st.integers(0, 300), st.binary(max_size=300), st.text()
)
texts = st.sampled_from(["", ".", "m.", "a..b", "1.2.3.4", "::1", "1.2.3.4.5", "::1::", "\\999", "x" * 2000])
items = st.recursive(st.one_of(scalars, texts), lambda inner: st.lists(inner, max_size=5), max_leaves=12)


def only(wire: bytes) -> Record:
    """The one record of a message."""
    return Message(message([], [wire])).answer[0]


@pytest.mark.parametrize("rrtype", TABLE, ids=lambda rrtype: TYPES[rrtype].mnemonic)
@given(data=st.data())
def test_rdata_that_fits_comes_back_from_its_typed_value(rrtype: int, data: st.DataObject) -> None:
    """Wire -> typed -> wire is the same, record and RDATA, and the text is that of the octets."""
    wire = data.draw(rdata_of(rrtype))
    whole = record("owner.example", rrtype, wire)
    found = only(whole)
    assert not isinstance(found.rdata, Raw)
    assert found.rdata.to_wire() == found.rdata_wire == wire
    assert found.to_wire() == whole
    assert only(found.to_wire()) == found


@pytest.mark.parametrize("code", OPTIONS, ids=lambda code: OPTIONS[code].mnemonic)
@given(data=st.data())
def test_an_option_that_fits_comes_back_from_its_typed_value(code: int, data: st.DataObject) -> None:
    """Wire -> typed -> wire is the same for each EDNS option."""
    wire = pair((code, data.draw(laid_out(OPTIONS[code]))))
    edns = Message(message([], [], [], [opt(wire)])).edns
    assert edns is not None
    assert not isinstance(edns.options[0], RawOption)
    assert edns.options[0].to_wire() == wire


@pytest.mark.parametrize("key", PARAMS, ids=lambda key: PARAMS[key].mnemonic)
@given(data=st.data())
def test_a_parameter_that_fits_comes_back_from_its_typed_value(key: int, data: st.DataObject) -> None:
    """Wire -> typed -> wire is the same for each service parameter."""
    wire = pair((key, data.draw(laid_out(PARAMS[key]))))
    found = only(record("x", 65, b"\0\1\0" + wire)).rdata
    assert isinstance(found, HTTPS)
    assert not isinstance(found.params[0], RawParam)
    assert found.params[0].to_wire() == wire


def check_value(pack: bytes, table: int, cap: int, side: Side) -> None:
    """Assert that the input is refused, or gives octets that read back as a value with the same octets."""
    with Guarded(pack, side=side) as area:
        octets = ffi.from_buffer(area.view)
        wire = check_clip(lambda *out: lib.rq_value_unpack(table, octets, len(pack), *out), cap, side)
        assert area.view == pack
    if wire is None:
        return
    number, *rest = msgspec.msgpack.decode(pack)
    if table == lib.RQ_TABLE_TYPES:
        rrtype = rest[0] if number < 0 else number
        assert only(record("x", rrtype, wire)).rdata_wire == wire
    elif table == lib.RQ_TABLE_OPTIONS:
        edns = Message(message([], [], [], [opt(wire)])).edns
        assert edns is not None
        assert edns.options[0].to_wire() == wire
    else:
        found = only(record("x", 65, b"\0\1\0" + wire)).rdata
        assert isinstance(found, HTTPS)
        assert found.params[0].to_wire() == wire


@given(st.data(), st.sampled_from(TABLES), st.integers(0, 600), st.sampled_from(SIDES))
def test_any_items_are_refused_or_read_back(data: st.DataObject, table: int, cap: int, side: Side) -> None:
    """Items of any sort in the place of fields: nothing is read or written outside, nothing is written in vain."""
    number = data.draw(st.sampled_from([-1, *(TYPES, OPTIONS, PARAMS)[table]]))
    count = 2 if number < 0 else len((TYPES, OPTIONS, PARAMS)[table][number].kinds)
    fields = data.draw(st.lists(items, min_size=count, max_size=count))
    check_value(msgspec.msgpack.encode([number, *fields]), table, cap, side)


@given(st.data(), st.integers(0, 600), st.sampled_from(SIDES))
def test_a_value_with_one_octet_changed_is_refused_or_reads_back(data: st.DataObject, cap: int, side: Side) -> None:
    """MessagePack of a true value that was cut, or changed in one octet: the same."""
    rrtype = data.draw(st.sampled_from(sorted(TABLE)))
    pack = msgspec.msgpack.encode(only(record("x", rrtype, data.draw(rdata_of(rrtype)))).rdata)
    at = data.draw(st.integers(0, len(pack) - 1))
    octet = data.draw(st.binary(max_size=1))
    changed = pack[:at] + octet + pack[at + 1 :]
    try:
        msgspec.msgpack.decode(changed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        with Guarded(changed, side=side) as area:
            check_clip(lambda *out: lib.rq_value_unpack(0, ffi.from_buffer(area.view), len(changed), *out), cap, side)
        return
    check_value(changed, lib.RQ_TABLE_TYPES, cap, side)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("pack", [b"\x90\xcd\xfd\xe8", b"\x91\xcd\xfd\xe8", b"\x92\xcd\xfd\xe8\xc4\0"])
def test_a_number_that_the_table_does_not_have_is_refused(table: int, pack: bytes) -> None:
    """65000 outside of [-1, number, octets], whatever the array around it says of its length."""
    out, actual = ffi.new("uint8_t[64]"), ffi.new("uint32_t *")
    assert lib.rq_value_unpack(table, pack, len(pack), out, 64, actual) == lib.RQ_ILLEGAL_INPUT


@given(st.data(), st.binary(min_size=1, max_size=4))
def test_octets_behind_a_value_are_refused(data: st.DataObject, more: bytes) -> None:
    """A value is all there is, and so is a record."""
    rrtype = data.draw(st.sampled_from(sorted(TABLE)))
    found = only(record("x", rrtype, data.draw(rdata_of(rrtype))))
    actual = ffi.new("uint32_t *")
    pack = msgspec.msgpack.encode(found.rdata) + more
    assert lib.rq_value_unpack(0, pack, len(pack), ffi.NULL, 0, actual) == lib.RQ_ILLEGAL_INPUT
    pack = msgspec.msgpack.encode(found) + more
    assert lib.rq_record_unpack(pack, len(pack), ffi.NULL, 0, actual) == lib.RQ_ILLEGAL_INPUT


def test_another_table_is_misuse() -> None:
    """There are three."""
    pack, actual = msgspec.msgpack.encode([1, "192.0.2.1"]), ffi.new("uint32_t *")
    for table in (-1, 3):
        assert lib.rq_value_unpack(table, pack, len(pack), ffi.NULL, 0, actual) == lib.RQ_BAD_ARGUMENT
