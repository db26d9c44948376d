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

    def validate(self) -> None:
        """Check everything that needs no network; raise CredentialError."""

    def acquire(self) -> AccessToken:
        """Get a new token; raise LoginError, CredentialError or TransportError."""


class CredentialError(Failure):
    """A credential that cannot work, found before it was used."""


class TokenSource:
    """Gives each request a token, and a new one when the service refused the last."""

    def __init__(self, credential: Credential) -> None:
        self.credential = credential
        self._token: AccessToken | None = None

    def token(self) -> str:
        """Return the token in use, acquired at the first call."""
        if self._token is None:
            self._token = self.credential.acquire()
        return self._token.value

    def renew(self) -> str:
        """Forget the token in use and return a new one."""
        self._token = None
        return self.token()


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
