"""A token is kept from one task to the next: with it, an unchanged task makes exactly one request."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from builders.pki import a_root_ca, an_rsa_key, write_two_tier_pki
from integration.playbook import info, manage

if TYPE_CHECKING:
    from pathlib import Path

    from integration.playbook import Playbook
    from integration.service import Tenant

BOTH = [{"path": "root.pem"}, {"path": "issuing.der"}]
LOGIN = ["GET openid-configuration", "POST token"]
READ = ["GET certificateBasedAuthConfiguration"]


def requests_of(tenant: Tenant) -> list[str]:
    """Return method and end of the path of every request about this tenant, logins included."""
    logged = tenant.service.control("GET", "/requests", params={"tenant_id": tenant.tenant_id})["requests"]
    return [f"{entry['method']} {entry['path'].rsplit('/', 1)[-1]}" for entry in logged]


class Requests:
    """Tells which requests were made since it was last asked."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._seen = 0

    def new(self) -> list[str]:
        made = requests_of(self._tenant)[self._seen :]
        self._seen += len(made)
        return made


@pytest.fixture
def made(tenant: Tenant) -> Requests:
    return Requests(tenant)


def token_files(playbook: Playbook) -> list[Path]:
    return list((playbook.folder / ".cache" / "entra.cba").iterdir())


def test_an_unchanged_task_with_a_kept_token_makes_exactly_one_request(playbook: Playbook, made: Requests) -> None:
    write_two_tier_pki(playbook.folder)
    task = manage(certificate_authorities=BOTH)
    assert playbook.run(task)[0].changed
    assert made.new()[:2] == LOGIN
    (unchanged,) = playbook.run(task)
    assert not unchanged.changed
    assert made.new() == READ


def test_all_tasks_of_a_play_share_one_login_and_say_how(playbook: Playbook, made: Requests) -> None:
    results = playbook.run(info(), info(), info())
    assert made.new() == LOGIN + READ * 3
    assert [result.result["auth_method"] for result in results] == ["client_secret"] * 3


def test_a_client_certificate_keeps_its_token_too(playbook: Playbook, tenant: Tenant, made: Requests) -> None:
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    (playbook.folder / "automation.pem").write_bytes(signer.key_pem + signer.pem)
    task = info(tenant_id=tenant.tenant_id, client_id=tenant.client_id, client_certificate_path="automation.pem")
    first, second = playbook.run(task, task, connect=False)
    assert made.new() == LOGIN + READ * 2
    assert first.result["auth_method"] == second.result["auth_method"] == "client_certificate"


def test_the_file_is_closed_to_others_and_tells_nothing(playbook: Playbook, tenant: Tenant) -> None:
    playbook.run(info(), arguments=("-vvvv",))
    (file,) = token_files(playbook)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    content = file.read_bytes()
    for readable in (b"eyJ", tenant.client_secret.encode(), tenant.tenant_id.encode(), tenant.client_id.encode()):
        assert readable not in content
    assert "eyJ" not in playbook.output
    assert tenant.client_secret not in playbook.output


@pytest.mark.parametrize("way", ["module"], indirect=True)  # Ansible itself imports it, once for all tasks
@pytest.mark.parametrize("method", ["client_secret", "client_certificate"])
def test_msal_is_imported_for_a_login_and_not_for_a_kept_token(playbook: Playbook, tenant: Tenant, method: str) -> None:
    """Its import takes longer than all else that a task does."""
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    (playbook.folder / "automation.pem").write_bytes(signer.key_pem + signer.pem)
    task = info(auth_method=method, client_certificate_path="automation.pem")
    (playbook.folder / "sitecustomize.py").write_text(
        "import atexit, os, sys\n"
        "def note():\n"
        "    task = 'ansible_collections.entra.cba.plugins.module_utils._task'\n"
        "    if task in sys.modules and 'ansible.cli' not in sys.modules:\n"
        "        with open(os.environ['IMPORTS_FILE'], 'a') as file:\n"
        "            print('msal' in sys.modules, file=file)\n"
        "atexit.register(note)\n"
    )
    imports = playbook.folder / "imports.txt"
    environment = {"PYTHONPATH": str(playbook.folder), "IMPORTS_FILE": str(imports)}
    playbook.run(task, task, environment=environment)
    assert imports.read_text().split() == ["True", "False"]


@pytest.mark.parametrize("by", ["option", "environment"])
def test_without_the_cache_each_task_logs_in_and_nothing_is_written(
    playbook: Playbook, made: Requests, by: str
) -> None:
    options = {"token_cache": False} if by == "option" else {}
    environment = {"ENTRA_CBA_TOKEN_CACHE": "false"} if by == "environment" else {}
    playbook.run(info(**options), info(**options), environment=environment)
    assert made.new() == (LOGIN + READ) * 2
    assert not (playbook.folder / ".cache").exists()


def test_a_wrong_secret_does_not_pass_on_the_token_of_the_right_one(playbook: Playbook, made: Requests) -> None:
    playbook.run(info())
    made.new()
    (refused,) = playbook.run(info(client_secret="not-the-secret"), expect_failure=True)
    assert "AADSTS7000215" in refused.message
    assert made.new() == LOGIN
    playbook.run(info())
    assert made.new() == READ


def test_a_kept_token_that_is_refused_is_replaced_once(playbook: Playbook, tenant: Tenant, made: Requests) -> None:
    playbook.run(info())
    made.new()
    tenant.behave(faults=[{"method": "GET", "path": "/organization/", "status": 401, "headers": {}, "body": ""}])
    playbook.run(info(), info())
    assert made.new() == READ + LOGIN + READ + READ


def test_a_right_that_was_granted_since_is_used_at_once(playbook: Playbook, tenant: Tenant, made: Requests) -> None:
    tenant.behave(roles=[])
    playbook.run(info(), expect_failure=True)
    assert made.new() == LOGIN + READ
    tenant.behave(roles=["Organization.Read.All"])
    (read,) = playbook.run(info())
    assert read.status == "ok"
    assert made.new() == READ + LOGIN + READ


def test_a_given_access_token_is_neither_kept_nor_replaced(playbook: Playbook, tenant: Tenant, made: Requests) -> None:
    playbook.run(info())
    (file,) = token_files(playbook)
    before = file.read_bytes()
    made.new()
    body = {"tenant_id": tenant.tenant_id, "scp": ["Organization.Read.All"], "wids": []}
    token = tenant.service.control("POST", "/token", json=body)["access_token"]
    (refused,) = playbook.run(info(access_token=token), connect=False, expect_failure=True)
    assert "without the role" in refused.message or "which roles" in refused.message
    assert made.new() == READ
    assert [path.read_bytes() for path in token_files(playbook)] == [before]


def test_a_token_that_ends_within_five_minutes_is_not_kept(playbook: Playbook, tenant: Tenant, made: Requests) -> None:
    tenant.behave(token_lifetime_s=299)
    playbook.run(info(), info())
    assert made.new() == (LOGIN + READ) * 2


@pytest.mark.parametrize("damage", ["garbage", "truncated", "directory", "link", "no home"])
def test_whatever_is_wrong_with_the_cache_costs_a_login_and_no_more(
    playbook: Playbook, made: Requests, damage: str
) -> None:
    playbook.run(info())
    made.new()
    (file,) = token_files(playbook)
    environment = {}
    if damage == "garbage":
        file.write_bytes(os.urandom(2000))
    elif damage == "truncated":
        file.write_bytes(file.read_bytes()[:100])
    elif damage == "no home":
        environment = {"XDG_CACHE_HOME": "/proc"}  # nobody, root included, makes a directory there
    else:
        file.unlink()
        (file / "in the way").mkdir(parents=True) if damage == "directory" else file.symlink_to("/dev/zero")
    (read,) = playbook.run(info(), environment=environment)
    assert read.warnings == []
    assert made.new() == LOGIN + READ


def test_nothing_of_a_token_is_in_what_a_task_returns(playbook: Playbook, tenant: Tenant) -> None:
    for result in playbook.run(info(), info()):
        assert "eyJ" not in json.dumps(result.result)
        assert tenant.client_secret not in json.dumps(result.result)
