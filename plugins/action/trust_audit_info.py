# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.entra.cba.plugins.modules.trust_audit_info import TASK
from ansible_collections.entra.cba.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    module_task = TASK
