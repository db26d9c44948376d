# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants: who they are, the application registered in each, and what each holds."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field

from simulator.behaviour import Behaviour
from simulator.faults import FaultPlan
from simulator.trust_store import TrustStore


@dataclass(slots=True)
class Tenant:
    """One tenant with one application registration. Ids are GUIDs in lower case."""

    tenant_id: str
    domain: str
    display_name: str
    client_id: str
    client_secret: str
    service_principal_id: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: FaultPlan = field(default_factory=FaultPlan)
    store: TrustStore = field(default_factory=TrustStore)

    def reset(self) -> None:
        """Forget all but who the tenant is."""
        self.behaviour = Behaviour()
        self.faults = FaultPlan()
        self.store = TrustStore()


def make_tenants(count: int) -> tuple[Tenant, ...]:
    """Return tenants with the same ids at each start, and secrets that are new at each start."""
    return tuple(
        Tenant(
            tenant_id=_guid(f"tenant {index}"),
            domain=f"tenant{index}.onmicrosoft.example",
            display_name=f"Tenant {index}",
            client_id=_guid(f"application {index}"),
            client_secret=secrets.token_urlsafe(30),
            service_principal_id=_guid(f"service principal {index}"),
        )
        for index in range(count)
    )


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://simulator.example/{name}"))
