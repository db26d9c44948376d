# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that one running simulator knows, shared by its services."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from simulator.request_log import RequestLog
from simulator.tokens import TokenAuthority

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.clock import Clock
    from simulator.tenants import Tenant


class Simulation:
    """The state; hold `lock` to read or change what can change.

    base_url: both the Graph root and the login authority.
    """

    def __init__(self, tenants: Sequence[Tenant], clock: Clock, base_url: str) -> None:
        self.tenants = tuple(tenants)
        self.clock = clock
        self.base_url = base_url
        self.tokens = TokenAuthority(base_url)
        self.requests = RequestLog()
        self.lock = threading.RLock()
        self._by_name = {name.lower(): tenant for tenant in tenants for name in (tenant.tenant_id, tenant.domain)}

    def tenant(self, name: str) -> Tenant | None:
        """Return the tenant with that GUID or domain name."""
        return self._by_name.get(name.lower())

    def reset(self) -> None:
        """Forget everything but the tenants."""
        with self.lock:
            self.requests.clear()
            for tenant in self.tenants:
                tenant.reset()
