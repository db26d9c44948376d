# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities: the endpoints that give a machine in Azure its tokens, one machine per tenant.

They are told apart by the tenant's id, below which each stands: /<tenant id>/metadata/identity/oauth2/token is the
metadata service of a virtual machine (IMDS), /<tenant id>/msi/token that of App Service and Container Apps, and
/<tenant id>/arc/metadata/identity/oauth2/token that of an Azure Arc agent. They are served in plain HTTP.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

if TYPE_CHECKING:
    from simulator.simulation import Simulation
    from simulator.tenants import Tenant

PATH = r"^/[^/]+/(metadata/|msi/|arc/)"


class NoToken(Exception):
    """A refusal: HTTP status, error, what is said about it, and a challenge."""

    def __init__(self, status: int, error: str, text: str, challenge: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.text = text
        self.challenge = challenge


def managed_identity_service(simulation: Simulation) -> Blueprint:
    """Return the routes of all three kinds of endpoints."""
    service = Blueprint("managed_identity", __name__)
    challenges: dict[str, tuple[str, Path]] = {}

    @service.errorhandler(NoToken)
    def refuse(refusal: NoToken) -> Response:
        response = jsonify(error=refusal.error, error_description=refusal.text)
        response.status_code = refusal.status
        if refusal.challenge:
            response.headers["WWW-Authenticate"] = refusal.challenge
        return response

    @service.get("/<tenant_id>/metadata/identity/oauth2/token")
    def virtual_machine(tenant_id: str) -> Response:
        _require_metadata_header()
        return _token(simulation, _tenant(simulation, tenant_id), "2018-02-01")

    @service.get("/<tenant_id>/msi/token")
    def app_service(tenant_id: str) -> Response:
        tenant = _tenant(simulation, tenant_id)
        given, wanted = request.headers.get("X-IDENTITY-HEADER", ""), tenant.behaviour.identity_header
        if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
            raise NoToken(401, "unauthorized", "The header X-IDENTITY-HEADER is not that of this app.")
        return _token(simulation, tenant, "2019-08-01")

    @service.get("/<tenant_id>/arc/metadata/identity/oauth2/token")
    def arc(tenant_id: str) -> Response:
        tenant = _tenant(simulation, tenant_id)
        _require_metadata_header()
        if not tenant.behaviour.arc_key_folder:
            raise NoToken(404, "not_found", "There is no agent of Azure Arc here.")
        with simulation.lock:
            key, path = challenges.pop(tenant_id, ("", Path()))
            if not key or not hmac.compare_digest(request.headers.get("Authorization", ""), f"Basic {key}"):
                key, path = secrets.token_urlsafe(24), Path(tenant.behaviour.arc_key_folder) / f"{uuid.uuid4()}.key"
                path.write_text(key)
                challenges[tenant_id] = key, path
                raise NoToken(401, "unauthorized", "Missing Basic Authorization header.", f"Basic realm={path}")
        path.unlink(missing_ok=True)
        return _token(simulation, tenant, "2020-06-01")

    return service


def _tenant(simulation: Simulation, tenant_id: str) -> Tenant:
    tenant = simulation.tenant(tenant_id)
    if tenant is None:
        raise NoToken(404, "not_found", "There is no such machine.")
    return tenant


def _require_metadata_header() -> None:
    # The header keeps a request out that a server was talked into (server-side request forgery); so does the second.
    if request.headers.get("Metadata", "").lower() != "true":
        raise NoToken(400, "bad_request_102", "Required metadata header not specified")
    if "X-Forwarded-For" in request.headers:
        raise NoToken(400, "bad_request_103", "The request came through a proxy")


def _token(simulation: Simulation, tenant: Tenant, api_version: str) -> Response:
    if request.args.get("api-version") != api_version:
        raise NoToken(400, "invalid_request", f"The api-version is not {api_version}")
    if request.args.get("resource") != simulation.base_url:
        raise NoToken(400, "invalid_resource", "The resource principal was not found in the tenant")
    client_id = request.args.get("client_id")
    if (client_id or "system") not in tenant.behaviour.managed_identities:
        raise NoToken(400, "invalid_request", "Identity not found")
    now, lifetime = simulation.clock.now(), tenant.behaviour.token_lifetime_s
    # The numbers come as text from the real endpoints.
    return jsonify(
        access_token=simulation.tokens.issue(tenant, now),
        client_id=client_id or tenant.client_id,
        expires_in=str(lifetime),
        expires_on=str(int(now.timestamp()) + lifetime),
        resource=simulation.base_url,
        token_type="Bearer",
    )
