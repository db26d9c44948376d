# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface sets, shows and forgets, refuses what it does not know, and logs no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Authority

    from simulator.in_process import InProcess


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"behaviour": {"second_pots": "replace"}}, "second_pots"),
        ({"behaviour": {"second_post": "merge"}}, "second_post"),
        ({"behaviour": {"create_status": 200}}, "create_status"),
        ({"behaviour": {"create_status": "201"}}, "create_status"),
        ({"behaviour": {"read_lag_s": -1}}, "read_lag_s"),
        ({"behaviour": {"read_lag_s": True}}, "read_lag_s"),
        ({"behaviour": {"roles": "Organization.Read.All"}}, "roles"),
        ({"behaviour": {"client_certificate": "MII"}}, "client_certificate"),
        ({"behaviour": {"token_lifetime_s": 0}}, "token_lifetime_s"),
        ({"behaviour": []}, "behaviour"),
        ({"faults": {}}, "faults"),
        ({"faults": [{"status": 503}, {"staus": 503}]}, "faults[1]: unknown key 'staus'"),
        ({"faults": [{"path": "(", "status": 503}]}, "path"),
        ({"faults": [{"status": 99}]}, "status"),
        ({"faults": [{"status": 503, "count": 0}]}, "count"),
        ({"faults": [{"status": 503, "headers": {"Retry-After": []}}]}, "headers"),
        ({"faults": [{"reset": "during"}]}, "reset"),
        ({"faults": [{"reset": "before", "status": 503}]}, "reset"),
        ({"faults": [{"body": "text"}]}, "status"),
        ({"faults": [{"method": "GET"}]}, "expected one of"),
        ({"fault": []}, "fault"),
        ({"tenant_id": "nobody"}, "nobody"),
        ({"tenant_id": None}, "tenant_id"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(simulator: InProcess, given: dict[str, object], named: str) -> None:
    refusal = simulator.control("POST", json={"tenant_id": simulator.tenant.tenant_id, **given})

    assert refusal.status_code == 400
    assert named in refusal.get_json()["error"]


def test_a_refused_setting_changes_nothing(simulator: InProcess) -> None:
    body = {"tenant_id": simulator.tenant.tenant_id, "behaviour": {"roles": []}, "faults": [{"status": "x"}]}

    assert simulator.control("POST", json=body).status_code == 400
    assert simulator.store("GET").status_code == 200


def test_text_that_is_no_json_is_refused(simulator: InProcess) -> None:
    assert simulator.control("POST", data=b"{").status_code == 400


def test_each_setting_replaces_the_one_before(simulator: InProcess) -> None:
    simulator.set_up({"roles": []}, {"status": 503, "path": "organization"})
    simulator.set_up()

    assert simulator.store("GET").status_code == 200


def test_settings_are_per_tenant(simulator: InProcess) -> None:
    simulator.set_up({"roles": []}, {"status": 503, "count": 9})

    other = simulator.application.simulation.tenants[1]
    answer = simulator.log_in(tenant=other.tenant_id, client_id=other.client_id, client_secret=other.client_secret)
    assert answer.status_code == 200


def test_the_store_is_shown_as_graph_shows_it(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"read_lag_s": 60})
    simulator.store("POST", json={"certificateAuthorities": [authority()]})
    held = simulator.control("GET", f"/store?tenant_id={simulator.tenant.tenant_id}").get_json()

    simulator.set_up()
    assert held == simulator.store("GET").get_json()
    assert len(held["value"][0]["certificateAuthorities"]) == 1


def test_a_store_can_be_planted_that_graph_would_refuse(simulator: InProcess, authority: Authority) -> None:
    members = [authority("CN=Old", expired=True), {"certificate": "junk", "isRootAuthority": True, "issuer": "CN=Odd"}]

    planted = simulator.control(
        "POST", "/store", json={"tenant_id": simulator.tenant.tenant_id, "certificateAuthorities": members}
    )

    assert planted.status_code == 200
    shown = simulator.store("GET").get_json()["value"][0]["certificateAuthorities"]
    assert [(member["issuer"], member["certificate"]) for member in shown] == [
        ("CN=Old", members[0]["certificate"]),
        ("CN=Odd", "junk"),
    ]


def test_a_store_can_be_emptied(simulator: InProcess, authority: Authority) -> None:
    simulator.store("POST", json={"certificateAuthorities": [authority()]})

    simulator.control("POST", "/store", json={"tenant_id": simulator.tenant.tenant_id, "certificateAuthorities": None})

    assert simulator.store("GET").get_json()["value"] == []


def test_the_log_has_logins_and_calls_in_order_but_no_control(simulator: InProcess) -> None:
    token = simulator.token()
    simulator.store("GET", headers={"Authorization": f"Bearer {token}", "client-request-id": "ours"})
    simulator.graph("GET", "/organization?$select=id")

    tenant_id = simulator.tenant.tenant_id
    store = f"/v1.0/organization/{tenant_id}/certificateBasedAuthConfiguration"
    login = f"/{tenant_id}/oauth2/v2.0/token"
    log = simulator.logged()
    assert [
        (entry["method"], entry["path"], entry["status"], entry["tenant_id"]) for entry in log if entry["path"] != login
    ] == [
        ("GET", store, 200, tenant_id),
        ("GET", "/v1.0/organization", 200, tenant_id),
    ]
    assert log[0]["path"] == login
    assert [entry["client_request_id"] for entry in log if entry["path"] == store] == ["ours"]
    assert set(log[0]) == {"at", "method", "path", "status", "tenant_id", "client_request_id", "connection", "cookie"}


def test_the_log_can_be_asked_for_one_tenant(simulator: InProcess) -> None:
    simulator.token()
    other = simulator.application.simulation.tenants[1]

    assert simulator.control("GET", f"/requests?tenant_id={other.tenant_id}").get_json() == {"requests": []}
    assert simulator.control("GET", "/requests?tenant_id=nobody").status_code == 400


def test_the_log_keeps_neither_secrets_nor_tokens(simulator: InProcess) -> None:
    token = simulator.token()
    simulator.graph("GET", f"/organization?access_token={token}")
    simulator.request(
        "POST", f"/{simulator.tenant.tenant_id}/oauth2/v2.0/token?client_secret={simulator.tenant.client_secret}"
    )

    log = json.dumps(simulator.logged())

    assert simulator.tenant.client_secret not in log
    assert token not in log


def test_a_reset_forgets_everything_but_the_tenants(simulator: InProcess, authority: Authority) -> None:
    simulator.store("POST", json={"certificateAuthorities": [authority()]})
    simulator.set_up({"roles": []}, {"status": 503, "count": 9})

    assert simulator.control("POST", "/reset").status_code == 200

    assert simulator.logged() == []
    assert simulator.store("GET").get_json()["value"] == []


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "", 405), ("DELETE", "/store", 405), ("GET", "/nothing", 404)]
)
def test_there_is_nothing_else(simulator: InProcess, method: str, path: str, status: int) -> None:
    refusal = simulator.control(method, path)

    assert (refusal.status_code, set(refusal.get_json())) == (status, {"error"})
