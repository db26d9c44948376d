"""What checking 200 tenants in one run costs, in each shape that a play can have, and without Ansible."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.contestants import NO_PEERS, PROCESSORS, Arena, Contestant, Cost, start_ups, there_are_peers
from benchmarks.one_task import AS_MODULE_WARM, BARE_COLD, BARE_WARM, BY_HAND, CLIENT_LIBRARY, EMPTY, ratio, row
from benchmarks.report import Row, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY, FEW = 200, 20
TITLE = f"{MANY} tenants in one run: wall time for each tenant, start-up taken off (medians)"
ROUNDS = 3

LOOP = "one task that loops over the tenants"
SHARES = f"{PROCESSORS} hosts, each looping over its share"
LINEAR = "a host per tenant, strategy linear"
FREE = "a host per tenant, strategy free"
SHAPES = (LOOP, SHARES, LINEAR, FREE)
GOAL = 2.0


def measure(stage: Stage) -> Iterator[Row]:
    """Let all run once in each round; those that are slow get fewer tenants. As many forks as processors."""
    service = stage.tenant.service
    arena = Arena(service, [stage.tenant, *(service.next_tenant() for _tenant in range(MANY - 1))], stage.folder)
    contestants = _contestants(arena)
    costs: dict[str, list[Cost]] = {each.name: [] for each, _count in contestants}
    for _round in range(ROUNDS):
        starting = {name: arena.run(program, 0) for name, program in start_ups(arena).items()}
        for each, count in contestants:
            costs[each.name].append(arena.run(each, count).per(count, starting[each.start_up]))
    for each, count in contestants:
        whole = statistics.median(cost.wall_s for cost in costs[each.name]) * count
        yield row(each.name, costs[each.name], {"all s": whole}, f"{count} tenants")
    if not there_are_peers():
        yield Row(CLIENT_LIBRARY, 0, "", NO_PEERS)
    for shape in SHAPES:
        for token, bare in (("warm", BARE_WARM), ("cold", BARE_COLD)):
            name = _name(shape, token)
            yield ratio(f"{name} / {bare}", costs[name], costs[bare], GOAL)
    for theirs in (EMPTY, BY_HAND):
        name = _name(LINEAR, "cold")
        yield ratio(f"{name} / {theirs}", costs[name], costs[theirs])


def _name(shape: str, token: str) -> str:
    return f"ours, {token}, {shape}"


def _contestants(arena: Arena) -> list[tuple[Contestant, int]]:
    shapes = {
        LOOP: arena.looping(in_process=True),
        SHARES: arena.looping(in_process=True, shares=PROCESSORS),
        LINEAR: arena.hosts(arena.unchanged, strategy="linear", in_process=True),
        FREE: arena.hosts(arena.unchanged, strategy="free", in_process=True),
    }
    competing = []
    for shape, command in shapes.items():
        competing.append((Contestant(_name(shape, "warm"), command, 1, "warm"), MANY))
        competing.append((Contestant(_name(shape, "cold"), command, 3), MANY))
    competing += [
        (Contestant(BARE_WARM, arena.bare_loop("warm"), 1, start_up="requests"), MANY),
        (Contestant(BARE_COLD, arena.bare_loop("cold"), 2, start_up="requests"), MANY),
    ]
    if there_are_peers():
        competing.append((Contestant(CLIENT_LIBRARY, arena.client_library(), 3, start_up="msgraph-sdk"), MANY))
    return [
        *competing,
        (Contestant(AS_MODULE_WARM, arena.hosts(arena.unchanged, strategy="linear"), 1, "warm"), FEW),
        (Contestant(EMPTY, arena.hosts(arena.empty, strategy="linear"), 0), FEW),
        (Contestant(BY_HAND, arena.hosts(*arena.by_hand, strategy="linear"), 2), FEW),
    ]
