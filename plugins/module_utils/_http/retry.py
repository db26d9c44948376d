# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a request is sent again, and how long to wait before: pure rules.

This module util is private to the collection.
"""

from __future__ import annotations

import random
import typing as t
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

MAXIMUM_ATTEMPTS = 5

# The service has not acted and may if asked again (RFC 6585, section 4).
REFUSED_FOR_NOW = frozenset({429})
# Whether a write had an effect is unknown after these: only reads are sent again on their own.
FAILED = frozenset({500, 502, 503, 504})
# The node or gateway behind the connection is in trouble: the next try takes a new connection (Graph best practices).
NEEDS_A_FRESH_CONNECTION = frozenset({502, 503, 504})


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: whole seconds, a fraction of seconds (Graph sends these), or an HTTP date.

    Returns seconds to wait, never negative; None when there is no header or it says nothing that can be read.
    Source: RFC 9110, section 10.2.3; the fraction: Graph throttling guidance.
    """
    if not value:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None  # "nan" and "inf" are floats to Python


def backoff(attempt: int, jitter: t.Callable[[], float] = random.random) -> float:
    """Seconds to wait after failed attempt 1, 2, 3 ...: 0.5, 1, 2, 4 ... at most 16, of which half is chance."""
    ceiling: float = min(16.0, 0.5 * 2.0 ** (attempt - 1))
    return ceiling / 2 + ceiling / 2 * jitter()
