# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses a public file may not be fetched from: pure rules.

This module util is private to the collection.
"""

from __future__ import annotations

import ipaddress
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# Own networks, since what Python's is_reserved and the like say has changed between patch releases.
_REFUSED = tuple(
    (kind, ipaddress.ip_network(network))
    for kind, networks in (
        ("a loopback address", ("127.0.0.0/8", "::1/128")),
        ("a link-local address", ("169.254.0.0/16", "fe80::/10")),
        ("an unspecified address", ("0.0.0.0/8", "::/128")),
        ("a multicast address", ("224.0.0.0/4", "ff00::/8")),
        ("a broadcast address", ("255.255.255.255/32",)),
    )
    for network in networks
)
# IPv6 addresses that end in an IPv4 address: mapped and compatible ones (RFC 4291, 2.5.5), NAT64 (RFC 6052, 2.1).
_END_IN_IPV4 = tuple(ipaddress.IPv6Network(network) for network in ("::ffff:0:0/96", "::/96", "64:ff9b::/96"))


def refusal(text: str, allowed: Collection[Network] = ()) -> str | None:
    """Return what an address is ("a loopback address") when it is refused, None when it may be asked.

    Loopback, link-local (the metadata services of clouds), unspecified, multicast and broadcast addresses are refused,
    also inside IPv6, unless they are in a network that is `allowed`. Private addresses are not refused: organisations
    mirror their lists inside.
    """
    forms = tuple(_forms(ipaddress.ip_address(text)))
    if any(form in network for form in forms for network in allowed):
        return None
    return next((kind for form in forms for kind, network in _REFUSED if form in network), None)


def _forms(address: Address) -> Iterator[Address]:
    """Yield the address and the IPv4 address inside it."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour is not None:
            yield address.sixtofour
        if any(address in network for network in _END_IN_IPV4):
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
