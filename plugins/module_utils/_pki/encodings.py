# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the certificates in what people have: PEM, DER, PKCS#7, base64, with all that mail, editors and YAML add.

This module util is private to the collection. No message here ever quotes the input: it could be a private key.
"""

from __future__ import annotations

import base64
import codecs
import re
from itertools import islice

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki import ber

MAXIMUM_SIZE = 10 * 1024 * 1024  # octets; the largest bundle known, of the U.S. Federal PKI, has 0.3 MB

_BASE64_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_PEM_LINE = re.compile(rb"-----(BEGIN|END) ([^-\r\n]{1,64})-----")
# Also in what `openssl pkey -text` and PuTTYgen write, and where the hyphens of a PEM block were damaged.
_PRIVATE_KEY = re.compile(rb"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|Private-Key:|PuTTY-User-Key-File-")

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2

_CERTIFICATE = "a certificate"
_PKCS7 = "PKCS#7"

_IS_A_PRIVATE_KEY = (
    "holds a private key. A trust store takes certificates only: give the certificate alone, and keep the key where "
    "only its owner reads it. If this copy was not meant to be here, treat the key as disclosed"
)
_IS_PKCS12 = (
    "is PKCS#12 (.p12, .pfx), which is made to carry a private key. Give the certificate alone: "
    "openssl pkcs12 -in FILE -nokeys -out certificates.pem"
)
_IS_A_REQUEST = "is a certificate signing request (CSR). Give the certificate that the CA issued for it"
_IS_A_CRL = (
    "is a certificate revocation list (CRL). Give the certificate of the CA; "
    "where its CRL is published goes to certificate_revocation_list_url"
)
_IS_A_PUBLIC_KEY = "is a bare public key. Give the certificate that holds it"

_IS_SOMETHING_ELSE = "is DER, but neither a certificate nor PKCS#7"

# What DER is, by the tags of its elements and of those inside the first of them: 02 INTEGER, 03 BIT STRING,
# 04 OCTET STRING, 06 OBJECT IDENTIFIER, 17 and 18 times, 30 SEQUENCE, a0 the context's [0].
_OUTLINES = (
    (rb"\x30\x30\x03", rb"\xa0?\x02\x30{5}.*", _CERTIFICATE),  # RFC 5280, section 4.1
    (rb"\x06\xa0", rb"", _PKCS7),  # RFC 5652, section 3
    (rb"\x30\x30\x03", rb"\x02?\x30\x30[\x17\x18].*", _IS_A_CRL),  # RFC 5280, section 5.1
    (rb"\x30\x30\x03", rb"\x02\x30\x30\xa0?", _IS_A_REQUEST),  # RFC 2986
    (rb"\x02\x30\x04.*", rb"", _IS_A_PRIVATE_KEY),  # PKCS#8, RFC 5958
    (rb"\x30\x04", rb"\x06.*", _IS_A_PRIVATE_KEY),  # the same, encrypted
    (rb"\x02{6,}.*", rb"", _IS_A_PRIVATE_KEY),  # RSA, RFC 8017; DSA
    (rb"\x02\x04.*", rb"", _IS_A_PRIVATE_KEY),  # elliptic curve, RFC 5915
    (rb"\x02\x30\x30?", rb"", _IS_PKCS12),  # RFC 7292
    (rb"\x30\x03", rb"\x06.*", _IS_A_PUBLIC_KEY),  # RFC 5280, section 4.1
    (rb"\x02\x02", rb"", _IS_A_PUBLIC_KEY),  # RSA, RFC 8017
)

_REFUSED_LABELS = {
    "CERTIFICATE REQUEST": _IS_A_REQUEST,
    "NEW CERTIFICATE REQUEST": _IS_A_REQUEST,
    "X509 CRL": _IS_A_CRL,
    "PUBLIC KEY": _IS_A_PUBLIC_KEY,
    "RSA PUBLIC KEY": _IS_A_PUBLIC_KEY,
    "PKCS12": _IS_PKCS12,
    "TRUSTED CERTIFICATE": (
        "is a certificate with OpenSSL's own trust settings. Give it without them: "
        "openssl x509 -in FILE -out certificate.pem"
    ),
}
_ACCEPTED_LABELS = ("CERTIFICATE", "X509 CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS")

_REFUSED_BEGINNINGS = (
    (
        b"$ansible_vault;",
        "is encrypted by ansible-vault. Certificates are public: give the file as it is, or decrypted",
    ),
    (b"<!doctype html", "is an HTML page, perhaps an error or login page saved in place of the certificate"),
    (b"<html", "is an HTML page, perhaps an error or login page saved in place of the certificate"),
    (b"ssh-", "is an SSH key. Give an X.509 certificate"),
    (b"ecdsa-sha2-", "is an SSH key. Give an X.509 certificate"),
    (b"---- begin ssh2", "is an SSH key. Give an X.509 certificate"),
)


class UnusableInput(Failure, ValueError):
    """An input holds no certificates, or something that must not be there.

    The message goes on after the name of the input: "is empty", "holds a private key ...". It never quotes the input.
    """


def certificates_in(octets: bytes) -> list[bytes]:
    """Return the DER of each certificate in an input, in its order, duplicates included.

    Taken are PEM (certificates, PKCS#7, CMS) amid other text, DER, PKCS#7 SignedData in DER or BER, and base64 of any
    of them with either alphabet (RFC 4648), any wrapping and with or without padding; text in UTF-8 or, with a byte
    order mark, UTF-16. That each is a sound certificate is for `Certificate.from_der` to say.

    Raises UnusableInput.
    """
    if len(octets) > MAXIMUM_SIZE:
        raise UnusableInput(
            f"has {len(octets):,} octets, more than the {MAXIMUM_SIZE:,} taken here. Is it the right one?"
        )
    if not octets:
        raise UnusableInput("is empty")
    if octets.startswith(bytes((ber.SEQUENCE,))) and _is_binary(octets):
        return _in_der(octets)
    text = _in_utf8(octets)
    if not text.strip():
        raise UnusableInput("holds nothing but white space")
    if _PRIVATE_KEY.search(text):
        raise UnusableInput(_IS_A_PRIVATE_KEY)
    if _PEM_LINE.search(text):
        return _in_pem(text)
    return _in_base64(text)


def from_base64(text: bytes) -> bytes:
    """Decode base64 with the standard or the URL-safe alphabet, any white space, with or without padding.

    Raises UnusableInput.
    """
    characters = b"".join(text.split()).rstrip(b"=").translate(_FROM_URL_SAFE)
    if characters.translate(None, _BASE64_CHARACTERS):
        raise UnusableInput("holds characters that are not base64")
    if len(characters) % 4 == 1:
        raise UnusableInput(f"is cut short or damaged: {len(characters):,} characters of base64 cannot be complete")
    return base64.b64decode(characters + b"=" * (-len(characters) % 4))


def _is_binary(octets: bytes) -> bool:
    """Say whether there are control characters at the head, as the header of any DER has and no text."""
    return any(octet < 0x20 and octet not in b"\t\n\v\f\r" for octet in octets[:64])


def _in_utf8(octets: bytes) -> bytes:
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return octets.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise UnusableInput(f"begins as UTF-16 text, but is damaged at octet {error.start:,}") from None
    return octets.removeprefix(codecs.BOM_UTF8)


def _in_pem(text: bytes) -> list[bytes]:
    """Return the certificates of all PEM blocks (RFC 7468); the text around them is explanation (section 2)."""
    certificates: list[bytes] = []
    number = 0
    label, body_start = "", 0
    for line in _PEM_LINE.finditer(text):
        boundary, name = line[1], line[2].decode("ascii", "replace").strip()
        if boundary == b"BEGIN":
            if label:
                break
            number += 1
            label, body_start = name, line.end()
        elif not label:
            raise UnusableInput("holds the END line of a PEM block without its BEGIN line: its head was cut off")
        elif name != label:
            break
        else:
            try:
                certificates += _in_pem_block(label, text[body_start : line.start()])
            except UnusableInput as error:
                raise UnusableInput(f"has a PEM block (number {number}) that {error}") from None
            label = ""
    if label:
        raise UnusableInput(f"is cut short: PEM block {number} has no END line of its own")
    return certificates


def _in_pem_block(label: str, body: bytes) -> list[bytes]:
    if label in _REFUSED_LABELS:
        raise UnusableInput(_REFUSED_LABELS[label])
    if label not in _ACCEPTED_LABELS:
        raise UnusableInput(f'is marked "{label}", which is no certificate. Give only blocks marked "CERTIFICATE"')
    if rb"\n" in body:
        raise UnusableInput(
            r"holds backslash and n where line breaks belong. In YAML write the text as a block (content: |), "
            "or in double quotes"
        )
    der = from_base64(body)
    if not der:
        raise UnusableInput("is empty")
    return _in_der(der)


def _in_base64(text: bytes) -> list[bytes]:
    """Return the certificates of base64 without PEM lines around it, or say what else the text could be."""
    beginning = text.lstrip()[:64].lower()
    for refused, message in _REFUSED_BEGINNINGS:
        if beginning.startswith(refused):
            raise UnusableInput(message)
    try:
        der = from_base64(text)
    except UnusableInput as error:
        # All DER of 128 octets and more begins with 0x30 0x8?, which is "MI" for lengths up to 64 KiB and above.
        if text.lstrip().startswith(b"MI") and len(text.split(None, 1)[0]) >= 60:
            raise UnusableInput(f"begins as base64 of DER, but {error}") from None
        der = b""
    if der.startswith(bytes((ber.SEQUENCE,))) and _is_binary(der):
        return _in_der(der)
    if _PRIVATE_KEY.search(der):
        raise UnusableInput(_IS_A_PRIVATE_KEY)
    if _PEM_LINE.search(der):
        raise UnusableInput("is base64 of PEM. Give the PEM itself; in a playbook the filter b64decode makes it")
    raise UnusableInput(_unrecognised(text))


def _unrecognised(text: bytes) -> str:
    if _is_binary(text):
        return "is binary, but neither DER nor PKCS#7. Give certificates in PEM, DER or PKCS#7"
    message = "holds no certificate: it is text with neither a PEM block nor base64 of DER"
    if b"BEGIN " in text:
        return f"{message}. A BEGIN line of PEM has exactly five hyphens on either side; here they were changed"
    if len(text.splitlines()) == 1:
        return f"{message}. If it is the name of a file, give it as path instead of content"
    return message


def _in_der(octets: bytes) -> list[bytes]:
    """Return the certificates of one DER or BER value: the one that it is, or those in a PKCS#7 SignedData."""
    try:
        whole = ber.read(octets)
    except ber.CutShort as error:
        there = f"{error.present:,} are there"
        if error.announced is None:
            raise UnusableInput(f"is cut short: the end of its BER is missing, {there}") from None
        raise UnusableInput(f"is cut short: its header announces {error.announced:,} octets, {there}") from None
    except ber.MalformedBer as error:
        raise UnusableInput(f"is neither DER nor BER: {error}") from None
    try:
        what = _what_is(whole)
        if what not in (_CERTIFICATE, _PKCS7):
            raise UnusableInput(what)
        if whole.end != len(octets):
            raise UnusableInput(
                f"is {what} of {whole.end:,} octets with {len(octets) - whole.end:,} more octets after its end. "
                "Give several certificates as PEM or as PKCS#7"
            )
        return [octets] if what == _CERTIFICATE else _in_signed_data(whole)
    except ber.MalformedBer as error:
        raise UnusableInput(f"is damaged DER or BER: {error}") from None


def _in_signed_data(content_info: ber.Element) -> list[bytes]:
    """Return the certificates of a SignedData (RFC 5652, section 5.1); it need not be signed by anyone."""
    content_type, *content = ber.children(content_info)
    if content_type.content != _SIGNED_DATA:
        raise UnusableInput("is PKCS#7 or CMS, but not the kind that holds certificates (SignedData)")
    signed_data = [element for explicit in content for element in ber.children(explicit)][:1]
    fields = [field for sequence in signed_data for field in ber.children(sequence)]
    certificates = [
        choice.encoded
        for field in fields
        if field.tag == ber.CONTEXT_0
        for choice in ber.children(field)
        if choice.tag == ber.SEQUENCE
    ]
    if not certificates:
        raise UnusableInput("is PKCS#7 without any certificate")
    return certificates


def _what_is(whole: ber.Element) -> str:
    """Return _CERTIFICATE, _PKCS7 or the message that refuses anything else, told from its outline."""
    if whole.tag != ber.SEQUENCE:
        return _IS_SOMETHING_ELSE
    elements = list(islice(ber.children(whole), 9))
    outer = bytes(element.tag for element in elements)
    inner = b""
    if elements and elements[0].tag == ber.SEQUENCE:
        inner = bytes(element.tag for element in islice(ber.children(elements[0]), 9))
    for of_outer, of_inner, what in _OUTLINES:
        if re.fullmatch(of_outer, outer, re.DOTALL) and re.fullmatch(of_inner, inner, re.DOTALL):
            return what
    return _IS_SOMETHING_ELSE
