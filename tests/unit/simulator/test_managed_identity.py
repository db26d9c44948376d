# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of managed identities are as strict as Azure's, and the plain-HTTP port serves nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest
import requests

from simulator.in_process import BASE_URL

if TYPE_CHECKING:
    from simulator.in_process import InProcess
    from simulator.server import Running

QUERY = f"api-version=2018-02-01&resource={BASE_URL}"


def test_a_machine_gets_a_token_of_its_tenant(simulator: InProcess) -> None:
    path = f"/{simulator.tenant.tenant_id}/metadata/identity/oauth2/token?{QUERY}"
    answer = simulator.request("GET", path, {"Metadata": "true"}).get_json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["aud"]) == (simulator.tenant.tenant_id, BASE_URL)
    assert answer["expires_on"] == str(claims["exp"])


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (QUERY, {}),
        (QUERY, {"Metadata": "true", "X-Forwarded-For": "192.0.2.1"}),
        (f"resource={BASE_URL}", {"Metadata": "true"}),
        ("api-version=2018-02-01&resource=https://graph.example", {"Metadata": "true"}),
        (f"{QUERY}&client_id=00000000-1111-2222-3333-444444444444", {"Metadata": "true"}),
    ],
)
def test_a_request_without_all_that_azure_asks_for_gets_none(
    simulator: InProcess, query: str, headers: dict[str, str]
) -> None:
    path = f"/{simulator.tenant.tenant_id}/metadata/identity/oauth2/token?{query}"
    assert simulator.request("GET", path, headers).status_code == 400


def test_a_challenge_of_azure_arc_is_good_for_one_answer(
    simulator: InProcess, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tokens")
    simulator.set_up({"arc_key_folder": str(folder)})
    path = (
        f"/{simulator.tenant.tenant_id}/arc/metadata/identity/oauth2/token?api-version=2020-06-01&resource={BASE_URL}"
    )
    challenge = simulator.request("GET", path, {"Metadata": "true"})
    (key,) = folder.iterdir()
    answer = {"Metadata": "true", "Authorization": f"Basic {key.read_text()}"}
    assert (challenge.status_code, challenge.headers["WWW-Authenticate"]) == (401, f"Basic realm={key}")
    assert [simulator.request("GET", path, answer).status_code for _time in range(2)] == [200, 401]


def test_graph_and_login_are_not_served_in_plain_http(running: Running) -> None:
    tenant = running.simulation.tenants[0].tenant_id
    for path in ("/v1.0/organization", f"/{tenant}/oauth2/v2.0/token", "/control/requests"):
        assert requests.get(running.managed_identity_url + path, timeout=10).status_code == 404
    path = f"/{tenant}/metadata/identity/oauth2/token"
    assert requests.get(running.managed_identity_url + path, timeout=10).status_code == 400
