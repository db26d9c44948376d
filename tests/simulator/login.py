# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login service: discovery documents, signing keys, and tokens for client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

import hmac
import json
import uuid
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from simulator import client_assertion, federation
from simulator.refusals import InvalidAssertionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.simulation import Simulation
    from simulator.tenants import Tenant
    from simulator.tokens import Claims

#: The tenant of personal Microsoft accounts: it exists, but no application can be registered in it.
PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class LoginError(Exception):
    """A refusal: HTTP status, OAuth error, the number after AADSTS, and what is said about it."""

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code
        self.text = text


def login_service(simulation: Simulation) -> Blueprint:
    """Return the routes of the login service."""
    service = Blueprint("login", __name__)
    base_url = simulation.base_url

    @service.after_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie("fpc", str(uuid.uuid4()), secure=True, httponly=True, samesite="None")
        return response

    @service.errorhandler(LoginError)
    def refuse(error: LoginError) -> Response:
        return error_answer(simulation, error)

    @service.get("/common/discovery/instance")
    def instance_discovery() -> Response:
        host = base_url.removeprefix("https://")
        return jsonify(
            {
                "tenant_discovery_endpoint": f"{base_url}/common/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    @service.get("/<name>/v2.0/.well-known/openid-configuration")
    def openid_configuration(name: str) -> Response:
        tenant_id = _tenant_id(simulation, name, error="invalid_tenant")
        return jsonify(
            {
                "issuer": _issuer(base_url, tenant_id),
                "authorization_endpoint": f"{base_url}/{tenant_id}/oauth2/v2.0/authorize",
                "token_endpoint": _token_endpoint(base_url, tenant_id),
                "jwks_uri": f"{base_url}/{tenant_id}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
            }
        )

    @service.get("/<name>/discovery/v2.0/keys")
    def keys(name: str) -> Response:
        if name != "common":
            _tenant_id(simulation, name, error="invalid_tenant")
        return jsonify(simulation.tokens.key_set())

    @service.post("/<name>/oauth2/v2.0/token")
    def token(name: str) -> Response:
        tenant_id = _tenant_id(simulation, name, error="invalid_request")
        return _grant(simulation, tenant_id, request.form)

    return service


def error_answer(simulation: Simulation, error: LoginError) -> Response:
    """Return an error in the login service's shape."""
    trace_id = str(uuid.uuid4())
    correlation_id = request.headers.get("client-request-id") or str(uuid.uuid4())
    timestamp = simulation.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    trail = f"Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
    response = jsonify(
        error=error.error,
        error_description=f"AADSTS{error.code}: {error.text} {trail}",
        error_codes=[error.code],
        timestamp=timestamp,
        trace_id=trace_id,
        correlation_id=correlation_id,
        error_uri=f"{simulation.base_url}/error?code={error.code}",
    )
    response.status_code = error.status
    return response


def _tenant_id(simulation: Simulation, name: str, error: str) -> str:
    if name.lower() in (PERSONAL_ACCOUNTS, "consumers"):
        return PERSONAL_ACCOUNTS
    tenant = simulation.tenant(name)
    if tenant is None:
        raise LoginError(400, error, 90002, f"Tenant '{name}' not found. Check the tenant id and the cloud.")
    return tenant.tenant_id


def _grant(simulation: Simulation, tenant_id: str, form: Mapping[str, str]) -> Response:
    for parameter in ("grant_type", "client_id"):
        if not form.get(parameter):
            raise LoginError(400, "invalid_request", 900144, f"The request lacks the parameter '{parameter}'.")
    if form["grant_type"] != "client_credentials":
        message = f"The grant type '{form['grant_type']}' is not supported."
        raise LoginError(400, "unsupported_grant_type", 70003, message)
    tenant = simulation.tenant(tenant_id)
    if tenant is None or form["client_id"].lower() != tenant.client_id:
        message = f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant_id}'."
        raise LoginError(400, "unauthorized_client", 700016, message)
    with simulation.lock:
        _authenticate(simulation, tenant, form)
        _check_scope(simulation.base_url, tenant, form.get("scope", ""))
        requested = _requested_claims(form.get("claims", ""))
        access_token = simulation.tokens.issue(tenant, simulation.clock.now(), requested)
        lifetime = tenant.behaviour.token_lifetime_s
    response = jsonify(token_type="Bearer", expires_in=lifetime, ext_expires_in=lifetime, access_token=access_token)
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response


def _authenticate(simulation: Simulation, tenant: Tenant, form: Mapping[str, str]) -> None:
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    if assertion and form.get("client_assertion_type") == _ASSERTION_TYPE:
        audiences = [
            audience
            for name in (tenant.tenant_id, tenant.domain)
            for audience in (_token_endpoint(simulation.base_url, name), _issuer(simulation.base_url, name))
        ]
        try:
            if federation.is_of_another_issuer(assertion, tenant.client_id):
                federation.check(assertion, tenant.behaviour.federated_credential, simulation.clock.now())
            else:
                client_assertion.check(assertion, tenant, audiences, simulation.clock.now())
        except InvalidAssertionError as refusal:
            raise LoginError(401, "invalid_client", refusal.code, str(refusal)) from None
    elif secret:
        if not hmac.compare_digest(secret.encode(), tenant.client_secret.encode()):
            raise LoginError(401, "invalid_client", 7000215, f"Invalid client secret for '{tenant.client_id}'.")
        if tenant.behaviour.client_secret == "expired":
            raise LoginError(401, "invalid_client", 7000222, f"The client secret of '{tenant.client_id}' is expired.")
    else:
        raise LoginError(401, "invalid_client", 7000218, "There is no client_assertion and no client_secret.")


def _check_scope(base_url: str, tenant: Tenant, scope: str) -> None:
    resource, is_default, rest = scope.partition("/.default")
    if not is_default or rest:
        raise LoginError(400, "invalid_scope", 70011, f"The scope '{scope}' is not a resource with '/.default'.")
    if resource != base_url:
        message = f"The resource principal named {resource} was not found in the tenant named {tenant.display_name}."
        raise LoginError(400, "invalid_resource", 500011, message)


def _requested_claims(text: str) -> Claims:
    """Return what a claims request (OpenID Connect Core, section 5.5) wants of the access token."""
    try:
        claims = json.loads(text or "{}")
        requested = claims.get("access_token", {})
    except (ValueError, AttributeError):
        requested = None
    if not isinstance(requested, dict):
        raise LoginError(400, "invalid_request", 9002313, "The parameter 'claims' is no claims request in JSON.")
    return requested


def _issuer(base_url: str, name: str) -> str:
    return f"{base_url}/{name}/v2.0"


def _token_endpoint(base_url: str, name: str) -> str:
    return f"{base_url}/{name}/oauth2/v2.0/token"
