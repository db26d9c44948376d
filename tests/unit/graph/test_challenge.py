"""A claims challenge is found in every form in which it was seen, and nothing else passes for one."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.entra.cba.plugins.module_utils._graph.challenge import claims_in

# The value makes the two alphabets of base64 differ, and the length needs padding.
CLAIMS = {"access_token": {"nbf": {"essential": True, "value": "1700000000"}, "~?>": {"values": ["\u00ff\u00fe?>~"]}}}
TEXT = json.dumps(CLAIMS, ensure_ascii=False).encode()
STANDARD = base64.b64encode(TEXT).decode()
URL_SAFE = base64.urlsafe_b64encode(TEXT).decode()
URI = "https://login.microsoftonline.com/common/oauth2/authorize"
REASON = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: Other"


def test_the_example_needs_both_alphabets_and_padding() -> None:
    assert STANDARD != URL_SAFE
    assert STANDARD.endswith("=")


@pytest.mark.parametrize(
    "header",
    [
        f'Bearer realm="", authorization_uri="{URI}", error="insufficient_claims", claims="{STANDARD}"',
        f'Bearer realm="", authorization_uri={URI}, errorDescription="{REASON}", client_id="0", claims="{STANDARD}"',
        f'Bearer claims="{STANDARD}", errorDescription={REASON}, error=insufficient_claims',
        f'Bearer claims="{STANDARD.rstrip("=")}", error="insufficient_claims"',
        f'Bearer claims="{URL_SAFE}", error="insufficient_claims"',
        f'Bearer claims="{URL_SAFE.rstrip("=")}", error="insufficient_claims"',
        f"Bearer error=insufficient_claims, claims={STANDARD}",
        f"bearer ERROR=insufficient_claims,Claims = {URL_SAFE}",
        f'Basic realm="a, b", Bearer realm="", error="insufficient_claims", claims="{STANDARD}", PoP nonce="x=="',
        f'Bearer realm="", authorization_uri="{URI}", Bearer error="insufficient_claims", claims="{STANDARD}"',
        f'Bearer errorDescription="he said \\"no\\", claims=none", claims="{STANDARD}"',
        f'Bearer claims="!", error="insufficient_claims", Bearer claims="{STANDARD}"',
    ],
)
def test_claims_are_found(header: str) -> None:
    found = claims_in(header)
    assert found is not None
    assert json.loads(found) == CLAIMS


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        f'Bearer realm="", authorization_uri="{URI}", client_id="0-0"',
        f'Bearer errorDescription="claims={STANDARD}", error="invalid_token"',
        'Bearer error="insufficient_claims", claims=""',
        'Bearer error="insufficient_claims", claims="no base64!"',
        f'Bearer error="insufficient_claims", claims="{encoded("no JSON")}"',
        f'Bearer error="insufficient_claims", claims="{encoded("[1]")}"',
        f'Bearer error="insufficient_claims", claims="{encoded(json.dumps({"access_token": None}))}"',
        f'Bearer error="insufficient_claims", claims="{base64.b64encode(bytes([0xFF, 0xFE])).decode()}"',
    ],
)
def test_what_is_no_challenge_counts_as_absent(header: str | None) -> None:
    assert claims_in(header) is None
