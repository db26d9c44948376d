# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a token was not enough: the rights that it names beside those that a call needs.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._graph.errors import Access

GLOBAL_ADMINISTRATOR = "Global Administrator"

# Template ids of directory roles, which a delegated token carries in `wids`. Source: Microsoft Entra built-in roles.
ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": GLOBAL_ADMINISTRATOR,
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "0526716b-113d-4c15-b2c8-68e3c22b9f80": "Authentication Policy Administrator",
}
# Every user has this one; it gives no right that matters here.
ORDINARY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"

DOCUMENT = "the collection's guide on permissions"


def what_is_missing(needs: Access, claims: Mapping[str, object] | None) -> str:
    """Say, for a call that was answered 403, which right the token lacks and how to give it.

    `claims` is what the token says, None when that cannot be read. The token is an application's when it says so in
    `idtyp` or has no `scp` (Microsoft identity platform, "Access token claims reference").
    """
    if claims is None:
        return (
            f"The call needs the Graph permission {needs.permission} with admin consent: as an application permission"
            f" for a client's own token, or as a delegated one together with the role {needs.role}; see {DOCUMENT}"
        )
    if claims.get("idtyp") == "app" or "scp" not in claims:
        return _of_application(needs, claims)
    return _of_user(needs, claims)


def _of_application(needs: Access, claims: Mapping[str, object]) -> str:
    held = _names(claims.get("roles"))
    who = f"application {claims.get('appid') or claims.get('azp') or 'of this token'}"
    if not _permits(needs.permission, held):
        return (
            f"The token of {who} lacks the application permission {needs.permission}; it has {_listed(held)}. Add it in"
            " the app registration (API permissions, Microsoft Graph, Application permissions, not Delegated) and grant"
            f" admin consent in this tenant; see {DOCUMENT}"
        )
    return (
        f"The token of {who} has the application permission that this call needs ({_listed(held)}), and the service"
        " refused it all the same. Either the consent is minutes old: try again later. Or the service does not take"
        " this call from an application here, though Microsoft documents the permission: some of Microsoft's own tools"
        f" use only delegated tokens for it. Then give the token of a user with the role {needs.role} (delegated"
        f" permission {needs.permission}) in 'access_token'; see {DOCUMENT}"
    )


def _of_user(needs: Access, claims: Mapping[str, object]) -> str:
    held = _names(claims.get("scp"))
    roles = _names(claims.get("wids"))
    steps = []
    if not _permits(needs.permission, held):
        steps.append(
            f"lacks the delegated permission {needs.permission} (it has {_listed(held)}): acquire one with that scope,"
            " consented to by an administrator"
        )
    if not roles:
        steps.append(f"does not say which roles the user has: the user needs the role {needs.role}")
    elif not {needs.role, GLOBAL_ADMINISTRATOR} & {ROLES.get(role) for role in roles}:
        shown = [ROLES.get(role, role) for role in roles if role != ORDINARY_USER]
        steps.append(
            f"is of a user without the role {needs.role} (the user has {_listed(shown)}): assign or activate the role,"
            " then acquire a new token"
        )
    user = claims.get("upn") or claims.get("preferred_username") or claims.get("oid") or "unknown"
    if steps:
        return f"The delegated token (user {user}) {'; and it '.join(steps)}. See {DOCUMENT}"
    return (
        f"The delegated token (user {user}) has the permission ({_listed(held)}) and the role that this call needs, and"
        " the service refused it all the same. If either is minutes old, try again later; else look for a Conditional"
        f" Access policy or an administrative unit that limits the role; see {DOCUMENT}"
    )


def _permits(permission: str, held: list[str]) -> bool:
    """Tell whether a permission or its writing form, which includes reading, is held."""
    return permission in held or permission.replace(".Read.", ".ReadWrite.") in held


def _names(claim: object) -> list[str]:
    """Read a claim that is a list, or words in one string as `scp` is."""
    if isinstance(claim, str):
        return claim.split()
    return [str(name) for name in claim] if isinstance(claim, list) else []


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "none"
