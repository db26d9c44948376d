# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control interface: sets behaviour and faults, plants and shows what tenants hold, shows which requests came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from simulator.behaviour import parse_behaviour
from simulator.certificate_authorities import plant
from simulator.checks import SettingError, texts
from simulator.faults import parse_faults
from simulator.graph import collection_answer
from simulator.trust_store import TrustStore

if TYPE_CHECKING:
    from simulator.simulation import Simulation
    from simulator.tenants import Tenant


def control_service(simulation: Simulation) -> Blueprint:
    """Return the routes of the control interface. A request that makes no sense is answered 400 with {"error": why}."""
    service = Blueprint("control", __name__, url_prefix="/control")

    @service.errorhandler(SettingError)
    def refuse(error: SettingError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @service.post("")
    def set_up() -> Response:
        given = _body({"tenant_id", "behaviour", "faults"})
        tenant = _tenant(simulation, given.get("tenant_id"))
        behaviour, faults = parse_behaviour(given.get("behaviour", {})), parse_faults(given.get("faults", []))
        with simulation.lock:
            tenant.behaviour, tenant.faults = behaviour, faults
        return jsonify({})

    @service.get("/requests")
    def requests() -> Response:
        tenant_id = _tenant(simulation, request.args["tenant_id"]).tenant_id if "tenant_id" in request.args else None
        with simulation.lock:
            return jsonify(requests=simulation.requests.as_json(tenant_id))

    @service.get("/store")
    def show_store() -> Response:
        tenant = _tenant(simulation, request.args.get("tenant_id"))
        with simulation.lock:
            return collection_answer(simulation, "v1.0", tenant.store.contents)

    @service.post("/store")
    def plant_store() -> Response:
        given = _body({"tenant_id", "certificateAuthorities"})
        tenant = _tenant(simulation, given.get("tenant_id"))
        authorities = given.get("certificateAuthorities")
        contents = None if authorities is None else plant(authorities)
        with simulation.lock:
            tenant.store = TrustStore(contents)
        return jsonify({})

    @service.post("/token")
    def delegated_token() -> Response:
        given = _body({"tenant_id", "scp", "wids"})
        tenant = _tenant(simulation, given.get("tenant_id"))
        scopes, role_ids = texts(given.get("scp", [])), texts(given.get("wids", []))
        return jsonify(access_token=simulation.tokens.issue_delegated(tenant, simulation.clock.now(), scopes, role_ids))

    @service.post("/reset")
    def reset() -> Response:
        simulation.reset()
        return jsonify({})

    return service


def _body(known: set[str]) -> dict[str, object]:
    try:
        given = json.loads(request.get_data())
    except ValueError as error:
        raise SettingError(f"expected JSON: {error}") from None
    if not isinstance(given, dict):
        raise SettingError(f"expected a JSON object, got {given!r}")
    unknown = set(given) - known
    if unknown:
        raise SettingError(f"unknown keys: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return given


def _tenant(simulation: Simulation, tenant_id: object) -> Tenant:
    tenant = simulation.tenant(tenant_id) if isinstance(tenant_id, str) else None
    if tenant is None:
        raise SettingError(f"tenant_id: there is no tenant {tenant_id!r}")
    return tenant
