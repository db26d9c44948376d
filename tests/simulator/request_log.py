# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of requests: no headers, bodies or query strings are kept in it, so no token or secret gets in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_KEPT_REQUESTS = 100_000


@dataclass(slots=True)
class LoggedRequest:
    """One request; `status` is None while it is under way and when the connection was reset.

    `connection` is the client's port: the same for all requests of one connection. `cookie`: whether one came along.
    """

    at: datetime
    method: str
    path: str
    tenant_id: str | None
    client_request_id: str | None
    connection: int | None
    cookie: bool
    status: int | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "tenant_id": self.tenant_id,
            "client_request_id": self.client_request_id,
            "connection": self.connection,
            "cookie": self.cookie,
        }


class RequestLog:
    """The newest requests in the order in which they arrived."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=_KEPT_REQUESTS)

    def add(self, request: LoggedRequest) -> None:
        self._requests.append(request)

    def clear(self) -> None:
        self._requests.clear()

    def as_json(self, tenant_id: str | None = None) -> list[dict[str, object]]:
        """Return all requests, or those of one tenant."""
        return [request.as_json() for request in self._requests if tenant_id in (None, request.tenant_id)]
