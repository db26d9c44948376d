"""What one unchanged task costs, beside an empty module and beside doing the same two requests by hand."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.report import Row, Stage
from builders.pki import write_two_tier_pki
from integration.playbook import Playbook, manage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.service import Tenant

TITLE = "Wall time of one task in ansible-playbook, its start-up taken off (medians)"
ROUNDS = 7
TASKS = 5

EMPTY_MODULE = """\
from ansible.module_utils.basic import AnsibleModule

AnsibleModule({}).exit_json()
"""


def measure(stage: Stage) -> Iterator[Row]:
    """Run plays of no task and of some tasks of each kind in turns, so that a busy machine slows all of them alike."""
    playbook = Playbook(stage.tenant.service, stage.tenant, stage.folder)
    write_two_tier_pki(stage.folder)
    unchanged = manage(certificate_authorities=[{"path": "root.pem"}, {"path": "issuing.der"}])
    playbook.run(unchanged)
    library = stage.folder / "library"
    library.mkdir()
    (library / "empty.py").write_text(EMPTY_MODULE)
    kinds: dict[str, list[dict[str, Any]]] = {
        "empty": [{"name": "empty", "empty": {}}],
        "unchanged": [unchanged],
        "by hand": _by_hand(stage.tenant),
    }
    start_ups: list[float] = []
    per_task: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _round in range(ROUNDS):
        start_ups.append(_seconds(playbook, []))
        for kind, tasks in kinds.items():
            per_task[kind].append((_seconds(playbook, tasks * TASKS) - start_ups[-1]) / TASKS)
    yield Row("start-up, a play without tasks", statistics.median(start_ups) * 1000, "ms", _range(start_ups, "ms"))
    for kind, name in (
        ("empty", "an empty module"),
        ("unchanged", "an unchanged task of ours"),
        ("by hand", "two ansible.builtin.uri tasks (token, GET)"),
    ):
        yield Row(name, statistics.median(per_task[kind]) * 1000, "ms", _range(per_task[kind], "ms"))
    for kind, name in (("empty", "ours beside an empty module"), ("by hand", "ours beside the two uri tasks")):
        ratios = [ours / theirs for ours, theirs in zip(per_task["unchanged"], per_task[kind], strict=True)]
        yield Row(name, statistics.median(ratios), "times", _range(ratios, "times"))


def _seconds(playbook: Playbook, tasks: list[dict[str, Any]]) -> float:
    """Return how long a play takes in which every task must run and change nothing."""
    started = time.perf_counter()
    results = playbook.run(*tasks, environment={"ANSIBLE_LIBRARY": str(playbook.folder / "library")})
    taken = time.perf_counter() - started
    assert [result.status for result in results] == ["ok"] * len(tasks)
    assert not any(result.changed for result in results)
    return taken


def _by_hand(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what a playbook without the collection does to read the store; it compares nothing."""
    service = tenant.service
    token = {
        "url": f"{service.authority_url}/{tenant.tenant_id}/oauth2/v2.0/token",
        "method": "POST",
        "body_format": "form-urlencoded",
        "body": {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "scope": f"{service.graph_url}/.default",
        },
        "ca_path": service.ca_path,
    }
    read = {
        "url": f"{service.graph_url}/v1.0/organization/{tenant.tenant_id}/certificateBasedAuthConfiguration",
        "headers": {"Authorization": "Bearer {{ token.json.access_token }}"},
        "ca_path": service.ca_path,
    }
    return [
        {"name": "token", "ansible.builtin.uri": token, "register": "token", "no_log": True},
        {"name": "read", "ansible.builtin.uri": read, "no_log": True},
    ]


def _range(values: list[float], unit: str) -> str:
    factor, digits = (1000, 0) if unit == "ms" else (1, 2)
    return f"{min(values) * factor:.{digits}f} to {max(values) * factor:.{digits}f}"
