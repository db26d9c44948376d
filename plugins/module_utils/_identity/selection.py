# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credential the options name.

This module util is private to the collection. A method that is not used is not imported: a module is compiled anew for
each task.
"""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import (
    PERSONAL_ACCOUNTS_TENANT,
    ClientCertificate,
    ClientSecret,
    FederatedToken,
    GivenAccessToken,
    token_file,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport
    from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
    from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import Credential

# What each method needs, one option of each group. `auto` takes the first method that is complete, in this order.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "access_token": (("access_token",),),
    "client_certificate": (("client_id",), ("client_certificate_path",)),
    "client_secret": (("client_id",), ("client_secret",)),
    "federated_token": (("client_id",), ("federated_token", "federated_token_file")),
    "managed_identity": (),
    "azure_cli": (),
}
METHODS = tuple(NEEDED)
FILES = ("client_certificate_path", "client_certificate_key_path", "federated_token_file")
AZURE_CLI_SECONDS = 60.0

# Authorities that stand for many tenants at once, and the tenant of all personal Microsoft accounts.
NOT_A_TENANT = frozenset({"common", "organizations", "consumers", PERSONAL_ACCOUNTS_TENANT})


def credential_for(
    parameters: Mapping[str, t.Any], cloud: Cloud, transport: Transport, environ: Mapping[str, str]
) -> Credential:
    """Return the credential that the options name, checked as far as that goes without a network.

    Raises CredentialError, which names the options that are missing.
    """
    tenant = parameters["tenant_id"]
    if tenant and tenant.lower() in NOT_A_TENANT:
        raise CredentialError(
            f"tenant_id: '{tenant}' is no single work or school tenant. Certificate authorities belong to one tenant,"
            " and personal Microsoft accounts have none; give the tenant's id (a GUID) or one of its domain names"
        )
    given = {name: value for name, value in parameters.items() if value and not (name in FILES and _is_empty(value))}
    method = str(parameters["auth_method"])
    if method == "auto":
        method = _first_complete(given, environ)
    missing = _missing(method, given)
    if not tenant and method != "access_token":
        missing.insert(0, "tenant_id")
    if missing:
        raise CredentialError(f"auth_method {method} needs {' and '.join(missing)} (option or environment variable)")
    credential = _credential(method, given, cloud, transport, environ)
    credential.validate()
    return credential


def _credential(
    method: str, given: Mapping[str, t.Any], cloud: Cloud, transport: Transport, environ: Mapping[str, str]
) -> Credential:
    tenant: str = given.get("tenant_id", "")
    if method == "access_token":
        return GivenAccessToken(given["access_token"], cloud, tenant, transport.clock)
    if method == "managed_identity":
        from ansible_collections.entra.cba.plugins.module_utils._identity.managed_identity import ManagedIdentity

        return ManagedIdentity(transport, cloud.graph_url, tenant, given.get("managed_identity_client_id"), environ)
    if method == "azure_cli":
        from ansible_collections.entra.cba.plugins.module_utils._identity.azure_cli import AzureCli

        return AzureCli(cloud.graph_url, tenant, min(AZURE_CLI_SECONDS, given["timeout"]))
    login = LoginService(transport, cloud, tenant)
    client_id: str = given["client_id"]
    if method == "client_certificate":
        return ClientCertificate(
            login,
            client_id,
            given["client_certificate_path"],
            key_path=given.get("client_certificate_key_path"),
            password=given.get("client_certificate_password"),
            thumbprint=given.get("client_certificate_thumbprint"),
            send_chain=bool(given.get("send_certificate_chain")),
        )
    if method == "federated_token":
        token: str | None = given.get("federated_token")
        return FederatedToken(login, client_id, (lambda: token) if token else token_file(given["federated_token_file"]))
    return ClientSecret(login, client_id, given["client_secret"])


def _first_complete(given: Mapping[str, t.Any], environ: Mapping[str, str]) -> str:
    """Return the first method that has all it needs.

    Methods without a secret of their own are only taken where no other was begun: a credential that lacks a part is an
    error, never a reason to become somebody else.
    """
    for method, needed in NEEDED.items():
        if needed and not _missing(method, given):
            return method
    if "managed_identity_client_id" in given:
        return "managed_identity"
    begun = sorted({name for groups in NEEDED.values() for group in groups for name in group if name in given})
    if not begun:
        from ansible_collections.entra.cba.plugins.module_utils._identity.azure_cli import EXECUTABLE
        from ansible_collections.entra.cba.plugins.module_utils._identity.managed_identity import is_announced

        if is_announced(environ):
            return "managed_identity"
        if shutil.which(EXECUTABLE):
            return "azure_cli"
    ways = "; or ".join(" with ".join(map(" or ".join, needed)) for needed in NEEDED.values() if needed)
    there_is = f": there is only {' and '.join(begun)}" if begun else ""
    raise CredentialError(
        f"No credential is complete{there_is}. Give tenant_id and:"
        f" {ways} (options or environment variables). Or ask for one that needs none of these: auth_method"
        " managed_identity or azure_cli"
    )


def _missing(method: str, given: Mapping[str, t.Any]) -> list[str]:
    return [" or ".join(group) for group in NEEDED[method] if not any(name in given for name in group)]


def _is_empty(path: str) -> bool:
    """Tell a file of 0 octets, as AWX makes one of a file field that was left empty; a missing one is no such."""
    try:
        return Path(path).stat().st_size == 0
    except OSError:
        return False
