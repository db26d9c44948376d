# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each Microsoft cloud answers.

This module util is private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import urlsplit

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure


class Api(Enum):
    """A part of Graph that not every cloud has."""

    CLASSIC_TRUST_STORE = "the classic trust store (certificateBasedAuthConfiguration)"
    PKI_TRUST_STORE = "the PKI-based trust store (publicKeyInfrastructure)"
    X509_METHOD_POLICY = "the method policy x509CertificateAuthenticationMethodConfiguration"


@dataclass(frozen=True, slots=True)
class Cloud:
    """The endpoints of one cloud, without a slash at the end, and what its Graph lacks."""

    name: str
    graph_url: str
    authority_url: str
    lacks: frozenset[Api] = frozenset()

    @property
    def scope(self) -> str:
        """The scope that asks for every application permission granted on this cloud's Graph."""
        return f"{self.graph_url}/.default"

    def require(self, api: Api) -> None:
        """Raise Failure when this cloud is known to lack an API."""
        if api in self.lacks:
            raise Failure(
                f"cloud: Microsoft Graph in the cloud '{self.name}' does not offer {api.value}; no request was made."
                f" If it does by now, name its address in 'graph_url' ({self.graph_url}) and the task goes ahead"
            )


# Sources: Graph "National cloud deployments"; Microsoft Entra "National clouds". What a cloud lacks: its own
# metadata; that of China (v1.0) has no property authenticationMethodsPolicy, through which the policy would be reached.
CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        Cloud("us_government_l4", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
        Cloud("us_government_l5", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        Cloud(
            "china",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            lacks=frozenset({Api.X509_METHOD_POLICY}),
        ),
    )
}

# The names by which the Azure SDK and azure.azcollection know three of them.
AZURE_NAMES = {"AzureCloud": "global", "AzureUSGovernment": "us_government_l4", "AzureChinaCloud": "china"}


def cloud_for(name: str, graph_url: str | None, authority_url: str | None) -> Cloud:
    """Return the named cloud, with either endpoint replaced where one is given.

    Of a Graph at an own address nobody knows what it lacks.
    Raises Failure for an endpoint that is not an https URL of a host alone: secrets and tokens go only there.
    """
    cloud = CLOUDS[AZURE_NAMES.get(name, name)]
    if graph_url:
        cloud = replace(cloud, graph_url=_endpoint("graph_url", graph_url), lacks=frozenset())
    if authority_url:
        cloud = replace(cloud, authority_url=_endpoint("authority_url", authority_url))
    return cloud


def _endpoint(option: str, url: str) -> str:
    parts = urlsplit(url if "://" in url else f"https://{url}")  # AZURE_AUTHORITY_HOST may be a bare host
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise Failure(f"{option}: '{url}' is not of the form https://host or https://host:port")
    return f"https://{parts.netloc}"
