"""The list that would be in force is checked before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders.pki import a_federal_shaped_pki, a_root_ca, an_intermediate_of, write_two_tier_pki
from integration.playbook import Playbook, info, manage
from integration.test_main_job import as_graph

if TYPE_CHECKING:
    from integration.service import Tenant

ISSUING_ALONE = [{"path": "issuing.der"}]


def codes(findings: list[dict[str, object]]) -> list[object]:
    return [finding["code"] for finding in findings]


def test_a_ca_without_its_issuer_stops_the_task_with_what_to_do(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    (refused,) = playbook.run(manage(certificate_authorities=ISSUING_ALONE), expect_failure=True)
    assert "Nothing was written" in refused.message
    assert "chain.issuer_missing" in refused.message
    assert "AADSTS500176" in refused.message
    assert "CN=Example Issuing CA" in refused.message
    assert "accept_findings" in refused.message
    assert tenant.methods() == ["GET"]


def test_check_mode_stops_at_the_same_error(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    (refused,) = playbook.run(manage(certificate_authorities=ISSUING_ALONE), check=True, expect_failure=True)
    assert "chain.issuer_missing" in refused.message
    assert tenant.methods() == ["GET"]


def test_a_finding_that_is_accepted_lets_the_task_pass_and_stays_in_the_result(
    playbook: Playbook, tenant: Tenant
) -> None:
    write_two_tier_pki(playbook.folder)
    task = manage(certificate_authorities=ISSUING_ALONE, accept_findings=["chain.issuer_missing"])
    (written,) = playbook.run(task)
    assert written.changed
    assert codes(written.result["findings"]) == ["chain.issuer_missing"]
    assert len(tenant.store()) == 1


def test_warn_shows_errors_and_stops_at_none(playbook: Playbook) -> None:
    write_two_tier_pki(playbook.folder)
    (written,) = playbook.run(
        manage(certificate_authorities=ISSUING_ALONE, preflight="warn"), expected_warnings=("chain.issuer_missing",)
    )
    assert written.changed


def test_skip_shows_nothing_and_the_result_holds_the_findings(playbook: Playbook) -> None:
    write_two_tier_pki(playbook.folder)
    (written,) = playbook.run(manage(certificate_authorities=ISSUING_ALONE, preflight="skip"))
    assert written.changed
    assert codes(written.result["findings"]) == ["chain.issuer_missing"]


def test_a_code_that_does_not_exist_is_an_error_before_any_request(playbook: Playbook, tenant: Tenant) -> None:
    write_two_tier_pki(playbook.folder)
    task = manage(certificate_authorities=ISSUING_ALONE, accept_findings=["chain.issuer_mising"])
    (refused,) = playbook.run(task, expect_failure=True)
    assert "did you mean chain.issuer_missing?" in refused.message
    assert tenant.requests() == []


def test_taking_a_root_away_from_under_its_issuing_ca_is_stopped(playbook: Playbook, tenant: Tenant) -> None:
    root, issuing = write_two_tier_pki(playbook.folder)
    tenant.plant([as_graph(root, is_root=True), as_graph(issuing, is_root=False)])
    (refused,) = playbook.run(
        manage(state="absent", certificate_authorities=[{"path": "root.pem"}]), expect_failure=True
    )
    assert "chain.issuer_missing" in refused.message
    assert len(tenant.store()) == 2


def test_a_ca_near_its_end_is_a_warning_when_asked_for(playbook: Playbook, tenant: Tenant) -> None:
    (playbook.folder / "root.pem").write_bytes(a_root_ca(not_after=20).pem)
    task = {"certificate_authorities": [{"path": "root.pem"}]}
    quiet, loud, read = playbook.run(
        manage(**task),
        manage(**task, expires_within=30),
        info(expires_within=30),
        expected_warnings=("certificate.expires_soon",),
    )
    assert quiet.result["findings"] == []
    assert not loud.changed
    assert codes(loud.result["findings"]) == codes(read.result["findings"]) == ["certificate.expires_soon"]
    assert len(tenant.store()) == 1


def test_a_reader_says_what_is_wrong_with_a_store(playbook: Playbook, tenant: Tenant) -> None:
    root = a_root_ca()
    orphan = an_intermediate_of(a_root_ca("Gone CA"), "Orphan CA")
    tenant.plant([as_graph(root, is_root=False), as_graph(orphan, is_root=False)])
    (read,) = playbook.run(info())
    assert sorted(codes(read.result["findings"]), key=str) == ["chain.issuer_missing", "root.flag_contradicts"]


def test_a_pki_of_federal_shape_names_the_orphans_that_its_expired_cas_leave(
    playbook: Playbook, tenant: Tenant
) -> None:
    pki = a_federal_shaped_pki(60)
    (playbook.folder / "federation.p7b").write_bytes(pki.bundle)
    bundle = {"certificate_authorities": [{"path": "federation.p7b"}], "expired": "omit"}
    (refused,) = playbook.run(manage(**bundle), expect_failure=True)
    for orphan in pki.orphans:
        assert orphan.sha256[:8] in refused.message
    assert refused.message.count("\n") < 20
    accepted = manage(**bundle, accept_findings=["chain.issuer_missing"])
    first, second = playbook.run(accepted, accepted)
    assert (first.changed, second.changed) == (True, False)
    assert len(tenant.store()) == len(pki.certificates) - len(pki.expired)
