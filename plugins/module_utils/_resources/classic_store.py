# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic trust store: Graph's certificateBasedAuthConfiguration, of which a tenant has none or one.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.entra.cba.plugins.module_utils._graph.errors import (
    Access,
    MethodNotAllowed,
    NotFound,
    Unreadable,
)
from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import is_guid
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import authority_from_graph, to_graph

if t.TYPE_CHECKING:
    from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
    from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock
    from ansible_collections.entra.cba.plugins.module_utils._resources.plan import TrustList

# "It always has a fixed ID" (Graph, Create certificateBasedAuthConfiguration).
CONFIGURATION_ID = "29728ade-6ae4-4ee9-9103-412912537da5"

READ = Access("Organization.Read.All", "Global Administrator")
WRITE = Access("Organization.ReadWrite.All", "Global Administrator")


class ClassicStore:
    """The store of one organization; `read` gives its CAs in the service's order."""

    def __init__(self, graph: GraphClient, organization_id: str) -> None:
        self._graph = graph
        self._collection = f"/organization/{organization_id}/certificateBasedAuthConfiguration"
        self._create_path = self._collection

    @property
    def clock(self) -> Clock:
        return self._graph.clock

    def read(self) -> TrustList:
        """Return the CAs, none when there is no configuration. A read that fails is an error, never "none"."""
        instances = self._graph.get_all(self._collection, READ)
        if not instances:
            return ()
        members = instances[0].get("certificateAuthorities")
        if len(instances) > 1 or not isinstance(members, list):
            raise self._unreadable("it is not one configuration with a list certificateAuthorities")
        try:
            return tuple(authority_from_graph(member) for member in members)
        except ValueError as error:
            raise self._unreadable(str(error)) from error

    def post(self, authorities: TrustList) -> None:
        """Ask for this to be the whole list.

        Two published pages post to the collection's `/$ref`; it is tried once where the collection, which answers GET,
        knows no POST.
        """
        body = {"certificateAuthorities": [to_graph(authority) for authority in authorities]}
        try:
            self._graph.post(self._create_path, body, WRITE)
        except (NotFound, MethodNotAllowed):
            if self._create_path != self._collection:
                raise
            self._graph.post(f"{self._collection}/$ref", body, WRITE)
            self._create_path = f"{self._collection}/$ref"

    def delete(self) -> None:
        """Ask for the configuration to be gone."""
        self._graph.delete(f"{self._collection}/{CONFIGURATION_ID}", WRITE)

    def wait(self, attempt: int, error: Failure) -> bool:
        return self._graph.wait(attempt, error)

    def restart_deadline(self) -> None:
        self._graph.restart_deadline()

    def _unreadable(self, reason: str) -> Unreadable:
        return Unreadable(self._graph.calls[-1], "", f"the answer cannot be understood: {reason}")


def organization_id_of(graph: GraphClient, tenant: str) -> str:
    """Return the id of a tenant, which is that of its one organization; only a domain name takes a request."""
    if is_guid(tenant):
        return tenant.lower()
    organizations = graph.get_all("/organization?$select=id", READ)
    if len(organizations) != 1:
        raise Unreadable(graph.calls[-1], "", f"it does not name the one organization of {tenant}")
    return str(organizations[0].get("id"))
