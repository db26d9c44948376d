# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator without a server, on a virtual clock: what its own tests ask questions with."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from werkzeug.test import Client

from simulator.application import create_application
from simulator.clock import VirtualClock
from simulator.tenants import make_tenants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.test import TestResponse

BASE_URL = "https://simulator.example"


class Content(TypedDict, total=False):
    """What can be sent: a value as JSON, or a form or bytes of a type."""

    json: object
    data: Mapping[str, str] | bytes
    content_type: str


class InProcess:
    """One simulator; `tenant` is its first tenant. A reset connection is raised as ConnectionReset."""

    def __init__(self, tenants: int = 1) -> None:
        self.clock = VirtualClock()
        self.application = create_application(make_tenants(tenants), self.clock, BASE_URL)
        self.tenant = self.application.simulation.tenants[0]
        self._client = Client(self.application)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Unpack[Content]
    ) -> TestResponse:
        """Ask anything."""
        return self._client.open(path, method=method, base_url=BASE_URL, headers=headers, **content)

    def log_in(self, tenant: str | None = None, **changed: str) -> TestResponse:
        """Ask for a token with the client secret; `changed` replaces fields of the form, an empty one is left out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.client_id,
            "client_secret": self.tenant.client_secret,
            "scope": f"{BASE_URL}/.default",
            **changed,
        }
        sent = {name: value for name, value in form.items() if value}
        return self.request("POST", f"/{tenant or self.tenant.tenant_id}/oauth2/v2.0/token", data=sent)

    def token(self) -> str:
        """Return an access token of the first tenant."""
        return str(self.log_in().get_json()["access_token"])

    def graph(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Unpack[Content]
    ) -> TestResponse:
        """Ask Graph with a new token; `path` is what follows the version, unless it begins with one."""
        path = path if path.startswith(("/v1.0/", "/beta/")) else f"/v1.0{path}"
        return self.request(
            method, path, headers={"Authorization": f"Bearer {self.token()}", **(headers or {})}, **content
        )

    def store(
        self,
        method: str,
        suffix: str = "",
        version: str = "v1.0",
        headers: Mapping[str, str] | None = None,
        **content: Unpack[Content],
    ) -> TestResponse:
        """Ask for the first tenant's classic trust store."""
        path = f"/{version}/organization/{self.tenant.tenant_id}/certificateBasedAuthConfiguration{suffix}"
        return self.graph(method, path, headers, **content)

    def control(self, method: str, path: str = "", **content: Unpack[Content]) -> TestResponse:
        return self.request(method, f"/control{path}", **content)

    def set_up(self, behaviour: Mapping[str, object] | None = None, *faults: Mapping[str, object]) -> None:
        """Set behaviour and faults of the first tenant."""
        body = {"tenant_id": self.tenant.tenant_id, "behaviour": behaviour or {}, "faults": faults}
        response = self.control("POST", json=body)
        if response.status_code != 200:
            raise ValueError(response.text)

    def logged(self) -> list[dict[str, object]]:
        """Return the request log."""
        requests: list[dict[str, object]] = self.control("GET", "/requests").get_json()["requests"]
        return requests
