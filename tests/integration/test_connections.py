"""A loop over tenants keeps its connections, and nothing else of one tenant is there for the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builders.pki import a_root_ca
from integration.playbook import INFO
from integration.test_main_job import as_graph

if TYPE_CHECKING:
    from integration.playbook import Playbook, TaskResult, Way
    from integration.service import Tenant


@pytest.fixture
def way() -> Way:
    """Only a task inside Ansible has a process that outlives it."""
    return "in-process"


@pytest.fixture
def tenants(playbook: Playbook, request: pytest.FixtureRequest) -> list[Tenant]:
    """So many tenants, each with a CA of its own."""
    tenants = [playbook.service.next_tenant() for _tenant in range(request.param)]
    for tenant in tenants:
        tenant.plant([as_graph(a_root_ca(tenant.domain), is_root=True)])
    return tenants


def read_in_a_loop(playbook: Playbook, items: list[dict[str, str]], *, expect_failure: bool = False) -> TaskResult:
    """Run one task that reads the tenant of each item."""
    names = ("tenant_id", "client_id", "client_secret", "ca_path")
    options = {name: f"{{{{ item.{name} | default('{playbook.service.ca_path}') }}}}" for name in names}
    task = {"name": "read", INFO: options, "loop": items, "loop_control": {"label": "{{ item.tenant_id }}"}}
    (read,) = playbook.run(task, connect=False, expect_failure=expect_failure)
    return read


def as_items(tenants: list[Tenant]) -> list[dict[str, str]]:
    return [
        {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}
        for tenant in tenants
    ]


def subjects_of(item: dict[str, Any]) -> list[str]:
    return [ca["subject"] for ca in item["certificate_based_auth_configuration"]["certificate_authorities"]]


def requests_of(tenant: Tenant) -> list[dict[str, Any]]:
    """Return all that was asked of this tenant's login and Graph."""
    logged = tenant.service.control("GET", "/requests", params={"tenant_id": tenant.tenant_id})["requests"]
    return list(logged)


@pytest.mark.parametrize("tenants", [50], indirect=True)
def test_fifty_tenants_share_a_connection_and_no_token_and_no_cookie(playbook: Playbook, tenants: list[Tenant]) -> None:
    read = read_in_a_loop(playbook, as_items(tenants))
    assert [subjects_of(item) for item in read.result["results"]] == [
        [f"CN={tenant.domain},O=Example Org,C=DE"] for tenant in tenants
    ]
    asked = [request for tenant in tenants for request in requests_of(tenant)]
    assert len([request for request in asked if "/oauth2/" in request["path"]]) == len(tenants)  # each its own token
    assert {request["status"] for request in asked} == {200}  # a token of another tenant is refused
    assert {request["cookie"] for request in asked} == {False}
    assert len({request["connection"] for request in asked}) == 1


@pytest.mark.parametrize("tenants", [5], indirect=True)
def test_a_tenant_that_fails_leaves_the_others_as_they_are(playbook: Playbook, tenants: list[Tenant]) -> None:
    tenants[2].behave(client_secret="expired")
    read = read_in_a_loop(playbook, as_items(tenants), expect_failure=True)
    results = read.result["results"]
    assert "AADSTS7000222" in results[2].pop("msg")
    assert [len(subjects_of(item)) for item in results if item is not results[2]] == [1] * 4
    assert len({request["connection"] for tenant in tenants for request in requests_of(tenant)}) == 1


@pytest.mark.parametrize("tenants", [5], indirect=True)
def test_a_connection_serves_only_tasks_that_trust_the_same_authorities(
    playbook: Playbook, tenants: list[Tenant]
) -> None:
    """A connection that was accepted by one list of CAs proves nothing to a task with another."""
    same, other = playbook.folder / "same.pem", playbook.folder / "other.pem"
    same.write_bytes(Path(playbook.service.ca_path).read_bytes())
    other.write_bytes(a_root_ca("Somebody else").pem)
    items = as_items(tenants)
    items[1]["ca_path"] = items[3]["ca_path"] = str(same)
    items[2]["ca_path"] = str(other)
    read = read_in_a_loop(playbook, items, expect_failure=True)
    assert "the TLS certificate of the server was not accepted" in read.result["results"][2]["msg"]
    connections = [{request["connection"] for request in requests_of(tenant)} for tenant in tenants]
    assert [len(used) for used in connections] == [1, 1, 0, 1, 1]
    assert connections[0] == connections[4] != connections[1] == connections[3]
