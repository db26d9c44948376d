"""Finds Pythons that really run, past pyenv's shims."""

from __future__ import annotations

import os
from pathlib import Path


def without_shims(search_path: str) -> str:
    """Return `search_path` with each directory of pyenv shims replaced by the directories the shims stand for.

    A shim exists for every version that is installed and runs only for the one that is chosen, so a tool that looks for
    `python3.12` finds a shim that fails. Newest version first.
    """
    directories: list[str] = []
    for directory in search_path.split(os.pathsep):
        versions = Path(directory).parent / "versions"
        if Path(directory).name == "shims" and versions.is_dir():
            directories += [str(version / "bin") for version in sorted(versions.iterdir(), key=_number, reverse=True)]
        else:
            directories.append(directory)
    return os.pathsep.join(directories)


def _number(version: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in version.name.split(".") if part.isdecimal())
