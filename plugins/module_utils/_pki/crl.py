# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one certificate revocation list says of itself, and whether a CA signed it.

This module util is private to the collection. A list can have a million entries in 45 MB; what it says of itself is a
few hundred octets before and after them. So the entries are stepped over where they lie, never copied, and cryptography
reads what is left: the same list without its entries.
"""

from __future__ import annotations

import typing as t
import warnings
from dataclasses import dataclass, field

from ansible_collections.entra.cba.plugins.module_utils._dependencies import UnsupportedAlgorithm, x509
from ansible_collections.entra.cba.plugins.module_utils._pki import ber
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    distinguished_name,
    signature_verifies,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate

_MOST_BESIDE_ENTRIES = 1024 * 1024  # octets; real lists have less than a thousand
_LONGEST_NUMBER = 64  # octets; RFC 5280, section 5.2.3, allows 20

# The extensions of RFC 5280, section 5.2, by the content octets of their object identifier.
_ISSUER_ALTERNATIVE_NAME = bytes((0x55, 0x1D, 18))
_NUMBER = bytes((0x55, 0x1D, 20))
_DELTA_INDICATOR = bytes((0x55, 0x1D, 27))
_ISSUING_DISTRIBUTION_POINT = bytes((0x55, 0x1D, 28))
_AUTHORITY_KEY_IDENTIFIER = bytes((0x55, 0x1D, 35))
_FRESHEST = bytes((0x55, 0x1D, 46))
_AUTHORITY_INFORMATION_ACCESS = bytes.fromhex("2b06010505070101")
_NAMES = {
    _ISSUER_ALTERNATIVE_NAME: "issuerAltName",
    _NUMBER: "cRLNumber",
    _DELTA_INDICATOR: "deltaCRLIndicator",
    _ISSUING_DISTRIBUTION_POINT: "issuingDistributionPoint",
    _AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    _FRESHEST: "freshestCRL",
    _AUTHORITY_INFORMATION_ACCESS: "authorityInfoAccess",
}

_TIMES = (ber.UTC_TIME, ber.GENERALIZED_TIME)
_UNIFORM_RESOURCE_IDENTIFIER = 0x86  # [6] of GeneralName, primitive

# Of issuingDistributionPoint: [1] only user, [2] only CA, [5] only attribute certificates, [3] only some reasons.
_PARTIAL = {0x81: "user certificates", 0x82: "CA certificates", 0x85: "attribute certificates", 0x83: "some reasons"}
_INDIRECT = 0x84  # [4]

_IS_A_PAGE = "is an HTML page, perhaps an error or login page in place of the list"
_BEGINNINGS = (
    (b"-----BEGIN X509 CRL", "is PEM, which is text; the service takes DER"),
    (b"-----BEGIN ", "is PEM, and no revocation list"),
    (b"MI", "is base64, which is text; the service takes DER"),
    (b"<!doctype html", _IS_A_PAGE),
    (b"<html", _IS_A_PAGE),
    (b"<", "is XML or HTML and no revocation list"),
    (b"{", "is JSON and no revocation list"),
    (b"\x1f\x8b", "is compressed with gzip"),
    (b"PK\x03\x04", "is a ZIP file"),
)
_UTF8_MARK = b"\xef\xbb\xbf"


class MalformedList(ValueError):
    """The octets are no revocation list in DER. The message goes on after a name: "is PEM, which is text"."""


@dataclass(frozen=True, slots=True)
class CertificateRevocationList:
    """One list, without its entries.

    `issuer` is a whole distinguished name as RFC 4514 writes it, the times are aware and in UTC, the key identifier is
    upper-case hexadecimal. With a `base_number` it is a delta to the list of that number. `freshest_urls` are where it
    says that deltas to it are, `limited_to` is what it is limited to ("CA certificates"), `unknown_critical` are
    critical extensions beyond RFC 5280 in dotted form. `hash_algorithm` is the one of the signature, None if unknown.
    """

    issuer: str
    this_update: datetime
    next_update: datetime | None = None
    number: int | None = None
    base_number: int | None = None
    authority_key_identifier: str | None = None
    freshest_urls: tuple[str, ...] = ()
    is_indirect: bool = False
    limited_to: tuple[str, ...] = ()
    unknown_critical: tuple[str, ...] = ()
    hash_algorithm: str | None = None
    without_entries: x509.CertificateRevocationList | None = field(compare=False, repr=False, default=None)

    @classmethod
    def from_der(cls, octets: bytes | memoryview) -> CertificateRevocationList:
        """Read a list; the octets are neither copied nor kept, and the entries not looked at.

        Raises MalformedList.
        """
        view = memoryview(octets)
        if not view or view[0] != ber.SEQUENCE:
            raise MalformedList(_what_is(bytes(view[:64])))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # cryptography warns of what other software got wrong
                return cls._from_outline(_Outline(view))
        except ber.MalformedBer as error:
            raise MalformedList(f"is damaged: {error}") from None
        except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
            if isinstance(error, MalformedList):
                raise
            raise MalformedList(f"is damaged: {error}") from error

    @classmethod
    def _from_outline(cls, outline: _Outline) -> CertificateRevocationList:
        parsed = x509.load_der_x509_crl(outline.without_entries())
        extensions = dict(outline.extensions())
        distribution_point = extensions.get(_ISSUING_DISTRIBUTION_POINT)
        fields = {each.tag for each in _parts(_ISSUING_DISTRIBUTION_POINT, distribution_point) if any(each.content)}
        return cls(
            issuer=distinguished_name(lambda: parsed.issuer, outline.issuer),
            this_update=parsed.last_update_utc,
            next_update=parsed.next_update_utc,
            number=_integer(_NUMBER, extensions.get(_NUMBER)),
            base_number=_integer(_DELTA_INDICATOR, extensions.get(_DELTA_INDICATOR)),
            authority_key_identifier=_key_identifier(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
            freshest_urls=tuple(_freshest_urls(extensions.get(_FRESHEST))),
            is_indirect=_INDIRECT in fields,
            limited_to=tuple(name for tag, name in _PARTIAL.items() if tag in fields),
            unknown_critical=tuple(outline.unknown_critical()),
            hash_algorithm=_hash_algorithm(parsed),
            without_entries=parsed,
        )


def is_signed_by(crl: CertificateRevocationList, octets: bytes | memoryview, issuer: Certificate) -> bool | None:
    """Say whether the key of `issuer` signed the list that was read from `octets`, whatever the names in it.

    None where it cannot be verified here. The octets are hashed where they lie.
    """
    if crl.without_entries is None:
        return None
    return signature_verifies(crl.without_entries, _Outline(memoryview(octets)).signed, issuer)


class _Outline:
    """Where the parts of a list lie (RFC 5280, section 5.1). Raises MalformedList and ber.MalformedBer."""

    def __init__(self, view: memoryview) -> None:
        whole = self._whole(view)
        parts = list(_children(view, whole, most=4))
        signed = parts[0] if parts else whole
        if [part.tag for part in parts] != [ber.SEQUENCE, ber.SEQUENCE, ber.BIT_STRING] or signed is whole:
            raise MalformedList("is DER and no revocation list")
        fields = list(_children(view, signed, most=8))
        tags = [each.tag for each in fields]
        if tags[:1] == [ber.CONTEXT_0] or tags[:4] == [ber.INTEGER, ber.SEQUENCE, ber.SEQUENCE, ber.SEQUENCE]:
            raise MalformedList("is a certificate and no revocation list")
        first = tags[:1].count(ber.INTEGER)  # the version
        if tags[first : first + 2] != [ber.SEQUENCE, ber.SEQUENCE] or not {*tags[first + 2 : first + 3]} & {*_TIMES}:
            raise MalformedList("is DER and no revocation list")
        entries = first + 3 + (tags[first + 3 : first + 4] != [] and tags[first + 3] in _TIMES)
        self._kept = [each for at, each in enumerate(fields) if at != entries or each.tag != ber.SEQUENCE]
        self._after = parts[1:]
        self._view = view
        beside = sum(each.end - each.start for each in (*self._kept, *self._after))
        if beside > _MOST_BESIDE_ENTRIES:
            raise MalformedList(f"has {beside:,} octets beside its entries, more than any list needs")
        self.signed = view[signed.start : signed.end]
        self.issuer = ber.read(self._octets(fields[first + 1]))
        if self._octets(fields[first]) != self._octets(parts[1]):
            raise MalformedList("is damaged: it names two different signature algorithms")

    @staticmethod
    def _whole(view: memoryview) -> ber.Element:
        try:
            whole = _definite(view, 0, len(view))
        except ber.CutShort as error:
            announced = "more octets than" if error.announced is None else f"{error.announced:,} octets,"
            raise MalformedList(f"is cut short: its header announces {announced} {error.present:,} are there") from None
        if whole.end != len(view):
            raise MalformedList(f"has {len(view) - whole.end:,} more octets after its end")
        return whole

    def _octets(self, element: ber.Element) -> bytes:
        return bytes(self._view[element.start : element.end])

    def without_entries(self) -> bytes:
        """The list as if it had no entries. Its signature is the old one, and does not fit."""
        signed = _sequence(b"".join(map(self._octets, self._kept)))
        return _sequence(signed + b"".join(map(self._octets, self._after)))

    def extensions(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield identifier and value of each extension; two of one kind are damage."""
        seen: set[bytes] = set()
        for identifier, *_critical, value in self._extensions():
            if identifier.content in seen:
                name = _NAMES.get(identifier.content, ber.dotted(identifier.content))
                raise MalformedList(f"is damaged: it has two {name} extensions")
            seen.add(identifier.content)
            yield identifier.content, value.content

    def unknown_critical(self) -> Iterator[str]:
        """Yield the object identifiers of critical extensions that RFC 5280 does not define for lists."""
        for identifier, *critical, _value in self._extensions():
            if identifier.content not in _NAMES and any(any(each.content) for each in critical):
                yield ber.dotted(identifier.content)

    def _extensions(self) -> Iterator[tuple[ber.Element, ...]]:
        for wrapped in self._kept:
            if wrapped.tag == ber.CONTEXT_0:
                for extensions in ber.children(ber.read(self._octets(wrapped))):
                    for extension in ber.children(extensions):
                        yield tuple(ber.children(extension))


def _children(view: memoryview, parent: ber.Element, most: int) -> Iterator[ber.Element]:
    """Yield the first elements inside another, without a look at what is inside them."""
    position = parent.content_start
    while position < parent.content_end and most:
        child = _definite(view, position, parent.content_end)
        yield child
        position = child.end
        most -= 1


def _definite(view: memoryview, start: int, limit: int) -> ber.Element:
    """Read one element in constant time: an indefinite length or a long tag could take a walk over all octets."""
    if start < limit and view[start] & 0x1F == 0x1F:
        raise ber.MalformedBer(f"an element at octet {start} that no revocation list has")
    if start + 1 < limit and view[start + 1] == 0x80:
        raise ber.MalformedBer(f"an element of indefinite length at octet {start}, which BER has and DER has not")
    # Element is made for bytes, and nothing but positions is asked of this one.
    return ber.read(t.cast("bytes", view), start, limit)


def _sequence(content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes((ber.SEQUENCE, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((ber.SEQUENCE, 0x80 | len(length))) + length + content


def _what_is(beginning: bytes) -> str:
    text = beginning.removeprefix(_UTF8_MARK).lstrip().lower()
    for start, message in _BEGINNINGS:
        if text.startswith(start.lower()):
            return message
    return "is empty" if not beginning else "is neither DER nor PEM"


def _extension(identifier: bytes, value: bytes, tag: int) -> ber.Element:
    element = ber.read(value)
    if element.tag != tag or element.end != len(value):
        raise MalformedList(f"is damaged: its {_NAMES[identifier]} extension is not what RFC 5280 says")
    return element


def _parts(identifier: bytes, value: bytes | None) -> list[ber.Element]:
    return [] if value is None else list(ber.children(_extension(identifier, value, ber.SEQUENCE)))


def _integer(identifier: bytes, value: bytes | None) -> int | None:
    if value is None:
        return None
    content = _extension(identifier, value, ber.INTEGER).content
    if not 0 < len(content) <= _LONGEST_NUMBER:
        raise MalformedList(f"is damaged: its {_NAMES[identifier]} has {len(content):,} octets")
    return int.from_bytes(content, "big", signed=True)


def _key_identifier(value: bytes | None) -> str | None:
    for part in _parts(_AUTHORITY_KEY_IDENTIFIER, value):
        if part.tag == ber.CONTEXT_0_PRIMITIVE:
            return part.content.hex().upper()
    return None


def _freshest_urls(value: bytes | None) -> Iterator[str]:
    """Yield the addresses of the distribution points of a freshestCRL extension (RFC 5280, section 4.2.1.13)."""
    for point in _parts(_FRESHEST, value):
        for name in _inside(_inside([point], ber.SEQUENCE), ber.CONTEXT_0):
            if name.tag == ber.CONTEXT_0:
                for general_name in ber.children(name):
                    if general_name.tag == _UNIFORM_RESOURCE_IDENTIFIER:
                        yield general_name.content.decode("ascii", "backslashreplace")


def _inside(elements: list[ber.Element], tag: int) -> list[ber.Element]:
    return [child for element in elements if element.tag == tag for child in ber.children(element)]


def _hash_algorithm(parsed: x509.CertificateRevocationList) -> str | None:
    try:
        algorithm = parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    return algorithm.name if algorithm else None
