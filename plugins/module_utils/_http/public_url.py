# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URLs of public files may be asked for, and in which words they are told: pure rules.

This module util is private to the collection.
"""

from __future__ import annotations

import re
import string
import typing as t
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, urlsplit

if t.TYPE_CHECKING:
    from urllib.parse import SplitResult

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked, in its parts; `path` has the query with it."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def bracketed_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        return self.bracketed_host + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @classmethod
    def of(cls, url: str) -> Target:
        """Read a URL; raises ValueError, which says why it may not be asked for."""
        name = shown(url)
        try:
            parts = urlsplit(url)
            port = parts.port
            host = _ascii_host(parts) if parts.scheme in _PORTS else ""
        except ValueError as error:
            raise ValueError(f"{name} is not a URL ({error})") from None
        if parts.scheme not in _PORTS:
            raise ValueError(f"{name} is neither http nor https")
        if parts.username is not None:
            raise ValueError(f"{name} is given with a user name, and no credentials are sent to anybody")
        path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=string.punctuation)
        return cls(url, parts.scheme, host, port or _PORTS[parts.scheme], path)


def _ascii_host(parts: SplitResult) -> str:
    """Return the host of a URL as it is looked up and sent; raises ValueError."""
    host = parts.hostname or ""
    if "[" in parts.netloc:  # older Pythons take anything between the brackets
        return str(IPv6Address(host))
    host = host.encode("idna").decode()
    if not re.fullmatch(r"[A-Za-z0-9._-]+", host):
        raise ValueError("it has no proper host")
    return host


def without_user_info(url: str) -> str:
    return re.sub(r"(?<=//)[^/?#]*@", "", url)


def shown(url: str) -> str:
    """Return a URL for a message: without user name and password, on one line and not too long."""
    return repr(without_user_info(url)[:200])
