# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph says when it does not do what was asked, as typed errors with advice.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.rights import what_is_missing
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import claims_of

if t.TYPE_CHECKING:
    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Response


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Graph, as it is told to the user; both ids are what Microsoft's support asks for."""

    method: str
    url: str
    status: int | None
    client_request_id: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """What a call needs: an application or delegated permission and, for delegated tokens, a role of the user."""

    permission: str
    role: str


class GraphError(Failure):
    """A call that did not give what was asked for.

    `code` is Graph's error.code, "" when there is none.
    """

    advice: t.ClassVar[str] = "Try again; if it stays so, give Microsoft's support the request ids"

    def __init__(
        self, call: Call, code: str, reason: str, advice: str | None = None, retry_after: float | None = None
    ) -> None:
        self.call = call
        self.code = code
        self.retry_after = retry_after
        answer = f"answered {call.status}" if call.status else "gave no answer"
        super().__init__(
            f"{call.method} {call.url} {answer}{f' {code}' if code else ''}: {reason.rstrip('.')}."
            f" {(advice or self.advice).rstrip('.')}."
            f" (client-request-id {call.client_request_id}, request-id {call.request_id or 'not given'})"
        )


class BadRequest(GraphError):
    """400: the service refuses what was sent."""

    advice = "Graph did not accept what was sent; its reason stands before this sentence"


class Unauthorized(GraphError):
    """401: the token is not accepted, and a new one was not either."""

    advice = "Check that the credential, 'cloud' and 'tenant_id' belong together, and the clock of this machine"


class Forbidden(GraphError):
    """403: the token is good and its rights do not suffice."""


class NotFound(GraphError):
    """404: nothing is there, or nothing that this token may see."""

    advice = "Check 'tenant_id', and that 'cloud' is the tenant's own"


class MethodNotAllowed(GraphError):
    """405: the service does not do this here."""

    advice = "The service does not know this operation at this address"


class Conflict(GraphError):
    """409: what is there stands against it."""

    advice = "Something of that kind exists already"


class ConcurrentChange(GraphError):
    """409 Directory_ConcurrencyViolation: the directory was busy with another change and did not act."""

    advice = "Something else changes this tenant at the same time; run the task again"
    refused_for_now = True


class PreconditionFailed(GraphError):
    """412: the object changed since it was read."""

    advice = "Something else changed the object; run the task again, it reads anew"


class Throttled(GraphError):
    """429, and the waiting it asked for is longer than the task may take."""

    advice = "The service limits the rate of calls; run the task later, with fewer forks, or with a larger 'timeout'"
    refused_for_now = True


class ServiceFailed(GraphError):
    """5xx: the service failed; whether a write took effect is not known."""

    effect_unknown = True


class Unreadable(GraphError):
    """An answer that is not what Graph answers: no JSON, cut off, of another shape."""

    advice = "A proxy may stand between this machine and Graph; if not, try again"
    effect_unknown = True


class Unreachable(GraphError):
    """No connection came about, so nothing happened."""

    advice = "Check name resolution, the route and the proxy settings (HTTPS_PROXY) of the machine that runs the task"
    refused_for_now = True


class ConnectionLost(GraphError):
    """The request was sent and no whole answer came; whether a write took effect is not known."""

    effect_unknown = True


_KINDS: dict[int, type[GraphError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    412: PreconditionFailed,
    429: Throttled,
}


def graph_error(call: Call, response: Response, needs: Access, token: str, retry_after: float | None) -> GraphError:
    """Turn an answer with an error status into its kind of GraphError; `token` is the one that was sent."""
    code, reason = _error_of(response)
    kind = _KINDS.get(response.status, ServiceFailed if response.status >= 500 else GraphError)
    if kind is Conflict and code == "Directory_ConcurrencyViolation":
        kind = ConcurrentChange
    advice = None
    if kind is Forbidden:
        advice = what_is_missing(needs, claims_of(token))
    elif code == "Directory_ExpiredPageToken":
        advice = "The listing took too long; run the task again"
    return kind(call, code, reason, advice, retry_after)


def challenge_not_met(call: Call, response: Response, why: str) -> Unauthorized:
    """Return the error of a 401 to which there is no new token; `why` says what to do about that."""
    code, reason = _error_of(response)
    return Unauthorized(call, code, reason, why)


def _error_of(response: Response) -> tuple[str, str]:
    """Return code and message of an answer; its details are added to the message."""
    try:
        body = response.json()
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        kind = response.headers.get("Content-Type") or "no content type"
        return "", f"the answer has no error body of Graph ({kind}, {len(response.body)} octets)"
    details = error.get("details")
    parts = [error, *(details if isinstance(details, list) else [])]
    texts = [str(part.get("message") or "no message") for part in parts if isinstance(part, dict)]
    return str(error.get("code") or ""), "; ".join(texts)
