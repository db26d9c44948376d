"""Rules of waiting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.entra.cba.plugins.module_utils._http.retry import backoff, retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("2.128", 2.128),
        ("-5", 0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_seconds_a_fraction_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def test_backoff_doubles_to_a_ceiling_and_half_of_it_is_chance() -> None:
    assert [backoff(attempt, lambda: 1.0) for attempt in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 16, 16]
    assert [backoff(attempt, lambda: 0.0) for attempt in range(1, 4)] == [0.25, 0.5, 1]
