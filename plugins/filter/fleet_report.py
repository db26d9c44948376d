# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in one report what a task that declares certificate authorities found in each tenant of a fleet."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: fleet_report
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Report what was found in each tenant of a fleet
description:
  - Takes what M(entra.cba.certificate_based_auth_configuration) returned for each of many tenants, failed tasks
    included.
  - The playbooks C(entra.cba.apply) and C(entra.cba.audit_drift) end with it. In a playbook of your own, one task at
    the end makes the report for all hosts, so that a tenant costs no further task.
options:
  _input:
    description:
      - The registered result of each tenant, by any name for the tenant.
      - An empty result is that of a tenant whose turn did not come.
    type: dict
    required: true
  check_mode:
    description: Whether the tasks ran in check mode, so that what differs was not changed.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Tenants that differ, one host for each
  hosts: tenants
  gather_facts: false
  connection: local
  strategy: linear
  tasks:
    - name: Look, and report whatever happens
      block:
        - name: Trust the root CA and no other
          entra.cba.certificate_based_auth_configuration:
            tenant_id: "{{ tenant_id }}"
            certificate_authorities:
              - path: files/root.pem
          check_mode: true
          register: looked
      always:
        - name: Report
          ansible.builtin.debug:
            msg: "{{ (dict(names | zip(results)) | entra.cba.fleet_report(check_mode=true)).lines }}"
          vars:
            names: "{{ ansible_play_hosts_all }}"
            results: "{{ names | map('extract', hostvars) | map(attribute='looked', default={}) }}"
          run_once: true
"""

RETURN = r"""
---
_value:
  description: The report.
  type: dict
  contains:
    tenants:
      description:
        - What was found, by tenant.
        - C(state) is V(as_declared), V(changed), V(differs) in check mode, V(failed), or V(not_reached).
        - C(reason) says why it failed. C(changes) and C(findings) are those of the module, where it got so far.
      type: dict
      sample:
        contoso:
          state: differs
          changes:
            added: []
            removed:
              - sha256: b76f65ff4451b6f8dad3a6383d1586c88accb8b71015e5301d1fb1994e719274
                subject: CN=Unknown CA,O=Example Org,C=DE
            updated: []
          findings: []
        fabrikam:
          state: failed
          reason: The login was refused.
    figures:
      description: How many changes and findings there are in each tenant that could be read.
      type: dict
      sample:
        contoso:
          added: 0
          removed: 1
          updated: 0
          findings: 0
    lines:
      description: The same for people, a line for each tenant; those to look at come last, and then the totals.
      type: list
      elements: str
      sample:
        - "contoso: differs: 0 to add, 1 to remove, 0 to update, 0 findings"
        - "fabrikam: FAILED: The login was refused."
        - "2 tenants: 1 differs, 1 failed"
"""

import typing as t
from collections import Counter
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from collections.abc import Callable

# In the order in which they are shown: what asks for somebody stands where a terminal ends.
STATES = ("as_declared", "changed", "differs", "not_reached", "failed")
CHANGES = ("added", "removed", "updated")


def fleet_report(results: object, check_mode: bool = False) -> dict[str, object]:
    """Return `tenants`, `figures` and `lines`. Raises AnsibleFilterError for anything but results by tenant."""
    if not isinstance(results, Mapping) or not all(isinstance(result, Mapping) for result in results.values()):
        raise AnsibleFilterError("fleet_report takes a dictionary: the registered result of each tenant by its name")
    tenants = {str(name): _tenant(result, check_mode) for name, result in results.items()}
    figures = {name: _figures(tenant) for name, tenant in tenants.items() if "changes" in tenant}
    return {"tenants": tenants, "figures": figures, "lines": _lines(tenants, figures)}


def _tenant(result: Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    if not result:
        return {"state": "not_reached"}
    if result.get("failed") or result.get("unreachable") or "changes" not in result:
        return {"state": "failed", "reason": str(result.get("msg") or "The task says no reason.")}
    difference = "differs" if check_mode else "changed"
    return {
        "state": difference if result.get("changed") else "as_declared",
        "changes": result["changes"],
        "findings": result["findings"],
    }


def _figures(tenant: Mapping[str, t.Any]) -> dict[str, int]:
    counted = {kind: len(tenant["changes"][kind]) for kind in CHANGES}
    return {**counted, "findings": len(tenant["findings"])}


def _lines(tenants: Mapping[str, Mapping[str, t.Any]], figures: Mapping[str, Mapping[str, int]]) -> list[str]:
    ordered = sorted(tenants, key=lambda name: STATES.index(tenants[name]["state"]))
    count = Counter(tenant["state"] for tenant in tenants.values())
    totals = ", ".join(f"{count[state]} {_words(state)}" for state in STATES if count[state])
    return [f"{name}: {_line(tenants[name], figures.get(name, {}))}" for name in ordered] + [
        f"{_counted(len(tenants), 'tenant')}: {totals}"
    ]


def _line(tenant: Mapping[str, t.Any], figures: Mapping[str, int]) -> str:
    state = tenant["state"]
    if state == "failed":
        return f"FAILED: {' '.join(tenant['reason'].split())}"
    if state == "not_reached":
        return "not reached"
    findings = _counted(figures["findings"], "finding")
    if state == "as_declared":
        return f"as declared, {findings}"
    added, removed, updated = (figures[kind] for kind in CHANGES)
    if state == "differs":
        return f"differs: {added} to add, {removed} to remove, {updated} to update, {findings}"
    return f"changed: {added} added, {removed} removed, {updated} updated, {findings}"


def _words(state: str) -> str:
    return state.replace("_", " ")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"fleet_report": fleet_report}
