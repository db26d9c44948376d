# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the outline of BER is read, and how soon reading stops where there is nothing to read."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.entra.cba.plugins.module_utils._pki import ber


def test_an_element_of_definite_length_ends_where_its_header_says() -> None:
    element = ber.read(bytes.fromhex("3003020105ff"))
    assert (element.tag, element.end) == (ber.SEQUENCE, 5)
    assert [child.content for child in ber.children(element)] == [b"\x05"]


def test_an_element_of_indefinite_length_ends_at_its_own_end_of_contents() -> None:
    octets = bytes.fromhex("308030800201050000040200000000ff")
    element = ber.read(octets)
    assert element.end == len(octets) - 1
    assert [child.encoded.hex() for child in ber.children(element)] == ["30800201050000", "04020000"]


def test_a_high_tag_number_takes_several_octets() -> None:
    element = ber.read(bytes.fromhex("bf8148020500"))
    assert element.content == bytes.fromhex("0500")


@pytest.mark.parametrize("octets", ["", "30", "3082", "308201", "bf81", "bf", "3080", "30800201", "3084ffff"])
def test_octets_that_end_within_the_outline_are_cut_short(octets: str) -> None:
    with pytest.raises(ber.CutShort) as caught:
        ber.read(bytes.fromhex(octets))
    assert caught.value.announced is None
    assert caught.value.present == len(octets) // 2


def test_content_that_ends_too_soon_tells_both_lengths() -> None:
    with pytest.raises(ber.CutShort) as caught:
        ber.read(bytes.fromhex("3082010001"))
    assert (caught.value.announced, caught.value.present) == (260, 5)


def test_a_child_may_not_reach_beyond_its_parent() -> None:
    parent = ber.read(bytes.fromhex("3003020405060708"))
    with pytest.raises(ber.MalformedBer, match="reaches beyond"):
        list(ber.children(parent))


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("0480", "primitive element of indefinite length at octet 0"),
        ("30890102030405060708090a", "length of 9 octets"),
        ("30ff" + "00" * 127, "length of 127 octets"),
        ("3080" * 65 + "0000" * 65, "more than 64 elements of indefinite length"),
    ],
)
def test_what_x690_or_reason_forbids_is_malformed(octets: str, message: str) -> None:
    with pytest.raises(ber.MalformedBer, match=message):
        ber.read(bytes.fromhex(octets))


@pytest.mark.parametrize("dotted", ["2.5.4.3", "1.2.840.113549.1.7.2", "0.9.2342.19200300.100.1.25", "2.999.3"])
def test_an_object_identifier_is_written_with_dots(dotted: str) -> None:
    name = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(dotted), "any")]).public_bytes()
    relative_name = next(ber.children(ber.read(name)))
    attribute = next(ber.children(relative_name))
    assert ber.dotted(next(ber.children(attribute)).content) == dotted
