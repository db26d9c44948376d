# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's own client library takes the simulator for Graph: it lists, creates, gets and deletes over TLS."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from azure.identity import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.certificate_authority import CertificateAuthority
from msgraph.generated.models.certificate_based_auth_configuration import CertificateBasedAuthConfiguration
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core import GraphClientFactory

from simulator.clock import SystemClock
from simulator.server import serve
from simulator.tenants import make_tenants

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from msgraph.generated.organization.item.certificate_based_auth_configuration import (
        certificate_based_auth_configuration_request_builder as builder,
    )

    from simulator.server import Running

# The library warns of parts of its own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

INSTANCE_ID = "29728ade-6ae4-4ee9-9103-412912537da5"


@pytest.fixture
def running() -> Iterator[Running]:
    with serve(make_tenants(1), SystemClock()) as simulator:
        yield simulator


def test_the_client_lists_creates_gets_and_deletes(running: Running, tmp_path: Path) -> None:
    asyncio.run(list_create_get_delete(running, tmp_path))


def test_the_client_understands_a_refusal(running: Running, tmp_path: Path) -> None:
    with pytest.raises(ODataError) as refusal:
        asyncio.run(get_what_is_absent(running, tmp_path))

    assert refusal.value.response_status_code == 404
    assert refusal.value.error.code == "Request_ResourceNotFound"
    assert refusal.value.error.inner_error.request_id


async def list_create_get_delete(running: Running, directory: Path) -> None:
    der = a_root()
    wanted = CertificateAuthority(
        certificate=der,
        is_root_authority=True,
        certificate_revocation_list_url="http://crl.example.org/root.crl",
    )

    async with classic_store(running, directory) as store:
        assert (await store.get()).value == []

        created = await store.post(CertificateBasedAuthConfiguration(certificate_authorities=[wanted]))
        assert created.id == INSTANCE_ID

        listed = await store.get()
        assert [instance.id for instance in listed.value] == [INSTANCE_ID]

        item = store.by_certificate_based_auth_configuration_id(INSTANCE_ID)
        (shown,) = (await item.get()).certificate_authorities
        assert shown.certificate == der
        assert shown.is_root_authority is True
        assert shown.certificate_revocation_list_url == "http://crl.example.org/root.crl"
        assert shown.delta_certificate_revocation_list_url is None
        assert shown.issuer == "CN=Root, O=Example"
        assert len(shown.issuer_ski) == 40

        await item.delete()
        assert (await store.get()).value == []


async def get_what_is_absent(running: Running, directory: Path) -> None:
    async with classic_store(running, directory) as store:
        await store.by_certificate_based_auth_configuration_id(INSTANCE_ID).get()


@asynccontextmanager
async def classic_store(
    running: Running, directory: Path
) -> AsyncIterator[builder.CertificateBasedAuthConfigurationRequestBuilder]:
    """Open the library's view of the first tenant's classic trust store."""
    ca_path = directory / "ca.pem"
    ca_path.write_bytes(running.ca_pem)
    tenant = running.simulation.tenants[0]
    credential = ClientSecretCredential(
        tenant.tenant_id,
        tenant.client_id,
        tenant.client_secret,
        authority=running.base_url,
        disable_instance_discovery=True,
        connection_verify=str(ca_path),
    )
    transport = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=str(ca_path)))
    # The library wraps the transport and does not close it.
    with credential:
        async with transport:
            http_client = GraphClientFactory.create_with_default_middleware(
                client=httpx.AsyncClient(base_url=f"{running.base_url}/v1.0", transport=transport)
            )
            authentication = AzureIdentityAuthenticationProvider(credential, scopes=[f"{running.base_url}/.default"])
            graph = GraphServiceClient(request_adapter=GraphRequestAdapter(authentication, http_client))
            yield graph.organization.by_organization_id(tenant.tenant_id).certificate_based_auth_configuration


def a_root() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=Root,O=Example")
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
