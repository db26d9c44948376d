"""`make matrix`: the unit and integration tests on each supported ansible-core, each in an environment of its own.

`make matrix CORE=2.18` runs one of them. A release is skipped, and named, when this machine has none of its Pythons.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent / "tests"))

from tooling.interpreters import without_shims

os.environ["PATH"] = without_shims(os.environ["PATH"])

# Each release with the Pythons its controller runs on, as far as the tests run there too. The newest found is taken.
SUPPORTED = {
    "2.16": ("3.12", "3.11"),
    "2.17": ("3.12", "3.11"),
    "2.18": ("3.13", "3.12", "3.11"),
    "2.19": ("3.13", "3.12", "3.11"),
    "2.20": ("3.14", "3.13", "3.12"),
    "2.21": ("3.14", "3.13", "3.12"),
}

nox.options.error_on_missing_interpreters = False
nox.options.envdir = "build/nox"
nox.options.reuse_venv = "yes"


def _matrix(session: nox.Session) -> None:
    core = session.name.removeprefix("core-")
    session.install("-qq", "-r", "tests/requirements/pytest.txt", f"ansible-core=={core}.*")
    session.run(
        "pytest",
        "tests/unit",
        "tests/integration",
        "-n",
        "auto",
        "--maxprocesses",
        "4",
        "--dist",
        "loadgroup",
        *session.posargs,
    )


for _core, _pythons in SUPPORTED.items():
    _python = next((python for python in _pythons if shutil.which(f"python{python}")), _pythons[0])
    nox.session(python=_python, name=f"core-{_core}", venv_backend="venv")(_matrix)
