# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token may: users' tokens need permission and role, and some tokens are challenged for claims."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import jwt
import pytest

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from simulator.in_process import InProcess

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
CAPABILITY = {"xms_cc": {"values": ["CP1"]}}


def read_with(simulator: InProcess, token: str) -> TestResponse:
    path = f"/organization/{simulator.tenant.tenant_id}/certificateBasedAuthConfiguration"
    return simulator.graph("GET", path, headers={"Authorization": f"Bearer {token}"})


def token_with(simulator: InProcess, claims: object) -> str:
    return str(simulator.log_in(claims=json.dumps(claims)).get_json()["access_token"])


@pytest.mark.parametrize(
    ("scp", "wids", "status"),
    [
        (["Organization.Read.All"], [GLOBAL_READER, GLOBAL_ADMINISTRATOR], 200),
        (["Organization.Read.All"], [GLOBAL_READER], 403),
        (["Organization.Read.All"], [], 403),
        (["User.Read"], [GLOBAL_ADMINISTRATOR], 403),
    ],
)
def test_a_user_needs_the_permission_and_the_role(
    simulator: InProcess, scp: list[str], wids: list[str], status: int
) -> None:
    asked = {"tenant_id": simulator.tenant.tenant_id, "scp": scp, "wids": wids}
    token = simulator.control("POST", "/token", json=asked).get_json()["access_token"]
    assert read_with(simulator, token).status_code == status


def test_a_token_asked_for_wrongly_is_refused(simulator: InProcess) -> None:
    asked = {"tenant_id": simulator.tenant.tenant_id, "scp": "Organization.Read.All"}
    assert simulator.control("POST", "/token", json=asked).status_code == 400


def test_a_client_that_can_answer_is_challenged_until_it_has(simulator: InProcess) -> None:
    simulator.set_up({"claims_challenge": True})
    refused = read_with(simulator, token_with(simulator, {"access_token": CAPABILITY}))
    assert refused.status_code == 401
    assert refused.get_json()["error"]["code"] == "InvalidAuthenticationToken"
    header = refused.headers.getlist("WWW-Authenticate")[1]
    assert re.search("authorization_uri=https://[^,]+,", header)
    found = re.search('error="insufficient_claims", claims="([^"]+)"', header)
    assert found
    claims = json.loads(base64.b64decode(found[1]))
    claims["access_token"] |= CAPABILITY
    assert read_with(simulator, token_with(simulator, claims)).status_code == 200


def test_a_client_that_cannot_answer_is_not_challenged(simulator: InProcess) -> None:
    simulator.set_up({"claims_challenge": True})
    assert simulator.store("GET").status_code == 200


def test_other_claims_are_no_answer(simulator: InProcess) -> None:
    simulator.set_up({"claims_challenge": True})
    token = token_with(simulator, {"access_token": {**CAPABILITY, "nbf": {"essential": True, "value": "1"}}})
    assert read_with(simulator, token).status_code == 401
    assert jwt.decode(token, options={"verify_signature": False})["xms_cc"] == ["cp1"]


@pytest.mark.parametrize("claims", ["no JSON", "[]", '{"access_token": null}', '{"access_token": []}'])
def test_a_claims_request_that_is_none_is_refused(simulator: InProcess, claims: str) -> None:
    assert simulator.log_in(claims=claims).get_json()["error_codes"] == [9002313]
