"""C functions that fill a caller's buffer or read a caller's octets, on memory that punishes one octet too many."""

from collections.abc import Callable
from typing import Any

import msgspec
from guarded import SIDES, Guarded, Side, check_clip
from hostile import capacities, hostile_rdata, messages, types
from hypothesis import given
from hypothesis import strategies as st
from layouts import legal_names, u8, u16

from resquery._rq import ffi, lib

TEXTS = [(lib.rq_msg_text, style) for style in (0, lib.RQ_TEXT_SHORT, lib.RQ_TEXT_MULTILINE)]
SHAPES = [(lib.rq_msg_json, shape) for shape in (lib.RQ_JSON_ZDNS, lib.RQ_JSON_RFC8427, lib.RQ_JSON_MASSDNS)]
RENDERERS: list[Callable[..., int]] = [lib.rq_msg_pack] + [
    lambda wire, size, *out, call=call, form=form: call(wire, size, form, *out) for call, form in TEXTS + SHAPES
]

sides = st.sampled_from(SIDES)


@given(messages(), capacities, sides, st.sampled_from(RENDERERS))
def test_rendering_stays_inside_the_buffer(wire: bytes, cap: int, side: Side, render: Any) -> None:
    """MessagePack, text and JSON of any octets are clipped to the capacity, and nothing around the buffer changes."""
    whole = check_clip(lambda *out: render(wire, len(wire), *out), cap, side)
    assert (whole is not None) == (len(wire) >= 12)


@given(messages(), capacities, sides)
def test_a_filled_buffer_is_the_messagepack_and_the_rest_as_it_was(wire: bytes, cap: int, side: Side) -> None:
    """rq_msg_fill writes what rq_msg_pack does and claims what is behind it as an item, tells its size, or refuses."""
    packed = check_clip(lambda *out: lib.rq_msg_pack(wire, len(wire), *out), 0, side)
    status = lib.rq_msg_open(wire, len(wire), ffi.new("rq_summary *"))
    with Guarded(cap, side=side) as area:
        wanted = lib.rq_msg_fill(wire, len(wire), ffi.from_buffer(area.view), cap)
        assert area.untouched()
        if packed is None or status != lib.RQ_OK:
            assert wanted == status
        elif wanted:
            assert wanted == len(packed) + 5 > cap
        else:
            assert cap >= len(packed) + 5
            assert area.untouched(len(packed) + 5)
            assert msgspec.msgpack.decode(area.view)[:6] == msgspec.msgpack.decode(packed)


@given(messages(), sides)
def test_rendering_reads_nothing_outside_the_message(wire: bytes, side: Side) -> None:
    """A message against a forbidden page renders as it does elsewhere, so nothing around it has a say in it."""
    with Guarded(wire, side=side) as area:
        octets = ffi.from_buffer(area.view)
        for render in RENDERERS:
            inside = check_clip(lambda *out, call=render: call(octets, len(wire), *out), 0, side)
            assert inside == check_clip(lambda *out, call=render: call(wire, len(wire), *out), 0, side)
        summary = ffi.new("rq_summary *")
        assert lib.rq_msg_open(octets, len(wire), summary) == summary.status
        assert summary.length <= len(wire)


@given(st.text(max_size=300).map(str.encode), u16, u16, u16, u16, u16, u8, capacities, sides)
def test_queries_stay_inside_the_buffer(
    name: bytes, rrtype: int, rrclass: int, ident: int, flags: int, payload: int, dnssec: int, cap: int, side: Side
) -> None:
    """A query for any name, with any numbers, is clipped to the capacity; an illegal name leaves the buffer alone."""
    with Guarded(name, side=side) as area:
        numbers = (rrtype, rrclass, ident, flags, payload, dnssec)
        text = ffi.from_buffer("char[]", area.view)
        octets = ffi.from_buffer(area.view)  # any octets do for options
        whole = check_clip(
            lambda *out: lib.rq_make_query(text, len(name), *numbers, octets, len(name), *out), cap, side
        )
        assert (whole is None) == (lib.rq_name_flaw(text, len(name)) != 0)


@given(legal_names(), capacities, sides)
def test_names_stay_inside_the_buffer(wire: bytes, cap: int, side: Side) -> None:
    """A name turns to text and back into the same octets, each time clipped to the capacity."""
    with Guarded(wire, side=side) as area:
        octets = ffi.from_buffer(area.view)
        text = check_clip(lambda *out: lib.rq_name_to_text(octets, len(wire), *out), cap, side)
        assert text is not None
    with Guarded(text, side=side) as area:
        octets = ffi.from_buffer("char[]", area.view)
        assert check_clip(lambda *out: lib.rq_name_to_wire(octets, len(text), *out), cap, side) == wire


@given(types, st.data(), capacities, sides)
def test_rdata_stays_inside_the_buffer(rrtype: int, data: st.DataObject, cap: int, side: Side) -> None:
    """RDATA of any type, fitting or not, shows as printable text, clipped to the capacity."""
    rdata = data.draw(hostile_rdata(rrtype))
    with Guarded(rdata, side=side) as area:
        octets = ffi.from_buffer(area.view)
        text = check_clip(lambda *out: lib.rq_rdata_text(rrtype, octets, len(rdata), *out), cap, side)
    assert text is not None
    assert all(32 <= octet < 127 for octet in text)


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 20), sides)
def test_lines_stay_inside_the_buffers(text: bytes, last: bool, most: int, side: Side) -> None:
    """Lines land in the room that rq_lines is promised: as many octets as the text has, and most + 1 ends."""
    used, blank = ffi.new("uint32_t *"), ffi.new("uint32_t *")
    with (
        Guarded(text, side=side) as source,
        Guarded(len(text), side=side) as octets,
        Guarded(4 * most + 4, side=side) as ends,
    ):
        found = lib.rq_lines(
            ffi.from_buffer(source.view),
            len(text),
            last,
            ffi.from_buffer(octets.view),
            ffi.cast("int32_t *", ffi.from_buffer(ends.view)),
            most,
            used,
            blank,
        )
        assert 0 <= found <= most
        assert used[0] <= len(text)
        assert octets.untouched()
        assert ends.untouched(4 * found + 4)


@given(
    st.one_of(
        st.binary(max_size=200), st.from_regex(rb"(nameserver|search|options|domain) [0-9a-f:.% ]*\n", fullmatch=True)
    ),
    sides,
)
def test_configuration_reads_nothing_outside_the_text(text: bytes, side: Side) -> None:
    """A resolv.conf and an address against a forbidden page read as they do elsewhere."""
    with Guarded(text, side=side) as area:
        octets = ffi.from_buffer("char[]", area.view)
        inside, elsewhere = ffi.new("rq_conf *"), ffi.new("rq_conf *")
        lib.rq_conf_parse(octets, len(text), inside)
        lib.rq_conf_parse(text, len(text), elsewhere)
        assert ffi.buffer(inside)[:] == ffi.buffer(elsewhere)[:]
        address = ffi.new("rq_addr *")
        assert lib.rq_addr_parse(octets, len(text), address) == lib.rq_addr_parse(text, len(text), address)
