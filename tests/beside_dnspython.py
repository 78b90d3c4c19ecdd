"""Where we and dnspython take the same octets differently, and why: for the fuzzer and for the tests with Hypothesis.

What fits a layout here is read there, and what is raw here is refused there, but for these. A case that no reason
explains is a failure.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

import dns.exception

REFUSALS = (dns.exception.DNSException, ValueError, struct.error)


class Reason(NamedTuple):
    """Why we and dnspython differ on records of these types (all, when none are named)."""

    types: str
    said: str  # what dnspython says, a pattern
    reason: str


JUDGED = "which length or value an algorithm asks for is left to who validates: registries grow"
NUMBERS = "the numbers are given as they stand, the text is \\#"
CONSISTENT = "not self-consistent, but each value fits its key"

TYPED_HERE = [  # and refused by dnspython
    Reason("CAA", "tag is not alphanumeric", "RFC 8659, 4.1.1 asks it of who writes: the tag that is there is shown"),
    Reason("DS CDS DLV SSHFP ZONEMD TA", "digest|fingerprint|scheme|hash_algorithm", JUDGED),
    Reason("GPOS", "malformed|float|latitude|longitude", "that the strings are numbers in a range is not checked"),
    Reason("LOC", "version|latitude|longitude|size|exponent|base|precision", NUMBERS),
    Reason("NSEC3", "empty bytes", "a hash without octets is shown as such, the text is \\#"),
    Reason("OPT", "", "an option that does not fit is raw by itself, the others are typed"),
    Reason("SVCB HTTPS", "AliasMode", "RFC 9460, 2.4.2 has readers ignore the parameters, which they can"),
    Reason("SVCB HTTPS", "no-default-alpn present", f"RFC 9460, 7.1.1: {CONSISTENT}"),
    Reason("SVCB HTTPS", "declared mandatory", f"RFC 9460, 8: {CONSISTENT}"),
    Reason("SVCB HTTPS", "ECHConfigList|key 5 cannot", "what is inside ech is left to TLS (RFC 9848)"),
    Reason("SVCB HTTPS", "malformed", "keys above 8 have no layout here: their values are octets"),
    Reason("TLSA SMIMEA", "inconsistent with matching type", JUDGED),
    Reason("TSIG", "rcode must", "an error is any number of 16 bits"),
    Reason("URI", "may not be empty", "RFC 7553, 4.4 asks it of who writes: an empty target is shown"),
]
RAW_HERE = [  # and read by dnspython
    Reason("APL", r"(^|\s)!?(?![12]:)\d+:", "RFC 3123 has prefixes of IPv4 and IPv6 alone"),
    Reason("SVCB HTTPS", "dohpath", "a path is UTF-8 (RFC 9461, 5)"),
    Reason("WKS", "ends in 0", "zeros that a bitmap need not have would not come back from the typed value"),
]
MESSAGES = {  # what dnspython says of a message whose every record it reads, and why we read it
    "somewhere other than": "an OPT record in another section is a record like others",
}
UPDATE = "dnspython reads classes and empty RDATA of an UPDATE in another sense"
CHAOS = "dnspython has a layout of A in class CH"


def explain(reasons: list[Reason], mnemonic: str, said: str) -> str | None:
    """The reason for a difference, None when there is none."""
    return next(
        (one.reason for one in reasons if mnemonic in (one.types.split() or [mnemonic]) and re.search(one.said, said)),
        None,
    )
