"""The files for AWX hold together: what AWX would refuse is refused here, what they name exists."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.entra.cba.plugins.filter.task_options import OPTIONS as OPTIONS_OF
from ansible_collections.entra.cba.plugins.filter.task_options import PREFIX
from ansible_collections.entra.cba.plugins.module_utils._arguments import (
    certificate_authorities_option,
    connection_options,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import CLOUDS
from awx.credential_type import CredentialType, RefusedDefinition
from awx.job import AWX_FILES, ROOT
from builders.pki import a_root_ca
from integration.test_awx_jobs import shipped_type

if TYPE_CHECKING:
    from integration.playbook import Playbook

BIN = Path(sys.executable).parent
OPTION_VARIABLES = {PREFIX + name for options in OPTIONS_OF.values() for name in options}
FIELD = {"id": "client_id", "label": "Client ID", "type": "string"}
KEY = {"id": "key", "label": "Key", "type": "string", "format": "ssh_private_key", "multiline": True, "secret": True}


class _WithUnsafe(yaml.SafeLoader):
    """Reads Ansible's !unsafe as the plain text that it marks."""


_WithUnsafe.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def read(path: str) -> Any:
    return yaml.load((AWX_FILES / path).read_text(), Loader=_WithUnsafe)  # noqa: S506  # it is a SafeLoader


CONTROLLER = read("controller.yml")
TEMPLATES = {template["name"]: template for template in CONTROLLER["controller_templates"]}
QUESTIONS = [
    pytest.param(template, question, id=f"{name.split()[-1]}-{question['variable']}")
    for name, template in TEMPLATES.items()
    for question in template["survey"]["spec"]
]


@pytest.mark.parametrize(
    ("inputs", "injectors", "why"),
    [
        ({"fields": [{**FIELD, "id": "tower"}]}, {}, "cannot be the id"),
        ({"fields": [{**FIELD, "id": "client-id"}]}, {}, "cannot be the id"),
        ({"fields": [FIELD, FIELD]}, {}, "cannot be the id"),
        ({"fields": [{**FIELD, "type": "str"}]}, {}, "'string' or 'boolean'"),
        ({"fields": [{**FIELD, "type": "boolean", "secret": True}]}, {}, "boolean field"),
        ({"fields": [{**FIELD, "format": "pem"}]}, {}, "'url' or 'ssh_private_key'"),
        ({"fields": [{**FIELD, "hidden": True}]}, {}, "unknown keys of field client_id: hidden"),
        ({"fields": [{**FIELD, "choices": ["a"], "default": "b"}]}, {}, "none of the choices"),
        ({"fields": [FIELD], "required": ["tenant"]}, {}, "required, but no fields: tenant"),
        ({"fields": [FIELD]}, {"env": {"ANSIBLE_CONFIG": "x"}}, "Ansible's own settings: ANSIBLE_CONFIG"),
        ({"fields": [FIELD]}, {"env": {"PATH": "x"}}, "not for credentials to set: PATH"),
        ({"fields": [FIELD]}, {"env": {"A-B": "x"}}, "no names of environment variables: A-B"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ tenant_id }}"}}, "env A: 'tenant_id' is undefined"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ tower.filename }}"}, "file": {"key": "x"}}, "file templates of no"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ tower.filename.b }}"}, "file": {"template.a": "x"}}, "env A: "),
        ({"fields": [FIELD]}, {"file": {"template": "x", "template.a": "y"}}, "not both"),
        ({"fields": [FIELD]}, {"environment": {}}, "unknown kinds of injectors"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_renderer_refuses_what_awx_would_not_save(
    inputs: dict[str, Any], injectors: dict[str, dict[str, str]], why: str
) -> None:
    with pytest.raises(RefusedDefinition, match=re.escape(why)):
        CredentialType(inputs, injectors)


def test_an_empty_field_becomes_an_empty_variable_and_an_empty_file(tmp_path: Path) -> None:
    kind = CredentialType(
        {"fields": [FIELD, KEY]},
        {
            "env": {"CLIENT": "{{ client_id }}", "KEY_FILE": "{{ tower.filename.key }}"},
            "file": {"template.key": "{{ key }}"},
        },
    )
    injected = kind.inject({"client_id": "", "key": ""}, tmp_path)
    path = injected.files["template.key"]
    assert injected.environment == {"CLIENT": "", "KEY_FILE": str(path)}
    assert path.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_lost_its_last_line_end_gets_it_back(tmp_path: Path) -> None:
    kind = CredentialType({"fields": [KEY]}, {"file": {"template": "{{ key }}"}})
    key = a_root_ca().key_pem.decode()
    (path,) = kind.inject({"key": key.rstrip()}, tmp_path).files.values()
    assert path.read_text() == key


def test_a_key_field_takes_no_certificate_alone(tmp_path: Path) -> None:
    kind = CredentialType({"fields": [KEY]}, {})
    with pytest.raises(RefusedDefinition, match="must hold a private key"):
        kind.inject({"key": a_root_ca().pem.decode()}, tmp_path)


def test_our_type_gives_what_was_left_empty_as_empty_variables(tmp_path: Path) -> None:
    injected = shipped_type().inject({"client_id": "id", "client_secret": "secret", "client_certificate": ""}, tmp_path)
    assert injected.environment == {
        "AZURE_TENANT_ID": "",
        "AZURE_CLIENT_ID": "id",
        "AZURE_CLIENT_SECRET": "secret",
        "AZURE_CLIENT_CERTIFICATE_PATH": "",
        "AZURE_CLOUD_ENVIRONMENT": "",
    }
    assert injected.extra_vars == {}


def test_our_type_gives_the_certificate_as_a_file_and_the_cloud_by_name(tmp_path: Path) -> None:
    signer = a_root_ca()
    values: dict[str, str | bool] = {
        "client_id": "id",
        "client_certificate": (signer.key_pem + signer.pem).decode(),
        "cloud": "china",
    }
    injected = shipped_type().inject(values, tmp_path)
    path = Path(injected.environment["AZURE_CLIENT_CERTIFICATE_PATH"])
    assert path.read_bytes() == signer.key_pem + signer.pem
    assert injected.environment["AZURE_CLOUD_ENVIRONMENT"] == "china"
    with pytest.raises(RefusedDefinition, match="moon is none of"):
        shipped_type().inject({"client_id": "id", "cloud": "moon"}, tmp_path)


def test_our_type_keeps_its_secrets_secret() -> None:
    secret = {name for name, field in shipped_type().fields.items() if field.get("secret")}
    assert secret == {"client_secret", "client_certificate"}


def test_the_clouds_of_our_type_are_those_of_the_modules() -> None:
    assert shipped_type().fields["cloud"]["choices"] == list(CLOUDS)


@pytest.mark.parametrize("variable", read("credential_type/injectors.yml")["env"])
def test_the_modules_read_every_variable_that_our_type_sets(variable: str) -> None:
    read_by_modules = {name for option in connection_options().values() for name in option.get("fallback", ((), []))[1]}
    assert variable in read_by_modules


def test_the_type_as_code_is_the_type_of_the_form() -> None:
    (kind,) = CONTROLLER["controller_credential_types"]
    assert kind["inputs"] == read("credential_type/inputs.yml")
    assert kind["injectors"] == read("credential_type/injectors.yml")
    assert kind["kind"] in ("cloud", "net")


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_job_template_names_a_playbook_of_the_project(template: dict[str, Any]) -> None:
    (imported,) = read(f"project/{template['playbook']}")
    name = imported["ansible.builtin.import_playbook"]
    assert name.startswith("entra.cba.")
    assert (ROOT / "playbooks" / f"{name.rpartition('.')[2]}.yml").is_file()
    assert template["job_type"] in ("run", "check")
    assert template["survey_enabled"]


def test_the_audit_only_looks() -> None:
    audit = TEMPLATES["Entra CBA - audit"]
    assert (audit["job_type"], audit["diff_mode"]) == ("check", True)
    assert "ask_job_type_on_launch" not in audit


@pytest.mark.parametrize(("template", "question"), QUESTIONS)
def test_a_survey_asks_for_variables_of_its_playbook(template: dict[str, Any], question: dict[str, Any]) -> None:
    (imported,) = read(f"project/{template['playbook']}")
    name = imported["ansible.builtin.import_playbook"].rpartition(".")[2]
    used = (ROOT / "playbooks" / f"{name}.yml").read_text().partition("\n- name:")[2]
    if name == "audit":
        used += (ROOT / "roles" / "audit" / "tasks" / "main.yml").read_text()
    variable = question["variable"]
    assert re.search(rf"{{{{.*\b{variable}\b", used) or f"when: {variable} " in used or variable in OPTION_VARIABLES
    # An answer that is left empty would hide what the inventory says.
    assert question["required"]
    assert question["default"] != ""
    assert question["type"] in ("text", "integer", "multiplechoice")
    if question["type"] == "multiplechoice":
        assert all(isinstance(choice, str) for choice in question["choices"])  # YAML's yes and no are none
        assert question["default"] in question["choices"]
    else:
        size = question["default"] if question["type"] == "integer" else len(question["default"])
        assert question["min"] <= size <= question["max"]


def test_the_schedule_answers_the_survey_of_its_template() -> None:
    (schedule,) = CONTROLLER["controller_schedules"]
    spec = TEMPLATES[schedule["unified_job_template"]]["survey"]["spec"]
    assert set(schedule["extra_data"]) == {question["variable"] for question in spec}
    assert re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=DAILY;INTERVAL=1", schedule["rrule"])


MODULE = """\
#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
spec = {options!r}
module = AnsibleModule({{name: {{"type": kind}} for name, kind in spec.items()}}, supports_check_mode=True)
module.exit_json(taken=module.params)
"""
# Of the modules of awx.awx, the options by which the playbook uses them, as their documentation names and types them.
OPTIONS = {
    "credential_type": {"name": "str", "description": "str", "kind": "str", "inputs": "dict", "injectors": "dict"},
    "job_template": {
        **dict.fromkeys(("name", "description", "job_type", "organization", "project", "playbook"), "str"),
        **dict.fromkeys(("inventory", "execution_environment"), "str"),
        **dict.fromkeys(("ask_job_type_on_launch", "diff_mode", "ask_limit_on_launch"), "bool"),
        **dict.fromkeys(("allow_simultaneous", "survey_enabled"), "bool"),
        "credentials": "list",
        "survey_spec": "dict",
    },
    "schedule": {
        **dict.fromkeys(("name", "description", "unified_job_template", "organization", "rrule"), "str"),
        "extra_data": "dict",
    },
}


@pytest.fixture
def awx_collection(tmp_path: Path) -> str:
    """A stand-in for awx.awx, whose modules return what they were given."""
    collections = tmp_path / "collections"
    modules = collections / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, options in OPTIONS.items():
        (modules / f"{name}.py").write_text(MODULE.format(options=options))
    return f"{collections}{os.pathsep}{ROOT / 'build' / 'collections'}"


def test_the_playbook_for_awx_hands_everything_over_with_its_templates_whole(
    playbook: Playbook, awx_collection: str
) -> None:
    results = playbook.run_file(
        AWX_FILES / "controller_awx.yml", environment={"ANSIBLE_COLLECTIONS_PATH": awx_collection}
    )
    types, templates, schedules = (
        [item["taken"] for item in result.result["results"]] for result in results if result.result.get("results")
    )
    assert types == CONTROLLER["controller_credential_types"]
    assert [template["survey_spec"] for template in templates] == [
        template["survey"] for template in CONTROLLER["controller_templates"]
    ]
    assert schedules == CONTROLLER["controller_schedules"]


def test_ansible_builder_finds_what_the_collection_needs() -> None:
    done = subprocess.run(
        [str(BIN / "ansible-builder"), "introspect", str(ROOT / "build" / "collections")],
        capture_output=True,
        text=True,
        check=True,
    )
    found = yaml.safe_load(done.stdout)
    wanted = [line for line in (ROOT / "meta" / "ee-requirements.txt").read_text().splitlines() if line[0] != "#"]
    assert [requirement.partition(" ")[0] for requirement in found["python"]] == wanted
    assert not found["system"]


def test_ansible_builder_takes_the_execution_environment(tmp_path: Path) -> None:
    definition = AWX_FILES / "execution-environment.yml"
    subprocess.run(
        [str(BIN / "ansible-builder"), "create", "-f", str(definition), "-c", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    galaxy = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())
    assert galaxy == {"collections": [{"name": "entra.cba"}]}
    assert "ARG EE_BASE_IMAGE=" in next(tmp_path.glob("*file")).read_text()


def test_the_inventory_of_the_project_declares_what_the_module_takes() -> None:
    variables = read("project/inventory/tenants.yml")["all"]["vars"]
    (options,) = (option["options"] for option in certificate_authorities_option().values())
    assert all(set(item) <= set(options) for item in variables["entra_cba_certificate_authorities"])
