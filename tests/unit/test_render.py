"""Records and messages as text and as JSON: vectors for each type, then what hostile octets turn into."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from resquery.message import Message
from resquery.types import RRType
from wires import message, name, opt, question, record

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data/records.json").read_text())
HEAD = {"name": "x", "class": "IN", "ttl": 60}


def by_text(vector: dict[str, Any]) -> str:
    """The ID of a vector's test."""
    return f"{vector['type']} {vector['text'][:30]}"


def holding(vector: dict[str, Any]) -> Message:
    """A message with the vector's record."""
    return Message(message([], [record("x", RRType.parse(vector["type"]), bytes.fromhex(vector["wire"]))]))


def data(*sections: list[bytes], flags: int = 0x8400) -> dict[str, Any]:
    """The JSON of a message of these sections."""
    return json.loads(Message(message(*sections, flags=flags)).to_json())


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_a_record_is_text(vector: dict[str, Any]) -> None:
    """Each type prints as in a zone file; what has no text that reads back prints as \\#."""
    assert holding(vector).answer[0].to_text() == f"x. 60 IN {vector['type']} {vector['text']}"


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_a_record_is_a_typed_value(vector: dict[str, Any]) -> None:
    """Each type becomes its Struct with its fields; what does not fit its layout becomes Raw."""
    assert json.loads(msgspec.json.encode(holding(vector).answer[0].rdata)) == vector["value"]


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_a_record_is_json(vector: dict[str, Any]) -> None:
    """Each type has the keys of zdns, names without final dots; what does not fit its layout is \\# under `answer`."""
    assert json.loads(holding(vector).to_json())["answers"] == [HEAD | {"type": vector["type"]} | vector["json"]]


@pytest.mark.parametrize("shape", ["zdns", "rfc8427", "massdns"])
@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_no_key_stands_twice_in_an_object(vector: dict[str, Any], shape: Any) -> None:
    """JSON of every type has each key once in an object: a field's name is none that the record has too."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    json.loads(holding(vector).to_json(shape), object_pairs_hook=once)


def test_every_type_has_a_vector() -> None:
    """The vectors leave out no type of the table."""
    assert {vector["type"] for vector in VECTORS} >= {str(member) for member in RRType}


def test_a_message_prints_as_dig_prints_it() -> None:
    """Header line, EDNS, sections and their columns are dig's."""
    wire = message(
        [question("example.com", 15)],
        [record("example.com", 15, b"\0\x0a" + name("mx1.example.com"), ttl=300)],
        [record("a.name.of.just.over.24.octets", 65280, b"\xab", ttl=2147483647, rrclass=3)],
        [record("mx1.example.com", 1, bytes([192, 0, 2, 1])), opt(b"\0\x0a\0\x02\x01\x02", ttl=0x8000)],
        id=7,
        flags=0x85B3,
    )
    assert Message(wire).to_text() == (
        ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 7\n"
        ";; flags: qr aa rd ra ad cd; QUERY: 1, ANSWER: 1, AUTHORITY: 1, ADDITIONAL: 2\n"
        "\n"
        ";; OPT PSEUDOSECTION:\n"
        "; EDNS: version: 0, flags: do; udp: 1232\n"
        "; COOKIE: 0102\n"
        ";; QUESTION SECTION:\n"
        ";example.com.\t\t\tIN\tMX\n"
        "\n"
        ";; ANSWER SECTION:\n"
        "example.com.\t\t300\tIN\tMX\t10 mx1.example.com.\n"
        "\n"
        ";; AUTHORITY SECTION:\n"
        "a.name.of.just.over.24.octets. 2147483647 CH TYPE65280 \\# 1 AB\n"
        "\n"
        ";; ADDITIONAL SECTION:\n"
        "mx1.example.com.\t60\tIN\tA\t192.0.2.1\n"
    )


def test_options_print_one_a_line() -> None:
    """Options that dig has words for have names, others numbers; octets show in hexadecimal and, quoted, as text."""
    options = b'\0\x03\0\x03a"\n' + b"\0\x0f\0\x06\0\x12nope" + b"\0\x0f\0\x01\x09" + b"\xfd\xe8\0\0"
    text = Message(message([], [], [], [opt(options, ttl=0x00030001)])).to_text()
    assert text.split("PSEUDOSECTION:\n")[1].splitlines() == [
        "; EDNS: version: 3, flags:; MBZ: 0x0001, udp: 1232",
        '; NSID: 61 22 0a ("a".")',
        "; EDE: 18 (Prohibited): (nope)",
        '; EDE: 09 (".")',
        "; OPT=65000:",
    ]


@pytest.mark.parametrize(("flags", "shown"), [(0x8000, "QUERY"), (0x2800, "UPDATE"), (0x7800, "RESERVED15")])
def test_an_opcode_prints_by_name_or_number(flags: int, shown: str) -> None:
    """The header line names the opcode; one without a name shows its number."""
    assert f"opcode: {shown}, status: NOERROR" in Message(message(flags=flags)).to_text()


@pytest.mark.parametrize("rcode", range(26))
def test_an_rcode_prints_as_python_names_it(rcode: int) -> None:
    """C and Python have the same names for rcodes, and number those without one alike."""
    msg = Message(message([], [], [], [opt(ttl=rcode // 16 << 24)], flags=0x8000 + rcode % 16))
    assert f"status: {msg.rcode}, id: 1\n" in msg.to_text()
    assert json.loads(msg.to_json())["flags"]["error_code"] == rcode


def test_a_clipped_message_says_where_it_ends() -> None:
    """The text of a clipped message has its whole records and a warning with the place."""
    wire = message([question("x", 1)], [record("x", 1, bytes(4)), record("x", 1, bytes(4))])
    lines = Message(wire[:-1]).to_text().splitlines()
    assert lines[-3:] == ["x.\t\t\t60\tIN\tA\t0.0.0.0", "", ";; WARNING: the message ends inside the entry at octet 36"]


def test_json_has_the_header_s_flags() -> None:
    """Every flag is a boolean; opcode and rcode are numbers; a section without records is left out, as zdns does."""
    assert data(flags=0x8400) == {
        "flags": {
            "response": True,
            "opcode": 0,
            "authoritative": True,
            "truncated": False,
            "recursion_desired": False,
            "recursion_available": False,
            "authenticated": False,
            "checking_disabled": False,
            "error_code": 0,
        }
    }
    assert data(flags=0x2BB2)["flags"] == {
        "response": False,
        "opcode": 5,
        "authoritative": False,
        "truncated": True,
        "recursion_desired": True,
        "recursion_available": True,
        "authenticated": True,
        "checking_disabled": True,
        "error_code": 2,
    }


def test_json_has_the_three_sections() -> None:
    """Records stand in their sections; the OPT record is zdns's EDNS entry."""
    a = record("x", 1, bytes(4))
    shown = data([question("x", 1)], [a, a], [a], [a, opt(b"\0\x0a\0\x02\x01\x02", ttl=0x8000)])
    entry = HEAD | {"type": "A", "answer": "0.0.0.0"}
    edns = {
        "type": "EDNS0",
        "version": 0,
        "flags": "do",
        "udpsize": 1232,
        "options": [{"code": 10, "name": "COOKIE", "data": "0102"}],
    }
    assert (shown["answers"], shown["authorities"], shown["additionals"]) == ([entry, entry], [entry], [entry, edns])


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b'a"b\\c/', 'a"b\\c/'),
        (b"\x00\x1f\n\t\r\x7f", "\x00\x1f\n\t\r\x7f"),
        ("é€😀\u2028".encode(), "é€😀\u2028"),
        (b"\xc3", "\\195"),
        (b"\xc3(", "\\195("),
        (b"\xc0\xaf", "\\192\\175"),
        (b"\xe0\x80\xaf", "\\224\\128\\175"),
        (b"\xed\xa0\x80", "\\237\\160\\128"),
        (b"\xf0\x80\x80\x80", "\\240\\128\\128\\128"),
        (b"\xf4\x90\x80\x80", "\\244\\144\\128\\128"),
        (b"\xf5\xff\xfe", "\\245\\255\\254"),
        (b"\xe2\x82", "\\226\\130"),
        (b"\xf4\x8f\xbf\xbf", "\U0010ffff"),
        (b"\xed\x9f\xbf\xee\x80\x80", "\ud7ff\ue000"),
    ],
)
def test_json_is_valid_utf8_whatever_a_server_sends(octets: bytes, shown: str) -> None:
    """Valid UTF-8 stands as it is; other octets, surrogates and overlong forms among them, as \\DDD."""
    rdata = bytes([len(octets)]) + octets
    (answer,) = data([], [record("x", 16, rdata)])["answers"]
    assert answer["answer"] == shown


def test_json_survives_any_octet_in_a_name() -> None:
    """Quotes, backslashes and control octets in names are escaped twice: for DNS, then for JSON."""
    labels = bytes([4]) + b'a"\\\n' + bytes([2]) + b".\xff" + b"\0"
    wire = message([], [labels + record("", 2, labels)[1:]])
    (answer,) = json.loads(Message(wire).to_json())["answers"]
    assert answer["name"] == answer["answer"] == 'a\\"\\\\\\010.\\.\\255'


def test_a_string_of_a_txt_record_ends_where_it_ends() -> None:
    """Half a UTF-8 sequence at the end of one string does not join with the other half in the next."""
    (answer,) = data([], [record("x", 16, b"\x01\xc3\x01\xa9")])["answers"]
    assert answer["answer"] == "\\195\n\\169"
