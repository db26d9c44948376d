# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of Microsoft Graph: JSON in, JSON out, one host for the token, typed errors.

This module util is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
import uuid
from urllib.parse import urlsplit

from ansible_collections.entra.cba.plugins.module_utils._graph.challenge import claims_in
from ansible_collections.entra.cba.plugins.module_utils._graph.errors import (
    Access,
    Call,
    ConnectionLost,
    GraphError,
    Unreachable,
    Unreadable,
    challenge_not_met,
    graph_error,
)
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Request, TransportError
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock
    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Response, Transport
    from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import TokenSource

JsonObject = dict[str, object]

LONGEST_LISTING = 10_000  # pages; a service that links pages in a ring must not keep a task for ever


class GraphClient:
    """Calls of one tenant's Graph, below `graph_url`/`api_version`.

    Every method takes a path that begins with a slash, raises a kind of GraphError when it does not get what it asked
    for, and notes the call in `calls`. Reads are tried again on their own; a write is sent once, and `wait` paces
    whoever, having looked at what is there, writes again.
    """

    def __init__(self, graph_url: str, api_version: str, tokens: TokenSource, transport: Transport) -> None:
        self.calls: list[Call] = []
        self._root = f"{graph_url}/{api_version}"
        self._tokens = tokens
        self._transport = transport

    @property
    def auth_method(self) -> str:
        """How we prove who we are."""
        return self._tokens.credential.method

    @property
    def clock(self) -> Clock:
        return self._transport.clock

    def restart_deadline(self) -> None:
        """Grant the task's whole timeout once more: for putting back what was taken away."""
        self._transport.restart_deadline()

    def wait(self, attempt: int, error: Failure) -> bool:
        """Wait after failed attempt 1, 2, 3 ... as its error asks; return False when there is no time or try left."""
        return self._transport.wait(attempt, error.retry_after)

    def get(self, path: str, needs: Access) -> JsonObject:
        """Read one object."""
        call, response = self._send("GET", self._root + path, None, needs)
        return _json_object(call, response)

    def get_all(self, path: str, needs: Access) -> list[JsonObject]:
        """Read a whole collection, page by page."""
        members: list[JsonObject] = []
        url: object = self._root + path
        for _page in range(LONGEST_LISTING):
            call, response = self._send("GET", self._same_host(str(url)), None, needs)
            page = _json_object(call, response)
            values = page.get("value")
            if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
                raise Unreadable(call, "", "the answer has no list 'value' of objects")
            members += values
            url = page.get("@odata.nextLink")
            if not url:
                return members
        raise Unreadable(call, "", f"the listing has more than {LONGEST_LISTING} pages")

    def post(self, path: str, body: Mapping[str, object], needs: Access) -> None:
        """Create; any 2xx is success, with or without a body. What is there then, a read tells."""
        self._send("POST", self._root + path, body, needs)

    def patch(self, path: str, body: Mapping[str, object], needs: Access) -> None:
        """Update; any 2xx is success."""
        self._send("PATCH", self._root + path, body, needs)

    def delete(self, path: str, needs: Access) -> None:
        """Delete; any 2xx is success."""
        self._send("DELETE", self._root + path, None, needs)

    def _same_host(self, url: str) -> str:
        """Refuse to send the token to a page of another host."""
        wanted, given = urlsplit(self._root), urlsplit(url)
        if (given.scheme, given.netloc) != (wanted.scheme, wanted.netloc):
            call = Call("GET", url, None, "not sent", None)
            raise Unreadable(
                call, "", f"the next page is on another host than {wanted.netloc}; the token is not sent there"
            )
        return url

    def _send(self, method: str, url: str, body: Mapping[str, object] | None, needs: Access) -> tuple[Call, Response]:
        token = self._tokens.token()
        call, response = self._send_with(token, method, url, body)
        answered: set[bool] = set()  # a token that was refused and a claims challenge: each is answered once
        while self._may_need_another(response):
            claims = claims_in(response.headers.get("WWW-Authenticate")) if response.status == 401 else None
            if (claims is not None) in answered:
                break
            answered.add(claims is not None)
            renewed = self._renewed(call, response, claims)
            if renewed == token:
                break
            token = renewed
            call, response = self._send_with(token, method, url, body)
        if not 200 <= response.status < 300:
            raise graph_error(call, response, needs, token, self._transport.asked_to_wait(response))
        return call, response

    def _may_need_another(self, response: Response) -> bool:
        """Tell that another token may be taken: this one is refused, or was kept from before a right was granted."""
        return response.status == 401 or (response.status == 403 and self._tokens.kept)

    def _renewed(self, call: Call, response: Response, claims: str | None) -> str:
        try:
            return self._tokens.renew(claims)
        except CredentialError as error:
            raise challenge_not_met(call, response, str(error)) from error

    def _send_with(self, token: str, method: str, url: str, body: Mapping[str, object] | None) -> tuple[Call, Response]:
        client_request_id = str(uuid.uuid4())
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "client-request-id": client_request_id,
        }
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        request = Request(method, url, headers, content, reads=method == "GET")
        try:
            response = self._transport.send(request, _is_cut_off)
        except TransportError as error:
            call = Call(method, url, None, client_request_id, None)
            self.calls.append(call)
            kind: type[GraphError] = Unreachable if error.never_sent else ConnectionLost
            raise kind(call, "", str(error)) from error
        call = Call(method, url, response.status, client_request_id, response.headers.get("request-id"))
        self.calls.append(call)
        return call, response


def _is_cut_off(response: Response) -> bool:
    """Tell a read whose answer did not arrive whole."""
    if response.status != 200:
        return False
    try:
        response.json()
    except ValueError:
        return True
    return False


def _json_object(call: Call, response: Response) -> JsonObject:
    try:
        body = response.json()
    except ValueError as error:
        kind = response.headers.get("Content-Type") or "no content type"
        raise Unreadable(call, "", f"the answer is no whole JSON ({kind}, {len(response.body)} octets)") from error
    if not isinstance(body, dict):
        raise Unreadable(call, "", "the answer is no JSON object")
    return body
