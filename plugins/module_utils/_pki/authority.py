# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of a trust store: a CA's certificate with what Entra keeps beside it, from an option, from and to Graph.

This module util is private to the collection.
"""

from __future__ import annotations

import base64
import difflib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    Certificate,
    MalformedCertificate,
    is_self_signed,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import (
    UnusableInput,
    certificates_in,
    from_base64,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

_BASE_URL = "certificate_revocation_list_url"
_DELTA_URL = "delta_certificate_revocation_list_url"
_IS_ROOT = "is_root_authority"
_KEYS = ("path", "content", _BASE_URL, _DELTA_URL, _IS_ROOT)


_Value = t.TypeVar("_Value", t.Optional[str], t.Optional[bool])


class MalformedAuthority(Failure, ValueError):
    """Graph described a certificate authority in a way that its metadata rules out."""


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """One entry of a trust store. `origin` says where it came from, `issuer_ski` is what Graph reported of it."""

    certificate: Certificate
    is_root_authority: bool
    certificate_revocation_list_url: str | None = None
    delta_certificate_revocation_list_url: str | None = None
    origin: str = field(default="", compare=False)
    issuer_ski: str | None = field(default=None, compare=False)

    @property
    def sha256(self) -> str:
        """The identity of the CA; subject and key identifier are not, since real CAs are issued again under both."""
        return self.certificate.sha256


@dataclass(frozen=True, slots=True)
class _Declared:
    """What one item says of one certificate; None where it says nothing."""

    certificate: Certificate
    origin: str
    certificate_revocation_list_url: str | None
    delta_certificate_revocation_list_url: str | None
    is_root_authority: bool | None


def authorities_from(
    items: Sequence[Mapping[str, object]],
    read_file: Callable[[str], bytes],
    option: str = "certificate_authorities",
) -> list[CertificateAuthority]:
    """Return the CAs that the items of the option declare, each certificate once, in the order of first appearance.

    An item has either `path` or `content`, and may have the other keys of the option; None and an empty URL count as
    unset. `is_root_authority` is worked out where it is unset. Whether a certificate is that of a CA is not asked here.

    Raises UnusableInput, whose message begins with the name of the item, or of both where two disagree.
    """
    declared: dict[str, _Declared] = {}
    for position, item in enumerate(items):
        for each in _declared_by(f"{option}[{position}]", item, read_file):
            known = declared.get(each.certificate.sha256)
            declared[each.certificate.sha256] = each if known is None else _merged(known, each)
    return [_authority(each) for each in declared.values()]


def authority_from_graph(member: Mapping[str, object]) -> CertificateAuthority:
    """Return the CA that a member of Graph's `certificateAuthorities` describes.

    A certificate that cannot be read is kept, with the reason in `certificate.unreadable`. Raises MalformedAuthority.
    """
    encoded, is_root_authority = member.get("certificate"), member.get("isRootAuthority")
    if not isinstance(encoded, str) or not encoded:
        raise MalformedAuthority("Graph returned a certificate authority without the text of its certificate")
    if not isinstance(is_root_authority, bool):
        raise MalformedAuthority("Graph returned a certificate authority without a true or false isRootAuthority")
    try:
        der = from_base64(encoded.encode("ascii", "replace"))
    except UnusableInput as error:
        raise MalformedAuthority(f"Graph returned a certificate authority whose certificate {error}") from error
    try:
        certificate = Certificate.from_der(der)
    except MalformedCertificate as error:
        certificate = Certificate.from_unreadable_der(der, str(error))
    return CertificateAuthority(
        certificate=certificate,
        is_root_authority=is_root_authority,
        certificate_revocation_list_url=_graph_text(member, "certificateRevocationListUrl"),
        delta_certificate_revocation_list_url=_graph_text(member, "deltaCertificateRevocationListUrl"),
        origin="the tenant's trust store",
        issuer_ski=_graph_text(member, "issuerSki"),
    )


def to_graph(authority: CertificateAuthority) -> dict[str, object]:
    """Return the CA as Graph takes it: all that can be written, and neither `issuer` nor `issuerSki`."""
    return {
        "certificate": _base64(authority.certificate),
        "isRootAuthority": authority.is_root_authority,
        "certificateRevocationListUrl": authority.certificate_revocation_list_url,
        "deltaCertificateRevocationListUrl": authority.delta_certificate_revocation_list_url,
    }


def describe(authority: CertificateAuthority) -> dict[str, object]:
    """Return the CA as a module's result shows it: Graph's names in snake_case, and what the certificate says."""
    certificate = authority.certificate
    return {
        "certificate": _base64(certificate),
        _IS_ROOT: authority.is_root_authority,
        _BASE_URL: authority.certificate_revocation_list_url,
        _DELTA_URL: authority.delta_certificate_revocation_list_url,
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial_number": certificate.serial_number,
        "not_before": _iso8601(certificate.not_before),
        "not_after": _iso8601(certificate.not_after),
        "subject_key_identifier": certificate.subject_key_identifier,
        "authority_key_identifier": certificate.authority_key_identifier,
        "issuer_ski": authority.issuer_ski or certificate.subject_key_identifier,
    }


def authority_from_description(described: Mapping[str, object], origin: str) -> CertificateAuthority:
    """Return the CA that `describe` described. Raises MalformedAuthority."""
    member = {
        "certificate": described.get("certificate"),
        "isRootAuthority": described.get(_IS_ROOT),
        "certificateRevocationListUrl": described.get(_BASE_URL),
        "deltaCertificateRevocationListUrl": described.get(_DELTA_URL),
    }
    return replace(authority_from_graph(member), origin=origin)


def _declared_by(name: str, item: Mapping[str, object], read_file: Callable[[str], bytes]) -> list[_Declared]:
    for key in item:
        if key not in _KEYS:
            close = difflib.get_close_matches(str(key), _KEYS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(_KEYS)}."
            raise UnusableInput(f"{name} has an unknown key {key}: {hint}")
    path, content = _text(name, item, "path"), _text(name, item, "content")
    base_url, delta_url = _text(name, item, _BASE_URL) or None, _text(name, item, _DELTA_URL) or None
    is_root_authority = item.get(_IS_ROOT)
    if is_root_authority is not None and not isinstance(is_root_authority, bool):
        raise UnusableInput(f"{name}: {_IS_ROOT} must be true or false")
    if path is not None and content is not None:
        raise UnusableInput(f"{name} has both path and content. Give one of them")
    if path is not None:
        name = f"{name} ({path})"
        octets = _read(name, path, read_file)
    elif content is not None:
        name = f"{name} (content)"
        octets = content.encode("utf-8", "replace")
    else:
        raise UnusableInput(f"{name} has neither path nor content. Give one of them")

    certificates = _certificates(name, octets)
    if (base_url or delta_url) and len(certificates) > 1:
        raise UnusableInput(
            f"{name} holds {len(certificates)} certificates, but a revocation list belongs to one CA. "
            f"Give each CA that has a URL an item of its own"
        )
    return [_Declared(certificate, name, base_url, delta_url, is_root_authority) for certificate in certificates]


def _text(name: str, item: Mapping[str, object], key: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise UnusableInput(f"{name}: {key} must be text")
    return value


def _read(name: str, path: str, read_file: Callable[[str], bytes]) -> bytes:
    if not path:
        raise UnusableInput(f"{name}: path is empty")
    try:
        return read_file(path)
    except FileNotFoundError:
        raise UnusableInput(f"{name}: there is no such file") from None
    except IsADirectoryError:
        raise UnusableInput(f"{name} is a directory. Give one item for each file in it") from None
    except PermissionError:
        raise UnusableInput(f"{name} cannot be read: permission denied to the user who runs this task") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UnusableInput(f"{name} cannot be read: {reason}") from None


def _certificates(name: str, octets: bytes) -> list[Certificate]:
    """Return the distinct certificates of an input."""
    try:
        encoded = certificates_in(octets)
    except UnusableInput as error:
        raise UnusableInput(f"{name} {error}") from None
    places = {der: position for position, der in reversed(list(enumerate(encoded, start=1)))}
    return [_certificate(f"{name}, certificate {places[der]} of {len(encoded)}", der) for der in dict.fromkeys(encoded)]


def _certificate(place: str, der: bytes) -> Certificate:
    try:
        return Certificate.from_der(der)
    except MalformedCertificate as error:
        raise UnusableInput(f"{place}: {error}") from None


def _merged(first: _Declared, second: _Declared) -> _Declared:
    """Return what two items say together of one certificate."""

    def agreed(key: str, ours: _Value, theirs: _Value) -> _Value:
        if ours is not None and theirs is not None and ours != theirs:
            raise UnusableInput(
                f"{first.origin} and {second.origin} declare the same certificate, {first.certificate}, "
                f"but {key} is {ours} in the one and {theirs} in the other"
            )
        return theirs if ours is None else ours

    return replace(
        first,
        certificate_revocation_list_url=agreed(
            _BASE_URL, first.certificate_revocation_list_url, second.certificate_revocation_list_url
        ),
        delta_certificate_revocation_list_url=agreed(
            _DELTA_URL, first.delta_certificate_revocation_list_url, second.delta_certificate_revocation_list_url
        ),
        is_root_authority=agreed(_IS_ROOT, first.is_root_authority, second.is_root_authority),
    )


def _authority(declared: _Declared) -> CertificateAuthority:
    certificate, claimed = declared.certificate, declared.is_root_authority
    found = is_self_signed(certificate)
    if found is None and claimed is None:
        raise UnusableInput(
            f"{declared.origin}: whether {certificate} is a root cannot be worked out, since the algorithm of its "
            f"signature or key cannot be verified here. Set {_IS_ROOT} for it"
        )
    if found is not None and claimed is not None and found != claimed:
        raise UnusableInput(
            f"{declared.origin}: {_IS_ROOT} is {str(claimed).lower()}, but {certificate} "
            f"{_standing(certificate, found)}. "
            f"Leave {_IS_ROOT} out to have it worked out"
        )
    return CertificateAuthority(
        certificate=certificate,
        is_root_authority=bool(claimed if found is None else found),
        certificate_revocation_list_url=declared.certificate_revocation_list_url,
        delta_certificate_revocation_list_url=declared.delta_certificate_revocation_list_url,
        origin=declared.origin,
    )


def _standing(certificate: Certificate, is_root: bool) -> str:
    if is_root:
        return "is self-signed, so it is a root"
    if certificate.issuer == certificate.subject:
        return "was signed with another key than its own, so it is no root, though it names itself as issuer"
    return f"was issued by {certificate.issuer}, so it is no root"


def _graph_text(member: Mapping[str, object], key: str) -> str | None:
    value = member.get(key)
    if value is not None and not isinstance(value, str):
        raise MalformedAuthority(f"Graph returned a certificate authority whose {key} is not text")
    return value or None


def _base64(certificate: Certificate) -> str:
    return base64.b64encode(certificate.der).decode("ascii")


def _iso8601(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
