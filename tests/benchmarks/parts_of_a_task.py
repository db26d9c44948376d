"""Where the time of one in-process unchanged task goes."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from benchmarks.contestants import HERE, Arena, Contestant
from benchmarks.report import Row, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "Where the time of one in-process unchanged task goes (medians of wall time)"
TASKS = 40


def measure(stage: Stage) -> Iterator[Row]:
    """Time the parts inside ansible-playbook: a task of its own for each tenant, and one task in a loop."""
    service = stage.tenant.service
    arena = Arena(service, [stage.tenant, *(service.next_tenant() for _tenant in range(TASKS - 1))], stage.folder)
    alone, looping = arena.one_by_one(arena.unchanged, in_process=True), arena.looping(in_process=True)
    ways: tuple[tuple[str, Contestant], ...] = (
        ("a task", Contestant("warm", alone, 1, "warm")),
        ("a task, cold", Contestant("cold", alone, 3)),
        ("an item of a loop", Contestant("loop", looping, 1, "warm")),
    )
    for name, contestant in ways:
        # The first loads what the others find loaded.
        whole = arena.run(contestant, TASKS).per(TASKS - 1, arena.run(contestant, 1)).wall_s * 1000
        parts = _parts(arena, contestant)
        yield Row(f"{name}: the whole", whole, "ms")
        yield Row(f"{name}: Ansible itself", whole - sum(parts.values()), "ms")
        for part, milliseconds in parts.items():
            yield Row(f"{name}: {part}", milliseconds, "ms")


def _parts(arena: Arena, contestant: Contestant) -> dict[str, float]:
    """Return the milliseconds of each part, as the callback plugin `parts` measures them."""
    file = arena.folder / "parts.jsonl"
    file.unlink(missing_ok=True)
    arena.run(
        contestant,
        TASKS,
        {
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "parts",
            "PARTS_FILE": str(file),
        },
    )
    tasks = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(tasks) == TASKS, f"{len(tasks)} of {TASKS} tasks ran in-process"
    return {part: statistics.median(task[part] for task in tasks[1:]) * 1000 for part in tasks[0]}
