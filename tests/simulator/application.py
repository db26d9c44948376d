# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: the services behind the request log and the faults; a test can call it without a server."""

from __future__ import annotations

import re
import uuid
from email.utils import format_datetime
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as WerkzeugResponse

from simulator import graph, login
from simulator.control import control_service
from simulator.faults import ConnectionReset, Fault
from simulator.managed_identity import managed_identity_service
from simulator.request_log import LoggedRequest
from simulator.simulation import Simulation
from simulator.tokens import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from simulator.clock import Clock
    from simulator.tenants import Tenant

_GRAPH = re.compile(r"/(v1\.0|beta)(/|$)")
_ORGANIZATION = re.compile(r"/(?:v1\.0|beta)/organization/([^/]+)")


def create_application(tenants: Sequence[Tenant], clock: Clock, base_url: str) -> Application:
    """Return the simulator as a WSGI application that believes to be reached at `base_url`, such as https://127.0.0.1:8443.

    It waits and reads the time only through `clock`. A connection that is to break is raised as ConnectionReset.
    """
    return Application(Simulation(tenants, clock, base_url))


class Application:
    """Logs each request, asks the tenant's faults about it, and passes it on to the services."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._services = _services(simulation)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Microsoft's own Python library asks for /v1.0//organization, and is answered.
        environ["PATH_INFO"] = re.sub("//+", "/", environ["PATH_INFO"])
        asked = Request(environ)
        if _is_control(asked.path):
            return self._services(environ, start_response)
        tenant = self._tenant(asked)
        logged = LoggedRequest(
            at=self.simulation.clock.now(),
            method=asked.method,
            path=asked.path,
            tenant_id=tenant.tenant_id if tenant else None,
            client_request_id=asked.headers.get("client-request-id"),
            connection=int(environ.get("REMOTE_PORT") or 0) or None,
            cookie="Cookie" in asked.headers,
        )
        with self.simulation.lock:
            self.simulation.requests.add(logged)
            fault = tenant.faults.next_for(asked.method, asked.path) if tenant else None
        environ["simulator.request_id"] = str(uuid.uuid4())
        response = self._answer(environ, fault)
        logged.status = response.status_code
        response.headers.setdefault("Date", format_datetime(self.simulation.clock.now(), usegmt=True))
        if _GRAPH.match(asked.path):
            for name, content in graph.common_headers(environ).items():
                response.headers.setdefault(name, content)
        return response(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, fault: Fault | None) -> WerkzeugResponse:
        if fault is None:
            return self._ask(environ)
        if fault.delay_s:
            self.simulation.clock.sleep(fault.delay_s)
        if fault.reset == "before":
            raise ConnectionReset(effect_done=False)
        response = fault.answer() if fault.status is not None else self._ask(environ)
        if fault.reset == "after":
            raise ConnectionReset(effect_done=True)
        if fault.truncate is not None:
            _truncate(response, fault.truncate)
        return response

    def _ask(self, environ: WSGIEnvironment) -> WerkzeugResponse:
        return WerkzeugResponse.from_app(self._services, environ, buffered=True)

    def _tenant(self, asked: Request) -> Tenant | None:
        """Return the tenant that a request is about: by its path, or where that names none by its token."""
        if not _GRAPH.match(asked.path):
            return self.simulation.tenant(asked.path.split("/")[1])
        organization = _ORGANIZATION.match(asked.path)
        if organization:
            return self.simulation.tenant(organization[1])
        token = asked.headers.get("Authorization", "").partition(" ")[2]
        try:
            return self.simulation.tenant(str(self.simulation.tokens.check(token, self.simulation.clock.now())["tid"]))
        except InvalidTokenError:
            return None


def _truncate(response: WerkzeugResponse, length: int) -> None:
    body = response.get_data()
    response.headers["Content-Length"] = str(len(body))
    response.response = [body[:length]]


def _services(simulation: Simulation) -> Flask:
    services = Flask("simulator", static_folder=None)
    # An error of the simulator itself is to be seen where it is called, not hidden in an answer.
    services.config["PROPAGATE_EXCEPTIONS"] = True
    services.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    services.json.sort_keys = False  # type: ignore[attr-defined]  # an attribute of the default provider
    services.register_blueprint(control_service(simulation))
    services.register_blueprint(graph.graph_service(simulation))
    services.register_blueprint(login.login_service(simulation))
    services.register_blueprint(managed_identity_service(simulation))

    @services.before_request
    def authenticate() -> None:
        if _GRAPH.match(request.path):
            graph.authenticate(simulation)

    @services.errorhandler(graph.GraphError)
    def refuse(error: graph.GraphError) -> Response:
        return graph.error_answer(simulation, error)

    @services.errorhandler(HTTPException)
    def no_such_thing(error: HTTPException) -> Response:
        status = error.code or 500
        if _GRAPH.match(request.path):
            code, message = _GRAPH_ERRORS.get(status, ("Request_BadRequest", error.name))
            response = graph.error_answer(simulation, graph.GraphError(status, code, message))
        elif _is_control(request.path):
            response = jsonify(error=error.description)
            response.status_code = status
        else:
            refusal = login.LoginError(status, "invalid_request", 900561, "The endpoint does not take this request.")
            response = login.error_answer(simulation, refusal)
        if status == 405:
            response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
        return response

    return services


_GRAPH_ERRORS = {
    404: ("ResourceNotFound", "Resource not found for the segment."),
    405: ("Request_BadRequest", "Specified HTTP method is not allowed for the request target."),
}


def _is_control(path: str) -> bool:
    return path == "/control" or path.startswith("/control/")
