"""The exceptions: what they carry, what they say, and that they survive a trip to another process."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from resquery import errors
from resquery._lib import class_number, name_octets, type_number


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "it is empty"),
        (".a", "empty label"),
        ("a..b", "empty label"),
        ("a" * 64 + ".example", "longer than 63 octets"),
        (".".join(["a" * 60] * 5), "longer than 255 octets"),
        ("a\\", "bad escape"),
        ("a\\256", "bad escape"),
        ("a\\25", "bad escape"),
        ("bücher.example", "IDNA"),
        ("a b", "IDNA"),
        ("\udc80", "IDNA"),
    ],
)
def test_an_illegal_name_is_refused_with_the_rule_it_breaks(name: str, rule: str) -> None:
    """IllegalName carries the value as given, and says which rule."""
    with pytest.raises(errors.IllegalName) as caught:
        name_octets(name)
    assert caught.value.value == name
    assert rule in caught.value.rule
    assert rule in str(caught.value)


def test_a_hostile_name_is_shown_escaped() -> None:
    """No control octet of a name reaches the terminal by way of a message, and a huge one is cut."""
    with pytest.raises(errors.IllegalName) as caught:
        name_octets("\x1b[2J\n" + "x" * 10_000)
    assert str(caught.value).isprintable()
    assert "\\027[2J\\010x" in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("rrtype", ["NOSUCH", "", "TYPE65536", "TYPE", "TYPE-1", "A B", "15²", "65536", -1, 65536])
def test_an_unknown_type_is_refused(rrtype: str | int) -> None:
    """UnknownType carries the value as given."""
    with pytest.raises(errors.UnknownType) as caught:
        type_number(rrtype)
    assert caught.value.value == rrtype


@pytest.mark.parametrize("rrclass", ["XX", "", "CLASS65536", "CLASS", "CLASS²", "3²", "65536", -1, 65536])
def test_an_unknown_class_is_refused(rrclass: str | int) -> None:
    """UnknownType, for a class too."""
    with pytest.raises(errors.UnknownType, match="no class"):
        class_number(rrclass)


@pytest.mark.parametrize("value", [None, 5.0, ["a"], bytearray(b"a"), True])
def test_what_is_no_text_is_a_type_error(value: Any) -> None:
    """A name, a type and a class of another Python type name that type."""
    for call in (name_octets, type_number, class_number):
        with pytest.raises(TypeError, match=type(value).__name__):
            call(value)


def test_misuse_is_a_value_error_and_a_timeout_is_a_timeout_error() -> None:
    """Code that knows only the built-in exceptions catches ours."""
    for kind in (errors.IllegalName, errors.IllegalSetting, errors.UnknownType, errors.BadServer, errors.MessageError):
        assert issubclass(kind, ValueError)
    assert issubclass(errors.Timeout, TimeoutError)
    assert issubclass(errors.NetworkError, OSError)
    for name in dir(errors):
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            assert issubclass(kind, errors.ResqueryError)


@pytest.mark.parametrize(
    "error",
    [
        errors.IllegalName("a..b", "it has an empty label"),
        errors.UnknownType("no", "X"),
        errors.IllegalSetting("tries", "is an int from 1 to 100, not 0", 0),
        errors.NXDomain("gone", name="a.example", type="MX", server="127.0.0.1:53", tries=2),
        errors.ServFail("failed", rcode=2, name="a.example"),
        errors.Timeout("late", tries=3),
        errors.NetworkError("no", errno=111, strerror="Connection refused", server="127.0.0.1:1"),
    ],
)
def test_an_exception_survives_pickling(error: errors.ResqueryError) -> None:
    """A pool of processes hands back the same exception with all it carries."""
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert getattr(back, "errno", None) == getattr(error, "errno", None)
