# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to prove who we are, a class each; a class that is not used costs nothing.

This module util is private to the collection.
"""

from __future__ import annotations

import base64
import typing as t
from functools import partial
from pathlib import Path

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    Encoding,
    import_msal,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import (
    AccessToken,
    CredentialError,
    claims_of,
    expiry_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock
    from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
    from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
    from ansible_collections.entra.cba.plugins.module_utils._identity.signing_certificate import SigningCertificate

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
    """A client id and an assertion (RFC 7523) signed with the key of a certificate that the application registered.

    With `send_chain` the assertion carries the certificate and its issuers (x5c), for applications that trust a
    certificate by its subject name and issuer.
    """

    method: t.ClassVar[str] = "client_certificate"

    def __init__(
        self,
        login: LoginService,
        client_id: str,
        path: str,
        *,
        key_path: str | None = None,
        password: str | None = None,
        thumbprint: str | None = None,
        send_chain: bool = False,
    ) -> None:
        from ansible_collections.entra.cba.plugins.module_utils._identity.signing_certificate import (
            read_signing_certificate,
        )

        self._login = login
        self._client_id = client_id
        self._read = partial(read_signing_certificate, path, key_path, password)
        self._path = path
        self._thumbprint = thumbprint
        self._send_chain = send_chain
        self._signing: SigningCertificate | None = None

    @property
    def identity(self) -> str:
        return self._login.identity_of(self.method, self._client_id)

    @property
    def cache_key_material(self) -> bytes | None:
        """The private key, once `validate` has read it."""
        return None if self._signing is None else self._signing.private_der

    def validate(self) -> None:
        """Read the files; see `read_signing_certificate`."""
        signing = self._read(self._login.transport.clock.now())
        known = (self._thumbprint or "").replace(":", "").lower()
        if known and known not in (signing.sha256, signing.sha1):
            raise CredentialError(
                f"client_certificate_thumbprint: the certificate in {self._path} is another one: its SHA-256 thumbprint"
                f" is {signing.sha256}, its SHA-1 thumbprint {signing.sha1}"
            )
        self._signing = signing

    def acquire(self, claims: str | None = None) -> AccessToken:
        if self._signing is None:
            self.validate()
            return self.acquire(claims)
        chain = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in self._signing.chain]
        creator = import_msal().oauth2cli.JwtAssertionCreator(
            self._signing.private_key,
            algorithm="PS256",
            sha256_thumbprint=self._signing.sha256,
            headers={"x5c": chain} if self._send_chain else {},
        )
        assertion = creator.create_regenerative_assertion(self._login.token_endpoint, self._client_id)
        return self._login.client_credentials(self._client_id, {"client_assertion": assertion}, claims)


class FederatedToken:
    """A client id and a token of another issuer that the application trusts (a federated identity credential).

    `read` gives the token at each use: what writes token files (Kubernetes, CI systems) replaces them by the hour.
    """

    method: t.ClassVar[str] = "federated_token"

    def __init__(self, login: LoginService, client_id: str, read: t.Callable[[], str]) -> None:
        self._login = login
        self._client_id = client_id
        self._read = read
        self._token = ""

    @property
    def identity(self) -> str:
        return self._login.identity_of(self.method, self._client_id)

    @property
    def cache_key_material(self) -> bytes | None:
        """The token that was read last: after it was replaced, the next task acquires a new access token."""
        return self._token.encode() or None

    def validate(self) -> None:
        if claims_of(self._read_anew()) is None:
            raise CredentialError(
                "federated_token: this is no JSON Web Token (RFC 7519), which is three parts with dots between. Give"
                " the token that the other issuer made for the audience api://AzureADTokenExchange"
            )

    def acquire(self, claims: str | None = None) -> AccessToken:
        return self._login.client_credentials(self._client_id, {"client_assertion": self._read_anew}, claims)

    def _read_anew(self) -> str:
        self._token = self._read()
        return self._token


def token_file(path: str) -> t.Callable[[], str]:
    """Return a function that reads a federated token from a file, anew at each call. It raises CredentialError."""

    def read() -> str:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise CredentialError(f"federated_token_file: {path} cannot be read: {reason}") from error

    return read


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
        if self._tenant:
            check_tenant("access_token: the token", tenant, self._tenant)
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


def check_tenant(what: str, tenant: str, wanted: str) -> None:
    """Raise CredentialError when a token that no login at the wanted tenant gave is not of that tenant.

    A domain name cannot be compared with the id in a token, and the token alone decides which tenant is changed.
    """
    if not is_guid(wanted):
        raise CredentialError(
            f"{what} is of tenant {tenant}, and whether that is '{wanted}' cannot be told without a request. Give the"
            " tenant's id (a GUID) in 'tenant_id'"
        )
    if tenant.lower() != wanted.lower():
        raise CredentialError(f"{what} is of tenant {tenant}, not of {wanted} ('tenant_id')")


def is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(c in "0123456789abcdefABCDEF-" for c in text)
