# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of a trust store: what stands against the CAs that are trusted, and against the lists that they publish.

This module util is private to the collection.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._http.download import DownloadLimits, download_all
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import cloud_for
from ansible_collections.entra.cba.plugins.module_utils._pki import rules
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import authorities_from, describe
from ansible_collections.entra.cba.plugins.module_utils._pki.chain import chains
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import preflight
from ansible_collections.entra.cba.plugins.module_utils._pki.crl_checks import (
    check_publications,
    limits_of,
    read_publication,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding, check_codes, explain
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_store import (
    ClassicStore,
    organization_id_of,
)
from ansible_collections.entra.cba.plugins.module_utils._task import Outcome

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ansible_collections.entra.cba.plugins.module_utils._http.addresses import Network
    from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
    from ansible_collections.entra.cba.plugins.module_utils._pki.crl_checks import CrlLimits, Publication
    from ansible_collections.entra.cba.plugins.module_utils._task import Context


def audit(parameters: Mapping[str, t.Any], context: Context) -> Outcome:
    """Audit the CAs that a tenant trusts, or those of the task. Findings fail the task as 'fail_on' says."""
    check_codes(parameters["accept_findings"])
    networks = _networks(parameters["crl_allowed_networks"])
    approved = _listed("approved_certificate_authorities", parameters, context)
    now = context.clock.now()
    tenant_id, authorities = _audited(parameters, context)
    limits = limits_of(cloud_for(parameters["cloud"], None, None).name)
    publications = _publications(authorities, limits, networks) if parameters["check_crls"] else {}
    found = preflight(authorities, now, expires_within=parameters["expires_within"])
    found += check_publications(
        authorities, publications, now, limits, expires_within_hours=parameters["crl_expires_within"]
    )
    found += _on_approval(authorities, approved)
    found.sort(key=lambda finding: finding.order)
    return Outcome(
        changed=False,
        facts={
            "trust_audit": {
                "audited_at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "tenant_id": tenant_id,
                "counts": {kind: sum(each.severity == kind for each in found) for kind in ("error", "warning")},
                "certificate_authorities": _described(authorities, approved, publications, now),
                "findings": [finding.as_result() for finding in found],
            }
        },
        failure=_failure(found, parameters),
    )


def is_offline(parameters: Mapping[str, t.Any]) -> bool:
    """Tell whether the task names the CAs itself, so that no tenant is asked."""
    return parameters["certificate_authorities"] is not None


def _audited(parameters: Mapping[str, t.Any], context: Context) -> tuple[str | None, Sequence[CertificateAuthority]]:
    if is_offline(parameters):
        return None, _listed("certificate_authorities", parameters, context)
    tenant_id = organization_id_of(context.graph, context.tenant)
    return tenant_id, ClassicStore(context.graph, tenant_id).read()


def _listed(option: str, parameters: Mapping[str, t.Any], context: Context) -> list[CertificateAuthority]:
    """Return the CAs of an option, none where it is not given; an empty list is a mistake."""
    items = parameters[option]
    if items == []:
        raise Failure(f"{option}: the list is empty; leave it out if there is none")
    return authorities_from(items or (), context.read_file, option)


def _networks(texts: Sequence[str]) -> list[Network]:
    try:
        return [ipaddress.ip_network(text) for text in texts]
    except ValueError as error:
        raise Failure(f"crl_allowed_networks: {error}; give networks such as 127.0.0.0/8 or fd00::/8") from None


def _publications(
    authorities: Sequence[CertificateAuthority],
    limits: CrlLimits,
    networks: Sequence[Network],
) -> dict[str, Publication]:
    """Ask for every list that the CAs name, each once."""
    urls = dict.fromkeys(
        url
        for authority in authorities
        for url in (authority.certificate_revocation_list_url, authority.delta_certificate_revocation_list_url)
        if url
    )
    allowed = DownloadLimits(seconds=limits.seconds, largest=limits.background)
    return {
        download.url: read_publication(download, authorities)
        for download in download_all(urls, limits=allowed, allowed_networks=networks)
    }


def _on_approval(
    authorities: Sequence[CertificateAuthority], approved: Sequence[CertificateAuthority]
) -> Iterator[Finding]:
    if not approved:
        return
    expected, present = ({authority.sha256 for authority in each} for each in (approved, authorities))
    for authority in authorities:
        if authority.sha256 not in expected:
            yield Finding.on(authority, rules.TRUST_NOT_APPROVED, "is trusted and stands on no list of yours")
    for authority in approved:
        if authority.sha256 not in present:
            yield Finding.on(authority, rules.TRUST_APPROVED_MISSING, "is approved and not trusted")


def _described(
    authorities: Sequence[CertificateAuthority],
    approved: Sequence[CertificateAuthority],
    publications: Mapping[str, Publication],
    now: datetime,
) -> list[dict[str, object]]:
    """Return what a report needs of each CA, sorted by subject."""
    expected = {authority.sha256 for authority in approved}

    def publication(url: str | None) -> dict[str, object] | None:
        return publications[url].as_result() if url is not None and url in publications else None

    described = [
        {
            **describe(authority),
            "issued_by": sorted({issuer.sha256 for issuer in chain.issuers}),
            "approved": authority.sha256 in expected if approved else None,
            "certificate_revocation_list": publication(authority.certificate_revocation_list_url),
            "delta_certificate_revocation_list": publication(authority.delta_certificate_revocation_list_url),
        }
        for authority, chain in zip(authorities, chains(authorities, now), strict=True)
    ]
    return sorted(described, key=lambda item: (str(item["subject"]), str(item["sha256"])))


def _failure(found: Sequence[Finding], parameters: Mapping[str, t.Any]) -> str | None:
    """Return what to fail with, where the task is to fail on findings."""
    severities = {"never": (), "error": ("error",), "warning": ("error", "warning")}[parameters["fail_on"]]
    counted = [each for each in found if each.severity in severities and each.code not in parameters["accept_findings"]]
    if not counted:
        return None
    return (
        f"{len(counted)} findings of severity {' or '.join(severities)}.\n{explain(counted)}\n"
        "What you know and want, let pass by its code in 'accept_findings'."
    )
