"""`make bench`: a table on the terminal and the same in build/bench.json; fails when a promise is broken.

Promises are made of what can be counted, and of growth. Times, and ratios of times, depend on the machine: for them
there are goals, and whether they were reached is only told. Names of groups as arguments run these alone.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:1] = [str(ROOT / "tests"), str(ROOT / "build" / "collections")]
    # No proxy is asked for 127.0.0.1; the processes started from here inherit it.
    os.environ |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

from benchmarks import audits, many_tenants, one_task, parsing_and_planning, parts_of_a_task, requests_made  # noqa: E402
from benchmarks.report import Report, Stage, table  # noqa: E402
from integration.service import running_service  # noqa: E402

GROUPS = (requests_made, parsing_and_planning, audits, one_task, many_tenants, parts_of_a_task)
TENANTS = 300


def main(*names: str) -> int:
    groups = [group for group in GROUPS if not names or group.__name__.rpartition(".")[2] in names]
    report, path = Report(), ROOT / "build" / "bench.json"
    path.unlink(missing_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="bench-") as folder,
        running_service(Path(folder), tenants=TENANTS) as service,
    ):
        for group in groups:
            stage = Stage(service.next_tenant(), Path(folder) / group.__name__.rpartition(".")[2])
            stage.folder.mkdir()
            report.groups[group.TITLE] = list(group.measure(stage))
            print(*table(group.TITLE, report.groups[group.TITLE]), sep="\n", flush=True)
    path.write_text(json.dumps(report.as_json(), indent=2) + "\n")
    print(f"\nWritten to {path.relative_to(ROOT)}.")
    for row in report.broken:
        print(f"Promise broken: {row.name} is {row.value} {row.unit} ({row.detail}).", file=sys.stderr)
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
