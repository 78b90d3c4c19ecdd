"""Messages as text in the styles of dig: +short, +multiline, and the OPT PSEUDOSECTION."""

import pytest

from resquery.message import Message
from wires import message, opt, question, record

SOA = b"\x02ns\0\x04host\0" + b"".join(n.to_bytes(4, "big") for n in (1, 0, 60, 694861, 4294967295))


def lines(rrtype: int, rdata: bytes) -> list[str]:
    """The lines of one record, as dig +multiline prints it."""
    text = Message(message([question("x", 1)], [record("x", rrtype, rdata, ttl=300)])).to_text(multiline=True)
    return text.split(";; ANSWER SECTION:\n")[1].splitlines()


def test_short_is_the_data_of_the_answer_section() -> None:
    """One line for each record of the answer section, aliases too; long data in words; nothing else."""
    wire = message(
        [question("x", 1)],
        [record("x", 5, b"\x01y\0"), record("y", 1, bytes([192, 0, 2, 1])), record("y", 65280, bytes(29))],
        [record("y", 2, b"\0")],
        [record("y", 1, bytes(4)), opt()],
    )
    assert Message(wire).to_text(short=True) == f"y.\n192.0.2.1\n\\# 29 {'00' * 28} 00\n"
    assert Message(message([question("x", 1)])).to_text(short=True) == ""
    assert Message(wire).to_text(short=True, multiline=True) == Message(wire).to_text(short=True)


def test_long_data_is_in_words() -> None:
    """Hexadecimal and base64 up to the end of the RDATA break after each 56 characters, as dig breaks them."""
    text = Message(message([], [record("x", 61, bytes(100)), record("x", 43, bytes(4 + 56))])).to_text()
    assert f"\tOPENPGPKEY {'A' * 56} {'A' * 56} {'A' * 22}==\n" in text
    assert f"\tDS\t0 0 0 {'00' * 28} {'00' * 28}\n" in text


def test_an_soa_is_explained_field_by_field() -> None:
    """Each number has a line and its name; times are told in weeks, days, hours, minutes and seconds."""
    assert lines(6, SOA) == [
        "x.\t\t\t300 IN SOA ns. host. (",
        "\t\t\t\t1          ; serial",
        "\t\t\t\t0          ; refresh (0 seconds)",
        "\t\t\t\t60         ; retry (1 minute)",
        "\t\t\t\t694861     ; expire (1 week 1 day 1 hour 1 minute 1 second)",
        "\t\t\t\t4294967295 ; minimum (7101 weeks 3 days 6 hours 28 minutes 15 seconds)",
        "\t\t\t\t)",
    ]


@pytest.mark.parametrize(
    ("flags", "algorithm", "comment"),
    [
        (0x0100, 8, " ; ZSK; alg = RSASHA256 ; key id = 1290"),
        (0x0101, 13, " ; KSK; alg = ECDSAP256SHA256 ; key id = 1296"),
        (0x0181, 255, " ; revoked KSK; alg = 255 ; key id = 1666"),
    ],
)
def test_a_key_is_explained(flags: int, algorithm: int, comment: str) -> None:
    """What it is for, its algorithm by name or number, and its tag (RFC 4034, appendix B)."""
    assert lines(48, flags.to_bytes(2, "big") + bytes([3, algorithm, 1, 2, 0])) == [
        f"x.\t\t\t300 IN DNSKEY {flags} 3 {algorithm} (",
        "\t\t\t\tAQIA",
        f"\t\t\t\t){comment}",
    ]


def test_an_address_needs_no_second_line() -> None:
    """A type that does not fold is on one line, with its RDATA at column 32 or behind one blank."""
    assert lines(1, bytes([192, 0, 2, 1])) == ["x.\t\t\t300 IN A 192.0.2.1"]
    text = Message(message([], [record("x", 1, bytes(4), ttl=5)])).to_text(multiline=True)
    assert text.endswith("\nx.\t\t\t5 IN A\t0.0.0.0\n")


def test_each_window_of_types_has_a_line_in_an_nsec3_record() -> None:
    """Types are in lines of their own there, and in one line of blanks in an NSEC record, as dig has it."""
    windows = b"\x00\x01\x40\x01\x01\x80"
    assert lines(50, bytes([1, 0, 0, 0, 0, 1, 0]) + windows) == [
        "x.\t\t\t300 IN NSEC3 1 0 0 - (",
        "\t\t\t\t00",
        "\t\t\t\tA",
        "\t\t\t\tURI )",
    ]
    assert lines(47, b"\0" + windows) == ["x.\t\t\t300 IN NSEC . A URI"]


def test_what_has_no_text_folds_too() -> None:
    r"""\# and its hexadecimal stand between parentheses, 44 digits on a line."""
    assert lines(65280, bytes(23)) == [f"x.\t\t\t300 IN TYPE65280 \\# 23 ( {'00' * 22}", "\t\t\t\t00 )"]


def test_a_tsig_record_at_the_end_is_a_section_of_its_own() -> None:
    """The signature of a message is told apart from its additional records."""
    tsig = b"\x01h\0" + bytes(6) + b"\x01\x2c\0\x01\xab\0\x2a\0\0\0\0"
    text = Message(message([], [], [], [record("k", 250, tsig, ttl=0, rrclass=255)])).to_text(multiline=True)
    assert text.endswith("\n\n;; TSIG PSEUDOSECTION:\nk.\t\t\t0 ANY TSIG h. 0 300 1 (\n\t\t\t\tqw== ) 42 NOERROR 0\n")


@pytest.mark.parametrize(
    ("code", "octets", "shown"),
    [
        (1, b"ab", 'LLQ: 61 62 ("ab")'),
        (3, b'a"\n\xff', 'NSID: 61 22 0a ff ("a"..")'),
        (3, b"", "NSID:"),
        (5, b"\x08", 'OPT=5: 08 (".")'),
        (8, b"\0\1\x18\0\xc0\0\2", "CLIENT-SUBNET: 192.0.2.0/24/0"),
        (8, b"\0\2\x38\x10\x20\x01\x0d\xb8\0\0\1", "CLIENT-SUBNET: 2001:db8:0:100::/56/16"),
        (8, b"\0\0\0\0", "CLIENT-SUBNET: 0/0/0"),
        (8, b"\0\1\x18\0\xc0", "CLIENT-SUBNET: 00 01 18 00 c0 "),
        (8, b"\0\1\x21\0aaaaa", "CLIENT-SUBNET: 00 01 21 00 61 61 61 61 61 "),
        (8, b"", "CLIENT-SUBNET:"),
        (9, b"\0\x09\x3a\x80", "EXPIRE: 604800 (1 week)"),
        (9, b"", "EXPIRE:"),
        (9, b"\0", 'EXPIRE: 00 (".")'),
        (10, b"\1\2\3\4\5\6\7\x08", "COOKIE: 0102030405060708"),
        (10, b"", "COOKIE:"),
        (11, b"\0\x65", "TCP KEEPALIVE: 10.1 secs"),
        (11, b"\1", 'TCP KEEPALIVE: 01 (".")'),
        (12, b"\0" * 5, "PAD: (5 bytes)"),
        (12, b"", "PAD:"),
        (14, b"\x4f\x66\x4a\x5c", "KEY-TAG: 20326, 19036"),
        (14, b"abc", 'KEY-TAG: 61 62 63 ("abc")'),
        (15, b"\0\x12", "EDE: 18 (Prohibited)"),
        (15, b"\x27\x0fno\n", "EDE: 9999: (no.)"),
        (15, "\0\x12café€😀".encode(), "EDE: 18 (Prohibited): (café€😀)"),
        (15, "\0\0\u0085\u009b\u00a0".encode(), "EDE: 0 (Other): (....\u00a0)"),
        (15, b"\0\x12a\xff", "EDE: 18 (Prohibited): 61 ff (a.)"),
        (15, b"\x09", 'EDE: 09 (".")'),
        (16, b"\0\1", "CLIENT-TAG: 1"),
        (17, b"\0", 'SERVER-TAG: 00 (".")'),
        (65000, b"", "OPT=65000:"),
    ],
)
def test_an_option_is_a_line_as_dig_prints_it(code: int, octets: bytes, shown: str) -> None:
    """Options that dig has words for have them; others, and octets that are no such option, are dumped."""
    option = code.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets
    text = Message(message([], [], [], [opt(option)])).to_text()
    assert text.split("\n; EDNS: version: 0, flags:; udp: 1232\n")[1] == f"; {shown}\n"


@pytest.mark.parametrize(
    ("ttl", "shown"),
    [
        (0x8000, "version: 0, flags: do; udp"),
        (0xC000, "version: 0, flags: do co; udp"),
        (0x0001, "version: 0, flags:; MBZ: 0x0001, udp"),
        (0x10000, "version: 1, flags:; udp"),
    ],
)
def test_flags_of_edns_are_named(ttl: int, shown: str) -> None:
    """DO and CO have names; bits that must be zero are shown when they are not."""
    assert f"; EDNS: {shown}: 1232\n" in Message(message([], [], [], [opt(ttl=ttl)])).to_text()


def test_a_bit_that_must_be_zero_is_shown() -> None:
    """The Z bit of the header stands behind the flags."""
    assert ";; flags: qr; MBZ: 0x4; QUERY: 0," in Message(message(flags=0x8040)).to_text()
