# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client assertions (RFC 7523): JWTs signed with the key of a certificate that the application trusts."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from simulator.refusals import InvalidAssertionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from simulator.tenants import Tenant


def check(assertion: str, tenant: Tenant, audiences: Sequence[str], now: datetime) -> None:
    """Check signature, audience, names and lifetime of an assertion. Raises InvalidAssertionError."""
    key = _trusted_key(assertion, tenant, now)
    try:
        # The lifetime is checked below: PyJWT knows no clock but the machine's.
        claims = jwt.decode(
            assertion,
            key,
            algorithms=["RS256", "PS256"],
            audience=list(audiences),
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "require": ["exp", "iss", "sub", "jti", "aud"],
            },
        )
    except jwt.MissingRequiredClaimError as error:
        raise InvalidAssertionError(50027, f"The client assertion lacks the claim '{error.claim}'.") from None
    except jwt.InvalidAudienceError:
        raise InvalidAssertionError(700023, f"The assertion's audience is not '{audiences[0]}'.") from None
    except jwt.PyJWTError as error:
        raise InvalidAssertionError(700027, f"Client assertion failed signature validation: {error}.") from None
    if claims["iss"] != tenant.client_id or claims["sub"] != tenant.client_id:
        raise InvalidAssertionError(700021, "The assertion's iss and sub are not the client_id.")
    # msal sends no nbf, and times as fractions of a second, as RFC 7519 allows.
    not_before, expires = claims.get("nbf", 0), claims["exp"]
    if not (isinstance(not_before, (int, float)) and isinstance(expires, (int, float))):
        raise InvalidAssertionError(50027, "The claims 'nbf' and 'exp' of the client assertion must be numbers.")
    # The real service allows five minutes of clock skew.
    if not not_before - 300 <= now.timestamp() < expires + 300:
        raise InvalidAssertionError(700024, f"The assertion is not valid at this time, {now.isoformat()}.")


def _trusted_key(assertion: str, tenant: Tenant, now: datetime) -> RSAPublicKey:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.PyJWTError as error:
        raise InvalidAssertionError(50027, f"The client assertion is no JWT: {error}.") from None
    certificate = tenant.behaviour.client_certificate
    if certificate is None and tenant.behaviour.client_certificate_authority is not None:
        certificate = _brought_along(header, tenant.behaviour.client_certificate_authority, tenant.client_id, now)
    if certificate is None or not _names(header, certificate):
        raise InvalidAssertionError(700027, "The certificate that the assertion's header names is not registered.")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise InvalidAssertionError(700027, "The registered certificate has no RSA key.")
    return key


def _brought_along(
    header: dict[str, object], authority: x509.Certificate, client_id: str, now: datetime
) -> x509.Certificate | None:
    """Return the certificate of an x5c header (RFC 7515, section 4.1.6) if its chain ends in that authority."""
    try:
        encoded = header.get("x5c")
        chain = [x509.load_der_x509_certificate(base64.b64decode(each)) for each in cast("list[str]", encoded or [])]
        if chain and chain[-1] != authority:
            chain.append(authority)
        for issued, issuer in pairwise(chain):
            issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return None
    if not chain or not all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in chain):
        return None
    names = chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return chain[0] if [name.value for name in names] == [client_id] else None


def _names(header: dict[str, object], certificate: x509.Certificate) -> bool:
    sha256, sha1 = _thumbprint(certificate, hashes.SHA256()), _thumbprint(certificate, hashes.SHA1())  # noqa: S303
    return _unpadded(header.get("x5t#S256")) == sha256 or _unpadded(header.get("x5t")) == sha1


def _unpadded(value: object) -> str:
    # RFC 7515 has no padding here, but msal sends it, and the real service takes both.
    return str(value).rstrip("=")


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return _unpadded(base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode())
