"""Nobody can tell from a task's result, or from what is printed, whether it ran inside Ansible or as a module."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from builders.pki import a_root_ca, an_rsa_key, write_two_tier_pki
from integration.playbook import INFO, MANAGE, Playbook, TaskResult
from integration.test_main_job import TWO_TIERS

if TYPE_CHECKING:
    from integration.playbook import Way
    from integration.service import Service, Tenant

pytestmark = pytest.mark.xdist_group("ways")  # one play has all the cases: let one process run it

OTHER_URL = [{"path": "root.pem", "certificate_revocation_list_url": "http://other.example/root.crl"}]
EXPIRED = [*TWO_TIERS, {"path": "expired.pem"}]
NO_SECRET = {"client_secret": ""}


def declare(**options: object) -> dict[str, Any]:
    return {MANAGE: {"certificate_authorities": TWO_TIERS, **options}}


def read(**options: object) -> dict[str, Any]:
    return {INFO: options}


# What is done in one tenant, one after the other, each under its name.
TASKS: dict[str, dict[str, Any]] = {
    "create": declare(),
    "unchanged": declare(),
    "invocation_as_configured": {**declare(), "vars": {"ansible_inject_invocation": False}},
    "check_mode": {**declare(certificate_authorities=OTHER_URL), "check_mode": True, "diff": True},
    "no_diff": {**declare(certificate_authorities=OTHER_URL), "check_mode": True, "diff": False},
    "change": declare(certificate_authorities=OTHER_URL, backup=True, backup_dir="kept"),
    "not_purged": declare(purge="no"),
    "absent_in_check_mode": {**declare(state="absent"), "check_mode": True},
    "absent": declare(state="absent", certificate_authorities=[TWO_TIERS[1]]),
    "all_absent": {MANAGE: {"state": "absent"}},
    "empty": read(),
    "read": read(expires_within=10_000),
    "expired": declare(certificate_authorities=EXPIRED),
    "expired_left_out": declare(certificate_authorities=EXPIRED, expired="omit"),
    "incomplete_chain": declare(certificate_authorities=[TWO_TIERS[1]]),
    "finding_accepted": declare(certificate_authorities=[TWO_TIERS[1]], accept_findings=["chain.issuer_missing"]),
    "only_warned": {**declare(certificate_authorities=[TWO_TIERS[1]], preflight="warn"), "check_mode": True},
    "no_such_file": declare(certificate_authorities=[{"path": "no.pem"}]),
    "private_key": declare(certificate_authorities=[{"content": "{{ key }}"}]),
    "content": {
        **declare(certificate_authorities=[{"content": "{{ lookup('file', 'root.pem') }}"}]),
        "check_mode": True,
    },
    "home": {**declare(certificate_authorities=[{"path": "~/root.pem"}]), "check_mode": True},
    "certificate": read(**NO_SECRET, client_certificate_path="automation.pem"),
    "login_fails": read(client_secret="wrong", token_cache=False),
    "graph_fails": read(
        tenant_id="{{ poor.tenant_id }}", client_id="{{ poor.client_id }}", client_secret="{{ poor.client_secret }}"
    ),
    "no_such_tenant": read(tenant_id="nobody.example"),
    "no_server": read(graph_url="https://127.0.0.1:1", timeout=2),
    "other_authorities": read(ca_path="root.pem", token_cache=False),
    "ca_path_is_no_file": read(ca_path="no.pem"),
    "alias": {INFO: {"secret": "{{ tenant.client_secret }}"}},
    "alias_set_twice": read(tenant="{{ tenant.tenant_id }}", tenant_id="{{ tenant.tenant_id }}"),
    "bad_choice": declare(state="perhaps"),
    "unknown_option": declare(client_secrets="x"),
    "wrong_type": read(timeout="{{ tenant.client_secret }}"),
    "unknown_key_of_a_ca": declare(certificate_authorities=[{"content": "{{ key }}", "url": "http://x.example"}]),
    "exclusive": declare(certificate_authorities=[{"content": "{{ key }}", "path": "root.pem"}]),
    "number_for_text": read(client_certificate_thumbprint=12345),
    "truth_for_text": read(client_certificate_thumbprint=True),
    "list_for_text": read(client_certificate_thumbprint=["a", 1, None]),
    "nothing_for_text": read(client_certificate_thumbprint=None),
    "time_for_text": read(client_certificate_thumbprint="{{ '2026-11-23 10:00:00' | to_datetime }}"),
    "text_for_number": read(timeout="60"),
    "text_for_list": {**declare(accept_findings="certificate.expired,chain.issuer_missing"), "check_mode": True},
    "omitted": read(expires_within="{{ omit }}"),
    "unicode": read(client_certificate_thumbprint="Zürich \u2028 ☃"),
    "secret_in_the_result": {
        MANAGE: {
            "certificate_authorities": [
                {"path": "root.pem", "certificate_revocation_list_url": "http://{{ tenant.client_secret }}.example/"}
            ]
        },
        "check_mode": True,
    },
    "secret_is_a_number_of_the_result": read(client_certificate_password="200"),
    "secret_is_a_word_of_the_result": read(client_certificate_password="client"),
    "extra_variable": read(expires_within="{{ days }}"),
    "vaulted_variable": read(client_secret="{{ vaulted }}"),
    "unsafe_variable": read(client_certificate_thumbprint="{{ unsafe }}"),
    "loop": {**read(api_version="{{ item }}"), "loop": ["v1.0", "beta"]},
    "loop_over_failures": {
        **read(api_version="{{ item }}"),
        "loop": ["v1.0", "v2.0", "beta"],
        "loop_control": {"label": "version {{ item }}", "index_var": "number"},
    },
    "skipped": {**read(), "when": False},
    "some_skipped": {**read(), "loop": [1, 2], "when": "item > 1"},
    "until": {**read(), "until": "did_until.findings | length > 9", "retries": 2, "delay": 0},
    "retries": {**read(client_secret="wrong", token_cache=False), "retries": 1, "delay": 0},
    "failed_when": {**read(), "failed_when": "did_failed_when is not changed"},
    "failed_when_it_did_not": {**read(client_secret="wrong"), "failed_when": False},
    "changed_when": {**declare(), "changed_when": False},
    "no_log": {**read(), "no_log": True},
    "no_log_of_a_failure": {**read(client_secret="wrong"), "no_log": True},
    "delegated": {**read(), "delegate_to": "localhost"},
    "defaults_of_the_module": {**read(), "module_defaults": {INFO: {"expires_within": 7}}},
    "time_limit": {**read(), "timeout": 60},
    "polled": {**read(), "async": 60, "poll": 1},
    "environment": {**read(), "environment": {"ENTRA_CBA_TOKEN_CACHE": "false"}},
}
WARNINGS = ("chain.issuer_missing", "its alias secret are set", "its alias tenant are set")
FAIL = {
    "expired",
    "incomplete_chain",
    "no_such_file",
    "private_key",
    "login_fails",
    "graph_fails",
    "no_such_tenant",
    "no_server",
    "other_authorities",
    "ca_path_is_no_file",
    "bad_choice",
    "unknown_option",
    "wrong_type",
    "unknown_key_of_a_ca",
    "exclusive",
    "loop_over_failures",
    "until",
    "retries",
    "failed_when",
    "no_log_of_a_failure",
}

VARIABLES = """
days: 30
unsafe: !unsafe "{{ no template }}"
vaulted: !vault |
"""


@dataclass(frozen=True)
class Run:
    """What one way made of all tasks: what Ansible showed of each, what was registered, and all that it printed."""

    shown: dict[str, TaskResult]
    registered: dict[str, Any]
    output: str
    requests: list[str]


@pytest.fixture(scope="module", params=["-vvv"])
def both(request: pytest.FixtureRequest, service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """All tasks done both ways in the same tenant, with nothing in it at the beginning."""
    tenant, poor = service.next_tenant(), service.next_tenant()
    poor.behave(roles=[])
    folder = tmp_path_factory.mktemp("ways")
    write_two_tier_pki(folder)
    (folder / "expired.pem").write_bytes(a_root_ca("Old CA", not_before=-20, not_after=-10).pem)
    signer = a_root_ca("automation", key=an_rsa_key())
    tenant.behave(client_certificate=signer.pem.decode())
    (folder / "automation.pem").write_bytes(signer.key_pem + signer.pem)
    given = {
        "key": a_root_ca().key_pem.decode(),
        "tenant": {name: getattr(tenant, name) for name in ("tenant_id", "client_id", "client_secret")},
        "poor": {name: getattr(poor, name) for name in ("tenant_id", "client_id", "client_secret")},
    }
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "password").write_text("of the vault")
    (folder / "variables.yml").write_text(VARIABLES + vaulted(tenant.client_secret))
    ways: tuple[Way, Way] = ("in-process", "module")
    runs = {}
    for way in ways:
        tenant.plant([])
        shutil.rmtree(folder / ".cache", ignore_errors=True)
        playbook = replace(Playbook(service, tenant, folder), way=way if way == "module" else None)
        runs[way] = run_all(playbook, request.param)
        assert (len(playbook.modules) > len(TASKS)) == (way == "module")
    return runs


def vaulted(text: str) -> str:
    """Return a text as `ansible-vault encrypt_string` would, for a block of YAML."""
    cipher = VaultLib([("default", VaultSecret(b"of the vault"))]).encrypt(text).decode()
    return "".join(f"  {line}\n" for line in cipher.splitlines())


def run_all(playbook: Playbook, verbosity: str) -> Run:
    before = len(playbook.tenant.requests())
    tasks = [{"name": name, "register": f"did_{name}", "ignore_errors": True, **task} for name, task in TASKS.items()]
    names = "".join(f"'{name}': did_{name}, " for name in TASKS)
    registered = {"name": "registered", "ansible.builtin.debug": {"msg": f"{{{{ {{{names}}} }}}}"}}
    arguments = "-e", "@given.json", "-e", "@variables.yml", "--vault-password-file", "password", verbosity
    results = playbook.run(
        *tasks,
        {**registered, "no_log": False},
        arguments=arguments,
        expected_warnings=WARNINGS,
        keywords={"vars": {"ansible_inject_invocation": True}},
    )
    return Run(
        {result.task: result for result in results},
        results[-1].result["msg"],
        playbook.output,
        playbook.tenant.requests()[before:],
    )


# What differs from run to run: ids of requests (those of tenants are of another version), times, addresses, jobs.
PASSING = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}": "(id)",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ": "(time)",
    r"_\d{8}T\d{6}\.\d+Z\.json": "(time).json",
    r" at 0x[0-9a-f]+": " at (address)",
    r"j\d{4,}\.\d+": "(job)",
    # ansible-core 2.19 and 2.20 tell of a module, whose failure failed_when takes back, that there was no traceback.
    r'\n *"failed_when_suppressed_exception": "\(traceback unavailable\)",': "",
}


def as_told(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
    for passing, instead in PASSING.items():
        text = re.sub(passing, instead, text)
    return text


@pytest.mark.parametrize("name", TASKS)
def test_what_is_registered_and_shown_is_the_same(both: dict[str, Run], name: str) -> None:
    inside, module = both["in-process"], both["module"]
    assert as_told(inside.registered[name]) == as_told(module.registered[name])
    assert as_told(inside.shown[name].result) == as_told(module.shown[name].result)
    assert inside.shown[name].status == module.shown[name].status
    assert (inside.shown[name].status == "failed") == (name in FAIL)


def test_the_same_is_asked_of_graph(both: dict[str, Run]) -> None:
    assert both["in-process"].requests == both["module"].requests


def test_the_same_is_printed(both: dict[str, Run]) -> None:
    assert printed(both["in-process"].output) == printed(both["module"].output)


def printed(output: str) -> str:
    """Return it but for the lines about connections and files of modules, which Ansible prints at -vvv.

    Since ansible-core 2.19 it says of a failure whether a module or an action plugin told of it; nobody else can.
    """
    lines = (line for line in output.splitlines() if line and not re.match("<|Using module file|ASYNC POLL", line))
    return as_told("\n".join(lines).replace("Task failed: Action failed", "Task failed: Module failed"))


def test_vaulted_unsafe_and_dated_values_of_a_task_reach_it_as_texts(playbook: Playbook, tenant: Tenant) -> None:
    (playbook.folder / "password").write_text("of the vault")
    path = playbook.folder / "tagged.yml"
    path.write_text(f"""
- hosts: localhost
  gather_facts: false
  vars:
    ansible_inject_invocation: true
  tasks:
    - {INFO}:
        graph_url: {tenant.service.graph_url}
        authority_url: {tenant.service.authority_url}
        ca_path: {tenant.service.ca_path}
        tenant_id: {tenant.tenant_id}
        client_id: {tenant.client_id}
        managed_identity_client_id: 2026-11-23 10:00:00
        client_certificate_thumbprint: !unsafe "{{{{ no template }}}}"
        client_secret: !vault |
{indent(vaulted(tenant.client_secret), "        ")}
""")
    (result,) = playbook.run_file(path, arguments=("--vault-password-file", "password"))
    given = result.result["invocation"]["module_args"]
    assert given["managed_identity_client_id"] == "2026-11-23T10:00:00"
    assert given["client_certificate_thumbprint"] == "{{ no template }}"
    assert given["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
