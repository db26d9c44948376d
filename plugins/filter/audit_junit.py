# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the report of a trust audit as JUnit XML, which CI servers read."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: audit_junit
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Show the report of a trust audit as JUnit XML
description:
  - Each tenant is a suite and each certificate authority (CA) a test in it. GitLab, Jenkins and Azure DevOps read such
    files without a plugin of this collection.
  - A tenant that could not be audited is a test with an error.
options:
  _input:
    description: The report, from P(entra.cba.audit_report#filter).
    type: dict
    required: true
  fail_on:
    description:
      - Which findings make the test of a CA fail.
      - Other findings are the output of the test.
    type: str
    choices: [error, warning, never]
    default: error
  accept_findings:
    description: Codes of findings that make no test fail.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: Make a JUnit file of a report that was kept as JSON
  ansible.builtin.copy:
    content: >-
      {{ lookup('ansible.builtin.file', 'trust_audit.json') | from_json | entra.cba.audit_junit(fail_on='warning') }}
    dest: trust_audit.xml
    mode: "0644"
"""

RETURN = r"""
---
_value:
  description: The XML.
  type: str
  sample: "<?xml version=..."
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.plugin_utils._report.junit import FailOn, junit_xml
from ansible_collections.entra.cba.plugins.plugin_utils._report.report import is_report

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def audit_junit(report: object, fail_on: FailOn = "error", accept_findings: Sequence[str] = ()) -> str:
    """Return the XML. Raises AnsibleFilterError."""
    if not is_report(report):
        raise AnsibleFilterError("audit_junit takes a report as entra.cba.audit_report returns it")
    if fail_on not in t.get_args(FailOn):
        raise AnsibleFilterError(f"audit_junit: fail_on is one of {', '.join(t.get_args(FailOn))}, not {fail_on}")
    return junit_xml(report, fail_on, accept_findings)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"audit_junit": audit_junit}
