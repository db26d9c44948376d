# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: signed by the login service, checked by Graph."""

from __future__ import annotations

import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from simulator.tenants import Tenant

Claims = dict[str, object]

#: The claim by which our Graph knows that a token was acquired with the claims of a challenge.
ANSWERED = "simulator_answered"


class InvalidTokenError(Exception):
    """The token is not one that Graph accepts; the text says why, in the service's words."""


class TokenAuthority:
    """Signs and checks the access tokens of all tenants with one key of its own."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._key = _signing_key()
        self._key_id = uuid.uuid4().hex

    def issue(self, tenant: Tenant, now: datetime, requested: Claims | None = None) -> str:
        """Return an app-only access token for Graph, of the shape of a v1.0 token.

        `requested` is the member `access_token` of a claims request: `xms_cc` holds the client's capabilities, `nbf`
        the answer to a claims challenge.
        """
        rights: Claims = {
            "idtyp": "app",
            "oid": tenant.service_principal_id,
            "roles": list(tenant.behaviour.roles),
            "sub": tenant.service_principal_id,
        }
        asked = requested or {}
        if "CP1" in _member(asked, "xms_cc", "values", []):
            rights["xms_cc"] = ["cp1"]
        answered = _member(asked, "nbf", "value", None)
        if answered is not None:
            rights[ANSWERED] = answered
        return self._signed(tenant, now, rights)

    def issue_delegated(self, tenant: Tenant, now: datetime, scopes: Sequence[str], role_ids: Sequence[str]) -> str:
        """Return the token of a user with these delegated permissions and directory roles (template ids)."""
        user = f"operator@{tenant.domain}"
        return self._signed(
            tenant, now, {"idtyp": "user", "scp": " ".join(scopes), "upn": user, "wids": list(role_ids)}
        )

    def _signed(self, tenant: Tenant, now: datetime, rights: Claims) -> str:
        issued_at = int(now.timestamp())
        claims = {
            "aud": self._base_url,
            "iss": self._issuer(tenant.tenant_id),
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + tenant.behaviour.token_lifetime_s,
            "appid": tenant.client_id,
            "tid": tenant.tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
            **rights,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def check(self, token: str, now: datetime) -> Claims:
        """Return the claims of a token that is valid now. Raises InvalidTokenError."""
        if not token:
            raise InvalidTokenError("Access token is empty.")
        try:
            # The lifetime is checked below: PyJWT knows no clock but the machine's.
            claims: Claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=self._base_url,
                options={
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "require": ["exp", "nbf", "iss", "tid"],
                },
            )
        except jwt.InvalidAudienceError:
            raise InvalidTokenError("Access token validation failure. Invalid audience.") from None
        except jwt.InvalidSignatureError:
            raise InvalidTokenError("Access token validation failure. Invalid signature.") from None
        except jwt.PyJWTError as error:
            raise InvalidTokenError(f"IDX14100: JWT is not well formed: {error}.") from None
        if claims["iss"] != self._issuer(str(claims["tid"])):
            raise InvalidTokenError("Access token validation failure. Invalid issuer.")
        if not _is_time_between(claims["nbf"], now.timestamp(), claims["exp"]):
            raise InvalidTokenError("Lifetime validation failed, the token is expired.")
        return claims

    def key_set(self) -> dict[str, object]:
        """Return the public key as a JSON Web Key Set (RFC 7517)."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def _issuer(self, tenant_id: str) -> str:
        return f"{self._base_url}/{tenant_id}/"


def _member(claims: Claims, name: str, member: str, default: object) -> Any:
    content = claims.get(name)
    return content.get(member, default) if isinstance(content, dict) else default


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    # One for all simulators of a process: it takes long to make, and a test may start hundreds.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _is_time_between(not_before: object, now: float, expires: object) -> bool:
    # No leeway: a test that lets a token expire should not have to wait five minutes more.
    return isinstance(not_before, int) and isinstance(expires, int) and not_before <= now + 1 and now < expires
