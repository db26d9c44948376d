# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic trust store of one tenant, and what the service computes for each of its certificate authorities."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

#: The id of the only instance that there can be.
INSTANCE_ID = "29728ade-6ae4-4ee9-9103-412912537da5"

_KEPT_STATES = 64


@dataclass(frozen=True, slots=True)
class Computed:
    """What the service works out from a certificate; `issuer_ski` is the certificate's own SKI in upper-case hex."""

    subject: str
    issuer: str
    issuer_ski: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """One member of `certificateAuthorities`, with what is computed from its certificate (base64 of the DER)."""

    certificate: str
    is_root_authority: bool
    certificate_revocation_list_url: str | None
    delta_certificate_revocation_list_url: str | None
    computed: Computed

    def as_graph(self) -> dict[str, object]:
        return {
            "isRootAuthority": self.is_root_authority,
            "certificateRevocationListUrl": self.certificate_revocation_list_url,
            "deltaCertificateRevocationListUrl": self.delta_certificate_revocation_list_url,
            "certificate": self.certificate,
            "issuer": self.computed.issuer,
            "issuerSki": self.computed.issuer_ski,
        }


Contents = tuple[CertificateAuthority, ...]


class TrustStore:
    """What a tenant holds and has held: None while there is no instance."""

    def __init__(self, contents: Contents | None = None) -> None:
        first = datetime.min.replace(tzinfo=UTC)
        self._states: deque[tuple[datetime, Contents | None]] = deque([(first, contents)], maxlen=_KEPT_STATES)

    @property
    def contents(self) -> Contents | None:
        return self._states[-1][1]

    def put(self, contents: Contents | None, at: datetime) -> None:
        self._states.append((at, contents))

    def contents_at(self, moment: datetime) -> Contents | None:
        """Return what the store held at that moment (the oldest state still known, if it was before that)."""
        for since, contents in reversed(self._states):
            if since <= moment:
                return contents
        return self._states[0][1]


def as_collection(contents: Contents | None) -> list[dict[str, object]]:
    """Return the `value` of the collection: no member or one."""
    return [] if contents is None else [as_instance(contents)]


def as_instance(contents: Contents) -> dict[str, object]:
    return {"id": INSTANCE_ID, "certificateAuthorities": [authority.as_graph() for authority in contents]}


def compute(der: bytes) -> Computed:
    """Return what the service works out. Raises ValueError when `der` is no certificate."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Computed(
            subject=distinguished_name(certificate.subject),
            issuer=distinguished_name(certificate.issuer),
            issuer_ski=_subject_key_identifier(certificate),
            not_after=certificate.not_valid_after_utc,
        )
    except (x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise ValueError(str(error)) from error


def _subject_key_identifier(certificate: x509.Certificate) -> str:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return ""  # the property is not nullable
    return extension.value.digest.hex().upper()


def distinguished_name(name: x509.Name) -> str:
    """Write a name as .NET's X500DistinguishedName does: most specific RDN first, quoted where needed."""
    return ", ".join(
        " + ".join(f"{_keyword(attribute.oid)}={_quoted(str(attribute.value))}" for attribute in rdn)
        for rdn in reversed(name.rdns)
    )


def _keyword(oid: x509.ObjectIdentifier) -> str:
    return _KEYWORDS.get(oid, f"OID.{oid.dotted_string}")


def _quoted(value: str) -> str:
    if value and value == value.strip() and not set(value) & set(',+="\n<>#;'):
        return value
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


_KEYWORDS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.EMAIL_ADDRESS: "E",
    NameOID.GIVEN_NAME: "G",
    NameOID.INITIALS: "I",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.STATE_OR_PROVINCE_NAME: "S",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.SURNAME: "SN",
    NameOID.TITLE: "T",
}
