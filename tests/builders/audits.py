"""Makes results of the trust audit on the spot, from built certificates, in the shape that the module returns."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority, describe
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from builders.pki import a_root_ca, an_intermediate_of

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builders.pki import BuiltCertificate

NOW = dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
CREATED_AT = "2026-11-23T16:00:05Z"
TENANT_ID = "3f2b7c1e-5d0a-4c89-9a6b-0e1f2a3b4c5d"

Json = dict[str, t.Any]


def text_of(when: dt.datetime) -> str:
    """Return a time as the module gives it."""
    return when.isoformat().replace("+00:00", "Z")


def a_list(url: str, *signers: BuiltCertificate, days: float | None = 7, **fields: object) -> Json:
    """Return what came of fetching a revocation list that ends in `days`, signed by the first of `signers`."""
    return {
        "url": url,
        "final_url": url,
        "status": 200,
        "size": 48_213,
        "seconds": 0.142,
        "failure": None,
        "reason": "",
        "through_proxy": False,
        "issuer": "CN=Example Root CA",
        "this_update": text_of(NOW - dt.timedelta(days=1)),
        "next_update": None if days is None else text_of(NOW + dt.timedelta(days=days)),
        "number": "1207",
        "base_number": None,
        "authority_key_identifier": None,
        "signers": [signer.sha256 for signer in signers],
        **fields,
    }


def an_unreachable_list(url: str, reason: str = "no answer within 10 s", failure: str = "timeout") -> Json:
    """Return what came of fetching a revocation list in vain."""
    nothing = dict.fromkeys(("status", "issuer", "this_update", "next_update", "number"))
    return a_list(url, failure=failure, reason=reason, size=0, **nothing)


def an_authority(built: BuiltCertificate, *issuers: BuiltCertificate, **fields: object) -> Json:
    """Return a CA of a trust store; without issuers, a root."""
    described = describe(CertificateAuthority(Certificate.from_der(built.der), not issuers))
    lists = dict.fromkeys(("certificate_revocation_list", "delta_certificate_revocation_list"))
    authority: Json = {**described, "issued_by": [each.sha256 for each in issuers], "approved": None, **lists, **fields}
    for name in lists:
        if isinstance(authority[name], dict):
            authority[f"{name}_url"] = authority[name]["url"]
    return authority


def a_finding(
    authority: Mapping[str, t.Any], code: str, severity: str = "error", message: str = "is so", **fields: object
) -> Json:
    """Return a finding on a CA."""
    return {
        "code": code,
        "severity": severity,
        "subject": authority["subject"],
        "sha256": authority["sha256"],
        "message": message,
        "remedy": "Put it right",
        "aadsts": [],
        "source": "RFC 5280",
        **fields,
    }


def a_result(authorities: Sequence[Json] = (), findings: Sequence[Json] = (), **fields: object) -> Json:
    """Return the result of the module for a tenant with these CAs and findings."""
    severities = [finding["severity"] for finding in findings]
    return {
        "changed": False,
        "trust_audit": {
            "audited_at": text_of(NOW),
            "tenant_id": TENANT_ID,
            "counts": {"error": severities.count("error"), "warning": severities.count("warning")},
            "certificate_authorities": list(authorities),
            "findings": list(findings),
            **fields,
        },
    }


def a_failure(message: str = "Graph refused the request with HTTP 403") -> Json:
    """Return the result of the module for a tenant that it could not read."""
    return {"failed": True, "msg": message}


def a_chain(names: Sequence[str]) -> list[Json]:
    """Return CAs in which each one issued the next, the root first."""
    built: list[BuiltCertificate] = []
    for name in names:
        built.append(an_intermediate_of(built[-1], name, now=NOW) if built else a_root_ca(name, now=NOW))
    return [an_authority(each, *built[max(at - 1, 0) : at]) for at, each in enumerate(built)]


def a_fleet() -> dict[str, Json]:
    """Return the results of four tenants: with errors, with warnings, in order, and not audited."""
    crl = "http://crl.contoso.example"
    root = a_root_ca("Contoso Root CA G2", now=NOW, not_before=-2000, not_after=5600)
    smartcard = an_intermediate_of(root, "Contoso Smartcard Issuing CA 3", now=NOW, not_before=-900, not_after=1400)
    devices = an_intermediate_of(root, "Contoso Device Issuing CA 1", now=NOW, not_before=-1500, not_after=21)
    policy = an_intermediate_of(root, "Contoso Policy CA", now=NOW, not_before=-1500, not_after=3300)
    partners = an_intermediate_of(policy, "Contoso Partner Issuing CA", now=NOW, not_before=-1820, not_after=-5)
    rogue = a_root_ca("Microsoft Azure Sync Root", now=NOW, not_before=-0.5, not_after=3650)
    urls = {name: f"{crl}/{name}.crl" for name in ("root", "smartcard", "devices", "policy", "partners")}
    contoso = [
        an_authority(root, approved=True, certificate_revocation_list=a_list(urls["root"], root, days=74)),
        an_authority(
            smartcard,
            root,
            approved=True,
            certificate_revocation_list=a_list(urls["smartcard"], smartcard, days=4.5, size=31 * 1024 * 1024),
            delta_certificate_revocation_list=a_list(f"{crl}/smartcard+.crl", smartcard, days=0.7, number="88214"),
        ),
        an_authority(devices, root, approved=True, certificate_revocation_list=an_unreachable_list(urls["devices"])),
        an_authority(policy, root, approved=True, certificate_revocation_list=a_list(urls["root"], root, days=74)),
        an_authority(
            partners, policy, approved=True, certificate_revocation_list=a_list(urls["partners"], partners, days=-3)
        ),
        an_authority(rogue, approved=False),
    ]
    crls = "Microsoft Entra, Certificate revocation list"
    findings = [
        a_finding(
            contoso[5],
            "trust.not_approved",
            message="is trusted and not on the approved list, so whoever holds its key can sign in as any user that "
            "certificates may be bound to",
            remedy="Take it out of the trust store at once unless somebody can say why it is there, and find out in "
            "the audit log who added it",
            source="The approved list of this audit",
        ),
        a_finding(
            contoso[4],
            "certificate.expired",
            message="expired on 2026-11-18",
            remedy="Give its newer certificate, take it out of the list, or set 'expired: omit' to leave expired CAs "
            "out of what is written",
            aadsts=["AADSTS500172"],
            source="Microsoft Entra, How to configure certificate authorities",
        ),
        a_finding(
            contoso[2],
            "crl.timeout",
            message=f"has a revocation list that gave no answer within 10 s: {urls['devices']}",
            remedy="Publish the list where the internet reaches it, and let nothing in front of it wait",
            aadsts=["AADSTS500173", "AADSTS500177"],
            source=crls,
        ),
        a_finding(
            contoso[3],
            "crl.wrong_authority",
            message="has the revocation list of CN=Contoso Root CA G2,O=Example Org,C=DE: its authority key identifier "
            "is not the CA's subject key identifier",
            remedy="Give the address of the list that this CA signs itself",
            aadsts=["AADSTS2205015"],
            source=crls,
        ),
        a_finding(
            contoso[1],
            "crl.large",
            "warning",
            "has a revocation list of 31.0 MB; above 20 MB the first user to sign in fetches it in vain",
            remedy="Issue new certificates from another CA, or publish partitioned lists elsewhere, so that it shrinks",
            source=crls,
        ),
        a_finding(
            contoso[2],
            "certificate.expires_soon",
            "warning",
            "ends on 2026-12-14, in 21 days",
            remedy="Put its newer certificate beside it in time: from that day on the service refuses every write of a "
            "list with it",
            source="Microsoft Entra, How to configure certificate authorities",
        ),
    ]
    plain = a_root_ca("Fabrikam Root", now=NOW, not_after=1900)
    issuing = an_intermediate_of(plain, "Fabrikam Users CA", now=NOW, not_after=700)
    fabrikam = [
        an_authority(plain),
        an_authority(issuing, plain, certificate_revocation_list=a_list("https://crl.fabrikam.example/u.crl", issuing)),
    ]
    missing = a_finding(
        fabrikam[0],
        "crl.missing",
        "warning",
        "has no revocation list, while others of the store have one",
        remedy="Give the address of its list, or leave the lists of all CAs out",
        source=crls,
    )
    https = a_finding(
        fabrikam[1],
        "crl.url_https",
        "warning",
        "has a revocation list at an address that begins with https",
        remedy="Give an http address if there is one: the documents of the service disagree on https, and the list is "
        "signed anyway",
        source=crls,
    )
    tailspin = a_root_ca("Tailspin Toys CA", now=NOW, not_after=2500)
    return {
        "contoso.example": a_result(contoso, findings),
        "fabrikam.example": a_result(fabrikam, [missing, https], tenant_id="90c1b1de-77f0-4d39-8f4f-61f0a2f4b0aa"),
        "tailspin.example": a_result(
            [
                an_authority(
                    tailspin,
                    approved=True,
                    certificate_revocation_list=a_list("http://pki.tailspin.example/ca.crl", tailspin, days=29),
                )
            ],
            tenant_id="c9a1d0b4-18c5-4b3f-8a7e-5f5f0d8c1b22",
        ),
        "wingtip.example": a_failure(
            "Graph refused GET /v1.0/organization with HTTP 403 Authorization_RequestDenied (request-id "
            "5a6b7c8d-0000-4000-8000-000000000001).\nGrant the application permission Organization.Read.All and admin "
            "consent."
        ),
    }


def the_fleet_before(results: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the same tenants were a day earlier: without the rogue CA, and with another list for one."""
    earlier = dict(results)
    audit = dict(results["contoso.example"]["trust_audit"])
    old = a_root_ca("Contoso Root CA", now=NOW, not_after=200)
    audit["audited_at"] = text_of(NOW - dt.timedelta(days=1))
    kept = [dict(each) for each in audit["certificate_authorities"] if each["approved"]]
    kept[3]["certificate_revocation_list_url"] = "http://crl.contoso.example/policy.crl"
    audit["certificate_authorities"] = [*kept, an_authority(old, approved=True)]
    gone = a_finding(audit["certificate_authorities"][0], "crl.expires_soon", "warning", "ends in 6 hours")
    before = [finding for finding in audit["findings"] if finding["code"] != "trust.not_approved"]
    audit["findings"] = [*before[1:], gone]
    earlier["contoso.example"] = {**results["contoso.example"], "trust_audit": audit}
    earlier["wingtip.example"] = a_result([an_authority(old)], audited_at=text_of(NOW - dt.timedelta(days=1)))
    return earlier
