# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login service is as strict about secrets, assertions and scopes as the real one, and says why it refuses."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.in_process import BASE_URL
from simulator.login import PERSONAL_ACCOUNTS

if TYPE_CHECKING:
    from simulator.in_process import InProcess

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAME = x509.Name.from_rfc4514_string("CN=application")
CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(NAME)
    .issuer_name(NAME)
    .public_key(KEY.public_key())
    .serial_number(1)
    .not_valid_before(datetime.now(UTC) - timedelta(days=1))
    .not_valid_after(datetime.now(UTC) + timedelta(days=1))
    .sign(KEY, hashes.SHA256())
)
PEM = CERTIFICATE.public_bytes(Encoding.PEM).decode()


def test_a_token_says_whose_it_is_and_what_it_may(simulator: InProcess) -> None:
    answer = simulator.log_in().get_json()

    keys = jwt.PyJWKSet.from_dict(
        simulator.request("GET", f"/{simulator.tenant.tenant_id}/discovery/v2.0/keys").get_json()
    )
    claims = jwt.decode(answer["access_token"], keys.keys[0], algorithms=["RS256"], audience=BASE_URL)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert claims["tid"] == simulator.tenant.tenant_id
    assert claims["appid"] == simulator.tenant.client_id
    assert claims["roles"] == ["Organization.ReadWrite.All"]
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["ver"], claims["idtyp"]) == ("1.0", "app")


def test_a_domain_name_serves_as_tenant(simulator: InProcess) -> None:
    assert simulator.log_in(tenant=simulator.tenant.domain).status_code == 200


def test_discovery_by_domain_names_endpoints_by_id(simulator: InProcess) -> None:
    document = simulator.request("GET", f"/{simulator.tenant.domain}/v2.0/.well-known/openid-configuration").get_json()

    assert document["token_endpoint"] == f"{BASE_URL}/{simulator.tenant.tenant_id}/oauth2/v2.0/token"
    assert document["issuer"] == f"{BASE_URL}/{simulator.tenant.tenant_id}/v2.0"


def test_instance_discovery_knows_this_host_only(simulator: InProcess) -> None:
    document = simulator.request("GET", "/common/discovery/instance").get_json()

    assert [entry["aliases"] for entry in document["metadata"]] == [["simulator.example"]]


@pytest.mark.parametrize(
    ("changed", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": str(uuid.UUID(int=1))}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"tenant": str(uuid.UUID(int=2))}, 400, "invalid_request", 90002),
        ({"tenant": PERSONAL_ACCOUNTS}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": ""}, 400, "invalid_scope", 70011),
        ({"scope": f"{BASE_URL}/Organization.Read.All"}, 400, "invalid_scope", 70011),
        ({"scope": "https://graph.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_a_refusal_has_the_code_of_its_cause(
    simulator: InProcess, changed: dict[str, str], status: int, error: str, code: int
) -> None:
    refusal = simulator.log_in(**changed)

    assert refusal.status_code == status
    content = refusal.get_json()
    assert (content["error"], content["error_codes"]) == (error, [code])
    assert content["error_description"].startswith(f"AADSTS{code}: ")
    assert {"trace_id", "correlation_id", "timestamp"} <= content.keys()


def test_an_unknown_tenant_is_refused_at_discovery(simulator: InProcess) -> None:
    refusal = simulator.request("GET", "/nowhere.example/v2.0/.well-known/openid-configuration")

    assert refusal.status_code == 400
    assert (refusal.get_json()["error"], refusal.get_json()["error_codes"]) == ("invalid_tenant", [90002])


def test_the_secret_of_another_tenant_does_not_do(simulator: InProcess) -> None:
    other = simulator.application.simulation.tenants[1]

    assert simulator.log_in(client_secret=other.client_secret).get_json()["error_codes"] == [7000215]


def test_an_expired_secret_is_told_from_a_wrong_one(simulator: InProcess) -> None:
    simulator.set_up({"client_secret": "expired"})

    assert simulator.log_in().get_json()["error_codes"] == [7000222]
    assert simulator.log_in(client_secret="wrong").get_json()["error_codes"] == [7000215]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
@pytest.mark.parametrize(("header", "digest"), [("x5t", hashes.SHA1()), ("x5t#S256", hashes.SHA256())])  # noqa: S303
def test_an_assertion_of_the_registered_certificate_is_taken(
    simulator: InProcess, algorithm: str, header: str, digest: hashes.HashAlgorithm
) -> None:
    simulator.set_up({"client_certificate": PEM})

    assert log_in_with(simulator, assertion(simulator, algorithm, header, digest)) == 200


def test_an_assertion_without_a_registered_certificate_is_refused(simulator: InProcess) -> None:
    assert log_in_with(simulator, assertion(simulator)) == 700027


def test_an_assertion_signed_with_another_key_is_refused(simulator: InProcess) -> None:
    simulator.set_up({"client_certificate": PEM})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert log_in_with(simulator, assertion(simulator, key=stranger)) == 700027


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": 0}, 700024),
        ({"nbf": 4102444800, "exp": 4102444900}, 700024),
        ({"aud": "https://login.example/token"}, 700023),
        ({"iss": "somebody"}, 700021),
        ({"sub": "somebody"}, 700021),
        ({"jti": None}, 50027),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    simulator: InProcess, changed: dict[str, object], code: int
) -> None:
    simulator.set_up({"client_certificate": PEM})

    assert log_in_with(simulator, assertion(simulator, **changed)) == code


def assertion(
    simulator: InProcess,
    algorithm: str = "PS256",
    header: str = "x5t#S256",
    digest: hashes.HashAlgorithm | None = None,
    key: rsa.RSAPrivateKey = KEY,
    **changed: object,
) -> str:
    now = int(simulator.clock.now().timestamp())
    claims = {
        "aud": f"{BASE_URL}/{simulator.tenant.tenant_id}/oauth2/v2.0/token",
        "iss": simulator.tenant.client_id,
        "sub": simulator.tenant.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
        **changed,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    thumbprint = base64.urlsafe_b64encode(CERTIFICATE.fingerprint(digest or hashes.SHA256())).rstrip(b"=").decode()
    return jwt.encode(present, key, algorithm=algorithm, headers={header: thumbprint})


def log_in_with(simulator: InProcess, client_assertion: str) -> int:
    """Return 200 or the number after AADSTS."""
    answer = simulator.log_in(
        client_secret="",
        client_assertion=client_assertion,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )
    return 200 if answer.status_code == 200 else int(answer.get_json()["error_codes"][0])
