# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the options of a task among the variables of a tenant, in one expression instead of one for each option."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: task_options
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Find the options of a task among variables
description:
  - Each option of M(entra.cba.certificate_based_auth_configuration) but C(state) is taken from the variable of the same
    name with C(entra_cba_) in front. Other variables are left alone.
  - A variable that is null, an empty string or an empty list counts as unset, as surveys send what was left empty.
  - Relative paths begin in the directory in which C(ansible-playbook) was started; in AWX that is the root of the
    project. Ansible would begin in the directory of the playbook.
  - The playbooks C(entra.cba.apply) and C(entra.cba.audit_drift) are made with it. Ansible compiles each expression
    anew for each host; with one for each option that takes longer than the check of a tenant.
options:
  _input:
    description: Variables by their names.
    type: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Declare what the variables of the host say
  entra.cba.certificate_based_auth_configuration: {}
  module_defaults:
    entra.cba.certificate_based_auth_configuration: "{{ dict(names | zip(values)) | entra.cba.task_options }}"
  vars:
    names: "{{ lookup('ansible.builtin.varnames', '^entra_cba_', wantlist=true) }}"
    values: "{{ lookup('ansible.builtin.vars', *names, wantlist=true) }}"
"""

RETURN = r"""
---
_value:
  description: The options.
  type: dict
  sample:
    tenant_id: contoso.example
    certificate_authorities:
      - path: /home/ada/pki/files/root.pem
    backup_dir: /home/ada/pki/backup
"""

import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.filter.absolute_paths import absolute_paths
from ansible_collections.entra.cba.plugins.modules.certificate_based_auth_configuration import TASK

if t.TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "entra_cba_"
OPTIONS = {name: option for name, option in TASK.argument_spec.items() if name != "state"}


def task_options(variables: object) -> dict[str, object]:
    """Return the options that have a variable. Raises AnsibleFilterError for anything but variables by name."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("task_options takes a dictionary: variables by their names")
    given = {name: variables.get(PREFIX + name) for name in OPTIONS}
    given["backup_dir"] = given["backup_dir"] or OPTIONS["backup_dir"]["default"]
    return {name: _absolute(name, value) for name, value in given.items() if not _is_unset(value)}


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, (str, list)) and not value)


def _absolute(name: str, value: object) -> object:
    if name == "certificate_authorities":
        return absolute_paths(value)
    if OPTIONS[name]["type"] == "path":
        return str(Path.cwd() / Path(str(value)).expanduser())
    return value


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"task_options": task_options}
