"""Which versions were measured. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version

from ... import __version__
from .contenders import Contender

_NUMBER = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)*)")
_ASKED = {"dnsperf": ["dnsperf", "-h"], "zdns": ["zdns", "--version"]}
_SERVERS = {"Knot DNS": ["/usr/sbin/knotd", "--version"], "NSD": ["/usr/sbin/nsd", "-v"]}
_PACKAGES = ("blastdns", "aiodns", "dnspython")


def of(parties: list[Contender]) -> dict[str, str]:
    """Versions of resquery, Python, the kernel, the servers, and those of the parties that say theirs."""
    found = {"resquery": __version__, platform.python_implementation(): platform.python_version()}
    found[platform.system()] = platform.release()
    keys = {one.key for one in parties}
    asked = _SERVERS | {who: command for who, command in _ASKED.items() if who in keys}
    found |= {who: number for who, command in asked.items() if (number := _ask(command))}
    for package in _PACKAGES:
        if package in keys:
            found |= _packaged(package)
    return found


def _packaged(package: str) -> dict[str, str]:
    try:
        return {package: version(package)} | ({"pycares": version("pycares")} if package == "aiodns" else {})
    except PackageNotFoundError:
        return {}


def _ask(command: list[str]) -> str:
    """The first number with a point in what a program says of itself; "" when it says none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = _NUMBER.search(done.stdout + done.stderr)
    return match[1] if match else ""
