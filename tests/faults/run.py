"""Runs the fault suite: `python -m faults.run [--few]`; prints how many cases held, and each that did not."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from faults.cases import BEHAVIOURS, FEW_BEHAVIOURS, cases
from faults.invariants import broken
from faults.world import World

_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", action="store_true", help="four behaviours of the service instead of all 24")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    options = parser.parse_args()
    behaviours = FEW_BEHAVIOURS if options.few else BEHAVIOURS
    started = time.monotonic()
    share = os.cpu_count() or 1
    with multiprocessing.Pool(share) as pool:
        work = [(behaviours, part, share, options.only) for part in range(share)]
        results = [result for part in pool.starmap(_run_part, work) for result in part]
    failures = [(name, sentences) for name, sentences in results if sentences]
    for name, sentences in failures[:_SHOWN]:
        print(name, *(f"    {sentence}" for sentence in sentences), sep="\n")
    writes = Counter(name.split(" | ")[0] for name, _sentences in results)
    for write, count in writes.items():
        print(f"{count:6} cases of {write}")
    print(f"{len(results)} cases in {time.monotonic() - started:.0f} s")
    print(f"faults: {len(results) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not results else 0


def _run_part(behaviours: tuple, part: int, share: int, only: str) -> list[tuple[str, list[str]]]:  # type: ignore[type-arg]
    world = World()
    return [
        (case.name, broken(case, world))
        for number, case in enumerate(cases(World(), behaviours))
        if number % share == part and only in case.name
    ]


if __name__ == "__main__":
    sys.exit(main())
