# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished names are written as .NET writes them."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from simulator.trust_store import distinguished_name


def name(*rdns: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in rdns])


def test_the_most_specific_part_comes_first() -> None:
    issuer = name((NameOID.COUNTRY_NAME, "DE"), (NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "Root"))

    assert distinguished_name(issuer) == "CN=Root, O=Example, C=DE"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Example Inc.", "Example Inc."),
        ("Example, Inc.", '"Example, Inc."'),
        ('a "b"', '"a ""b"""'),
        (" edge", '" edge"'),
    ],
)
def test_a_value_is_quoted_where_a_separator_would_mislead(value: str, written: str) -> None:
    assert distinguished_name(name((NameOID.ORGANIZATION_NAME, value))) == f"O={written}"


def test_states_and_mail_addresses_have_microsofts_keywords_and_unknown_types_their_oid() -> None:
    issuer = name(
        (NameOID.STATE_OR_PROVINCE_NAME, "Hesse"), (NameOID.EMAIL_ADDRESS, "ca@example.org"), (NameOID.USER_ID, "x")
    )

    assert distinguished_name(issuer) == "OID.0.9.2342.19200300.100.1.1=x, E=ca@example.org, S=Hesse"


def test_a_part_with_several_values_joins_them_with_plus() -> None:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, "Root"), x509.NameAttribute(NameOID.SERIAL_NUMBER, "7")]
    rdn = x509.RelativeDistinguishedName(attributes)

    assert set(distinguished_name(x509.Name([rdn])).split(" + ")) == {"CN=Root", "SERIALNUMBER=7"}
