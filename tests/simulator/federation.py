# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Federated credentials: tokens of another issuer that an application takes in the place of its own assertion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from simulator import checks
from simulator.refusals import InvalidAssertionError

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """What a token has to say, letter by letter, and the key it is signed with (the real service asks the issuer)."""

    issuer: str
    subject: str
    key: RSAPublicKey
    audience: str = "api://AzureADTokenExchange"


def federated_credential(given: object) -> FederatedCredential:
    """Read one from the control interface. Raises SettingError."""
    return FederatedCredential(**checks.checked(given, _CHECKS, "federated_credential"))


def is_of_another_issuer(assertion: str, client_id: str) -> bool:
    """Tell a federated token from an assertion that the application made itself."""
    return _claims(assertion).get("iss") != client_id and "x5t#S256" not in _header(assertion)


def check(assertion: str, trusted: FederatedCredential | None, now: datetime) -> None:
    """Check issuer, subject, audience, signature and lifetime of a token. Raises InvalidAssertionError."""
    claims = _claims(assertion)
    if trusted is None:
        raise InvalidAssertionError(70021, "No matching federated identity record found for presented assertion.")
    for code, claim, wanted in (
        (700211, "iss", trusted.issuer),
        (700213, "sub", trusted.subject),
        (700212, "aud", trusted.audience),
    ):
        if claims.get(claim) not in (wanted, [wanted]):
            message = (
                f"No matching federated identity record found for presented assertion {claim} '{claims.get(claim)}'."
            )
            raise InvalidAssertionError(code, message)
    try:
        jwt.decode(
            assertion,
            trusted.key,
            algorithms=["RS256"],
            audience=trusted.audience,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise InvalidAssertionError(50013, f"Assertion failed signature validation: {error}.") from None
    issued, expires = claims["iat"], claims["exp"]
    if not (isinstance(issued, (int, float)) and isinstance(expires, (int, float))):
        raise InvalidAssertionError(50027, "The claims 'iat' and 'exp' of the assertion must be numbers.")
    if expires - issued > LONGEST_S:
        raise InvalidAssertionError(70023, "The assertion's lifetime is longer than the 24 hours that are allowed.")
    if not issued - 300 <= now.timestamp() < expires:
        raise InvalidAssertionError(700024, f"The assertion is not valid at this time, {now.isoformat()}.")


def _claims(assertion: str) -> dict[str, object]:
    try:
        claims: dict[str, object] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise InvalidAssertionError(50027, f"The client assertion is no JWT: {error}.") from None
    return claims


def _header(assertion: str) -> dict[str, object]:
    return jwt.get_unverified_header(assertion)


def _public_key(value: object) -> RSAPublicKey:
    try:
        key = load_pem_public_key(checks.text(value).encode())
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise checks.SettingError("expected an RSA public key in PEM")
    return key


_CHECKS: dict[str, checks.Check] = {
    "issuer": checks.text,
    "subject": checks.text,
    "audience": checks.text,
    "key": _public_key,
}
