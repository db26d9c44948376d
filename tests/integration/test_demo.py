"""`make demo`: what a newcomer sees, and that it fails when it would not be true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from builders.pki import write_two_tier_pki
from demo.run import READ, STEPS, WRITE, NotAsTold, Step, audit, run
from integration.playbook import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from integration.playbook import Playbook, Way

BOTH = ("Example Issuing CA", "Example Root CA")


@pytest.fixture
def way() -> Way | None:
    """The demo runs its playbooks itself, as a newcomer would: once."""
    return None


def test_the_demo_tells_its_story_in_80_columns_without_a_warning_and_leaves_nothing_behind() -> None:
    before = set((ROOT / "build").glob("demo-*"))
    finished = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "demo" / "run.py")],
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert [step.title for step in STEPS if f". {step.title} ====" not in finished.stdout] == []
    assert "--- before: CN=Rogue CA,O=Example Org,C=DE" in finished.stdout
    assert "-certificate_revocation_list_url: http://elsewhere.example/root.crl" in finished.stdout
    assert [line for line in finished.stdout.splitlines() if len(line) > 80] == []
    assert "WARNING" not in finished.stdout
    assert "5. Audit ====" in finished.stdout
    assert "  error    trust.not_approved       Rogue CA" in finished.stdout
    assert "build/demo/trust_audit.html" in finished.stdout
    assert "Rogue CA" in (ROOT / "build" / "demo" / "trust_audit.html").read_text()
    assert set((ROOT / "build").glob("demo-*")) <= before


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (Step("Lie", "", WRITE), "should have these changes"),
        (Step("Lie", "", READ, added=BOTH), "should request"),
        (Step("Lie", "", READ, options=("--check",), added=BOTH[:1]), "should have these changes"),
        (Step("Lie", "", READ, options=("--list-tasks",)), "should run one task"),
        (Step("Lie", "", READ, options=("--no-such-option",)), "should succeed"),
    ],
)
def test_a_step_that_is_not_as_told_fails_the_demo(playbook: Playbook, lie: Step, told: str) -> None:
    write_two_tier_pki(playbook.folder)
    (playbook.folder / "endpoints.json").write_text(endpoints(playbook))
    with pytest.raises(NotAsTold, match=told):
        run(lie, playbook)


def test_an_audit_that_does_not_find_what_was_told_fails_the_demo(
    playbook: Playbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_two_tier_pki(playbook.folder)
    (playbook.folder / "endpoints.json").write_text(endpoints(playbook))
    run(STEPS[0], playbook)
    monkeypatch.setattr("demo.run.REPORT", tmp_path / "report")
    assert len(audit(playbook)) == 3
    monkeypatch.setattr("demo.run.AUDIT_FINDS", {})
    with pytest.raises(NotAsTold, match="The audit should find"):
        audit(playbook)


def test_a_change_that_the_service_lost_fails_the_demo(playbook: Playbook, monkeypatch: pytest.MonkeyPatch) -> None:
    write_two_tier_pki(playbook.folder)
    (playbook.folder / "endpoints.json").write_text(endpoints(playbook))
    monkeypatch.setattr("demo.run.declared", lambda _folder: {})
    with pytest.raises(NotAsTold, match="the tenant should hold"):
        run(Step("Lie", "", WRITE, added=BOTH), playbook)


def endpoints(playbook: Playbook) -> str:
    service, tenant = playbook.service, playbook.tenant
    return json.dumps(
        {
            "graph_url": service.graph_url,
            "authority_url": service.authority_url,
            "ca_path": service.ca_path,
            "tenants": [
                {
                    "tenant_id": tenant.tenant_id,
                    "client_id": tenant.client_id,
                    "client_secret": tenant.client_secret,
                }
            ],
        }
    )
