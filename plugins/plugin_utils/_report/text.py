# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of certificates and of times, fit to be shown to people.

This plugin util is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import unicodedata
from datetime import datetime, timezone

if t.TYPE_CHECKING:
    from datetime import timedelta

_LONGEST = 1000
_LONGEST_NAME = 120
# Controls, formats (bidirectional overrides, zero-width characters), surrogates, private use, unassigned, separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_COMMON_NAME = re.compile(r"(?:^|,)CN=((?:\\.|[^,\\])*)", re.DOTALL)
_DAYS_OF_A_YEAR = 365.25


def visible(text: str) -> str:
    """Return text in which nothing hides, turns the line around, or fills pages.

    Whoever makes a certificate chooses its names. Characters without a shape of their own are named by their code
    point, line breaks stay, and of very long text the end is left out.
    """
    kept = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more characters)"
    if kept.isascii() and kept.isprintable():
        return kept
    return "".join(
        f"⟨U+{ord(character):04X}⟩" if character != "\n" and unicodedata.category(character) in _UNSEEN else character
        for character in kept
    )


def common_name(subject: str) -> str:
    """Return the common name of an RFC 4514 name, or all of it where it has none; of very long ones the beginning."""
    found = _COMMON_NAME.search(subject)
    name = subject if found is None else re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)
    return f"{name[:_LONGEST_NAME]}…" if len(name) > _LONGEST_NAME else name.strip() or "CA without a name"


def moment(text: str) -> datetime:
    """Return the time that an ISO 8601 text in UTC means."""
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def day(when: datetime) -> str:
    """Return a date as people write it, month in letters, so that nobody has to guess the order."""
    return f"{when.day} {when:%B} {when.year}"


def minute(when: datetime) -> str:
    """Return a date and time."""
    return f"{day(when)}, {when:%H:%M} UTC"


def distance(span: timedelta) -> str:
    """Return how far away something is: "in 12 days", "3 years ago"."""
    days = abs(span.total_seconds()) / 86400
    if days < 2:
        amount, unit = days * 24, "hour"
    elif days < 90:
        amount, unit = days, "day"
    elif days < 2 * _DAYS_OF_A_YEAR:
        amount, unit = days / _DAYS_OF_A_YEAR * 12, "month"
    else:
        amount, unit = days / _DAYS_OF_A_YEAR, "year"
    words = counted(int(amount), unit)
    return f"{words} ago" if span.total_seconds() < 0 else f"in {words}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s in the plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def octets(size: int) -> str:
    """Return a size as people read it."""
    if size < 10_000:
        return f"{counted(size, 'byte')}"
    return f"{size / 1024:.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
