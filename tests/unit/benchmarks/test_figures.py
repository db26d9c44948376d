"""The figures of `make bench` would show it if a promise were broken."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks import measured
from benchmarks.contestants import Cost
from benchmarks.one_task import ratio
from benchmarks.parsing_and_planning import LINEAR, growth_per_authority, median_ms
from benchmarks.report import Report, Row, table
from benchmarks.requests_made import READ, WRITE, is_within

if TYPE_CHECKING:
    from pathlib import Path


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
    common = {"detail": "", "is_goal": False, "figures": {}}
    assert written["groups"] == {
        "Requests": [
            {**common, "name": "start-up", "value": 521.234, "unit": "ms", "kept": None},
            {**common, "name": "other", "value": 1, "unit": "requests", "kept": True},
            {**common, "name": "unchanged run", "value": 2, "unit": "requests", "detail": "GET GET", "kept": False},
        ]
    }
    assert {"date", "machine", "versions"} <= set(written)


def test_a_goal_that_was_missed_is_told_and_is_no_broken_promise() -> None:
    missed = Row("ours / theirs", 2.5, "times", "goal 2", kept=False, is_goal=True, figures={"of CPU": 2.25})
    assert Report({"Ratios": [missed]}).broken == []
    assert (
        " ".join(list(table("Ratios", [missed]))[1].split()) == "ours / theirs 2.50 times of CPU 2.25, goal 2 [missed]"
    )


def test_what_a_task_costs_is_what_a_run_takes_longer_for_it() -> None:
    start, run = Cost(1.0, 0.5, 60.0, 1), Cost(5.0, 2.5, 80.0, 9)
    assert run.per(4, start) == Cost(1.0, 0.5, 80.0, 2)


def test_a_goal_is_judged_by_the_median_of_the_rounds() -> None:
    theirs = [Cost(1.0, 1.0, 60.0)] * 3
    ours = [Cost(seconds, 0.5, 60.0) for seconds in (0.1, 0.2, 9.0)]
    judged = ratio("ours / theirs", ours, theirs, 0.2)
    assert (judged.value, judged.kept, judged.is_goal, judged.figures) == (0.2, True, True, {"of CPU": 0.5})
    assert ratio("ours / theirs", ours, theirs, 0.19).kept is False


def test_cpu_and_memory_are_those_of_the_command_and_of_its_children(tmp_path: Path) -> None:
    """The memory of the process that starts the measurement, this one, does not count."""
    burn = "import time\ntaken = bytearray(200_000_000)\nwhile time.process_time() < 0.3:\n    pass"
    through_a_child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}], check=True)"
    costs = []
    for program in (through_a_child, "pass"):
        command = [sys.executable, "-I", "-S", str(measured.__file__), str(tmp_path / "cost.json")]
        subprocess.run([*command, sys.executable, "-I", "-S", "-c", program], check=True)
        costs.append(json.loads((tmp_path / "cost.json").read_text()))
    burning, idle = costs
    assert burning["cpu_s"] >= 0.3 > idle["cpu_s"]
    assert burning["wall_s"] >= 0.3
    assert burning["peak_mb"] > 190
    assert idle["peak_mb"] < 30
