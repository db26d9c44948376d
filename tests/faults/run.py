"""Runs the fault suite: `python -m faults.run [--few]`; prints how many cases held, and each that did not."""

from __future__ import annotations

import argparse
import functools
import itertools
import multiprocessing
import shutil
import sys
import time
from collections import Counter

from faults.cases import BACKUPS, BEHAVIOURS, FEW_BEHAVIOURS, WRITES, cases_of
from faults.invariants import broken
from faults.world import World
from simulator.behaviour import Behaviour


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", action="store_true", help="three behaviours of the service instead of all 24")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    options = parser.parse_args()
    started = time.monotonic()
    behaviours = FEW_BEHAVIOURS if options.few else BEHAVIOURS
    # Where faults stay for good, too: in the short form only where a list that was deleted is to be put back.
    lasting = (FEW_BEHAVIOURS[1],) if options.few else FEW_BEHAVIOURS
    work = [
        (position, behaviour, behaviour in lasting and (not options.few or write.name == "replace"), options.only)
        for (position, write), behaviour in itertools.product(enumerate(WRITES), behaviours)
    ]
    tried, failed = Counter[str](), 0
    with multiprocessing.Pool() as pool:
        for write, count, failures in pool.imap_unordered(_try_all, work):
            tried[write] += count
            failed += len(failures)
            for name, sentences in failures:
                print(name, *(f"    {sentence}" for sentence in sentences), sep="\n", flush=True)
    shutil.rmtree(BACKUPS, ignore_errors=True)
    for write, count in tried.items():
        print(f"{count:6} cases of {write}")
    total = tried.total()
    print(f"{total} cases in {time.monotonic() - started:.0f} s")
    print(f"faults: {total - failed} passed, {failed} failed")
    return 1 if failed or not total else 0


def _try_all(work: tuple[int, Behaviour, bool, str]) -> tuple[str, int, list[tuple[str, list[str]]]]:
    """Try one write under one behaviour; return its name, the number of cases, and what each broken one broke."""
    position, behaviour, for_good, only = work
    write, world = WRITES[position], _world()
    count, failures = 0, []
    for case in cases_of(write, behaviour, world, with_logins=behaviour == Behaviour(), for_good=for_good):
        if only in case.name:
            count += 1
            sentences = broken(case, world)
            if sentences:
                failures.append((case.name, sentences))
    return write.name, count, failures


@functools.cache
def _world() -> World:
    """The world of this process."""
    return World()


if __name__ == "__main__":
    sys.exit(main())
