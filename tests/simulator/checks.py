# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of single values that the control interface is sent; each raises SettingError with what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography import x509


class SettingError(Exception):
    """What the control was sent makes no sense; the text names the key and what was expected."""


Check = Callable[[object], Any]


def checked(given: object, checks: Mapping[str, Check], what: str) -> dict[str, Any]:
    """Return the values of the JSON object `given`, each through the check of its name.

    Raises SettingError that names the key, when a key is unknown or its value is wrong.
    """
    if not isinstance(given, dict):
        raise SettingError(f"{what}: expected an object, got {given!r}")
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in checks:
            raise SettingError(f"{what}: unknown key {key!r}; known are {', '.join(sorted(checks))}")
        try:
            values[key] = checks[key](value)
        except SettingError as error:
            raise SettingError(f"{what}: {key}: {error}") from None
    return values


def one_of(*choices: object) -> Check:
    def check(value: object) -> object:
        if isinstance(value, bool) or value not in choices:
            raise SettingError(f"expected one of {', '.join(map(str, choices))}, got {value!r}")
        return value

    return check


def integer(minimum: int, maximum: int = 2**31 - 1) -> Check:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise SettingError(f"expected an integer from {minimum} to {maximum}, got {value!r}")
        return value

    return check


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"expected true or false, got {value!r}")
    return value


def seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise SettingError(f"expected a number of seconds, got {value!r}")
    return float(value)


def text(value: object) -> str:
    if not isinstance(value, str):
        raise SettingError(f"expected a string, got {value!r}")
    return value


def texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingError(f"expected a list of strings, got {value!r}")
    return tuple(text(member) for member in value)


def pattern(value: object) -> re.Pattern[str]:
    try:
        return re.compile(text(value))
    except re.error as error:
        raise SettingError(f"expected a regular expression, got {value!r}: {error}") from None


def headers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not _are_header_values(value.values()):
        raise SettingError(f"expected an object of strings, got {value!r}")
    return tuple((name, str(content)) for name, content in value.items())


def _are_header_values(values: Iterable[object]) -> bool:
    return all(isinstance(value, (str, int, float)) and not isinstance(value, bool) for value in values)


def certificate(value: object) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text(value).encode())
    except ValueError:
        raise SettingError("expected a certificate in PEM") from None
