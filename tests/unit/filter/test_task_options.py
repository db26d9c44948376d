"""The options of a task, found among the variables of a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.filter.task_options import FilterModule
from ansible_collections.entra.cba.plugins.modules import certificate_based_auth_configuration, trust_audit_info

if TYPE_CHECKING:
    from ansible_collections.entra.cba.plugins.module_utils._task import Task

task_options = FilterModule().filters()["task_options"]


def variables(**options: object) -> dict[str, object]:
    return {f"entra_cba_{name}": value for name, value in options.items()}


@pytest.mark.parametrize(
    ("module", "task", "left_out"),
    [
        ("certificate_based_auth_configuration", certificate_based_auth_configuration.TASK, {"state"}),
        ("trust_audit_info", trust_audit_info.TASK, {"certificate_authorities", "fail_on"}),
    ],
)
def test_every_option_of_the_module_is_a_variable_but_a_few(module: str, task: Task, left_out: set[str]) -> None:
    lists = {name for name, option in task.argument_spec.items() if "options" in option}
    given = {name: [{"path": "x"}] if name in lists else "x" for name in task.argument_spec}
    assert set(task_options(variables(**given), module)) == set(task.argument_spec) - left_out


def test_a_module_that_is_not_known_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="not certificates"):
        task_options({}, "certificates")


def test_variables_that_are_no_options_are_left_alone() -> None:
    assert set(task_options({**variables(hosts="all", in_process=False), "tenant_id": "x"})) == {"backup_dir"}


@pytest.mark.parametrize("empty", [None, "", []])
def test_what_was_left_empty_is_unset(empty: object) -> None:
    assert set(task_options(variables(purge=empty, certificate_authorities=empty, ca_path=empty))) == {"backup_dir"}


def test_no_is_an_answer() -> None:
    options = task_options(variables(purge=False, token_cache=False, expires_within=0))
    assert (options["purge"], options["token_cache"], options["expires_within"]) == (False, False, 0)


def test_paths_begin_where_the_run_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = task_options(variables(certificate_authorities=[{"path": "root.pem"}], ca_path="ca.pem", backup_dir=""))
    assert options == {
        "certificate_authorities": [{"path": str(tmp_path / "root.pem")}],
        "ca_path": str(tmp_path / "ca.pem"),
        "backup_dir": str(tmp_path / "backup"),
    }
    assert task_options(variables(ca_path="~/ca.pem"))["ca_path"] == str(Path.home() / "ca.pem")


def test_anything_but_variables_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="variables by their names"):
        task_options([])
