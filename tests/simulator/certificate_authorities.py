# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service takes as the body of a POST to the classic trust store, and what it refuses."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.checks import SettingError
from simulator.trust_store import CertificateAuthority, Computed, Contents, compute

if TYPE_CHECKING:
    from collections.abc import Mapping

_READ_ONLY = ("issuer", "issuerSki")
_URLS = ("certificateRevocationListUrl", "deltaCertificateRevocationListUrl")


class InvalidBodyError(Exception):
    """The service would answer 400; the text says why."""


def read_body(mimetype: str, body: bytes) -> Contents:
    """Return the certificate authorities of a certificateBasedAuthConfiguration in JSON. Raises InvalidBodyError."""
    if mimetype != "application/json":
        raise InvalidBodyError(f"The Content-Type must be application/json, not '{mimetype}'.")
    try:
        configuration = json.loads(body)
    except ValueError as error:
        raise InvalidBodyError(f"Unable to read JSON request payload: {error}.") from None
    configuration = _object(configuration, "the body", {"@odata.type", "certificateAuthorities"})
    members = configuration.get("certificateAuthorities")
    if not isinstance(members, list):
        raise InvalidBodyError("certificateAuthorities is required and must be a collection.")
    authorities = [_read_member(member, f"certificateAuthorities[{index}]") for index, member in enumerate(members)]
    if len({authority.certificate for authority in authorities}) < len(authorities):
        raise InvalidBodyError("certificateAuthorities has a certificate more than once.")
    return tuple(authorities)


def refuse_expired(contents: Contents, now: datetime) -> None:
    """Refuse a list with an expired certificate, as Entra's guide says (its code is not published).

    Raises InvalidBodyError.
    """
    for authority in contents:
        computed = authority.computed
        if computed.not_after < now:
            raise InvalidBodyError(f"The certificate of '{computed.subject}' expired at {computed.not_after}.")


def plant(given: object) -> Contents:
    """Return certificate authorities as they are given, unchecked; what the service computes is filled in.

    Raises SettingError when `given` is no list of objects that have a `certificate`.
    """
    if not isinstance(given, list):
        raise SettingError(f"certificateAuthorities: expected null or a list, got {given!r}")
    return tuple(_plant_member(member) for member in given)


def _plant_member(member: object) -> CertificateAuthority:
    if not isinstance(member, dict) or not isinstance(member.get("certificate"), str):
        raise SettingError(f"certificateAuthorities: expected objects with a certificate, got {member!r}")
    try:
        computed = compute(base64.b64decode(member["certificate"]))
    except ValueError:
        computed = Computed("", "", "", datetime.max.replace(tzinfo=UTC))
    computed = replace(
        computed,
        issuer=str(member.get("issuer", computed.issuer)),
        issuer_ski=str(member.get("issuerSki", computed.issuer_ski)),
    )
    return _authority(member, member["certificate"], computed)


def _read_member(given: object, what: str) -> CertificateAuthority:
    member = _object(given, what, {"@odata.type", "certificate", "isRootAuthority", *_URLS})
    certificate = member.get("certificate")
    if not isinstance(certificate, str):
        raise InvalidBodyError(f"{what}: certificate is required and must be Edm.Binary.")
    if not isinstance(member.get("isRootAuthority"), bool):
        raise InvalidBodyError(f"{what}: isRootAuthority is required and must be Edm.Boolean.")
    for name in _URLS:
        if not isinstance(member.get(name), (str, type(None))):
            raise InvalidBodyError(f"{what}: {name} must be Edm.String or null.")
    try:
        der = base64.b64decode(certificate, validate=True)
        computed = compute(der)
    except ValueError:
        raise InvalidBodyError(
            f"{what}: certificate is not the base64 text of a DER-encoded X.509 certificate."
        ) from None
    return _authority(member, base64.b64encode(der).decode(), computed)


def _authority(member: Mapping[str, object], certificate: str, computed: Computed) -> CertificateAuthority:
    base, delta = (None if member.get(name) is None else str(member[name]) for name in _URLS)
    return CertificateAuthority(
        certificate=certificate,
        is_root_authority=bool(member.get("isRootAuthority", False)),
        certificate_revocation_list_url=base,
        delta_certificate_revocation_list_url=delta,
        computed=computed,
    )


def _object(given: object, what: str, known: set[str]) -> dict[str, object]:
    if not isinstance(given, dict):
        raise InvalidBodyError(f"{what} must be a JSON object.")
    for name in given:
        if name in _READ_ONLY:
            raise InvalidBodyError(f"{what}: Property '{name}' is read-only and cannot be set.")
        if name not in known:
            raise InvalidBodyError(f"{what}: The property '{name}' does not exist on this type.")
    return given
