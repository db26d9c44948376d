"""No secret is shown or kept anywhere: not at -vvvv, not in results, job events, caches, or the simulator's log."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from awx.job import Controller
from builders.pki import BuiltCertificate, a_root_ca, an_rsa_key, write_two_tier_pki
from integration.playbook import ROOT, Playbook, TaskResult
from integration.test_awx_jobs import inventory_of, shipped_type
from integration.test_login import token_of
from integration.test_main_job import TWO_TIERS
from tooling.secret_scan import files_with_secrets, secrets_in

if TYPE_CHECKING:
    from integration.service import Service, Tenant

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
# What the tests give to Ansible, and may hold secrets for that reason.
GIVEN = {"playbook.yml", "given.json", "automation.pem", "mixed.pem", "key.pem"}


@pytest.fixture
def signer(playbook: Playbook, tenant: Tenant) -> BuiltCertificate:
    """A certificate of the application, with its key in a file."""
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    (playbook.folder / "automation.pem").write_bytes(signer.key_pem + signer.pem)
    return signer


def as_tasks(module: str, *all_options: dict[str, object]) -> list[dict[str, Any]]:
    """Return a task for each; the list of CAs is added where the module takes one."""
    takes_list = not module.endswith("_info")
    declared: dict[str, object] = {"certificate_authorities": TWO_TIERS} if takes_list else {}
    return [
        {"name": str(number), f"entra.cba.{module}": {**declared, **options}, "ignore_errors": True}
        for number, options in enumerate(all_options)
    ]


def run_at_most_verbose(
    playbook: Playbook, tasks: list[dict[str, Any]], given: dict[str, object], *, check: bool = False
) -> list[TaskResult]:
    (playbook.folder / "given.json").write_text(json.dumps(given))
    return playbook.run(*tasks, check=check, arguments=("-vvvv", "-e", "@given.json"))


def assert_nothing_in(playbook: Playbook, *secrets: str) -> None:
    """Look through all that the run left in its folder, which is its home, and at what the simulator logged."""
    paths = [path for path in playbook.folder.rglob("*") if path.is_file() and path.name not in GIVEN]
    assert {"output.txt", "record.jsonl"} <= {path.name for path in paths}
    log = Path(playbook.service.ca_path).with_name("simulator.log")
    assert files_with_secrets([*paths, log], secrets) == {}
    assert secrets_in(json.dumps(playbook.service.control("GET", "/requests")).encode(), secrets) == []


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
@pytest.mark.parametrize("module", MODULES)
def test_no_credential_is_shown_whatever_comes_of_a_task(
    playbook: Playbook, tenant: Tenant, signer: BuiltCertificate, module: str, check: bool
) -> None:
    write_two_tier_pki(playbook.folder)
    other = a_root_ca("other", key=an_rsa_key())
    (playbook.folder / "mixed.pem").write_bytes(other.key_pem + signer.pem)
    given: dict[str, object] = {
        "token": token_of(tenant),
        "token_of_another_tenant": token_of(tenant.service.next_tenant()),
        "wrong_secret": "wrong/secret+of&some=length",
    }
    no_secret: dict[str, object] = {"client_secret": ""}
    tasks = as_tasks(
        module,
        {},
        {},  # unchanged
        no_secret | {"client_certificate_path": "automation.pem"},
        no_secret | {"access_token": "{{ token }}"},
        {"client_secret": "{{ wrong_secret }}"},
        {"client_secret": "{{ wrong_secret }}", "tenant_id": "common"},
        {"client_certificate_path": "mixed.pem"},
        {"auth_method": "client_certificate", "client_certificate_password": "{{ wrong_secret }}"},
        {"auth_method": "federated_token", "federated_token": "{{ token }}", "token_cache": False},
        {"access_token": "{{ token_of_another_tenant }}"},
        {"access_token": "{{ token }}x"},
        {"unknown_option": 1, "access_token": "{{ token }}"},
        {"timeout": "{{ token }}", "access_token": "{{ token }}"},
        {"graph_url": "http://{{ tenant_of_no_use | default('graph.example') }}"},
    )
    results = run_at_most_verbose(playbook, tasks, given, check=check)
    statuses = [result.status for result in results]
    assert statuses == ["ok"] * 4 + ["failed"] * (len(tasks) - 4)
    keys = [signer.key_pem.decode(), other.key_pem.decode()]
    assert list((playbook.folder / ".cache" / "entra.cba").iterdir())  # there is a cache to look into
    assert_nothing_in(playbook, tenant.client_secret, *map(str, given.values()), *keys)


def test_no_credential_is_shown_when_the_service_refuses(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    tasks = as_tasks("certificate_based_auth_configuration", {"timeout": 5, "token_cache": False})
    refusal: dict[str, object] = {"path": "certificateBased", "headers": {}, "body": "{}", "count": 99}
    for fault in (
        {**refusal, "method": "GET", "status": 401},
        {**refusal, "method": "GET", "status": 403},
        {**refusal, "method": "POST", "status": 400},
        {"method": "POST", "path": "/oauth2/", "reset": "before", "count": 99},
    ):
        tenant.behave(faults=[fault])
        (refused,) = run_at_most_verbose(playbook, tasks, {})
        assert refused.status == "failed"
        assert_nothing_in(playbook, tenant.client_secret)


def test_a_private_key_in_the_place_of_a_certificate_is_not_shown(playbook: Playbook) -> None:
    """Not by the error about it, nor by Ansible's own errors, which show the options that it was given at -vvv."""
    key = a_root_ca()
    der = key.private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (playbook.folder / "key.pem").write_bytes(key.key_pem)
    given: dict[str, object] = {"pem": key.key_pem.decode(), "der": base64.b64encode(der).decode()}
    lists: list[object] = [
        [{"path": "key.pem"}],
        [{"content": "{{ pem }}"}],
        [{"content": "{{ der }}"}],
        [{"content": "{{ pem }}", "url": "http://crl.example.org/"}],
        [{"content": "{{ der }}", "path": "key.pem"}],
        [{"content": "{{ der }}", "is_root_authority": "perhaps"}],
        [{"contents": "{{ pem }}"}],
        [{"path": "{{ pem }}"}],
        ["{{ pem }}"],
        "{{ pem }}",
    ]
    options = [{"certificate_authorities": item} for item in lists]
    options.append({"certificate_authorities": [{"content": "{{ pem }}"}], "unknown_option": 1})
    options.append({"certificate_authorities": [{"content": "{{ der }}"}], "state": "perhaps"})
    tasks = as_tasks("certificate_based_auth_configuration", *options)
    results = run_at_most_verbose(playbook, tasks, given)
    assert [result.status for result in results] == ["failed"] * len(tasks)
    assert_nothing_in(playbook, *map(str, given.values()))


def test_a_certificate_that_was_given_as_content_is_returned_as_it_is(playbook: Playbook) -> None:
    root = a_root_ca()
    text = base64.b64encode(root.der).decode()
    task = {"certificate_authorities": [{"content": text}]}
    (result,) = playbook.run(*as_tasks("certificate_based_auth_configuration", task))
    assert [authority["certificate"] for authority in result.authorities] == [text]


def test_no_secret_is_in_the_events_of_a_job(service: Service, tenant: Tenant, tmp_path: Path) -> None:
    write_two_tier_pki(tmp_path / "project" / "files")
    for name in ("apply", "audit_drift"):
        content = f"- import_playbook: entra.cba.{name}\n"
        (tmp_path / "project" / f"{name}.yml").write_text(content)
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    who: dict[str, str | bool] = {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id}
    certificate = (signer.key_pem + signer.pem).decode()
    controller = Controller(tmp_path, tmp_path / "project", inventory_of(service, {"contoso": {}}))
    for playbook, proof, succeeds in (
        ("apply.yml", {"client_secret": tenant.client_secret}, True),
        ("audit_drift.yml", {"client_certificate": certificate}, True),
        ("apply.yml", {"client_secret": f"no-{tenant.client_secret}"}, False),
    ):
        answers = {"entra_cba_hosts": "all"}
        job = controller.launch(playbook, shipped_type(), {**who, **proof}, verbosity=4, extra_vars=answers)
        assert job.succeeded == succeeds, job.output
        seen = json.dumps(job.events) + job.output
        assert secrets_in(seen.encode(), [tenant.client_secret, signer.key_pem.decode()]) == []


SECRET = "s3cret/with+signs&more=ab~cd"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        json.dumps({"client_secret": f'"{SECRET}'}),
        "client_secret=s3cret%2Fwith%2Bsigns%26more%3Dab~cd&x=1",
        *(
            base64.b64encode(f"{before}{SECRET}{after}".encode()).decode()
            for before in ("", "a", "ab")
            for after in "x:"
        ),
        SECRET.encode().hex(),
    ],
)
def test_the_scan_finds_a_secret_in_disguise(text: str) -> None:
    assert secrets_in(text.encode(), [SECRET]) == ["a given secret"]


def test_the_scan_finds_tokens_and_keys_that_it_was_not_told_of(tenant: Tenant) -> None:
    key = a_root_ca().key_pem
    assert secrets_in(f"Bearer {token_of(tenant)}".encode(), []) == ["a token"]
    assert secrets_in(key, []) == ["a private key"]
    assert secrets_in(json.dumps(key.decode()).encode(), []) == ["a private key"]
    assert secrets_in(key.splitlines()[1], [key.decode()]) == ["a given secret"]
    assert secrets_in(b"has no -----BEGIN PRIVATE KEY----- in it; eyJhbGciOiJub25lIn0 is no token", [SECRET]) == []


def test_the_scan_from_the_command_line_names_files_and_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("nothing")
    (tmp_path / "leaky.txt").write_text(f"the secret is {SECRET}")
    done = subprocess.run(
        [sys.executable, "-m", "tooling.secret_scan", str(tmp_path)],
        input=SECRET,
        env={"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path / 'leaky.txt'}: a given secret\n"
    assert SECRET not in done.stdout + done.stderr
