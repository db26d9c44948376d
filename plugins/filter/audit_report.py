# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the trust audits of many tenants together as one report."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: audit_report
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Put the trust audits of tenants together as one report
description:
  - Takes what M(entra.cba.trust_audit_info) returned for each tenant, also where it failed, and returns one report.
  - Write it as JSON with P(ansible.builtin.to_nice_json#filter), and make a page and a JUnit file of it with
    P(entra.cba.audit_html#filter) and P(entra.cba.audit_junit#filter).
  - The role P(entra.cba.audit#role) does all of this.
options:
  _input:
    description:
      - Results of the module by the name of the tenant, as it shall stand in the report.
      - A result without C(trust_audit) is that of a tenant that could not be audited, for the reason in its C(msg).
    type: dict
    required: true
  created_at:
    description: The time of the report, ISO 8601 in UTC.
    type: str
    required: true
  previous:
    description: An earlier report. What changed since then is part of the new one.
    type: dict
"""

EXAMPLES = r"""
---
- name: Audit what the tenant trusts
  entra.cba.trust_audit_info:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
  register: audited

- name: Write the report as JSON
  ansible.builtin.copy:
    content: "{{ results | entra.cba.audit_report(created_at=now(true, '%Y-%m-%dT%H:%M:%SZ')) | to_nice_json }}"
    dest: trust_audit.json
    mode: "0644"
  vars:
    results:
      contoso: "{{ audited }}"
"""

RETURN = r"""
---
_value:
  description:
    - The report. V(schema_version) changes when a field is renamed or removed, and not when one is added.
    - C(tenants) are sorted by name. Each has C(name); C(trust_audit) as the module returns it, or C(error); and
      C(changes) since the last known audit, with C(added), C(removed) and C(updated) certificate authorities and
      C(new_findings) and C(gone_findings).
    - C(last_audit) of a tenant that could not be audited is what was last known of it, for the next comparison.
  type: dict
  sample:
    schema_version: 1
    created_at: "2026-11-23T16:00:05Z"
    previous_created_at: null
    counts:
      tenants: 1
      not_audited: 1
      certificate_authorities: 0
      error: 0
      warning: 0
    tenants:
      - name: contoso
        error: Graph refused the request with HTTP 403
        trust_audit: null
        last_audit: null
        changes: null
    not_in_this_run: []
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.plugin_utils._report.report import Report, UnusableReport, build_report

if t.TYPE_CHECKING:
    from collections.abc import Callable


def audit_report(results: object, created_at: str, previous: object = None) -> Report:
    """Return the report. Raises AnsibleFilterError."""
    if not isinstance(results, dict) or not all(isinstance(result, dict) for result in results.values()):
        raise AnsibleFilterError("audit_report takes a dictionary: the result of the audit by the name of the tenant")
    if previous is not None and not isinstance(previous, dict):
        raise AnsibleFilterError("audit_report: previous takes an earlier report, a dictionary")
    try:
        return build_report(results, created_at, previous)
    except UnusableReport as error:
        raise AnsibleFilterError(f"audit_report: {error}") from error


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"audit_report": audit_report}
