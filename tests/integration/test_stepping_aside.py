"""What only a process of its own can do is left to the module; all else runs inside Ansible."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builders.pki import write_two_tier_pki
from integration.playbook import INFO, MANAGE, Playbook, info
from integration.test_main_job import TWO_TIERS

if TYPE_CHECKING:
    from integration.playbook import Way
    from integration.service import Tenant

# A connection that is the local one in all but its name.
ELSEWHERE = '''
DOCUMENTATION = """
name: elsewhere
short_description: elsewhere
description: Elsewhere.
extends_documentation_fragment: [connection_pipelining]
"""
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "elsewhere"
'''

# What stands in for sudo: it notes that it was asked, and becomes nobody.
SUDO = """#!/bin/sh
touch "$(dirname "$0")/asked"
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
"""


@pytest.fixture
def way() -> Way | None:
    """Each test says itself where its task is to run."""
    return None


def executable(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def where(playbook: Playbook) -> Way:
    """Return where the one task of the last run ran."""
    assert playbook.modules in ([], [INFO])
    return "module" if playbook.modules else "in-process"


def test_nothing_unusual_needs_no_module(playbook: Playbook) -> None:
    playbook.run(info())
    assert where(playbook) == "in-process"


@pytest.mark.parametrize("delegated", [False, True], ids=["of the host", "of the host delegated to"])
def test_another_connection(playbook: Playbook, delegated: bool) -> None:
    (playbook.folder / "connection_plugins").mkdir()
    (playbook.folder / "connection_plugins" / "elsewhere.py").write_text(ELSEWHERE)
    (playbook.folder / "more.ini").write_text(
        f"jump ansible_connection=elsewhere ansible_python_interpreter={sys.executable}\n"
    )
    keywords: dict[str, Any] = {} if delegated else {"vars": {"ansible_connection": "elsewhere"}}
    task = info() | ({"delegate_to": "jump"} if delegated else {})
    (read,) = playbook.run(task, arguments=("-i", "more.ini"), keywords=keywords)
    assert read.status == "ok"
    assert where(playbook) == "module"


def test_a_task_delegated_to_this_machine_stays_in_it(playbook: Playbook) -> None:
    (playbook.folder / "connection_plugins").mkdir()
    (playbook.folder / "connection_plugins" / "elsewhere.py").write_text(ELSEWHERE)
    (playbook.folder / "more.ini").write_text(
        f"here ansible_connection=local ansible_python_interpreter={sys.executable}\n"
        "jump ansible_connection=elsewhere\n"
    )
    keywords = {"hosts": "jump"}
    playbook.run(info() | {"delegate_to": "here"}, arguments=("-i", "more.ini"), keywords=keywords)
    assert where(playbook) == "in-process"


@pytest.mark.parametrize("delegated", [False, True], ids=["of the host", "of the host delegated to"])
def test_another_python(playbook: Playbook, delegated: bool) -> None:
    other = executable(playbook.folder / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (playbook.folder / "more.ini").write_text(f"jump ansible_connection=local ansible_python_interpreter={other}\n")
    keywords: dict[str, Any] = {} if delegated else {"vars": {"ansible_python_interpreter": other}}
    task = info() | ({"delegate_to": "jump"} if delegated else {})
    (read,) = playbook.run(task, arguments=("-i", "more.ini"), keywords=keywords)
    assert read.status == "ok"
    assert where(playbook) == "module"


def test_another_environment_whose_python_is_the_same_file(playbook: Playbook) -> None:
    """Its libraries are other ones: here none."""
    (playbook.folder / "bin").mkdir()
    (playbook.folder / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (playbook.folder / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    keywords = {"vars": {"ansible_python_interpreter": str(playbook.folder / "bin" / "python")}}
    (read,) = playbook.run(info(), keywords=keywords, expect_failure=True)
    assert "Failed to import the required Python library" in read.message
    assert where(playbook) == "module"


@pytest.mark.parametrize("python", ["python3", "{{ ansible_playbook_python }}", "auto_silent"])
def test_this_python_by_another_name(playbook: Playbook, python: str) -> None:
    own = python if python != "python3" else str(Path(sys.executable).with_name("python3"))
    playbook.run(info(), keywords={"vars": {"ansible_python_interpreter": own}})
    assert where(playbook) == "in-process"


def test_become(playbook: Playbook) -> None:
    sudo = executable(playbook.folder / "sudo", SUDO)
    variables = {"ansible_become_exe": sudo, "ansible_become_user": "root"}
    same_user = {"ANSIBLE_BECOME_ALLOW_SAME_USER": "true"}
    (read,) = playbook.run(info() | {"become": True, "vars": variables}, environment=same_user)
    assert read.status == "ok"
    assert (playbook.folder / "asked").exists()
    assert where(playbook) == "module"


@pytest.mark.parametrize("poll", [1, 0])
def test_async(playbook: Playbook, poll: int) -> None:
    (read,) = playbook.run(info() | {"async": 30, "poll": poll})
    assert read.result["ansible_job_id"]
    assert where(playbook) == "module"


@pytest.mark.parametrize("of", ["task", "block", "play"])
def test_an_environment(playbook: Playbook, tenant: Tenant, of: str) -> None:
    environment = {
        "environment": {
            "AZURE_TENANT_ID": tenant.tenant_id,
            "AZURE_CLIENT_ID": tenant.client_id,
            "AZURE_CLIENT_SECRET": "{{ secret }}",
        }
    }
    task = info() | (environment if of == "task" else {})
    (read,) = playbook.run(
        {"block": [task], **environment} if of == "block" else task,
        connect=False,
        arguments=("-e", f"secret={tenant.client_secret}"),
        keywords=environment if of == "play" else {},
    )
    assert read.result["auth_method"] == "client_secret"
    assert where(playbook) == "module"


def test_an_environment_with_nothing_in_it_is_none(playbook: Playbook) -> None:
    playbook.run(info() | {"environment": {}}, keywords={"environment": {}})
    assert where(playbook) == "in-process"


def test_a_time_limit_ends_the_wait_and_not_the_write(playbook: Playbook, tenant: Tenant) -> None:
    """The module goes on where the wait for it ends, so that no write stops half way."""
    write_two_tier_pki(playbook.folder)
    tenant.behave(faults=[{"method": "POST", "path": "/organization/", "delay_s": 6}])
    options = {"certificate_authorities": TWO_TIERS}
    (declared,) = playbook.run({"name": "declare", MANAGE: options, "timeout": 4}, expect_failure=True)
    assert declared.status == "failed"
    assert playbook.modules == [MANAGE]
    deadline = time.monotonic() + 60
    while not tenant.store() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(tenant.store()) == 2


@pytest.mark.parametrize("library", ["msal", "requests", "cryptography"])
def test_a_missing_library_is_named_by_the_module(playbook: Playbook, library: str) -> None:
    stub = playbook.folder / "stub"
    stub.mkdir()
    (stub / "sitecustomize.py").write_text(f"import sys\nsys.modules[{library!r}] = None\n")
    path = os.pathsep.join(filter(None, [str(stub), os.environ.get("PYTHONPATH")]))
    (read,) = playbook.run(info(), environment={"PYTHONPATH": path}, expect_failure=True)
    assert f"Failed to import the required Python library ({library}" in read.message
    assert sys.executable in read.message
    assert where(playbook) == "module"


@pytest.mark.parametrize(
    ("inventory", "play", "extra", "expected"),
    [
        ("entra_cba_in_process=false", {}, (), "module"),
        ("entra_cba_in_process=no", {}, (), "module"),
        ("", {"entra_cba_in_process": False}, (), "module"),
        ("", {}, ("-e", "entra_cba_in_process=false"), "module"),
        ("", {"entra_cba_in_process": "{{ not quick }}", "quick": True}, (), "module"),
        ("", {"entra_cba_in_process": "{{ quick }}", "quick": "yes"}, (), "in-process"),
        ("entra_cba_in_process=false", {"entra_cba_in_process": True}, (), "in-process"),
    ],
    ids=["host", "word", "play", "extra", "template", "true", "play over host"],
)
def test_who_does_not_want_it(
    playbook: Playbook, inventory: str, play: dict[str, Any], extra: tuple[str, ...], expected: Way
) -> None:
    (playbook.folder / "more.ini").write_text(f"localhost {inventory}\n")
    playbook.run(info(), arguments=("-i", "more.ini", *extra), keywords={"vars": play})
    assert where(playbook) == expected


@pytest.mark.parametrize("nonsense", ["perhaps", 2, [], None, {"a": 1}])
def test_a_value_that_is_neither_true_nor_false_is_an_error(
    playbook: Playbook, tenant: Tenant, nonsense: object
) -> None:
    (read,) = playbook.run(info(), keywords={"vars": {"entra_cba_in_process": nonsense}}, expect_failure=True)
    assert f"entra_cba_in_process must be true or false, not {nonsense!r}" in read.message
    assert playbook.modules == []
    assert tenant.methods() == []
