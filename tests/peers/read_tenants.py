# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python read_tenants.py TENANTS.json COUNT`: reads so many trust stores with Microsoft's own client library.

A contestant of `make bench`. Each tenant needs a credential and a client of its own; they share connections to Graph.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import httpx
from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory


async def main(file: str, count: str) -> None:
    known = json.loads(Path(file).read_text())  # noqa: ASYNC240  before anything else runs
    context = ssl.create_default_context(cafile=known["ca_path"])
    async with httpx.AsyncHTTPTransport(verify=context) as transport:
        http_client = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(base_url=f"{known['graph_url']}/v1.0", transport=transport)
        )
        for tenant in known["tenants"][: int(count)]:
            with ClientSecretCredential(
                tenant["tenant_id"],
                tenant["client_id"],
                tenant["client_secret"],
                authority=known["authority_url"],
                disable_instance_discovery=True,
                connection_verify=known["ca_path"],
            ) as credential:
                authentication = AzureIdentityAuthenticationProvider(
                    credential, scopes=[f"{known['graph_url']}/.default"]
                )
                graph = GraphServiceClient(request_adapter=GraphRequestAdapter(authentication, http_client))
                organization = graph.organization.by_organization_id(tenant["tenant_id"])
                assert len((await organization.certificate_based_auth_configuration.get()).value) == 1


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
