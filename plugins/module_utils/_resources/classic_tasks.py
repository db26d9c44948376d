# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two tasks of the classic trust store: make it what is declared, and show it.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import authorities_from, describe
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import is_expired, preflight
from ansible_collections.entra.cba.plugins.module_utils._pki.findings import check_codes, explain, explain_each
from ansible_collections.entra.cba.plugins.module_utils._resources.backup import BackupFolder, read_backup
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_store import (
    CONFIGURATION_ID,
    ClassicStore,
    organization_id_of,
)
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import (
    TrustList,
    TrustListChange,
    compare,
    declare,
    withdraw,
)
from ansible_collections.entra.cba.plugins.module_utils._resources.whole_list import NotInForce, write
from ansible_collections.entra.cba.plugins.module_utils._task import Context, Outcome

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._pki.findings import Finding


def manage(parameters: Mapping[str, t.Any], context: Context) -> Outcome:
    """Make the store hold the declared CAs, or not hold them. Inputs are judged before the first request."""
    check_codes(parameters["accept_findings"])
    tenant_of_list, wanted = _declared(parameters, context)
    organization_id = organization_id_of(context.graph, context.tenant)
    if tenant_of_list not in (None, organization_id) and not parameters["accept_other_tenant"]:
        raise Failure(
            f"certificate_authorities_from: {parameters['certificate_authorities_from']} is of tenant {tenant_of_list},"
            f" not of {organization_id}. If its CAs are to be trusted here too, set 'accept_other_tenant: true'"
        )
    now = context.clock.now()

    def findings_on(plan: TrustListChange) -> list[Finding]:
        return preflight(plan.after, now, expires_within=parameters["expires_within"])

    def plan_from(before: TrustList) -> TrustListChange:
        plan = _plan(before, wanted, parameters, context)
        if not plan.is_empty:
            _stop_at_errors(findings_on(plan), parameters)
        return plan

    store = ClassicStore(context.graph, organization_id)
    backup = BackupFolder(parameters["backup_dir"], organization_id, context.clock, always=parameters["backup"])
    plan = plan_from(store.read())
    if not (plan.is_empty or context.check_mode):
        try:
            plan = write(store, plan, plan_from, backup)
        except NotInForce as error:
            if backup.file is None:
                raise
            raise NotInForce(f"{error} The list from before is kept in {backup.file}") from error
    findings = findings_on(plan)
    return Outcome(
        changed=not plan.is_empty,
        facts={
            **_configuration(plan.after),
            "changes": plan.as_changes(),
            "findings": [finding.as_result() for finding in findings],
            "backup_file": backup.file,
        },
        diff=plan.as_diff(),
        warnings=() if parameters["preflight"] == "skip" else explain_each(_not_accepted(findings, parameters)),
    )


def show(parameters: Mapping[str, t.Any], context: Context) -> Outcome:
    """Read the store, and say what is wrong with it."""
    authorities = ClassicStore(context.graph, organization_id_of(context.graph, context.tenant)).read()
    findings = preflight(authorities, context.clock.now(), expires_within=parameters["expires_within"])
    facts = {**_configuration(authorities), "findings": [finding.as_result() for finding in findings]}
    return Outcome(changed=False, facts=facts)


def _declared(parameters: Mapping[str, t.Any], context: Context) -> tuple[str | None, TrustList | None]:
    """Return the CAs that the task names, None when it names no list, and the tenant that the list is bound to."""
    path, items = parameters["certificate_authorities_from"], parameters["certificate_authorities"]
    if path is not None:
        tenant_id, authorities = read_backup(path, context.read_file)
    elif items is None and parameters["state"] == "absent":
        return None, None
    else:
        tenant_id, authorities = None, tuple(authorities_from(items or [], context.read_file))
    if not authorities:
        raise Failure(
            f"certificate_authorities: state {parameters['state']} needs at least one CA. To remove the whole"
            " configuration, so that nobody can sign in with a certificate, use 'state: absent' without a list"
        )
    return tenant_id, authorities


def _plan(
    before: TrustList, wanted: TrustList | None, parameters: Mapping[str, t.Any], context: Context
) -> TrustListChange:
    if parameters["state"] == "absent":
        plan = withdraw(before, wanted)
    else:
        plan = declare(before, wanted or (), purge=parameters["purge"])
    if parameters["expired"] == "omit":
        now = context.clock.now()
        plan = compare(before, tuple(authority for authority in plan.after if not is_expired(authority, now)))
    if parameters["state"] == "present" and not plan.after:
        raise Failure("certificate_authorities: every CA of the list has expired; the store is not emptied")
    return plan


def _stop_at_errors(findings: list[Finding], parameters: Mapping[str, t.Any]) -> None:
    """Stop before the first write when the service would refuse it or users could not sign in."""
    errors = [finding for finding in _not_accepted(findings, parameters) if finding.severity == "error"]
    if errors and parameters["preflight"] == "enforce":
        raise Failure(
            f"Nothing was written, since the list that would be in force has errors.\n{explain(errors)}\n"
            "What you know and want, let pass by its code in 'accept_findings'."
        )


def _not_accepted(findings: list[Finding], parameters: Mapping[str, t.Any]) -> list[Finding]:
    return [finding for finding in findings if finding.code not in parameters["accept_findings"]]


def _configuration(authorities: TrustList) -> dict[str, object]:
    described = sorted(map(describe, authorities), key=lambda item: (str(item["subject"]), str(item["sha256"])))
    return {
        "certificate_based_auth_configuration": {
            "id": CONFIGURATION_ID if authorities else None,
            "certificate_authorities": described,
        }
    }
