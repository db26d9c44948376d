# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a list of CAs that a playbook of this collection is given name files beside the user's own playbook."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: absolute_paths
author: the entra.cba authors (@entra-cba)
version_added: 0.1.0
short_description: Make the paths of a list of certificate authorities absolute
description:
  - Relative paths in the items then begin in the directory in which C(ansible-playbook) was started; in AWX that is
    the root of the project.
  - Needed where a list goes to a task of a collection's playbook, since Ansible runs such a task in the directory of
    that playbook.
options:
  _input:
    description: Certificate authorities as the modules take them. Items without a C(path) stay as they are.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Trust a root CA from a file beside your playbook, whichever playbook runs the task
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    certificate_authorities: "{{ [{'path': 'files/root.pem'}] | entra.cba.absolute_paths }}"
"""

RETURN = r"""
---
_value:
  description: The same items with absolute paths.
  type: list
  elements: dict
  sample:
    - path: /home/ada/pki/files/root.pem
"""

import typing as t
from pathlib import Path

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def absolute_paths(authorities: object) -> list[dict[str, object]]:
    """Return copies of the items, with absolute paths. Raises AnsibleFilterError for anything but a list of items."""
    if not isinstance(authorities, (list, tuple)) or not all(isinstance(item, dict) for item in authorities):
        raise AnsibleFilterError(
            "absolute_paths takes a list of certificate authorities, each with 'path' or 'content'"
        )
    return [_with_absolute_path(item) for item in authorities]


def _with_absolute_path(item: Mapping[str, object]) -> dict[str, object]:
    path = item.get("path")
    if not isinstance(path, str) or not path:
        return dict(item)
    return {**item, "path": str(Path.cwd() / Path(path).expanduser())}


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        return {"absolute_paths": absolute_paths}
