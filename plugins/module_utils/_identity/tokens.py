# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: what one says, and the source that gives a request the right one.

This module util is private to the collection.
"""

from __future__ import annotations

import base64
import json
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token (RFC 6750) and when it stops being accepted; `expires_at` is None when nobody said."""

    value: str = field(repr=False)
    expires_at: datetime | None


class Credential(t.Protocol):
    """One way to prove who we are."""

    method: t.ClassVar[str]

    @property
    def identity(self) -> str:
        """Who we are and for what, the same at each run and no secret: method, authority, tenant, client id, scope."""

    @property
    def cache_key_material(self) -> bytes | None:
        """Secret octets that only the holder of this credential has; None: its tokens are never kept on disk."""

    def validate(self) -> None:
        """Check everything that needs no network; raise CredentialError."""

    def acquire(self, claims: str | None = None) -> AccessToken:
        """Get a new token, never one that was acquired before; raise LoginError, CredentialError or TransportError.

        `claims` is the JSON of a claims request (OpenID Connect Core, section 5.5) that the token has to satisfy; a
        credential that cannot ask for that raises CredentialError.
        """


class CredentialError(Failure):
    """A credential that cannot work, found before it was used."""


class TokenStore(t.Protocol):
    """Keeps tokens from one task to the next; it never fails, at most it has no token."""

    def get(self, credential: Credential) -> AccessToken | None:
        """Return a token that this credential acquired and that is good for some minutes more."""

    def put(self, credential: Credential, token: AccessToken) -> None:
        """Keep a token."""

    def drop(self, credential: Credential) -> None:
        """Forget the token of this credential."""


class TokenSource:
    """Gives each request a token, and a new one when the service refused the last.

    `kept` says that the token in use is from the store: its rights may be older than those of a new one.
    """

    def __init__(self, credential: Credential, store: TokenStore | None = None) -> None:
        self.credential = credential
        self.kept = False
        self._store = store
        self._token: AccessToken | None = None

    def token(self) -> str:
        """Return the token in use: at the first call one from the store or, without any, a new one."""
        if self._token is None and self._store is not None:
            self._token = self._store.get(self.credential)
            self.kept = self._token is not None
        return self.renew() if self._token is None else self._token.value

    def renew(self, claims: str | None = None) -> str:
        """Forget the token in use, in the store too, and return a new one that satisfies `claims`."""
        if self._store is not None and self._token is not None:
            self._store.drop(self.credential)
        self.kept = False
        self._token = None
        self._token = self.credential.acquire() if claims is None else self.credential.acquire(claims)
        if self._store is not None:
            self._store.put(self.credential, self._token)
        return self._token.value


def claims_of(token: str) -> dict[str, object] | None:
    """Return what a JSON Web Token (RFC 7519) says, unverified: for messages and early checks, never for trust.

    None when the token is none, as those of personal Microsoft accounts are.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def expiry_of(claims: dict[str, object]) -> datetime | None:
    """Return the `exp` claim as an aware datetime in UTC."""
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(expires, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
