# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph, v1.0 and beta: the organization and its classic trust store, certificateBasedAuthConfiguration."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, g, request

from simulator.certificate_authorities import InvalidBodyError, read_body, refuse_expired
from simulator.tokens import ANSWERED, Claims, InvalidTokenError
from simulator.trust_store import INSTANCE_ID, Contents, as_collection, as_instance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

    from simulator.simulation import Simulation
    from simulator.tenants import Tenant

_WRITERS = frozenset({"Organization.ReadWrite.All"})
_READERS = _WRITERS | {"Organization.Read.All", "Directory.Read.All"}

# Delegated tokens: "the only role supported for this operation" is Global Administrator.
_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"

# When the sessions of challenged clients were revoked: seconds since 1970, as the challenge writes them.
_REVOKED_AT = "1700000000"

_GRAPH_CLIENT_ID = "00000003-0000-0000-c000-000000000000"
_CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = json.dumps({"ServerInfo": {"DataCenter": "Simulator", "Slice": "E", "Ring": "1", "ScaleUnit": "000"}})
_COLLECTION = '/<any("v1.0", "beta"):version>/organization/<organization>/certificateBasedAuthConfiguration'


class GraphError(Exception):
    """A refusal: HTTP status, `error.code`, `error.message` and headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def graph_service(simulation: Simulation) -> Blueprint:
    """Return the routes of Graph. Each request must have been through `authenticate` before."""
    service = Blueprint("graph", __name__)

    @service.get('/<any("v1.0", "beta"):version>/organization')
    def list_organizations(version: str) -> Response:
        tenant = _own_tenant(simulation, _READERS)
        organization = {
            "id": tenant.tenant_id,
            "displayName": tenant.display_name,
            "verifiedDomains": [
                {"name": tenant.domain, "isDefault": True, "isInitial": True, "capabilities": "", "type": "Managed"}
            ],
        }
        if "$select" in request.args:
            selected = [name.strip() for name in request.args["$select"].split(",")]
            organization = {name: organization[name] for name in selected if name in organization}
        return _answer(simulation, version, "organization", {"value": [organization]})

    @service.get(_COLLECTION)
    def list_configurations(version: str, organization: str) -> Response:
        contents = _read(simulation, _tenant(simulation, organization, _READERS))
        return collection_answer(simulation, version, contents)

    @service.post(_COLLECTION)
    def create_configuration(version: str, organization: str) -> Response:
        return _create(simulation, version, _tenant(simulation, organization, _WRITERS), "collection")

    @service.post(_COLLECTION + "/$ref")
    def create_configuration_by_ref(version: str, organization: str) -> Response:
        return _create(simulation, version, _tenant(simulation, organization, _WRITERS), "ref")

    @service.get(_COLLECTION + "/<configuration>")
    def get_configuration(version: str, organization: str, configuration: str) -> Response:
        contents = _read(simulation, _tenant(simulation, organization, _READERS))
        if contents is None or configuration.lower() != INSTANCE_ID:
            raise _not_found(configuration)
        return _answer(simulation, version, "certificateBasedAuthConfiguration/$entity", as_instance(contents))

    @service.delete(_COLLECTION + "/<configuration>")
    def delete_configuration(version: str, organization: str, configuration: str) -> Response:
        tenant = _tenant(simulation, organization, _WRITERS)
        with simulation.lock:
            if tenant.store.contents is None or configuration.lower() != INSTANCE_ID:
                raise _not_found(configuration)
            tenant.store.put(None, simulation.clock.now())
        return Response(status=204)

    return service


def authenticate(simulation: Simulation) -> None:
    """Check the bearer token of the current request and keep its claims for the route. Raises GraphError 401."""
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    try:
        g.claims = simulation.tokens.check(token.strip() if scheme.lower() == "bearer" else "", simulation.clock.now())
    except InvalidTokenError as refusal:
        authorization_uri = f"{simulation.base_url}/common/oauth2/authorize"
        challenge = f'Bearer realm="", authorization_uri="{authorization_uri}", client_id="{_GRAPH_CLIENT_ID}"'
        raise GraphError(401, "InvalidAuthenticationToken", str(refusal), {"WWW-Authenticate": challenge}) from None
    tenant = simulation.tenant(str(g.claims["tid"]))
    if tenant is not None and tenant.behaviour.claims_challenge:
        _challenge(simulation, g.claims)


def _challenge(simulation: Simulation, claims: Claims) -> None:
    """Refuse a token that was acquired before the sessions were revoked, if its client understands the refusal.

    The header is as Graph sends it: authorization_uri without quotes, and fields that no standard knows.
    """
    if claims.get("xms_cc") != ["cp1"] or claims.get(ANSWERED) == _REVOKED_AT:
        return
    reason = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired"
        " and code: TokenIssuedBeforeRevocationTimestamp"
    )
    request = json.dumps({"access_token": {"nbf": {"essential": True, "value": _REVOKED_AT}}})
    challenge = (
        f'Bearer realm="", authorization_uri={simulation.base_url}/common/oauth2/authorize,'
        f' client_id="{_GRAPH_CLIENT_ID}", errorDescription="{reason}", error="insufficient_claims",'
        f' claims="{base64.b64encode(request.encode()).decode()}"'
    )
    raise GraphError(401, "InvalidAuthenticationToken", reason, {"WWW-Authenticate": challenge})


def error_answer(simulation: Simulation, error: GraphError) -> Response:
    """Return an error in Graph's shape."""
    request_id, client_request_id = _request_ids(request.environ)
    inner_error = {
        "date": simulation.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    content = {"error": {"code": error.code, "message": error.message, "innerError": inner_error}}
    return Response(json.dumps(content), error.status, error.headers, content_type=_CONTENT_TYPE)


def common_headers(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the headers that every answer of Graph has; the application has put the request's id into `environ`."""
    request_id, client_request_id = _request_ids(environ)
    return {
        "request-id": request_id,
        "client-request-id": client_request_id,
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
    }


def collection_answer(simulation: Simulation, version: str, contents: Contents | None) -> Response:
    """Return the list of configurations as Graph shows it."""
    return _answer(simulation, version, "certificateBasedAuthConfiguration", {"value": as_collection(contents)})


def _create(simulation: Simulation, version: str, tenant: Tenant, path: str) -> Response:
    if tenant.behaviour.create_path != path:
        segment = request.path.rsplit("/", 1)[-1]
        raise GraphError(404, "ResourceNotFound", f"Resource not found for the segment '{segment}'.")
    try:
        posted = read_body(request.mimetype, request.get_data())
        with simulation.lock:
            contents = _resulting_list(tenant, posted)
            refuse_expired(contents, simulation.clock.now())
            tenant.store.put(contents, simulation.clock.now())
    except InvalidBodyError as refusal:
        raise GraphError(400, "Request_BadRequest", str(refusal)) from None
    if tenant.behaviour.create_status == 204:
        return Response(status=204)
    response = _answer(simulation, version, "certificateBasedAuthConfiguration/$entity", as_instance(contents))
    response.status_code = 201
    return response


def _resulting_list(tenant: Tenant, posted: Contents) -> Contents:
    behaviour, held = tenant.behaviour, tenant.store.contents
    if not posted and behaviour.empty_list == "reject":
        raise InvalidBodyError("certificateAuthorities must have at least one member.")
    if held is None or behaviour.second_post == "replace":
        return posted
    if behaviour.second_post == "conflict":
        message = "Another object with the same value for property id already exists."
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
    return tuple({authority.certificate: authority for authority in (*held, *posted)}.values())


def _read(simulation: Simulation, tenant: Tenant) -> Contents | None:
    with simulation.lock:
        return tenant.store.contents_at(simulation.clock.now() - timedelta(seconds=tenant.behaviour.read_lag_s))


def _tenant(simulation: Simulation, organization: str, roles: frozenset[str]) -> Tenant:
    tenant = _own_tenant(simulation, roles)
    if organization.lower() != tenant.tenant_id:
        raise _not_found(organization)
    return tenant


def _own_tenant(simulation: Simulation, roles: frozenset[str]) -> Tenant:
    claims: Claims = g.claims
    tenant = simulation.tenant(str(claims["tid"]))
    if "scp" in claims:
        held = str(claims["scp"]).split()
        is_allowed = _GLOBAL_ADMINISTRATOR in cast("list[str]", claims.get("wids", []))
    else:
        held, is_allowed = cast("list[str]", claims.get("roles", [])), True
    if tenant is None or not is_allowed or roles.isdisjoint(held):
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return tenant


def _not_found(name: str) -> GraphError:
    message = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", message)


def _answer(simulation: Simulation, version: str, context: str, content: Mapping[str, object]) -> Response:
    content = {"@odata.context": f"{simulation.base_url}/{version}/$metadata#{context}", **content}
    return Response(json.dumps(content), content_type=_CONTENT_TYPE)


def _request_ids(environ: WSGIEnvironment) -> tuple[str, str]:
    request_id: str = environ["simulator.request_id"]
    return request_id, environ.get("HTTP_CLIENT_REQUEST_ID") or request_id
