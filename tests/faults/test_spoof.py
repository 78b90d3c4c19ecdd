"""Forged answers from raw sockets, in a network namespace: whatever a forger guesses right, something is missing."""

from __future__ import annotations

from inside import ROOT, Inside

SCRIPT = ROOT / "bench/spoof.py"
FORGERIES = 35_000  # of each attack; bench/spoof.py sends 10^7


def test_no_forgery_is_accepted_and_lookups_go_on(inside: Inside) -> None:
    """Random ports and IDs; the right port; the right ID too, but another question, source or letter case; ICMP."""
    results = inside(SCRIPT, "--forgeries", str(FORGERIES), "--each", "100", "--json")
    assert len(results) == 6
    for result in results:
        assert result["forgeries"] == FORGERIES, result
        assert result["accepted"] == 0, result
        assert result["succeeded"] >= 0.9, result
    dropped = {result["attack"]: result["dropped"] for result in results}
    assert dropped["id"]["id"] > FORGERIES // 10
    assert dropped["name"]["question"] > FORGERIES // 10
    assert dropped["case"]["case"] > FORGERIES // 10
    assert dropped["source"] == {}  # a connected socket: the kernel drops them


def test_sockets_that_servers_share_check_the_source(inside: Inside) -> None:
    """With 20 servers nothing is connected: then the address and port of each packet are compared."""
    [result] = inside(SCRIPT, "--forgeries", "10000", "--servers", "20", "--attack", "source", "--json")
    assert (result["accepted"], result["succeeded"] >= 0.9) == (0, True)
    assert result["dropped"]["source"] > 1000  # the rest came when the lookup was over, or to a full buffer
