"""Runs the integration targets, and the EXAMPLES of every module as they stand."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from builders.pki import a_pkcs7, a_root_ca, write_two_tier_pki
from integration.playbook import ROOT, Playbook

if TYPE_CHECKING:
    from integration.service import Tenant

TARGETS = sorted(path.name for path in (ROOT / "tests" / "integration" / "targets").iterdir())
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))


def test_every_module_has_a_target() -> None:
    assert TARGETS == MODULES


@pytest.mark.parametrize("target", TARGETS)
def test_target(playbook: Playbook, target: str) -> None:
    write_two_tier_pki(playbook.folder)
    tasks = yaml.safe_load((ROOT / "tests" / "integration" / "targets" / target / "tasks" / "main.yml").read_text())
    results = playbook.run(*tasks)
    assert [result.status for result in results] == ["ok"] * len(tasks)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_run_as_they_stand(playbook: Playbook, tenant: Tenant, module: str) -> None:
    files = playbook.folder / "files"
    root, issuing = write_two_tier_pki(files)
    (files / "new-root.pem").write_bytes(a_root_ca("New Root CA").pem)
    expired = a_root_ca("Old Root CA", not_before=-20, not_after=-10)
    (files / "bundle.p7b").write_bytes(a_pkcs7([root, issuing, expired], "ber"))
    documentation = importlib.import_module(f"ansible_collections.entra.cba.plugins.modules.{module}")
    tasks = yaml.safe_load(documentation.EXAMPLES)
    variables = {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}
    arguments = tuple(text for item in variables.items() for text in ("-e", "=".join(item)))
    results = playbook.run(*tasks, arguments=arguments, connect=False)
    assert [result.status for result in results if result.action.startswith("entra.cba.")] != []
    assert {result.status for result in results} <= {"ok", "skipped"}
    names = yaml.safe_load(documentation.RETURN)
    for result in results:
        if result.action == f"entra.cba.{module}":
            assert set(names) <= set(result.result)


def test_relative_paths_begin_beside_the_playbook_wherever_it_is_started(playbook: Playbook, tenant: Tenant) -> None:
    elsewhere = playbook.folder / "elsewhere"
    write_two_tier_pki(elsewhere)
    tenant.plant([])
    declared = {"certificate_authorities": [{"path": "root.pem"}, {"path": "issuing.der"}]}
    playbook.run({"name": "read", "entra.cba.certificate_based_auth_configuration_info": {}})
    play = yaml.safe_load((playbook.folder / "playbook.yml").read_text())
    play[0]["tasks"] = [{"name": "apply", "entra.cba.certificate_based_auth_configuration": declared}]
    (elsewhere / "playbook.yml").write_text(yaml.safe_dump(play))
    (applied,) = playbook.run_file(elsewhere / "playbook.yml")
    assert applied.changed


def test_the_first_playbook_of_the_readme_runs_as_it_stands(playbook: Playbook, tenant: Tenant) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (play,) = yaml.safe_load(text)
    write_two_tier_pki(playbook.folder / "files")
    environment = {
        "AZURE_TENANT_ID": tenant.tenant_id,
        "AZURE_CLIENT_ID": tenant.client_id,
        "AZURE_CLIENT_SECRET": tenant.client_secret,
    }
    (first,) = playbook.run(*play["tasks"], connect=False, environment=environment)
    (second,) = playbook.run(*play["tasks"], connect=False, environment=environment)
    assert (first.changed, second.changed) == (True, False)
    assert len(tenant.store()) == 2
