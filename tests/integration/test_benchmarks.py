"""The groups of `make bench` that run playbooks, on a small scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import requests_made, wall_time
from benchmarks.report import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from integration.service import Tenant


def test_each_kind_of_run_makes_the_requests_promised(tenant: Tenant, tmp_path: Path) -> None:
    rows = list(requests_made.measure(Stage(tenant, tmp_path)))
    assert [(row.name, row.value, row.kept) for row in rows] == [
        ("cold creating run, to Graph", 4, True),
        ("cold creating run, to the login service", 2, True),
        ("cold unchanged run, to Graph", 1, True),
        ("cold unchanged run, to the login service", 2, True),
        ("warm unchanged run, to Graph", 1, True),
        ("warm unchanged run, to the login service", 0, True),
        ("warm changing run, to Graph", 4, True),
        ("warm changing run, to the login service", 0, True),
    ]


def test_a_request_more_than_promised_is_counted(tenant: Tenant, tmp_path: Path) -> None:
    tenant.behave(create_path="ref")
    creating = next(requests_made.measure(Stage(tenant, tmp_path)))
    assert (creating.detail, creating.kept) == ("GET GET POST POST GET", False)


def test_a_login_with_a_warm_cache_breaks_the_promise(tenant: Tenant, tmp_path: Path) -> None:
    tenant.behave(token_lifetime_s=60)  # too short to be kept
    broken = [row.name for row in requests_made.measure(Stage(tenant, tmp_path)) if not row.kept]
    assert broken == ["warm unchanged run, to the login service", "warm changing run, to the login service"]


def test_the_wall_time_of_all_three_kinds_of_tasks_is_measured(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall_time, "ROUNDS", 1)
    rows = {row.name: row.value for row in wall_time.measure(Stage(tenant, tmp_path))}
    ours, empty = rows["an unchanged task of ours"], rows["an empty module"]
    assert empty > 0
    assert ours > 0
    assert rows["ours beside an empty module"] == pytest.approx(ours / empty)
