"""The simulator as the tests see it: a process, its tenants, and its control interface."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).resolve().parent.parent
CONFIGURATION_ID = "29728ade-6ae4-4ee9-9103-412912537da5"


@dataclass(frozen=True)
class Service:
    """The endpoints of a running simulator."""

    graph_url: str
    authority_url: str
    ca_path: str
    control_url: str
    managed_identity_url: str
    tenants: list[dict[str, str]]
    _taken: list[int] = field(default_factory=list)

    def next_tenant(self) -> Tenant:
        """Return a tenant that nobody was given before."""
        self._taken.append(1)
        return Tenant(self, **self.tenants[len(self._taken) - 1])

    def control(self, method: str, path: str = "", **kwargs: Any) -> Any:
        """Speak to the control interface."""
        response = requests.request(method, self.control_url + path, verify=self.ca_path, timeout=30, **kwargs)
        assert response.ok, response.text
        return response.json() if response.content else None


@dataclass(frozen=True)
class Tenant:
    """One tenant of the simulator."""

    service: Service
    tenant_id: str
    client_id: str
    client_secret: str
    domain: str

    def behave(self, *, faults: list[dict[str, object]] | None = None, **behaviour: object) -> None:
        """Set how the service behaves towards this tenant."""
        self.service.control("POST", json={"tenant_id": self.tenant_id, "behaviour": behaviour, "faults": faults or []})

    def plant(self, authorities: list[dict[str, object]]) -> None:
        """Put a store in place past all checks, as somebody else's change."""
        self.service.control(
            "POST", "/store", json={"tenant_id": self.tenant_id, "certificateAuthorities": authorities}
        )

    def store(self) -> list[dict[str, Any]]:
        """Return the CAs that the tenant holds, as Graph would show them."""
        shown = self.service.control("GET", "/store", params={"tenant_id": self.tenant_id})
        instances = shown["value"]
        assert len(instances) <= 1
        if not instances:
            return []
        assert instances[0]["id"] == CONFIGURATION_ID
        return list(instances[0]["certificateAuthorities"])

    def requests(self) -> list[str]:
        """Return method and path of each request to this tenant's Graph so far, logins left out."""
        logged = self.service.control("GET", "/requests")["requests"]
        return [
            f"{entry['method']} {entry['path']}"
            for entry in logged
            if entry["tenant_id"] == self.tenant_id and "/organization" in entry["path"]
        ]

    def methods(self) -> list[str]:
        """Return the methods of these requests."""
        return [request.split()[0] for request in self.requests()]


@contextmanager
def running_service(folder: Path, *, tenants: int) -> Iterator[Service]:
    """Start the simulator in a process of its own and end it."""
    endpoints = folder / "endpoints.json"
    with (folder / "simulator.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--endpoints", str(endpoints), "--tenants", str(tenants)],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not endpoints.exists():
            assert process.poll() is None, (folder / "simulator.log").read_text()
            assert time.monotonic() < deadline, "the simulator did not start"
            time.sleep(0.05)
        yield Service(**json.loads(endpoints.read_text()))
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, (folder / "simulator.log").read_text()
