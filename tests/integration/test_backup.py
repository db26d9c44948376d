"""What was there before a change is kept in a file, and one task brings it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders.pki import BuiltCertificate, a_root_ca, write_two_tier_pki
from integration.playbook import Playbook, manage
from integration.test_main_job import as_graph

if TYPE_CHECKING:
    from integration.service import Tenant

BOTH = [{"path": "root.pem"}, {"path": "issuing.der"}]
OLD = a_root_ca("Old Root CA")


@pytest.fixture
def old(playbook: Playbook, tenant: Tenant) -> BuiltCertificate:
    write_two_tier_pki(playbook.folder)
    tenant.plant([as_graph(OLD, is_root=True, url="http://old.example/crl")])
    return OLD


@pytest.mark.usefixtures("old")
def test_a_change_is_undone_by_one_task(playbook: Playbook, tenant: Tenant) -> None:
    before = tenant.store()
    changed, restored, again = playbook.run(
        {**manage(certificate_authorities=BOTH, backup=True), "register": "changed"},
        manage(certificate_authorities_from="{{ changed.backup_file }}"),
        manage(certificate_authorities_from="{{ changed.backup_file }}"),
    )
    assert (changed.changed, restored.changed, again.changed) == (True, True, False)
    assert tenant.store() == before


@pytest.mark.usefixtures("old")
def test_the_file_is_readable_private_sorted_and_bound_to_its_tenant(playbook: Playbook, tenant: Tenant) -> None:
    (changed,) = playbook.run(manage(certificate_authorities=BOTH, backup=True, backup_dir="kept/here"))
    path = playbook.folder / changed.result["backup_file"]
    assert path.parent == playbook.folder / "kept" / "here"
    assert path.stat().st_mode & 0o777 == 0o600
    content = json.loads(path.read_text())
    assert content["tenant_id"] == tenant.tenant_id
    (kept,) = content["certificate_authorities"]
    assert kept["subject"] == "CN=Old Root CA,O=Example Org,C=DE"
    assert kept["not_after"].endswith("Z")
    assert kept["certificate_revocation_list_url"] == "http://old.example/crl"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.usefixtures("old")
def test_a_backup_of_another_tenant_is_refused_unless_said_so(playbook: Playbook, tenant: Tenant) -> None:
    (changed,) = playbook.run(manage(certificate_authorities=BOTH, backup=True))
    path = playbook.folder / changed.result["backup_file"]
    content = json.loads(path.read_text())
    content["tenant_id"] = "00000000-1111-2222-3333-444444444444"
    path.write_text(json.dumps(content))
    (refused,) = playbook.run(manage(certificate_authorities_from=str(path)), expect_failure=True)
    assert "is of tenant 00000000-1111-2222-3333-444444444444" in refused.message
    assert "accept_other_tenant" in refused.message
    assert len(tenant.store()) == 2
    (taken,) = playbook.run(manage(certificate_authorities_from=str(path), accept_other_tenant=True))
    assert taken.changed


@pytest.mark.usefixtures("old")
def test_nothing_is_kept_in_check_mode_or_when_nothing_changes(playbook: Playbook) -> None:
    task = manage(certificate_authorities=BOTH, backup=True)
    (predicted,) = playbook.run(task, check=True)
    _changed, unchanged = playbook.run(manage(certificate_authorities=BOTH), task)
    assert predicted.result["backup_file"] is None
    assert unchanged.result["backup_file"] is None
    assert not (playbook.folder / "backup").exists()


@pytest.mark.usefixtures("old")
def test_when_no_copy_can_be_kept_nothing_is_written(playbook: Playbook, tenant: Tenant) -> None:
    (playbook.folder / "backup").write_text("a file where the directory should be")
    (refused,) = playbook.run(manage(certificate_authorities=BOTH, backup=True), expect_failure=True)
    assert "no copy of its list could be kept" in refused.message
    assert set(tenant.methods()) == {"GET"}


@pytest.mark.usefixtures("old")
def test_a_list_that_must_be_deleted_to_be_replaced_is_kept_unasked(playbook: Playbook, tenant: Tenant) -> None:
    before = tenant.store()
    tenant.behave(second_post="conflict")
    (changed,) = playbook.run(manage(certificate_authorities=BOTH))
    assert "DELETE" in tenant.methods()
    kept = json.loads((playbook.folder / changed.result["backup_file"]).read_text())
    assert [each["certificate"] for each in kept["certificate_authorities"]] == [before[0]["certificate"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is no JSON"),
        ("[1, 2]", "is no backup that this collection made"),
        ('{"format": "something else"}', "is no backup that this collection made"),
        ('{"format": "entra.cba trust store backup, version 1"}', "holds no list of CAs"),
        (
            '{"format": "entra.cba trust store backup, version 1", "certificate_authorities": [{}]}',
            "without the text of its certificate",
        ),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_backup_is_named(playbook: Playbook, content: str | None, reason: str) -> None:
    path = Path(playbook.folder / "some.json")
    if content is not None:
        path.write_text(content)
    (refused,) = playbook.run(manage(certificate_authorities_from="some.json"), expect_failure=True)
    assert "some.json" in refused.message
    assert reason in refused.message
