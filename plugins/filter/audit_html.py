# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the report of a trust audit as one HTML page."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: audit_html
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Show the report of a trust audit as one HTML page
description:
  - The page is one file. It holds no script and loads nothing, and it can be printed.
options:
  _input:
    description: The report, from P(entra.cba.audit_report#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Make a page of a report that was kept as JSON
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'trust_audit.json') | from_json | entra.cba.audit_html }}"
    dest: trust_audit.html
    mode: "0644"
"""

RETURN = r"""
---
_value:
  description: The page.
  type: str
  sample: "<!doctype html>..."
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.plugin_utils._report.html import html_page
from ansible_collections.entra.cba.plugins.plugin_utils._report.report import is_report

if t.TYPE_CHECKING:
    from collections.abc import Callable


def audit_html(report: object) -> str:
    """Return the page. Raises AnsibleFilterError."""
    if not is_report(report):
        raise AnsibleFilterError("audit_html takes a report as entra.cba.audit_report returns it")
    return html_page(report)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"audit_html": audit_html}
