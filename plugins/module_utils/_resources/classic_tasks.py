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
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import findings_on, is_expired
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
from ansible_collections.entra.cba.plugins.module_utils._resources.whole_list import write
from ansible_collections.entra.cba.plugins.module_utils._task import Context, Outcome

if t.TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def manage(parameters: Mapping[str, t.Any], context: Context) -> Outcome:
    """Make the store hold the declared CAs, or not hold them."""
    now = context.clock.now()
    wanted = _declared(parameters, context)

    def plan_from(before: TrustList) -> TrustListChange:
        plan = _plan(before, wanted, parameters, now)
        _refuse_errors(plan, now)
        return plan

    store = _store(context)
    plan = plan_from(store.read())
    if not (plan.is_empty or context.check_mode):
        plan = write(store, plan, plan_from, keep=lambda _authorities: None)
    findings = findings_on(plan.after, now)
    return Outcome(
        changed=not plan.is_empty,
        facts={
            **_configuration(plan.after),
            "changes": plan.as_changes(),
            "findings": [finding.as_result() for finding in findings],
        },
        diff=plan.as_diff(),
        warnings=tuple(str(finding) for finding in findings),
    )


def show(parameters: Mapping[str, t.Any], context: Context) -> Outcome:
    """Read the store."""
    return Outcome(changed=False, facts=_configuration(_store(context).read()))


def _declared(parameters: Mapping[str, t.Any], context: Context) -> TrustList | None:
    """Return the CAs that the task names, None when it names no list. Raises Failure, before any request."""
    items = parameters["certificate_authorities"]
    if items is None and parameters["state"] == "absent":
        return None
    if not items:
        raise Failure(
            f"certificate_authorities: state {parameters['state']} needs at least one CA. To remove the whole"
            " configuration, so that nobody can sign in with a certificate, use 'state: absent' without a list"
        )
    return tuple(authorities_from(items, context.read_file))


def _plan(
    before: TrustList, wanted: TrustList | None, parameters: Mapping[str, t.Any], now: datetime
) -> TrustListChange:
    if parameters["state"] == "absent":
        plan = withdraw(before, wanted)
    else:
        plan = declare(before, wanted or (), purge=parameters["purge"])
    if parameters["expired"] == "omit":
        plan = compare(before, tuple(authority for authority in plan.after if not is_expired(authority, now)))
    if parameters["state"] == "present" and not plan.after:
        raise Failure("certificate_authorities: every CA of the list has expired; the store is not emptied")
    return plan


def _refuse_errors(plan: TrustListChange, now: datetime) -> None:
    """Stop before the first write when the service would refuse it or users could not sign in."""
    errors = [] if plan.is_empty else findings_on(plan.after, now)
    if errors:
        raise Failure("Nothing was written: " + " ".join(str(finding) for finding in errors))


def _store(context: Context) -> ClassicStore:
    tenant = context.tenant
    is_guid = len(tenant) == 36 and tenant.count("-") == 4
    return ClassicStore(context.graph, tenant if is_guid else organization_id_of(context.graph, tenant))


def _configuration(authorities: TrustList) -> dict[str, object]:
    described = sorted(
        (describe(authority) for authority in authorities), key=lambda item: (str(item["subject"]), str(item["sha256"]))
    )
    return {
        "certificate_based_auth_configuration": {
            "id": CONFIGURATION_ID if authorities else None,
            "certificate_authorities": described,
        }
    }
