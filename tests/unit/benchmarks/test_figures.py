"""The figures of `make bench` would show it if a promise were broken."""

from __future__ import annotations

import time

import pytest

from benchmarks.parsing_and_planning import LINEAR, growth_per_authority, median_ms
from benchmarks.report import Report, Row, table
from benchmarks.requests_made import READ, WRITE, is_within


def test_linear_growth_is_1_and_quadratic_growth_is_far_more_than_promised() -> None:
    assert growth_per_authority({10: 2.0, 100: 20.0, 1000: 200.0}) == 1
    assert growth_per_authority({10: 2.0, 100: 200.0, 1000: 20_000.0}) == 100 > LINEAR


@pytest.mark.parametrize(
    ("made", "promised", "kept"),
    [
        (["GET"], READ, True),
        (["GET", "GET"], READ, False),
        (["POST"], READ, False),
        (["GET", "GET", "POST", "GET"], WRITE, True),
        (["GET", "POST", "GET"], WRITE, True),
        (["GET", "GET", "POST", "POST", "GET"], WRITE, False),
        (["GET", "GET", "DELETE", "GET"], WRITE, False),
    ],
)
def test_requests_beyond_those_promised_are_told(made: list[str], promised: tuple[str, ...], kept: bool) -> None:
    assert is_within(made, promised) is kept


def test_the_median_is_of_cpu_time_and_in_milliseconds() -> None:
    def burn_two_milliseconds() -> None:
        time.sleep(0.01)  # is not counted
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass

    assert 2 <= median_ms(burn_two_milliseconds, seconds=0) < 9


def test_a_broken_promise_is_in_the_table_in_the_json_and_among_the_broken() -> None:
    broken = Row("unchanged run", 2, "requests", "GET GET", kept=False)
    report = Report({"Requests": [Row("start-up", 521.234, "ms"), Row("other", 1, "requests", kept=True), broken]})
    assert report.broken == [broken]
    lines = list(table("Requests", report.groups["Requests"]))
    assert lines[1].split() == ["start-up", "521", "ms"]
    assert lines[2].split() == ["other", "1", "requests", "[kept]"]
    assert lines[3].split() == ["unchanged", "run", "2", "requests", "GET", "GET", "[BROKEN]"]
    written = report.as_json()
    assert written["groups"] == {
        "Requests": [
            {"name": "start-up", "value": 521.234, "unit": "ms", "detail": "", "kept": None},
            {"name": "other", "value": 1, "unit": "requests", "detail": "", "kept": True},
            {"name": "unchanged run", "value": 2, "unit": "requests", "detail": "GET GET", "kept": False},
        ]
    }
    assert {"date", "machine", "versions"} <= set(written)
