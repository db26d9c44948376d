"""The groups of `make bench` that run playbooks, on a small scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import audits, contestants, many_tenants, one_task, parts_of_a_task, requests_made
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


def test_all_contestants_of_one_task_make_the_requests_of_their_way_and_time_breaks_no_promise(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "PEERS_PYTHON", tmp_path / "absent")
    for name, small in {"ROUNDS": 1, "FAST": 1, "SLOW": 1}.items():
        monkeypatch.setattr(one_task, name, small)
    rows = list(one_task.measure(Stage(tenant, tmp_path)))
    assert {row.name: row.figures["requests"] for row in rows if "requests" in row.figures} == {
        "start-up of ansible-playbook": 0,
        "start-up of requests": 0,
        one_task.OURS_WARM: 1,
        one_task.OURS_COLD: 3,
        one_task.AS_MODULE_WARM: 1,
        one_task.AS_MODULE_COLD: 3,
        one_task.EMPTY: 0,
        one_task.BY_HAND: 2,
        one_task.BARE_COLD: 2,
        one_task.BARE_WARM: 1,
    }
    assert all(row.figures["peak MB"] > 5 for row in rows if "peak MB" in row.figures)
    assert [row.detail for row in rows if row.name == one_task.CLIENT_LIBRARY] == [contestants.NO_PEERS]
    assert [row.is_goal for row in rows if row.kept is not None] == [True] * len(one_task.GOALS)


def test_each_shape_of_a_play_for_many_tenants_is_measured_beside_the_bare_loop(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "PEERS_PYTHON", tmp_path / "absent")
    for name, small in {"ROUNDS": 1, "MANY": 3, "FEW": 2}.items():
        monkeypatch.setattr(many_tenants, name, small)
    rows = {row.name: row for row in many_tenants.measure(Stage(tenant, tmp_path))}
    for shape in many_tenants.SHAPES:
        assert rows[f"ours, warm, {shape}"].figures["requests"] == 1
        assert rows[f"ours, cold, {shape}"].figures["requests"] == 3
        assert rows[f"ours, warm, {shape} / {one_task.BARE_WARM}"].is_goal
    assert rows[one_task.EMPTY].detail.startswith("2 tenants")


def test_the_parts_of_a_task_are_those_of_work_done_inside_ansible(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_of_a_task, "TASKS", 3)
    rows = {row.name: row.value for row in parts_of_a_task.measure(Stage(tenant, tmp_path))}
    for part in ("TLS and TCP: connecting", "waiting for the service", "reading the declared certificates", "planning"):
        assert rows[f"a task: {part}"] > 0
    assert rows["a task: login: msal's own work"] == 0
    assert rows["a task, cold: login: msal's own work"] > 0
    assert rows["an item of a loop: TLS and TCP: connecting"] == 0  # the connection is kept


def test_a_contestant_that_did_not_do_its_work_is_no_figure(tenant: Tenant, tmp_path: Path) -> None:
    arena = contestants.Arena(tenant.service, [tenant], tmp_path)
    lazy = contestants.Contestant("lazy", arena.one_by_one(arena.empty), requests_each=1)
    with pytest.raises(AssertionError, match="lazy: 0 requests for 1 tenants"):
        arena.run(lazy, 1)


def test_audits_ask_for_each_list_once_and_keep_within_their_memory(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "SIZES", (10, 20))
    monkeypatch.setattr(audits, "PAIRS", 4)
    rows = list(audits.measure(Stage(tenant, tmp_path)))
    assert next(row.value for row in rows if row.unit == "requests") == 6
    assert [row.name for row in rows if row.kept is False and not row.is_goal and row.unit != "times"] == []
