"""Runs a playbook of a few tasks through ansible-playbook, and returns what each task said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tooling.secret_scan import secrets_in

if TYPE_CHECKING:
    from integration.service import Service, Tenant

ROOT = Path(__file__).resolve().parents[2]
MANAGE = "entra.cba.certificate_based_auth_configuration"
INFO = "entra.cba.certificate_based_auth_configuration_info"

# Where a task of ours runs: inside Ansible, or as a module in a process of its own.
Way = Literal["in-process", "module"]


@dataclass(frozen=True)
class TaskResult:
    """What one task said."""

    status: str
    task: str
    action: str
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        return str(self.result["msg"])

    @property
    def turns(self) -> int:
        """How often it did its work: once, or once for each item of its loop that was not skipped."""
        return len([item for item in self.result.get("results", [self.result]) if "skip_reason" not in item])

    @property
    def authorities(self) -> list[dict[str, Any]]:
        return list(self.result["certificate_based_auth_configuration"]["certificate_authorities"])

    @property
    def subjects(self) -> list[str]:
        return [authority["subject"] for authority in self.authorities]

    @property
    def warnings(self) -> list[str]:
        return [str(warning) for warning in self.result.get("warnings", [])]


@dataclass(frozen=True)
class Playbook:
    """Runs tasks in one tenant, all of them one way, unless `way` is None.

    `defaults` are options that every module of the collection is given.
    """

    service: Service
    tenant: Tenant
    folder: Path
    way: Way | None = None
    defaults: dict[str, object] = field(default_factory=dict)

    def run(
        self,
        *tasks: dict[str, Any],
        check: bool = False,
        arguments: tuple[str, ...] = (),
        expected_warnings: tuple[str, ...] = (),
        expect_failure: bool = False,
        environment: dict[str, str] | None = None,
        connect: bool = True,
        keywords: dict[str, object] | None = None,
    ) -> list[TaskResult]:
        """Run the tasks, with diff, and return their results in order. A failing task ends the play, as always.

        `keywords` are those of the play.
        """
        connection: dict[str, object] = {
            "graph_url": self.service.graph_url,
            "authority_url": self.service.authority_url,
            "ca_path": self.service.ca_path,
        }
        if connect:
            connection |= {
                "tenant_id": self.tenant.tenant_id,
                "client_id": self.tenant.client_id,
                "client_secret": self.tenant.client_secret,
            }
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {"group/entra.cba.graph": {**connection, **self.defaults}},
            "tasks": list(tasks),
            **(keywords or {}),
        }
        path = self.folder / "playbook.yml"
        path.write_text(json.dumps([play]))  # JSON is YAML
        return self.run_file(
            path,
            arguments=("--diff", *(("--check",) if check else ()), *arguments),
            expected_warnings=expected_warnings,
            expect_failure=expect_failure,
            environment=environment,
        )

    def run_file(
        self,
        path: Path,
        *,
        arguments: tuple[str, ...] = (),
        expected_warnings: tuple[str, ...] = (),
        expect_failure: bool = False,
        environment: dict[str, str] | None = None,
    ) -> list[TaskResult]:
        """Run a playbook file; the output is left in `output.txt` for a look at what a person would see."""
        record = self.folder / "record.jsonl"
        record.unlink(missing_ok=True)
        record.with_name("modules.txt").unlink(missing_ok=True)
        inventory = self.folder / "inventory.ini"
        inventory.write_text(
            f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n"
            + ("[all:vars]\nentra_cba_in_process=false\n" if self.way == "module" else "")
        )
        finished = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), str(path), *arguments],
            cwd=self.folder,
            env=self._environment(record) | (environment or {}),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        output = finished.stdout + finished.stderr
        (self.folder / "output.txt").write_text(output)
        self._assert_no_secret_in(output, record)
        lines = record.read_text().splitlines() if record.exists() else []
        results = [TaskResult(**json.loads(line)) for line in lines]
        assert (finished.returncode != 0) == expect_failure, output
        self._assert_it_went_its_way(results)
        self._assert_no_other_warnings(results, expected_warnings)
        return results

    @property
    def output(self) -> str:
        """What the last run printed."""
        return (self.folder / "output.txt").read_text()

    @property
    def modules(self) -> list[str]:
        """The modules of ours that the last run ran in a process of their own, each time that it did."""
        noted = self.folder / "modules.txt"
        names = noted.read_text().splitlines() if noted.exists() else []
        return [name for name in names if name.startswith("entra.cba.")]

    def _environment(self, record: Path) -> dict[str, str]:
        """Return the environment of a run: nothing of the developer's own settings, nor of the developer's cache."""
        settings = self.folder / "ansible.cfg"
        settings.write_text("")
        own = ("ANSIBLE_", "AZURE_", "ENTRA_CBA_", "XDG_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "ANSIBLE_ASYNC_DIR": str(self.folder / "ansible-async"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "ansible-tmp"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1",
            "RECORD_FILE": str(record),
        }

    def _assert_it_went_its_way(self, results: list[TaskResult]) -> None:
        """Hold each run to it; arguments that are refused or warned about are the module's, whichever was wanted."""
        ours = [result for result in results if result.action.startswith("entra.cba.")]
        done = [result for result in ours if result.status in ("ok", "failed")]
        if self.way == "in-process":
            unsound = [each for each in done if each.status == "failed" or "and its alias" in str(each.warnings)]
            assert len(self.modules) <= sum(result.turns for result in unsound)
        elif self.way == "module":
            assert len(self.modules) >= sum(result.turns for result in done)

    def _assert_no_secret_in(self, output: str, record: Path) -> None:
        """Hold every run of the suite to it; the record has what Ansible shows at -vvv, whatever the verbosity."""
        recorded = record.read_bytes() if record.exists() else b""
        assert secrets_in(output.encode() + recorded, [self.tenant.client_secret]) == []

    def _assert_no_other_warnings(self, results: list[TaskResult], expected: tuple[str, ...]) -> None:
        given = [warning for result in results for warning in result.warnings]
        given += [str(item) for result in results for item in result.result.get("deprecations", [])]
        unexpected = [warning for warning in given if not any(text in warning for text in expected)]
        assert not unexpected, f"warnings that nobody expected: {unexpected}"
        missing = [text for text in expected if not any(text in warning for warning in given)]
        assert not missing, f"warnings that were expected and not given: {missing}"


def manage(**options: object) -> dict[str, Any]:
    """Return a task that manages the classic store."""
    return {"name": "manage", MANAGE: options}


def info(**options: object) -> dict[str, Any]:
    """Return a task that reads it."""
    return {"name": "read", INFO: options}
