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
  - Each option of a module is taken from the variable of the same name with C(entra_cba_) in front. Other variables are
    left alone.
  - A variable that is null, an empty string or an empty list counts as unset, as surveys send what was left empty.
  - Relative paths begin in the directory in which C(ansible-playbook) was started; in AWX that is the root of the
    project. Ansible would begin in the directory of the playbook.
  - The playbooks C(entra.cba.apply), C(entra.cba.audit_drift) and C(entra.cba.audit) are made with it. Ansible compiles
    each expression anew for each host; with one for each option that takes longer than the check of a tenant.
options:
  _input:
    description: Variables by their names.
    type: dict
    required: true
  module:
    description:
      - Which module. Of M(entra.cba.certificate_based_auth_configuration) C(state) is left out, of
        M(entra.cba.trust_audit_info) C(certificate_authorities), with which no tenant would be audited, and C(fail_on).
    type: str
    choices: [certificate_based_auth_configuration, trust_audit_info]
    default: certificate_based_auth_configuration
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
from ansible_collections.entra.cba.plugins.modules import certificate_based_auth_configuration, trust_audit_info

if t.TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "entra_cba_"
OPTIONS = {
    module: {name: option for name, option in task.argument_spec.items() if name not in left_out}
    for module, task, left_out in (
        ("certificate_based_auth_configuration", certificate_based_auth_configuration.TASK, ("state",)),
        ("trust_audit_info", trust_audit_info.TASK, ("certificate_authorities", "fail_on")),
    )
}


def task_options(variables: object, module: str = "certificate_based_auth_configuration") -> dict[str, object]:
    """Return the options that have a variable. Raises AnsibleFilterError."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("task_options takes a dictionary: variables by their names")
    if module not in OPTIONS:
        raise AnsibleFilterError(f"task_options: module is one of {', '.join(OPTIONS)}, not {module}")
    options = OPTIONS[module]
    given = {name: variables.get(PREFIX + name) for name in options}
    if "backup_dir" in options:
        given["backup_dir"] = given["backup_dir"] or options["backup_dir"]["default"]
    return {name: _absolute(options[name], value) for name, value in given.items() if not _is_unset(value)}


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, (str, list)) and not value)


def _absolute(option: Mapping[str, t.Any], value: object) -> object:
    if "path" in option.get("options", ()):
        return absolute_paths(value)
    if option["type"] == "path":
        return str(Path.cwd() / Path(str(value)).expanduser())
    return value


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"task_options": task_options}
