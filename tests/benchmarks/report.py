"""What the benchmarks say: rows in groups, as a table for people and as JSON for programs."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration.service import Tenant

VERSIONS_OF = ("ansible-core", "cryptography", "msal", "requests")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a group of rows is measured: an empty tenant, and a folder that is thrown away afterwards."""

    tenant: Tenant
    folder: Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, and what else was measured with it.

    `kept` says whether a promise about it was kept, None where none was made. A goal is a promise about time, which
    depends on the machine: it is told, and nothing fails when it was missed.
    """

    name: str
    value: float
    unit: str
    detail: str = ""
    kept: bool | None = None
    is_goal: bool = False
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of one run, by the title of their group."""

    groups: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def broken(self) -> list[Row]:
        """The rows whose promise was not kept, goals left out."""
        return [row for rows in self.groups.values() for row in rows if row.kept is False and not row.is_goal]

    def as_json(self) -> dict[str, object]:
        return {
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "machine": {"system": platform.system(), "architecture": platform.machine(), "processors": os.cpu_count()},
            "versions": {
                "python": platform.python_version(),
                **{name: importlib.metadata.version(name) for name in VERSIONS_OF},
            },
            "groups": {title: [asdict(row) for row in rows] for title, rows in self.groups.items()},
        }


def table(title: str, rows: list[Row]) -> Iterator[str]:
    """Return the lines of one group."""
    yield f"\n{title}"
    for row in rows:
        figures = "".join(f"{name} {_number(value)}, " for name, value in row.figures.items())
        words = ("reached", "missed") if row.is_goal else ("kept", "BROKEN")
        promise = "" if row.kept is None else f"  [{words[0 if row.kept else 1]}]"
        yield f"  {row.name:48} {_number(row.value):>9} {row.unit:9} {figures}{row.detail}{promise}".rstrip(", ")


def _number(value: float) -> str:
    """Write counts as they are and measures with three significant digits."""
    if isinstance(value, int):
        return str(value)
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"
