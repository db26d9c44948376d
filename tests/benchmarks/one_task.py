"""What one unchanged task costs, beside an empty module and beside other ways to read a trust store."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.contestants import NO_PEERS, Arena, Contestant, Cost, start_ups, there_are_peers
from benchmarks.report import Row, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "One task, each for another tenant: wall time of each further one in a run, start-up taken off (medians)"
ROUNDS = 7
# So many tasks of a run come after the first; slow ones are fewer.
FAST, SLOW = 20, 4

OURS_WARM = "ours, in-process, warm token"
OURS_COLD = "ours, in-process, cold"
AS_MODULE_WARM = "ours, as a module, warm token"
AS_MODULE_COLD = "ours, as a module, cold"
EMPTY = "an empty module"
BY_HAND = "two ansible.builtin.uri tasks (token, GET)"
CLIENT_LIBRARY = "a script with msgraph-sdk"
BARE_COLD = "a bare loop with requests (token, GET)"
BARE_WARM = "a bare loop with requests (GET)"

# Ours, theirs, the goal for ours / theirs.
GOALS = (
    (OURS_WARM, EMPTY, 0.15),
    (OURS_COLD, EMPTY, 0.25),
    (OURS_COLD, BY_HAND, 0.08),
    (OURS_WARM, BY_HAND, 0.08),
    (AS_MODULE_WARM, EMPTY, 1.6),
)


def measure(stage: Stage) -> Iterator[Row]:
    """Let all run once in each round, so that a busy machine slows all of them alike.

    The start-up is that of the same program with nothing to do. The first task of a run pays for what is loaded once.
    """
    service = stage.tenant.service
    arena = Arena(service, [stage.tenant, *(service.next_tenant() for _tenant in range(FAST))], stage.folder)
    contestants = _contestants(arena)
    starting: dict[str, list[Cost]] = {name: [] for name in start_ups(arena)}
    one: dict[str, list[Cost]] = {each.name: [] for each, _more in contestants}
    further: dict[str, list[Cost]] = {each.name: [] for each, _more in contestants}
    for _round in range(ROUNDS):
        for name, program in start_ups(arena).items():
            starting[name].append(arena.run(program, 0))
        for each, more in contestants:
            one[each.name].append(arena.run(each, 1))
            further[each.name].append(arena.run(each, 1 + more).per(more, one[each.name][-1]))
    for name, costs in starting.items():
        yield row(f"start-up of {name}", costs)
    first = {
        each.name: (_median_ms(one[each.name]) - _median_ms(starting[each.start_up])) for each, _more in contestants
    }
    for each, more in contestants:
        yield row(each.name, further[each.name], {"first ms": first[each.name]}, f"first and {more} more")
    if not there_are_peers():
        yield Row(CLIENT_LIBRARY, 0, "", NO_PEERS)
    for ours, theirs, goal in GOALS:
        yield ratio(f"{ours} / {theirs}", further[ours], further[theirs], goal)
    for ours, theirs in ((OURS_WARM, EMPTY), (AS_MODULE_WARM, EMPTY), (OURS_COLD, BY_HAND)):
        yield Row(f"the first of a run: {ours} / {theirs}", first[ours] / first[theirs], "times", "of the medians")


def row(name: str, costs: list[Cost], figures: dict[str, float] | None = None, detail: str = "") -> Row:
    """Return what one of these costs."""
    wall = [cost.wall_s * 1000 for cost in costs]
    shown = {
        "CPU ms": statistics.median(cost.cpu_s for cost in costs) * 1000,
        "peak MB": statistics.median(cost.peak_mb for cost in costs),
        "requests": costs[0].requests,
        **(figures or {}),
    }
    spread = f"{min(wall):.0f} to {max(wall):.0f} ms"
    return Row(name, statistics.median(wall), "ms", f"{detail}, {spread}" if detail else spread, figures=shown)


def _median_ms(costs: list[Cost]) -> float:
    return statistics.median(cost.wall_s for cost in costs) * 1000


def ratio(name: str, ours: list[Cost], theirs: list[Cost], goal: float | None = None) -> Row:
    """Return the median, over the rounds, of the wall time of ours beside theirs; the same of CPU time with it."""
    wall = [our.wall_s / their.wall_s for our, their in zip(ours, theirs, strict=True)]
    cpu = [our.cpu_s / max(their.cpu_s, 1e-4) for our, their in zip(ours, theirs, strict=True)]
    value = statistics.median(wall)
    detail = f"{min(wall):.2f} to {max(wall):.2f}"
    figures = {"of CPU": statistics.median(cpu)}
    if goal is None:
        return Row(name, value, "times", detail, figures=figures)
    return Row(name, value, "times", f"{detail}, goal {goal:g}", value <= goal, is_goal=True, figures=figures)


def _contestants(arena: Arena) -> list[tuple[Contestant, int]]:
    in_process = arena.one_by_one(arena.unchanged, in_process=True)
    as_module = arena.one_by_one(arena.unchanged)
    competing = [
        (Contestant(OURS_WARM, in_process, 1, "warm"), FAST),
        (Contestant(OURS_COLD, in_process, 3), FAST),
        (Contestant(AS_MODULE_WARM, as_module, 1, "warm"), SLOW),
        (Contestant(AS_MODULE_COLD, as_module, 3), SLOW),
        (Contestant(EMPTY, arena.one_by_one(arena.empty), 0), SLOW),
        (Contestant(BY_HAND, arena.one_by_one(*arena.by_hand), 2), SLOW),
        (Contestant(BARE_COLD, arena.bare_loop("cold"), 2, start_up="requests"), FAST),
        (Contestant(BARE_WARM, arena.bare_loop("warm"), 1, start_up="requests"), FAST),
    ]
    if there_are_peers():
        competing.append((Contestant(CLIENT_LIBRARY, arena.client_library(), 3, start_up="msgraph-sdk"), FAST))
    return competing
