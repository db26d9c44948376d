"""The audit finds what was planted, all of it and nothing else."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from builders.pki import BuiltCertificate, a_crl_of, a_root_ca, an_intermediate_of, write_two_tier_pki
from simulator.publisher import Page, Publisher, a_redirect_to, publishing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integration.playbook import Playbook, TaskResult
    from integration.service import Tenant

AUDIT = "entra.cba.trust_audit_info"
LOCAL = ["127.0.0.0/8"]  # where the tests publish


def audit(**options: object) -> dict[str, Any]:
    """Return a task that audits; it may ask the publisher of the tests."""
    return {"name": "audit", AUDIT: {"crl_allowed_networks": LOCAL, **options}}


def codes_in(result: TaskResult) -> list[str]:
    return [finding["code"] for finding in result.result["trust_audit"]["findings"]]


@dataclass
class TrustStore:
    """CAs to plant in a tenant, with their lists published; every one is in order unless a test spoils it."""

    publisher: Publisher
    entries: list[dict[str, object]] = field(default_factory=list)
    approved: list[BuiltCertificate] = field(default_factory=list)

    def add(
        self,
        authority: BuiltCertificate,
        page: Page | bytes | None = None,
        *,
        delta: bytes | None = None,
        is_root: bool | None = None,
        has_list: bool = True,
        is_approved: bool = True,
    ) -> BuiltCertificate:
        """Add a CA, by default with the list that it should have."""
        certificate, path = authority.certificate, f"/{authority.sha256[:8]}.crl"
        url = self.publisher.publish(path, a_crl_of(authority) if page is None else page) if has_list else None
        delta_url = self.publisher.publish(f"{path}.delta", delta) if delta else None
        self.entries.append(
            {
                "certificate": base64.b64encode(authority.der).decode(),
                "isRootAuthority": certificate.issuer == certificate.subject if is_root is None else is_root,
                "certificateRevocationListUrl": url,
                "deltaCertificateRevocationListUrl": delta_url,
            }
        )
        if is_approved:
            self.approved.append(authority)
        return authority

    def approved_option(self) -> list[dict[str, str]]:
        return [{"content": authority.pem.decode()} for authority in self.approved]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as running:
        yield running


@pytest.fixture
def store(publisher: Publisher) -> TrustStore:
    """A trust store in order: a root with two CAs below it."""
    clean = TrustStore(publisher)
    root = clean.add(a_root_ca())
    clean.add(an_intermediate_of(root, "Issuing CA 1"))
    clean.add(an_intermediate_of(root, "Issuing CA 2"), delta=None)
    return clean


def test_a_clean_tenant_has_no_findings(playbook: Playbook, tenant: Tenant, store: TrustStore) -> None:
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(approved_certificate_authorities=store.approved_option(), fail_on="warning"))
    found = audited.result["trust_audit"]
    assert (found["findings"], found["counts"]) == ([], {"error": 0, "warning": 0})
    assert found["tenant_id"] == tenant.tenant_id
    assert [authority["approved"] for authority in found["certificate_authorities"]] == [True, True, True]
    assert [len(authority["issued_by"]) for authority in found["certificate_authorities"]] == [0, 1, 1]
    for authority in found["certificate_authorities"]:
        assert authority["certificate_revocation_list"]["signers"] == [authority["sha256"]]
    assert not audited.changed
    assert tenant.methods() == ["GET"]


def plant_twelve_faults(store: TrustStore) -> dict[str, str]:
    """Spoil a store in twelve ways, each at a CA of its own; return the code of each with the CA's common name."""
    root = a_root_ca("Second Root CA")
    store.add(root)

    def below(name: str) -> BuiltCertificate:
        return an_intermediate_of(root, name)

    store.add(a_root_ca("Expired CA", not_before=-900, not_after=-3))
    store.add(a_root_ca("Ending CA", not_before=-900, not_after=20))
    store.add(a_root_ca("Rogue CA"), is_approved=False)
    store.approved.append(a_root_ca("Lost CA"))
    store.add(an_intermediate_of(a_root_ca("Elsewhere CA"), "Orphan CA"))
    store.add(below("Unlisted CA"), has_list=False)
    stale = below("Stale CA")
    store.add(stale, a_crl_of(stale, this_update=-9, next_update=-2))
    store.add(below("Forbidden CA"), Page(status=403))
    text = below("Text CA")
    store.add(text, a_crl_of(text, encoding="pem"))
    store.add(below("Copied CA"), a_crl_of(root))
    moved = below("Moved CA")
    store.add(moved, a_redirect_to(store.publisher.publish("/moved.crl", a_crl_of(moved))))
    ahead = below("Ahead CA")
    store.add(ahead, a_crl_of(ahead, number=4), delta=a_crl_of(ahead, number=9, base_number=8))
    return {
        "certificate.expired": "Expired CA",
        "certificate.expires_soon": "Ending CA",
        "trust.not_approved": "Rogue CA",
        "trust.approved_missing": "Lost CA",
        "chain.issuer_missing": "Orphan CA",
        "crl.missing": "Unlisted CA",
        "crl.expired": "Stale CA",
        "crl.http_error": "Forbidden CA",
        "crl.not_der": "Text CA",
        "crl.wrong_authority": "Copied CA",
        "crl.redirected": "Moved CA",
        "crl.delta_base_mismatch": "Ahead CA",
    }


def test_twelve_planted_faults_yield_exactly_twelve_findings(
    playbook: Playbook, tenant: Tenant, store: TrustStore
) -> None:
    planted = plant_twelve_faults(store)
    assert len(planted) == 12
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(approved_certificate_authorities=store.approved_option()))
    findings = audited.result["trust_audit"]["findings"]
    assert {finding["code"]: finding["subject"].partition(",")[0] for finding in findings} == {
        code: f"CN={name}" for code, name in planted.items()
    }
    assert len(findings) == 12
    assert [finding["severity"] for finding in findings] == sorted(finding["severity"] for finding in findings)
    assert all(finding["remedy"] and finding["source"] for finding in findings)
    counts = audited.result["trust_audit"]["counts"]
    assert counts == dict(Counter(finding["severity"] for finding in findings))
    (copied,) = (finding for finding in findings if finding["code"] == "crl.wrong_authority")
    assert "CN=Second Root CA" in copied["message"]
    assert copied["aadsts"] == ["AADSTS2205015"]


def test_each_list_is_asked_for_once_and_nobody_is_told_who_asks(
    playbook: Playbook, tenant: Tenant, store: TrustStore, publisher: Publisher
) -> None:
    for entry in store.entries[1:]:
        entry["certificateRevocationListUrl"] = store.entries[0]["certificateRevocationListUrl"]
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit())
    assert len(publisher.requests) == 1
    assert {"Authorization", "Cookie", "Referer"}.isdisjoint(publisher.requests[0].headers)
    assert set(codes_in(audited)) == {"crl.url_shared", "crl.wrong_authority"}


def test_without_check_crls_no_list_is_asked_for(
    playbook: Playbook, tenant: Tenant, store: TrustStore, publisher: Publisher
) -> None:
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(check_crls=False))
    assert publisher.requests == []
    assert codes_in(audited) == []


def test_local_addresses_are_refused_unless_they_are_allowed(
    playbook: Playbook, tenant: Tenant, store: TrustStore, publisher: Publisher
) -> None:
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(crl_allowed_networks=[]))
    assert set(codes_in(audited)) == {"crl.address_refused"}
    assert publisher.requests == []


@pytest.mark.parametrize(("fail_on", "fails"), [("never", False), ("error", False), ("warning", True)])
def test_fail_on_says_from_which_severity_on_the_task_fails(
    playbook: Playbook, tenant: Tenant, store: TrustStore, fail_on: str, fails: bool
) -> None:
    store.add(a_root_ca("Ending CA", not_after=20))
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(fail_on=fail_on), expect_failure=fails)
    assert codes_in(audited) == ["certificate.expires_soon"]  # a task that fails has its result all the same
    if fails:
        assert "certificate.expires_soon" in audited.message
        assert "CN=Ending CA" in audited.message
        assert "accept_findings" in audited.message


def test_an_accepted_finding_is_told_and_does_not_fail_the_task(
    playbook: Playbook, tenant: Tenant, store: TrustStore
) -> None:
    store.add(a_root_ca("Ending CA", not_after=20))
    tenant.plant(store.entries)
    (audited,) = playbook.run(audit(fail_on="warning", accept_findings=["certificate.expires_soon"]))
    assert codes_in(audited) == ["certificate.expires_soon"]


def test_an_empty_trust_store_is_audited(playbook: Playbook) -> None:
    (audited,) = playbook.run(audit())
    assert audited.result["trust_audit"]["certificate_authorities"] == []
    assert codes_in(audited) == []


def test_a_list_is_audited_without_a_tenant_and_without_a_request(
    playbook: Playbook, tenant: Tenant, tmp_path: Path
) -> None:
    write_two_tier_pki(tmp_path)
    whole = audit(certificate_authorities=[{"path": "bundle.p7b"}], fail_on="warning")
    part = audit(certificate_authorities=[{"path": "issuing.der"}], fail_on="error")
    audited, failed = playbook.run(whole, part, connect=False, expect_failure=True)
    assert audited.result["trust_audit"]["tenant_id"] is None
    assert codes_in(audited) == []
    assert (audited.result["auth_method"], audited.result["graph_requests"]) == (None, [])
    assert codes_in(failed) == ["chain.issuer_missing"]
    assert "CN=Example Issuing CA" in failed.message
    assert tenant.methods() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accept_findings": ["crl.gone"]}, "there is no finding crl.gone"),
        ({"crl_allowed_networks": ["here"]}, "crl_allowed_networks: 'here'"),
        ({"certificate_authorities": []}, "certificate_authorities: the list is empty"),
        ({"approved_certificate_authorities": []}, "approved_certificate_authorities: the list is empty"),
        ({"approved_certificate_authorities": [{"path": "no.pem"}]}, "approved_certificate_authorities[0] (no.pem)"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_option_that_cannot_be_used_is_named_before_the_first_request(
    playbook: Playbook, tenant: Tenant, options: dict[str, Any], message: str
) -> None:
    (failed,) = playbook.run(audit(**options), expect_failure=True)
    assert message in failed.message
    assert tenant.methods() == []


def test_a_key_in_the_approved_list_is_refused_and_not_shown(playbook: Playbook) -> None:
    key = a_root_ca().key_pem.decode()
    (failed,) = playbook.run(audit(approved_certificate_authorities=[{"content": key}]), expect_failure=True)
    assert "approved_certificate_authorities[0] (content)" in failed.message
    assert key.splitlines()[1] not in playbook.output


def test_a_read_that_fails_is_no_audit(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(faults=[{"method": "GET", "path": ".*", "status": 403, "count": 9}])
    (failed,) = playbook.run(audit(), expect_failure=True)
    assert "trust_audit" not in failed.result
