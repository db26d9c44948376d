"""How long it takes to read certificates and to plan, without Ansible and network, and how that grows."""

from __future__ import annotations

import datetime as dt
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import certifi

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import (
    authorities_from,
    authority_from_graph,
    to_graph,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import preflight
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import declare
from benchmarks.report import Row, Stage
from builders.pki import a_root_ca, an_intermediate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE = "Reading and planning: CPU time in one process (medians)"
SIZES = (10, 100, 1000)
# A quadratic step would show as 100.
LINEAR = 2.0
# What planning the largest list may take, parsing left out.
PLANNING_MS = 50


def measure(stage: Stage) -> Iterator[Row]:
    """Measure the bundle of public roots, one named by ENTRA_CBA_BENCH_BUNDLE, and generated ones of three sizes."""
    bundles = {"certifi's bundle": Path(certifi.where())}
    if os.environ.get("ENTRA_CBA_BENCH_BUNDLE"):
        bundles["ENTRA_CBA_BENCH_BUNDLE"] = Path(os.environ["ENTRA_CBA_BENCH_BUNDLE"])
    for name, path in bundles.items():
        count, steps = _steps(path)
        for step, milliseconds in steps.items():
            yield Row(f"{name}: {step}", milliseconds, "ms", f"{count} CAs")
    generated = {size: _steps(a_bundle(stage.folder / f"generated-{size}.pem", size))[1] for size in SIZES}
    for step in generated[SIZES[0]]:
        times = {size: steps[step] for size, steps in generated.items()}
        for size, milliseconds in times.items():
            yield Row(f"{size} generated CAs: {step}", milliseconds, "ms")
        growth = growth_per_authority(times)
        yield Row(f"{step}: time per CA, 1000 to 10", growth, "times", "1 is linear", growth <= LINEAR)
    largest = generated[SIZES[-1]]
    planning = largest["plan, nothing differs"]
    for name, taken in (("planning", planning), ("planning and pre-flight", planning + largest["pre-flight"])):
        detail = f"beyond parsing, goal {PLANNING_MS}"
        yield Row(f"{SIZES[-1]} CAs: {name}", taken, "ms", detail, taken < PLANNING_MS, is_goal=True)


def growth_per_authority(times: dict[int, float]) -> float:
    """Return how much longer one CA takes in the largest list than in the smallest: 1 when the growth is linear."""
    smallest, largest = min(times), max(times)
    return (times[largest] / largest) / (times[smallest] / smallest)


def _steps(path: Path) -> tuple[int, dict[str, float]]:
    """Return the number of CAs in a bundle, and the milliseconds that each step of an unchanged task takes on it."""
    items = [{"path": str(path)}]
    octets = path.read_bytes()
    wanted = tuple(authorities_from(items, lambda _path: octets))
    members = [to_graph(authority) for authority in wanted]
    present = tuple(authority_from_graph(member) for member in members)
    assert declare(present, wanted, purge=True).is_empty
    assert len(declare((), wanted, purge=True).added) == len(wanted)
    now = dt.datetime.now(dt.UTC)
    return len(wanted), {
        "read the files": median_ms(lambda: authorities_from(items, lambda _path: octets)),
        "read Graph's answer": median_ms(lambda: [authority_from_graph(member) for member in members]),
        "plan, nothing differs": median_ms(lambda: declare(present, wanted, purge=True)),
        "plan and diff, all new": median_ms(lambda: declare((), wanted, purge=True).as_diff()),
        "pre-flight": median_ms(lambda: preflight(wanted, now)),
    }


def median_ms(work: Callable[[], object], *, at_least: int = 7, seconds: float = 0.2) -> float:
    """Return the median CPU time of so many runs, and of more while they take less than `seconds` together."""
    work()
    taken: list[float] = []
    while len(taken) < at_least or sum(taken) < seconds:
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1000


def a_bundle(path: Path, size: int) -> Path:
    """Write so many CAs in PEM, one root to nine intermediates."""
    built = []
    for number in range(size):
        if number % 10 == 0:
            root = a_root_ca(f"Root CA {number}")
            built.append(root)
        else:
            built.append(an_intermediate_of(root, f"Issuing CA {number}"))
    path.write_bytes(b"".join(each.pem for each in built))
    return path
