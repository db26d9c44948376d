"""Runs a job as AWX does: a project, an inventory and a credential in a private folder, through ansible-runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awx.credential_type import CredentialType

ROOT = Path(__file__).resolve().parents[2]
AWX_FILES = ROOT / "docs" / "awx"


@dataclass(frozen=True)
class JobRun:
    """What is left of a job: its events, as AWX keeps and shows them, and its output."""

    succeeded: bool
    events: list[dict[str, Any]]
    output: str

    def results(self, task: str) -> dict[str, dict[str, Any]]:
        """Return what the task of that name said, by host, whether it succeeded or failed."""
        return {
            event["event_data"]["host"]: event["event_data"]["res"]
            for event in self.events
            if event["event"] in ("runner_on_ok", "runner_on_failed") and event["event_data"]["task"] == task
        }

    @property
    def artifacts(self) -> dict[str, Any]:
        """What set_stats left for other jobs."""
        (stats,) = (event["event_data"] for event in self.events if event["event"] == "playbook_on_stats")
        return dict(stats.get("artifact_data", {}))


@dataclass(frozen=True)
class Controller:
    """Starts jobs; each has a private folder of its own below `folder`, with a copy of the project."""

    folder: Path
    project: Path
    inventory: Mapping[str, Any]

    def launch(
        self,
        playbook: str,
        credential_type: CredentialType,
        credential: Mapping[str, str | bool],
        *,
        job_type: str = "run",
        diff_mode: bool = False,
        verbosity: int = 0,
        extra_vars: Mapping[str, object] | None = None,
    ) -> JobRun:
        """Run a job to its end."""
        private = self.folder / f"job-{len(list(self.folder.glob('job-*'))) + 1}"
        shutil.copytree(self.project, private / "project")
        (private / "inventory").mkdir()
        (private / "inventory" / "hosts.json").write_text(json.dumps(self.inventory))
        (private / "env").mkdir(mode=0o700)
        injected = credential_type.inject(credential, private / "env")
        options = (
            ["--check"] * (job_type == "check") + ["--diff"] * diff_mode + ["-" + "v" * verbosity] * bool(verbosity)
        )
        (private / "env" / "cmdline").write_text(" ".join(options))  # plain text
        (private / "env" / "envvars").write_text(json.dumps(injected.environment))
        (private / "env" / "extravars").write_text(json.dumps({**(extra_vars or {}), **injected.extra_vars}))
        finished = subprocess.run(
            [sys.executable, "-m", "ansible_runner", "run", str(private), "-p", playbook, "--ident", "job"],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        paths = (private / "artifacts" / "job" / "job_events").glob("*.json")
        events = sorted((json.loads(path.read_text()) for path in paths), key=lambda event: event["counter"])
        assert events, finished.stdout + finished.stderr
        return JobRun(finished.returncode == 0, events, finished.stdout + finished.stderr)

    def _environment(self) -> dict[str, str]:
        """Return an execution environment's: nothing of the developer's own Ansible or Azure settings."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "AZURE_"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "HOME": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
