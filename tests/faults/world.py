"""A tenant, its service, the network and the time, all in this process: one task can be run in it within milliseconds.

The simulator is called without a server and a virtual clock stands for time, so that a wait of a minute costs nothing.
The requests of a run are numbered from 0, logins included; faults strike at a number.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import ClientSecret
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import AccessToken, Credential, TokenSource
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_tasks import manage
from ansible_collections.entra.cba.plugins.module_utils._task import Context
from simulator.application import create_application
from simulator.certificate_authorities import plant
from simulator.clock import VirtualClock
from simulator.faults import ConnectionReset, Fault, FaultPlan
from simulator.tenants import make_tenants
from simulator.trust_store import TrustStore, as_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.behaviour import Behaviour

HOST = "https://service.example"
MARGIN = timedelta(minutes=10)  # longer than any run
START = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def no_file(path: str) -> bytes:
    """Stand in for the file system where no task reads from it."""
    raise AssertionError(f"no task here reads a file, and this one asks for {path}")


class Killed(BaseException):
    """The process of the task is gone, as after `kill -9`: nothing of it runs any more."""


class Time(VirtualClock):
    """Virtual time, for the service and for the task."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._started = start

    def monotonic(self) -> float:
        return (self.now() - self._started).total_seconds()

    def expire_tokens(self) -> None:
        """Turn the clock on so far that no token is valid, without any waiting having been done."""
        self.sleep(3700)
        self._started += timedelta(seconds=3700)


@dataclass(frozen=True)
class Strike:
    """What happens to request number `at`, and to the next `count` - 1.

    One of: `fault` (the simulator's), `refused` (no connection comes about), `killed` before or after the request, or
    `meanwhile`, done to the world right before the request arrives.
    """

    at: int
    count: int = 1
    method: str | None = None  # only requests of this method
    fault: Fault | None = None
    refused: bool = False
    killed: str | None = None
    meanwhile: Callable[[World], None] | None = None

    def hits(self, number: int, method: str) -> bool:
        return self.at <= number < self.at + self.count and self.method in (None, method)


@dataclass(frozen=True)
class Run:
    """What a run of a task came to. `message` is that of the failed task, None when it did not fail."""

    message: str | None
    result: Mapping[str, object]
    requests: tuple[str, ...]
    was_killed: bool = False

    @property
    def output(self) -> str:
        """All that the task says."""
        return f"{self.message} {json.dumps(self.result)}"


class World:
    """One tenant of one service; making it takes longer than a case, so that it serves many, one after the other."""

    def __init__(self) -> None:
        self.clock = Time(START)
        (self.tenant,) = make_tenants(1)
        self.service = create_application([self.tenant], self.clock, HOST)
        self.tokens: set[str] = set()
        self.token: AccessToken | None = None
        self.login_is_down = False  # until the end of a run

    def begin(self, authorities: list[dict[str, object]] | None, behaviour: Behaviour) -> None:
        """Start over with these CAs in the store (None: no configuration) and a service that behaves so."""
        self.service.simulation.reset()
        self.tenant.behaviour = behaviour
        self.tenant.store = TrustStore(None if authorities is None else plant(authorities))

    def held(self) -> list[dict[str, Any]]:
        """Return the CAs in the store, as Graph shows them, without any lag."""
        instances = as_collection(self.tenant.store.contents)
        return list(instances[0]["certificateAuthorities"]) if instances else []  # type: ignore[call-overload]

    def put(self, authorities: list[dict[str, object]]) -> None:
        """Write as another writer does."""
        self.tenant.store.put(plant(authorities), self.clock.now())

    def settle(self) -> None:
        """Let time pass until every read shows what is there."""
        self.clock.sleep(60)

    def run(
        self,
        parameters: Mapping[str, object],
        strike: Strike | None = None,
        *,
        log_in: bool = True,
        check_mode: bool = False,
        read_file: Callable[[str], bytes] = no_file,
    ) -> Run:
        """Run the task against the service through our own session, retries, client and login.

        Without `log_in` a token of an earlier run is used while it is valid, which takes half the time.
        """
        random.seed(0)  # the chance in back-off
        self.login_is_down = False
        network = _Network(self, strike)
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", network)
        transport = Transport(session, self.clock, 180)
        cloud = Cloud("simulated", HOST, HOST)
        login = LoginService(transport, cloud, self.tenant.tenant_id)
        credential = ClientSecret(login, self.tenant.client_id, self.tenant.client_secret)
        tokens = TokenSource(credential if log_in else _Remembered(credential, self))
        graph = GraphClient(HOST, "v1.0", tokens, transport)
        context = Context(graph, self.tenant.tenant_id, self.clock, check_mode=check_mode, read_file=read_file)
        message, result, was_killed = None, {}, False
        try:
            outcome = manage(parameters, context)
            result = {"changed": outcome.changed, "warnings": list(outcome.warnings), **outcome.facts}
        except Failure as failure:
            message = str(failure)
        except Killed:
            was_killed = True
        result["graph_requests"] = [asdict(call) for call in graph.calls]
        return Run(message, result, tuple(network.seen), was_killed)


class _Remembered(Credential):
    """A credential that gives the token of an earlier run while that is valid."""

    method = "remembered"

    def __init__(self, credential: ClientSecret, world: World) -> None:
        self._credential = credential
        self._world = world

    @property
    def identity(self) -> str:
        return self._credential.identity

    @property
    def cache_key_material(self) -> bytes | None:
        return None

    def validate(self) -> None:
        """Nothing is to be checked."""

    def acquire(self, claims: str | None = None) -> AccessToken:
        token = self._world.token
        if token is None or token.expires_at is None or token.expires_at < self._world.clock.now() + MARGIN:
            token = self._world.token = self._credential.acquire(claims)
        return token


class _Network(requests.adapters.BaseAdapter):
    """Carries requests to the simulator, strikes included."""

    def __init__(self, world: World, strike: Strike | None) -> None:
        super().__init__()
        self._world = world
        self._strike = strike
        self.seen: list[str] = []

    def close(self) -> None:
        """Nothing is kept open."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **kwargs: Any) -> requests.Response:
        number = len(self.seen)
        self.seen.append(f"{request.method} {urlsplit(request.url or '').path}")
        strike = self._strike
        if strike is not None and not strike.hits(number, str(request.method)):
            strike = None
        if strike is not None:
            self._before(strike, request)
        if self._world.login_is_down and "/v2.0/" in str(request.url):
            raise self._refused(request)
        response = self._exchange(request, strike.fault if strike else None, kwargs["timeout"][1])
        if strike is not None and strike.killed == "after":
            raise Killed
        return response

    def _before(self, strike: Strike, request: requests.PreparedRequest) -> None:
        if strike.killed == "before":
            raise Killed
        if strike.refused:
            raise self._refused(request)
        if strike.meanwhile is not None:
            strike.meanwhile(self._world)

    def _refused(self, request: requests.PreparedRequest) -> Exception:
        reason = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]  # only a text
        return requests.exceptions.ConnectionError(_Nested(reason), request=request)

    def _exchange(self, request: requests.PreparedRequest, fault: Fault | None, patience: float) -> requests.Response:
        body = request.body or b""
        environ = EnvironBuilder(
            method=str(request.method),
            base_url=HOST,
            path=urlsplit(request.url or "").path,
            query_string=urlsplit(request.url or "").query,
            headers=list(request.headers.items()),
            input_stream=io.BytesIO(body if isinstance(body, bytes) else body.encode()),
        ).get_environ()
        started = self._world.clock.monotonic()
        self._world.tenant.faults = _Once(fault)
        try:
            answer = Response.from_app(self._world.service, environ, buffered=True)
        except ConnectionReset as reset:
            raise self._broken(started, patience, request) from reset
        if self._world.clock.monotonic() - started >= patience:
            raise self._broken(started, patience, request)
        self._note_token(answer)
        content = b"".join(answer.response)  # type: ignore[arg-type]  # buffered
        if len(content) < int(answer.headers.get("Content-Length", len(content))):
            raise requests.exceptions.ChunkedEncodingError("incomplete read", request=request)
        return self._as_requests(request, answer, content)

    def _broken(self, started: float, patience: float, request: requests.PreparedRequest) -> Exception:
        """Return what a broken connection raises: a time-out when nothing came for too long, which ends the wait."""
        if self._world.clock.monotonic() - started >= patience:
            return requests.exceptions.ReadTimeout("timed out", request=request)
        return requests.exceptions.ConnectionError("Connection reset by peer", request=request)

    def _note_token(self, answer: Response) -> None:
        if answer.mimetype == "application/json":
            try:
                token = json.loads(answer.get_data()).get("access_token")
            except (ValueError, AttributeError):
                token = None
            if token:
                self._world.tokens.add(token)

    def _as_requests(self, request: requests.PreparedRequest, answer: Response, content: bytes) -> requests.Response:
        raw = HTTPResponse(
            io.BytesIO(content), headers=dict(answer.headers), status=answer.status_code, preload_content=False
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers = requests.structures.CaseInsensitiveDict(answer.headers.items())
        response.raw = raw
        response.url = str(request.url)
        response.request = request
        return response


class _Nested(Exception):
    """As urllib3's MaxRetryError, which requests wraps: it carries the reason."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Once(FaultPlan):
    """The faults of the simulator, with the one that this request is to meet."""

    def __init__(self, fault: Fault | None) -> None:
        super().__init__()
        self._fault = fault

    def next_for(self, _method: str, _path: str) -> Fault | None:
        return self._fault


def an_answer(status: int, body: object = None, **headers: str) -> Fault:
    """Return a fault that answers so, without an effect."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fault(status=status, headers=pairs, body=body)


def late(clock_seconds: float, reset: str | None = None) -> Fault:
    """Return a fault that lets so much time pass, and breaks the connection then."""
    return replace(Fault(delay_s=clock_seconds), reset=reset)
