"""Endpoints of the clouds."""

from __future__ import annotations

import pytest

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import CLOUDS, Api, cloud_for


def test_each_cloud_asks_for_its_own_scope() -> None:
    assert {name: cloud.scope for name, cloud in CLOUDS.items()} == {
        "global": "https://graph.microsoft.com/.default",
        "us_government_l4": "https://graph.microsoft.us/.default",
        "us_government_l5": "https://dod-graph.microsoft.us/.default",
        "china": "https://microsoftgraph.chinacloudapi.cn/.default",
    }


def test_own_endpoints_replace_those_of_the_cloud() -> None:
    cloud = cloud_for("china", "https://graph.example:8443/", "login.example")
    assert (cloud.graph_url, cloud.authority_url) == ("https://graph.example:8443", "https://login.example")


@pytest.mark.parametrize(
    "url", ["http://graph.example", "https://graph.example/v1.0", "https://u:p@graph.example", "https://"]
)
def test_an_endpoint_is_an_https_host_and_nothing_else(url: str) -> None:
    with pytest.raises(Failure, match="graph_url"):
        cloud_for("global", url, None)


@pytest.mark.parametrize(
    ("azure_name", "name"),
    [("AzureCloud", "global"), ("AzureUSGovernment", "us_government_l4"), ("AzureChinaCloud", "china")],
)
def test_the_azure_sdks_names_of_clouds_are_known(azure_name: str, name: str) -> None:
    assert cloud_for(azure_name, None, None) == CLOUDS[name]


@pytest.mark.parametrize("name", CLOUDS)
def test_every_named_cloud_has_both_trust_stores(name: str) -> None:
    cloud_for(name, None, None).require(Api.CLASSIC_TRUST_STORE)
    cloud_for(name, None, None).require(Api.PKI_TRUST_STORE)


def test_an_api_that_a_cloud_lacks_is_named_with_the_way_out() -> None:
    with pytest.raises(Failure, match=r"'china' does not offer the method policy .*graph_url"):
        cloud_for("china", None, None).require(Api.X509_METHOD_POLICY)
    cloud_for("global", None, None).require(Api.X509_METHOD_POLICY)
    cloud_for("china", "https://microsoftgraph.chinacloudapi.cn", None).require(Api.X509_METHOD_POLICY)
