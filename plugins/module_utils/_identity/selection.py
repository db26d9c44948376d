# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credential the options name.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import (
    PERSONAL_ACCOUNTS_TENANT,
    ClientCertificate,
    ClientSecret,
    GivenAccessToken,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport
    from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
    from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import Credential

# What each method needs, in the order in which `auto` looks: the first that is complete is taken.
NEEDED = {
    "access_token": ("access_token",),
    "client_certificate": ("client_id", "client_certificate_path"),
    "client_secret": ("client_id", "client_secret"),
}

# Authorities that stand for many tenants at once, and the tenant of all personal Microsoft accounts.
NOT_A_TENANT = frozenset({"common", "organizations", "consumers", PERSONAL_ACCOUNTS_TENANT})


def credential_for(parameters: Mapping[str, t.Any], cloud: Cloud, transport: Transport) -> Credential:
    """Return the credential that the options name, checked as far as that goes without a network.

    Raises CredentialError, which names the options that are missing.
    """
    tenant = parameters["tenant_id"]
    if tenant and tenant.lower() in NOT_A_TENANT:
        raise CredentialError(
            f"tenant_id: '{tenant}' is no single work or school tenant. Certificate authorities belong to one tenant,"
            " and personal Microsoft accounts have none; give the tenant's id (a GUID) or one of its domain names"
        )
    method = _method(parameters)
    missing = [name for name in NEEDED[method] if not parameters[name]]
    if not tenant and method != "access_token":
        missing.insert(0, "tenant_id")
    if missing:
        raise CredentialError(f"auth_method {method} needs {' and '.join(missing)} (option or environment variable)")
    credential: Credential
    if method == "access_token":
        credential = GivenAccessToken(parameters["access_token"], cloud, tenant, transport.clock)
    elif method == "client_certificate":
        login = LoginService(transport, cloud, tenant)
        credential = ClientCertificate(login, parameters["client_id"], parameters["client_certificate_path"])
    else:
        login = LoginService(transport, cloud, tenant)
        credential = ClientSecret(login, parameters["client_id"], parameters["client_secret"])
    credential.validate()
    return credential


def _method(parameters: Mapping[str, t.Any]) -> str:
    wanted = str(parameters["auth_method"])
    if wanted != "auto":
        return wanted
    for method, needed in NEEDED.items():
        if all(parameters[name] for name in needed):
            return method
    ways = "; or ".join(" with ".join(needed) for needed in NEEDED.values())
    raise CredentialError(f"No credential is complete. Give tenant_id and: {ways} (options or environment variables)")
