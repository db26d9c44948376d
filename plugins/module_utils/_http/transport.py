# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP session for all that a task says to the login service and to Graph: one deadline, one retry policy.

This module util is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

from ansible_collections.entra.cba.plugins.module_utils._dependencies import requests
from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._http.retry import (
    FAILED,
    MAXIMUM_ATTEMPTS,
    NEEDS_A_FRESH_CONNECTION,
    REFUSED_FOR_NOW,
    backoff,
    retry_after,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024 * 1024
# With these given, requests takes none from the environment.
NO_PROXY: dict[str, t.Any] = {"http": None, "https": None, "all": None}


class TransportError(Failure):
    """No whole answer came.

    `never_sent` is true when the request cannot have reached the service, so that it cannot have had an effect;
    `hopeless` when the same request would only fail again.
    """

    def __init__(self, message: str, *, never_sent: bool, hopeless: bool = False) -> None:
        super().__init__(message)
        self.never_sent = never_sent
        self.hopeless = hopeless


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `reads` says that sending it twice does no harm, `direct` that no proxy may see it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Mapping[str, str] | None = field(default=None, repr=False)
    reads: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> object:
        """Return the body as JSON values; raises ValueError when it is none (a truncated body, an HTML page)."""
        return json.loads(self.body)


def open_session() -> requests.Session:
    """Return a session that keeps connections and nothing else: tasks of several tenants may use one after another.

    It has no cookies, which the login service sets, and no credentials of `.netrc`.
    """
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.auth = _keep_authorization
    return session


class Transport:
    """Sends requests within `timeout` seconds in all, waiting and trying again where that is right.

    Redirects are not followed: nothing but the caller decides where a secret goes.
    """

    def __init__(self, session: requests.Session, clock: Clock, timeout: float, verify: str | bool = True) -> None:
        self.clock = clock
        self._session = session
        self._verify = verify
        self._timeout = timeout
        self._deadline = clock.monotonic() + timeout

    def restart_deadline(self) -> None:
        """Grant the whole timeout once more: for putting back what an operation took away."""
        self._deadline = self.clock.monotonic() + self._timeout

    def send(self, request: Request, again: t.Callable[[Response], bool] | None = None) -> Response:
        """Return the last answer, whatever its status; raise TransportError when there is none.

        A request that reads is sent again after a failure that may pass, and when `again` says so of an answer. A
        write is sent once: whoever writes looks at what is there before writing once more (see `wait`).
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._send_once(request)
            except TransportError as error:
                if error.hopeless or not request.reads or not self.wait(attempt):
                    raise
            else:
                failed = response.status in FAILED or response.status in REFUSED_FOR_NOW
                if not request.reads or not (failed or (again is not None and again(response))):
                    return response
                if not self.wait(attempt, self.asked_to_wait(response)):
                    return response

    def asked_to_wait(self, response: Response) -> float | None:
        """Return the seconds that an answer asks to wait, None when it does not say."""
        return retry_after(response.headers.get("Retry-After"), self.clock.now())

    def wait(self, attempt: int, asked: float | None = None) -> bool:
        """Wait after failed attempt 1, 2, 3 ...; return False, at once, when there is no time or no attempt left."""
        seconds = backoff(attempt) if asked is None else asked
        if attempt >= MAXIMUM_ATTEMPTS or seconds >= self._deadline - self.clock.monotonic():
            return False
        self.clock.sleep(seconds)
        return True

    def _send_once(self, request: Request) -> Response:
        left = self._deadline - self.clock.monotonic()
        if left <= 0:
            message = f"the {self._timeout:g} seconds that 'timeout' allows this task for HTTP are used up"
            raise TransportError(message, never_sent=True, hopeless=True)
        try:
            with self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
                allow_redirects=False,
                verify=self._verify,
                proxies=NO_PROXY if request.direct else None,
                stream=True,
            ) as answer:
                response = Response(answer.status_code, answer.headers, self._whole_body(answer))
        except requests.exceptions.RequestException as error:
            raise _transport_error(error) from error
        if response.status in NEEDS_A_FRESH_CONNECTION:
            self._session.close()
        return response

    def _whole_body(self, answer: requests.Response) -> bytes:
        body = bytearray()
        for chunk in answer.iter_content(64 * 1024):
            body += chunk
            if len(body) > LARGEST_ANSWER or self.clock.monotonic() > self._deadline:
                raise TransportError("the answer is too large or comes too slowly", never_sent=False)
        return bytes(body)


def _keep_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand in for requests' own choice of credentials, which would let a ~/.netrc replace the bearer token."""
    return request


def _transport_error(error: requests.exceptions.RequestException) -> TransportError:
    """Say in words what happened; requests' own text repeats the URL and nests representations."""
    kinds = requests.exceptions
    reason = getattr(error.args[0], "reason", None) if error.args else None
    cause = str(reason or error)
    if isinstance(error, kinds.SSLError) and "CERTIFICATE_VERIFY_FAILED" in cause:
        message = (
            f"the TLS certificate of the server was not accepted ({cause}). Behind a TLS-inspecting proxy or with a"
            " private CA, name the CA bundle in 'ca_path' or in REQUESTS_CA_BUNDLE"
        )
        return TransportError(message, never_sent=True, hopeless=True)
    if isinstance(error, (kinds.InvalidURL, kinds.InvalidSchema, kinds.MissingSchema, kinds.InvalidHeader)):
        return TransportError(f"the request could not be made ({error})", never_sent=True, hopeless=True)
    if isinstance(error, kinds.ProxyError):
        return TransportError(f"the proxy did not connect ({cause}); see HTTPS_PROXY and NO_PROXY", never_sent=True)
    if isinstance(error, kinds.ConnectTimeout):
        return TransportError(f"no connection within {CONNECT_SECONDS:g} seconds", never_sent=True)
    if isinstance(error, kinds.Timeout):
        return TransportError("no answer in time", never_sent=False)
    # urllib3 raises NewConnectionError, or NameResolutionError, which is one, when no connection came about at all.
    if any(kind.__name__ == "NewConnectionError" for kind in type(reason).__mro__):
        return TransportError(f"no connection ({cause})", never_sent=True)
    return TransportError(f"the connection broke ({cause})", never_sent=False)
