"""Continuous access evaluation: a claims challenge is answered once, by a token that was acquired with its claims."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from integration.playbook import info
from integration.test_token_cache import LOGIN, READ, requests_of

if TYPE_CHECKING:
    from integration.playbook import Playbook
    from integration.service import Tenant


def test_a_challenge_is_met_by_a_token_with_its_claims_which_is_kept(playbook: Playbook, tenant: Tenant) -> None:
    playbook.run(info())
    before = len(requests_of(tenant))
    tenant.behave(claims_challenge=True)
    (challenged, after) = playbook.run(info(), info())
    assert [call["status"] for call in challenged.result["graph_requests"]] == [401, 200]
    assert [call["status"] for call in after.result["graph_requests"]] == [200]
    assert requests_of(tenant)[before:] == READ + LOGIN + READ + READ


def test_a_challenge_to_a_token_that_is_new_is_met_too(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(claims_challenge=True)
    (read,) = playbook.run(info(token_cache=False))
    assert [call["status"] for call in read.result["graph_requests"]] == [401, 200]


def test_a_stale_token_and_then_a_challenge_are_both_answered(playbook: Playbook, tenant: Tenant) -> None:
    playbook.run(info())
    refusal = {"method": "GET", "path": "/organization/", "status": 401, "headers": {}, "body": ""}
    tenant.behave(claims_challenge=True, faults=[refusal])
    (read,) = playbook.run(info())
    assert [call["status"] for call in read.result["graph_requests"]] == [401, 401, 200]


def test_a_service_that_is_never_satisfied_is_not_asked_for_ever(playbook: Playbook, tenant: Tenant) -> None:
    claims = base64.b64encode(json.dumps({"access_token": {"acrs": {"values": ["c1"]}}}).encode()).decode()
    header = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    body = {"error": {"code": "InvalidAuthenticationToken", "message": "Continuous access evaluation resulted in ..."}}
    challenge = {"method": "GET", "path": "/organization/", "status": 401, "headers": header, "body": body, "count": 99}
    tenant.behave(faults=[challenge])
    (refused,) = playbook.run(info(), expect_failure=True)
    assert "401 InvalidAuthenticationToken: Continuous access evaluation" in refused.message
    assert [call["status"] for call in refused.result["graph_requests"]] == [401, 401]
    assert requests_of(tenant) == LOGIN + READ + LOGIN + READ


def test_a_given_token_cannot_answer_and_says_what_to_acquire(playbook: Playbook, tenant: Tenant) -> None:
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}').decode()
    header = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    body = {"error": {"code": "InvalidAuthenticationToken", "message": "Continuous access evaluation."}}
    fault = {"method": "GET", "path": "/organization/", "status": 401, "headers": header, "body": body}
    tenant.behave(faults=[fault])
    asked = {"tenant_id": tenant.tenant_id, "scp": ["Organization.Read.All"], "wids": []}
    token = tenant.service.control("POST", "/token", json=asked)["access_token"]
    (refused,) = playbook.run(info(access_token=token), connect=False, expect_failure=True)
    assert "answered 401" in refused.message
    assert "access_token: the service asks for a new token" in refused.message
    assert '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}' in refused.message
    assert "request-id" in refused.message
    assert requests_of(tenant) == READ
    assert token not in playbook.output


def test_a_long_lived_token_is_kept_for_its_whole_life(playbook: Playbook, tenant: Tenant) -> None:
    tenant.behave(token_lifetime_s=28 * 3600)
    playbook.run(info(), info())
    assert requests_of(tenant) == LOGIN + READ * 2
