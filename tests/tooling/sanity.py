"""Runs all of `ansible-test sanity --local`, on each Python of this machine.

ansible-test asks for three things that a clone does not give it, and this script sees to them:

- a git repository in a directory named ansible_collections/entra/cba: a copy of the working tree under build/sanity;
- Pythons that run: pyenv's shims on PATH give way to what they stand for;
- a script from its project's server to install pip with, once per virtual environment. Not every network reaches that
  server, so a stand-in does the same with a wheel from the package index that pip is set up for.

HOME is build/sanity meanwhile, because ansible-test keeps its cache and its virtual environments under HOME.
Arguments are passed on, such as `--test pylint` or `-v`. The exit status is that of ansible-test, or 1 when a test was
left out for any other reason than a Python that is not installed.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages
from ansible_test._util.target.common.constants import CONTROLLER_PYTHON_VERSIONS, REMOTE_ONLY_PYTHON_VERSIONS

from tooling.interpreters import without_shims

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "sanity"
COPY = HOME / "ansible_collections" / "entra" / "cba"
CACHE = HOME / ".ansible" / "test" / "cache"

GET_PIP = """\
# Stands in for pip's own get-pip.py: installs pip from a wheel that pip itself has fetched.
import sys

sys.path.insert(0, {wheel!r})

from pip._internal.cli.main import main

options = [option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", "--find-links", {wheels!r}] + options))
"""

# ansible-test says these as warnings and goes on. The first is a fact of the machine, the others are gaps in the check.
NO_SUCH_PYTHON = re.compile(r"on Python (?P<version>[\d.]+) because it could not be found")
RUNNING = re.compile(r'^Running sanity test ".+"')
FAILED = re.compile(r"The (?P<failed>\d+) sanity test\(s\) listed below \(out of \d+\) failed")
LEFT_OUT = re.compile(r"Skipping sanity test .* due to |Required program .* not found|Skipping tests disabled")


def main() -> int:
    """Prepare build/sanity, run ansible-test there, and say what was not checked."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    copy_working_tree(environment)
    place_get_pip()
    write_pip_configuration()
    environment["HOME"] = str(HOME)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), without_shims(os.environ["PATH"])])
    return run_ansible_test(sys.argv[1:], environment)


def copy_working_tree(environment: dict[str, str]) -> None:
    """Bring COPY up to date with the files that git has or would add."""
    if not (COPY / ".git").exists():
        # ansible-test asks the nearest repository for the names of the files, and the clone's own one ignores build/.
        COPY.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", COPY], env=environment, check=True)
    for entry in COPY.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            if entry.name != ".git":
                shutil.rmtree(entry)
        else:
            entry.unlink()
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    if listing.returncode:
        sys.exit("git cannot list the files of this directory: run the sanity tests in a clone of the repository.")
    for name in listing.stdout.split("\0"):
        source, target = ROOT / name, COPY / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def place_get_pip() -> None:
    """Put a bootstrap script into ansible-test's cache for each version of pip that it is going to ask for."""
    pythons = (*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)
    for version in sorted({get_venv_packages(SimpleNamespace(version=python))["pip"] for python in pythons}):
        script = CACHE / f"get_pip_{version.replace('.', '_')}.py"
        if script.exists():
            continue
        wheels = CACHE / "wheels"
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--only-binary=:all:", "--dest", wheels, f"pip=={version}"], check=True)
        (wheel,) = wheels.glob(f"pip-{version}-*.whl")
        script.write_text(GET_PIP.format(wheel=str(wheel), wheels=str(wheels)), encoding="utf-8")


def write_pip_configuration() -> None:
    """Write the settings pip has here, from files and PIP_ variables alike, to where it finds them with the other HOME.

    ansible-test passes none of the variables on.
    """
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings = [line.partition("=") for line in listing.splitlines()]
    configuration = configparser.RawConfigParser()
    for name, _equals, value in sorted(settings, key=lambda setting: setting[0].startswith(":env:")):
        section, _dot, option = name.replace(":env:", "global", 1).partition(".")
        if option in {"config-file", "require-virtualenv", "user"}:
            continue
        if not configuration.has_section(section):
            configuration.add_section(section)
        configuration.set(section, option, ast.literal_eval(value))
    if not configuration.has_section("global"):
        configuration.add_section("global")
    configuration.set("global", "quiet", "2")  # errors only
    path = HOME / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # an index URL may hold a password
    with path.open("w", encoding="utf-8") as file:
        configuration.write(file)


def run_ansible_test(arguments: list[str], environment: dict[str, str]) -> int:
    """Run the sanity tests in COPY, showing their output as it comes. Return the exit status."""
    command = [str(Path(sys.executable).parent / "ansible-test"), "sanity", "--local", *arguments]
    if sys.stdout.isatty():
        command.append("--color=yes")
    missing_pythons: set[str] = set()
    left_out: dict[str, None] = {}
    running = failed = 0
    with subprocess.Popen(
        command,
        cwd=COPY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            running += bool(RUNNING.match(line))
            if found := FAILED.search(line):
                failed = int(found["failed"])
            elif found := NO_SUCH_PYTHON.search(line):
                missing_pythons.add(found["version"])
            elif LEFT_OUT.search(line):
                left_out[line.strip()] = None
    if missing_pythons:
        print(f"Not checked, because this machine does not have them: Python {', '.join(sorted(missing_pythons))}")
    if left_out:
        print("Tests were left out; install what they ask for:", *left_out, sep="\n  ")
    status = process.returncode or (1 if left_out else 0)
    if status and not failed:
        print(f"ansible-test sanity failed with exit status {status}")
        failed = 1
    print(f"sanity: {running - failed} passed, {failed} failed")
    return status


if __name__ == "__main__":
    sys.exit(main())
