"""Every test here runs a real ansible-playbook against the simulator, over TLS, in a tenant of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.playbook import Playbook, Way
from integration.service import Service, Tenant, running_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running simulator."""
    with running_service(tmp_path_factory.mktemp("simulator"), tenants=500) as running:
        yield running


@pytest.fixture
def tenant(service: Service) -> Tenant:
    """A tenant that no other test uses, with an empty store."""
    return service.next_tenant()


@pytest.fixture(params=["in-process", "module"])
def way(request: pytest.FixtureRequest) -> Way:
    """Where a task of ours runs: each test that runs one runs twice."""
    chosen: Way = request.param
    return chosen


@pytest.fixture
def playbook(service: Service, tenant: Tenant, tmp_path: Path, way: Way) -> Playbook:
    """Runs tasks in that tenant; fails the test on a warning that was not expected."""
    return Playbook(service, tenant, tmp_path, way)
