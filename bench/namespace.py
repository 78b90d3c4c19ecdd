"""A network namespace of one's own: nothing sent in it reaches anything else.

`enter()` starts the running script again inside one, through unshare(1), as root or in a user namespace where the
kernel allows that. Raw sockets, nftables and addresses in it are then the script's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSIDE = "RESQUERY_INSIDE_NAMESPACE"


class NoNamespace(Exception):
    """This machine, or this user, makes no network namespace."""


def command() -> list[str]:
    """The words that run a program in a new network namespace. Raises NoNamespace with the reason."""
    unshare = shutil.which("unshare")
    if unshare is None:
        raise NoNamespace("unshare is not installed (Debian package util-linux)")
    said = ""
    for words in ([unshare, "--net"], [unshare, "--map-root-user", "--net"]):
        done = subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return words
        said = done.stderr.strip()
    raise NoNamespace(f"no network namespace can be made here: {said}")


def enter() -> None:
    """Goes on inside a namespace whose loopback interface is up; the rest of the script runs there alone."""
    if os.environ.get(INSIDE) == "1":
        return
    try:
        words = command()
    except NoNamespace as reason:
        sys.exit(f"{sys.argv[0]}: {reason}")
    script = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
    done = subprocess.run([*words, *script], env={**os.environ, INSIDE: "1"}, check=False)
    sys.exit(done.returncode)
