"""Where we and dnspython take the same octets differently, and why: for the fuzzer and for the tests with Hypothesis.

What fits a layout here is read there, and what is raw here is refused there, but for these. A case that no reason
explains is a failure.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

import dns.exception
import dns.version

REFUSALS = (dns.exception.DNSException, ValueError, struct.error)


class Reason(NamedTuple):
    """Why we and dnspython differ on records of these types (all, when none are named)."""

    types: str
    said: str  # what dnspython says, a pattern
    reason: str


JUDGED = "which length or value an algorithm asks for is left to who validates: registries grow"
EMPTY = "it prints nothing for a last field without octets, which nobody reads back: we print \\#"
TYPED_HERE = [  # and refused by dnspython
    Reason("CAA", "tag is not alphanumeric", "RFC 8659, 4.1.1 asks it of who writes: the tag that is there is shown"),
    Reason("GPOS", "malformed|float|latitude|longitude", "that the strings are numbers in a range is not checked"),
    Reason("LOC", "version|latitude|longitude|size|bad", "the numbers are given as they stand, the text is \\#"),
    Reason("OPT", "", "an option that does not fit is raw by itself, the others are typed"),
    Reason("DS CDS DLV SSHFP ZONEMD TLSA SMIMEA", "digest|finger|scheme|hash_algorithm|association data", JUDGED),
    Reason("NSEC3", "empty bytes", "a hash without octets is shown as such, the text is \\#"),
    Reason("SVCB HTTPS", "AliasMode", "RFC 9460, 2.4.2 has readers ignore the parameters, which they can"),
    Reason("SVCB HTTPS", "no-default-alpn present", "RFC 9460, 7.1.1: at odds with itself; each value fits its key"),
    Reason("SVCB HTTPS", "mandatory", "RFC 9460, 8: whether a client can use the record is its own question"),
    Reason("SVCB HTTPS", "ECHConfigList|key 5 cannot", "what is inside ech is left to TLS (RFC 9848)"),
    Reason("SVCB HTTPS", "malformed|key \\d+", "keys above 8 have no layout here: their values are octets"),
    Reason("TSIG", "rcode must", "an error is any number of 16 bits"),
    Reason("URI", "may not be empty", "RFC 7553, 4.4 asks it of who writes: an empty target is shown"),
]
RAW_HERE = [  # and read by dnspython
    Reason("APL", r"(^|[ !])(?![12]:)\d+:", "a family other than IPv4 and IPv6 has no text (RFC 3123, 4)"),
    Reason("SVCB HTTPS", "dohpath", "a path is UTF-8 (RFC 9461, 5)"),
    Reason("WKS", "", "zeros at the end of the bitmap, which could not be made again from ports"),
]
OTHER_OCTETS = [  # typed by both
    Reason("ISDN", "", "it forgets a subaddress that is there but empty"),
]
UNREAD = [  # our text, by dnspython
    Reason("KEY", "expected EOL or EOF", "it reads no key after flags that say that there is none (RFC 2535, 3.1.2)"),
    Reason("ISDN", "compressed data", "it forgets a subaddress that is there but empty"),
    Reason("NSEC NSEC3 CSYNC", "bit 0|type is unknown", "it reads neither TYPE0 nor mnemonics that are new to it"),
    Reason("DSYNC RRSIG SIG", "type is unknown|TYPE0", "it reads neither TYPE0 nor mnemonics that are new to it"),
    Reason("CERT", "", "it has no mnemonic for some algorithms"),
    Reason("NID L64", "hex string", "it wants four digits for each group: we print as BIND does"),
    Reason("TKEY TSIG", "", "it has another text than BIND, which ours is"),
]
TEXTS = [  # which are not the same words
    Reason("", r"^\\# .* \| ", EMPTY),
    Reason("ISDN", "", "it forgets a subaddress that is there but empty"),
    Reason("NSEC NSEC3 CSYNC DSYNC RRSIG SIG", r"\| .*TYPE\d", "it has no mnemonic for some types"),
    Reason("SVCB HTTPS", r"key10\b.* \| .*docpath", "keys above 8 have neither layout nor name here"),
    Reason("CERT", "", "it has no mnemonic for some algorithms"),
    Reason("NID L64", "", "it prints four digits for each group: we print as BIND does"),
    Reason("TKEY TSIG", "", "it has another text than BIND, which ours is"),
]
OLD = (dns.version.MAJOR, dns.version.MINOR) < (2, 9)  # 2.8 is the last for Python 3.10
if OLD:
    for reasons in (TYPED_HERE, RAW_HERE, OTHER_OCTETS, UNREAD, TEXTS):
        reasons.append(Reason("", "", "dnspython 2.8 checks less, and takes octets above 127 in text for letters"))
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
