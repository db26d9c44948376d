"""Which addresses are refused."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ansible_collections.entra.cba.plugins.module_utils._http.addresses import refusal

LOOPBACK = "a loopback address"
LINK_LOCAL = "a link-local address"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", LOOPBACK),
        ("127.255.3.4", LOOPBACK),
        ("::1", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("::127.0.0.1", LOOPBACK),
        ("64:ff9b::7f00:1", LOOPBACK),
        ("2002:7f00:1::", LOOPBACK),
        ("169.254.169.254", LINK_LOCAL),
        ("::ffff:169.254.169.254", LINK_LOCAL),
        ("fe80::1", LINK_LOCAL),
        ("fe80::1%2", LINK_LOCAL),
        ("0.0.0.0", "an unspecified address"),  # noqa: S104
        ("::", "an unspecified address"),
        ("224.0.0.251", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("255.255.255.255", "a broadcast address"),
    ],
)
def test_addresses_of_the_machine_its_link_and_of_many_are_refused(address: str, kind: str) -> None:
    assert refusal(address) == kind


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "fd00::1"),
        *("93.184.215.14", "::ffff:93.184.215.14", "2606:2800::1"),
    ],
)
def test_public_and_private_addresses_are_not_refused(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    ("address", "network", "is_refused"),
    [
        ("127.0.0.1", "127.0.0.0/8", False),
        ("::ffff:127.0.0.1", "127.0.0.0/8", False),
        ("::1", "127.0.0.0/8", True),
        ("::1", "::1/128", False),
        ("169.254.169.254", "127.0.0.0/8", True),
    ],
)
def test_a_network_that_is_allowed_lets_its_own_addresses_through_and_no_others(
    address: str, network: str, is_refused: bool
) -> None:
    assert (refusal(address, [ip_network(network)]) is not None) == is_refused
