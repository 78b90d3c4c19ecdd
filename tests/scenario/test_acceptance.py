"""Which packets rq_lookup_judge lets in: what a forger may vary is varied octet by octet."""

from __future__ import annotations

from pathlib import Path

from lookup_player import QUESTION, opt, play, reply

POLICY = ["policy 1000000 1000000 1 1 0 0 0 0 0 0", "start 0 0"]
QUESTION_END = 12 + len(QUESTION)


def verdicts(player: Path, packets: list[bytes]) -> list[str]:
    """What becomes of each packet, each the first of a lookup."""
    commands = [command for packet in packets for command in (*POLICY, f"packet 5 {packet.hex()}")]
    return [line.partition(" until ")[0].partition(" tries ")[0] for line in play(player, commands)[1::2]]


def test_every_proper_prefix_of_an_answer_is_dropped(player: Path) -> None:
    """An answer cut anywhere, without TC, is no answer; whole it is one."""
    whole = reply(0)
    cut = verdicts(player, [whole[:length] for length in range(len(whole))])
    assert cut == ["drop SHORT"] * 12 + ["drop MALFORMED"] * (len(whole) - 12)
    assert verdicts(player, [whole]) == ["finish OK server 0 udp rcode 0"]


def test_every_changed_octet_of_the_question_is_dropped(player: Path) -> None:
    """No octet of the question may differ, except for the case of a letter in the name."""
    whole = reply(0)
    for at in range(12, QUESTION_END):
        other = [bytes([*whole[:at], octet, *whole[at + 1 :]]) for octet in range(256) if octet != whole[at]]
        letter = chr(whole[at]).isalpha() and at < QUESTION_END - 4
        accepted = [
            wire[at] for wire, said in zip(other, verdicts(player, other), strict=True) if said.startswith("finish")
        ]
        assert accepted == ([whole[at] ^ 32] if letter else []), at


def test_the_rcode_has_the_upper_bits_of_opt(player: Path) -> None:
    """Each of the 4096 rcodes arrives as sent (RFC 6891, 6.1.3)."""
    arrived = verdicts(player, [reply(rcode) for rcode in range(4096)])
    assert arrived == [f"finish OK server 0 udp rcode {rcode}" for rcode in range(4096)]


def test_counts_beyond_the_message_end_at_once(player: Path) -> None:
    """Counts that promise 196,605 records in a short message are malformed, and cost no more than the message has."""
    wire = reply(0)
    assert verdicts(player, [wire[:6] + b"\xff" * 6 + wire[12:]]) == ["drop MALFORMED"]


def test_options_of_any_number_are_stepped_over(player: Path) -> None:
    """An OPT record with 16,000 empty options is one record (CVE-2026-41292)."""
    wire = reply(0)[: -len(opt())] + opt(0, b"\0\x0c\0\0" * 16_000)
    assert verdicts(player, [wire]) == ["finish OK server 0 udp rcode 0"]


def test_an_opt_record_that_breaks_off_has_no_say_in_the_rcode(player: Path) -> None:
    """Options that cannot be walked are no EDNS, for the lookup as for the message that is then shown."""
    wire = reply(4095)[: -len(opt())] + opt(4095, b"\0\x0c\0\5")
    assert verdicts(player, [wire]) == ["finish OK server 0 udp rcode 15"]
