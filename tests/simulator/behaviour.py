# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant does where published sources leave the service's behaviour open, or where a test wants another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator import checks
from simulator.federation import FederatedCredential, federated_credential

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one tenant answers.

    second_post: what a POST does when an instance exists: "replace", "conflict" (409) or "append" (union by DER).
    create_path: which path takes the POST: "collection", or "ref" for collection + "/$ref".
    create_status: 201 with the object as body, or 204 without body.
    empty_list: whether a POST without any certificate authority is taken: "accept" or "reject" (400).
    read_lag_s: reads show the store as it was that many seconds ago.
    roles: application roles in the access tokens, that is what an administrator has consented to.
    client_secret: "valid" or "expired".
    client_certificate: what client assertions are checked against; None: the application has no certificate.
    client_certificate_authority: assertions are taken of certificates that this CA issued, directly or through the
        certificates that the assertion brings along (x5c), to the subject CN=<client id>; None: of none.
    federated_credential: which tokens of another issuer are taken as assertions; None: none.
    managed_identities: those of the tenant's one machine: "system" and client ids of user-assigned ones.
    identity_header: what App Service hands to its own processes (IDENTITY_HEADER).
    arc_key_folder: where the agent of Azure Arc writes the keys of its challenges; "": there is no agent.
    token_lifetime_s: seconds that an access token is valid.
    claims_challenge: Graph answers clients that can handle it (capability cp1) with a claims challenge, until their
        token was acquired with its claims, as continuous access evaluation does.
    """

    second_post: str = "replace"
    create_path: str = "collection"
    create_status: int = 201
    empty_list: str = "accept"
    read_lag_s: float = 0.0
    roles: tuple[str, ...] = ("Organization.ReadWrite.All",)
    client_secret: str = "valid"
    client_certificate: x509.Certificate | None = None
    client_certificate_authority: x509.Certificate | None = None
    federated_credential: FederatedCredential | None = None
    managed_identities: tuple[str, ...] = ("system",)
    identity_header: str = ""
    arc_key_folder: str = ""
    token_lifetime_s: int = 3600
    claims_challenge: bool = False


def parse_behaviour(given: object) -> Behaviour:
    """Read the `behaviour` object of the control interface; what is left out has its default. Raises SettingError."""
    return Behaviour(**checks.checked(given, _CHECKS, "behaviour"))


_CHECKS: dict[str, checks.Check] = {
    "second_post": checks.one_of("replace", "conflict", "append"),
    "create_path": checks.one_of("collection", "ref"),
    "create_status": checks.one_of(201, 204),
    "empty_list": checks.one_of("accept", "reject"),
    "read_lag_s": checks.seconds,
    "roles": checks.texts,
    "client_secret": checks.one_of("valid", "expired"),
    "client_certificate": checks.certificate,
    "client_certificate_authority": checks.certificate,
    "federated_credential": federated_credential,
    "managed_identities": checks.texts,
    "identity_header": checks.text,
    "arc_key_folder": checks.text,
    "token_lifetime_s": checks.integer(1),
    "claims_challenge": checks.boolean,
}
