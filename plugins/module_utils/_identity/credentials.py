# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to prove who we are, a class each; a class that is not used costs nothing.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    hashes,
    import_msal,
    load_pem_private_key,
    x509,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import (
    AccessToken,
    CredentialError,
    claims_of,
    expiry_of,
)

if t.TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock
    from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
    from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService

# The tenant that all personal Microsoft accounts share; it has no trust store, and Graph supports none for them.
PERSONAL_ACCOUNTS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
# Microsoft Graph's application id, which tokens may name as their audience instead of its address.
GRAPH_APPLICATION_ID = "00000003-0000-0000-c000-000000000000"


class ClientSecret:
    """A client id and a secret (RFC 6749, section 2.3.1)."""

    method: t.ClassVar[str] = "client_secret"

    def __init__(self, login: LoginService, client_id: str, client_secret: str) -> None:
        self._login = login
        self._client_id = client_id
        self._client_secret = client_secret

    @property
    def identity(self) -> str:
        return self._login.identity_of(self.method, self._client_id)

    @property
    def cache_key_material(self) -> bytes | None:
        return self._client_secret.encode()

    def validate(self) -> None:
        """Nothing can be told of a secret before it is used."""

    def acquire(self, claims: str | None = None) -> AccessToken:
        return self._login.client_credentials(self._client_id, self._client_secret, claims)


class ClientCertificate:
    """A client id and a signed assertion (RFC 7523), made with a key that the application knows the certificate of."""

    method: t.ClassVar[str] = "client_certificate"

    def __init__(self, login: LoginService, client_id: str, path: str) -> None:
        self._login = login
        self._client_id = client_id
        self._path = path
        self._key: PrivateKeyTypes | None = None
        self._sha256_thumbprint = ""

    @property
    def identity(self) -> str:
        return self._login.identity_of(self.method, self._client_id)

    @property
    def cache_key_material(self) -> bytes | None:
        """The private key, once `validate` has read it."""
        if self._key is None:
            return None
        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def validate(self) -> None:
        """Read the PEM file: one certificate and its private key, in any order."""
        path = self._path
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            raise CredentialError(f"client_certificate_path: {path} cannot be read: {error.strerror}") from error
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise CredentialError(f"client_certificate_path: {path} holds no certificate in PEM") from error
        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError as error:
            raise CredentialError(
                f"client_certificate_path: the private key in {path} is encrypted; give one that is not"
            ) from error
        except ValueError as error:
            raise CredentialError(
                f"client_certificate_path: {path} holds no private key in PEM; it needs the certificate and its key"
            ) from error
        if key.public_key() != certificate.public_key():
            raise CredentialError(
                f"client_certificate_path: certificate and private key in {path} do not belong together"
            )
        now = self._login.transport.clock.now()
        if certificate.not_valid_after_utc < now:
            raise CredentialError(
                f"client_certificate_path: the certificate in {path} expired on {_day(certificate.not_valid_after_utc)}"
            )
        self._key = key
        self._sha256_thumbprint = certificate.fingerprint(hashes.SHA256()).hex()

    def acquire(self, claims: str | None = None) -> AccessToken:
        creator = import_msal().oauth2cli.JwtAssertionCreator(
            self._key, algorithm="PS256", sha256_thumbprint=self._sha256_thumbprint
        )
        assertion = creator.create_regenerative_assertion(self._login.token_endpoint, self._client_id)
        return self._login.client_credentials(self._client_id, {"client_assertion": assertion}, claims)


class GivenAccessToken:
    """A token that somebody else acquired: checked for audience, tenant and expiry before it is used."""

    method: t.ClassVar[str] = "access_token"

    def __init__(self, token: str, cloud: Cloud, tenant: str | None, clock: Clock) -> None:
        self._token = token
        self._cloud = cloud
        self._tenant = tenant
        self._clock = clock

    @property
    def identity(self) -> str:
        return self.method

    @property
    def cache_key_material(self) -> bytes | None:
        """None: whoever gives a token keeps it."""
        return None

    def validate(self) -> None:
        claims = claims_of(self._token)
        if claims is None:
            raise CredentialError(
                "access_token: this is no JSON Web Token of a tenant. Tokens of personal Microsoft accounts are of"
                " another kind; certificate-based authentication exists only for work or school tenants"
            )
        tenant = str(claims.get("tid", ""))
        if tenant == PERSONAL_ACCOUNTS_TENANT:
            raise CredentialError(
                "access_token: the token is of a personal Microsoft account; certificate-based authentication exists"
                " only for work or school tenants"
            )
        audience = str(claims.get("aud", "")).rstrip("/")
        if audience not in (self._cloud.graph_url, GRAPH_APPLICATION_ID):
            raise CredentialError(
                f"access_token: the token is meant for '{audience}', not for {self._cloud.graph_url}. Acquire one for"
                f" the scope {self._cloud.scope}"
            )
        if self._tenant and _is_guid(self._tenant) and tenant.lower() != self._tenant.lower():
            raise CredentialError(f"access_token: the token is of tenant {tenant}, not of {self._tenant} ('tenant_id')")
        expires = expiry_of(claims)
        if expires is not None and expires <= self._clock.now():
            raise CredentialError(f"access_token: the token expired at {expires:%Y-%m-%dT%H:%M:%SZ}; acquire a new one")

    def acquire(self, claims: str | None = None) -> AccessToken:
        if claims is not None:
            raise CredentialError(
                "access_token: the service asks for a new token, since something about the account, its sessions or the"
                " network that the task runs from has changed (continuous access evaluation). Acquire a new one, from"
                f" this network, with the claims {claims}"
            )
        return AccessToken(self._token, expiry_of(claims_of(self._token) or {}))


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(c in "0123456789abcdefABCDEF-" for c in text)
