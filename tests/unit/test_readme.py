"""What the README promises."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_the_readme_names_every_module() -> None:
    for module in (ROOT / "plugins" / "modules").glob("*.py"):
        assert f"`entra.cba.{module.stem}`" in README


def test_every_local_link_of_the_readme_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z]+)\b", README)) - {"and", "so"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_requirements_are_those_of_the_metadata() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert runtime["requires_ansible"] == ">=2.16.0"
    for line in (ROOT / "meta" / "ee-requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split(">=")
            assert f"`{name}` {version}" in README
