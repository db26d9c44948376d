"""Endpoints of the clouds."""

from __future__ import annotations

import pytest

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import CLOUDS, cloud_for


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
