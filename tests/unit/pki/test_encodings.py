# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which inputs give certificates and which are refused, and that no refusal shows a key."""

from __future__ import annotations

import base64
import contextlib
import secrets
import textwrap
import time
import typing as t

import certifi
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import (
    MAXIMUM_SIZE,
    UnusableInput,
    certificates_in,
)
from builders.pki import (
    a_crl_of,
    a_csr,
    a_federal_shaped_pki,
    a_leaf_of,
    a_pem_block,
    a_pkcs7,
    a_root_ca,
    an_ec_key,
    an_intermediate_of,
    an_rsa_key,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

ROOT = a_root_ca()
ISSUING = an_intermediate_of(ROOT)
BOTH = [ROOT.der, ISSUING.der]


def refusal_of(octets: bytes) -> str:
    """Return why an input is refused, after a look that the message has nothing of what it refuses."""
    with pytest.raises(UnusableInput) as caught:
        certificates_in(octets)
    message = str(caught.value)
    length = 16
    for form in (octets, base64.b64encode(octets), octets.hex().encode()):
        lines = [line for line in form.split(b"\n") if not line.startswith(b"-----")]
        shown = [line[at : at + length] for line in lines for at in range(0, len(line) - length, length)]
        assert not [part for part in shown if part.decode("latin-1") in message]
    return message


# What is taken


def test_pem_gives_its_certificates_in_their_order() -> None:
    assert certificates_in(ROOT.pem + ISSUING.pem) == BOTH
    assert certificates_in(ISSUING.pem + ROOT.pem) == BOTH[::-1]


def test_the_old_label_of_a_certificate_is_taken() -> None:
    assert certificates_in(a_pem_block("X509 CERTIFICATE", ROOT.der)) == [ROOT.der]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda pem: pem.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param(lambda pem: pem.replace(b"\n", b"\r"), id="old Macintosh line ends"),
        pytest.param(lambda pem: b"\xef\xbb\xbf" + pem, id="UTF-8 byte order mark"),
        pytest.param(lambda pem: pem.decode().encode("utf-16"), id="UTF-16 of this machine"),
        pytest.param(lambda pem: b"\xfe\xff" + pem.decode().encode("utf-16-be"), id="UTF-16 big-endian"),
        pytest.param(lambda pem: textwrap.indent(pem.decode(), "      ").encode(), id="indented as in YAML"),
        pytest.param(lambda pem: pem.replace(b"\n", b" "), id="folded to one line"),
        pytest.param(lambda pem: pem.replace(b"\n", b"\n\n"), id="blank lines"),
        pytest.param(lambda pem: pem.rstrip(), id="no line end at the end"),
        pytest.param(lambda pem: pem.replace(b"=", b""), id="no padding"),
        pytest.param(lambda pem: "Stammzertifikat für München\n".encode() + pem + b"\n# end", id="remarks around"),
    ],
)
def test_what_editors_mail_and_yaml_do_to_pem_does_not_matter(changed: Callable[[bytes], bytes]) -> None:
    assert certificates_in(changed(ROOT.pem + ISSUING.pem)) == BOTH


def test_the_output_of_openssl_x509_text_is_taken() -> None:
    printed = (
        b"Certificate:\n    Data:\n        Version: 3 (0x2)\n        Signature Algorithm: ecdsa-with-SHA256\n"
        b"        Issuer: C = DE, O = Example Org, CN = Example Root CA\n        Subject Public Key Info:\n"
        b"            Public Key Algorithm: id-ecPublicKey\n                Public-Key: (256 bit)\n"
        b"                pub:\n                    04:c1:0b:6e:ee\n    Signature Value:\n        30:45:02:21:00\n"
    )
    assert certificates_in(printed + ROOT.pem + printed + ISSUING.pem) == BOTH


def test_what_openssl_s_client_shows_is_taken() -> None:
    shown = b"CONNECTED(00000003)\n---\nCertificate chain\n 0 s:CN = a\n   i:CN = b\n" + ISSUING.pem
    assert certificates_in(shown + b" 1 s:CN = b\n" + ROOT.pem + b"---\nServer certificate\n") == BOTH[::-1]


def test_a_der_certificate_is_taken_as_it_is() -> None:
    assert certificates_in(ROOT.der) == [ROOT.der]


@pytest.mark.parametrize("label", ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"])
@pytest.mark.parametrize("encoding", ["der", "ber"])
def test_pkcs7_is_taken_bare_and_in_pem(encoding: t.Literal["der", "ber"], label: str) -> None:
    bundle = a_pkcs7([ROOT, ISSUING], encoding)
    assert sorted(certificates_in(bundle)) == sorted(BOTH)
    assert sorted(certificates_in(a_pem_block(label, bundle))) == sorted(BOTH)


def test_a_bundle_in_the_shape_of_a_federal_pki_is_taken_whole_and_in_order() -> None:
    pki = a_federal_shaped_pki(60)
    assert certificates_in(pki.bundle) == [each.der for each in pki.certificates]


def test_pkcs7_amid_certificates_in_pem_is_taken() -> None:
    assert certificates_in(ROOT.pem + a_pkcs7([ISSUING], "pem")) == BOTH


def test_every_root_of_certifi_is_found() -> None:
    with open(certifi.where(), "rb") as file:  # noqa: PTH123
        octets = file.read()
    assert len(certificates_in(octets)) == octets.count(b"-----BEGIN CERTIFICATE-----") > 50


@settings(deadline=None)
@given(
    form=st.sampled_from([ROOT.der, a_pkcs7([ROOT], "der"), a_pkcs7([ROOT], "ber")]),
    url_safe=st.booleans(),
    padded=st.booleans(),
    width=st.integers(min_value=1, max_value=5000),
    line_end=st.sampled_from(["\n", "\r\n", " ", "\n\t", "\n\n    "]),
    as_pem=st.booleans(),
)
def test_neither_alphabet_nor_wrapping_nor_padding_of_base64_matters(
    *, form: bytes, url_safe: bool, padded: bool, width: int, line_end: str, as_pem: bool
) -> None:
    text = (base64.urlsafe_b64encode(form) if url_safe else base64.b64encode(form)).decode()
    text = text if padded else text.rstrip("=")
    wrapped = line_end.join(text[at : at + width] for at in range(0, len(text), width)) + line_end
    if as_pem:
        wrapped = f"-----BEGIN PKCS7-----\n{wrapped}-----END PKCS7-----"
    assert certificates_in(wrapped.encode()) == [ROOT.der]


# What is refused: private keys

EC_KEY, RSA_KEY, ED25519_KEY = an_ec_key(), an_rsa_key(), ed25519.Ed25519PrivateKey.generate()


def a_key_in_der(key: PrivateKeyTypes, private_format: PrivateFormat, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.DER, private_format, encryption)


PRIVATE_KEYS = {
    "EC, PKCS#8": a_key_in_der(EC_KEY, PrivateFormat.PKCS8),
    "EC, PKCS#8 encrypted": a_key_in_der(EC_KEY, PrivateFormat.PKCS8, b"horse"),
    "EC, SEC 1": a_key_in_der(EC_KEY, PrivateFormat.TraditionalOpenSSL),
    "RSA, PKCS#8": a_key_in_der(RSA_KEY, PrivateFormat.PKCS8),
    "RSA, PKCS#8 encrypted": a_key_in_der(RSA_KEY, PrivateFormat.PKCS8, b"horse"),
    "RSA, PKCS#1": a_key_in_der(RSA_KEY, PrivateFormat.TraditionalOpenSSL),
    "Ed25519, PKCS#8": a_key_in_der(ED25519_KEY, PrivateFormat.PKCS8),
    "DSA, six integers": bytes.fromhex("3024") + b"".join(b"\x02\x04" + secrets.token_bytes(4) for _unused in range(6)),
}


@pytest.mark.parametrize("der", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS.keys())
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda der: der, id="DER"),
        pytest.param(base64.b64encode, id="base64"),
        pytest.param(base64.urlsafe_b64encode, id="base64url"),
        pytest.param(lambda der: a_pem_block("PRIVATE KEY", der), id="PEM"),
        pytest.param(lambda der: a_pem_block("CERTIFICATE", der), id="PEM marked as a certificate"),
        pytest.param(lambda der: base64.b64encode(a_pem_block("EC PRIVATE KEY", der)), id="base64 of PEM"),
        pytest.param(lambda der: a_pem_block("PRIVATE KEY", der).decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda der: der + ROOT.der, id="DER before a certificate"),
    ],
)
def test_a_private_key_is_refused_in_every_form(der: bytes, form: Callable[[bytes], bytes]) -> None:
    assert "holds a private key" in refusal_of(form(der))


@pytest.mark.parametrize(
    "label",
    [
        "PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "ANY PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_private_key_beside_certificates_is_refused_whatever_its_label(label: str, before: bool) -> None:
    key = a_pem_block(label, PRIVATE_KEYS["EC, PKCS#8"])
    assert refusal_of(key + ROOT.pem if before else ROOT.pem + key).startswith("holds a private key")


def test_a_private_key_is_named_before_any_other_trouble() -> None:
    key = a_pem_block("PRIVATE KEY", PRIVATE_KEYS["EC, PKCS#8"])
    assert "private key" in refusal_of(b"-----BEGIN CERTIFICATE-----\n!!\n" + key)
    assert "private key" in refusal_of(key[: len(key) // 2])
    assert "private key" in refusal_of(key.replace(b"-----", b"----"))


@pytest.mark.parametrize("head", [b"Private-Key: (256 bit)\npriv:\n", b"PuTTY-User-Key-File-3: ssh-rsa\n"])
def test_a_private_key_in_the_text_of_openssl_or_putty_is_refused(head: bytes) -> None:
    assert "private key" in refusal_of(head + PRIVATE_KEYS["EC, SEC 1"].hex(":").encode() + b"\n" + ROOT.pem)


@pytest.mark.parametrize("octets_left", [10, 40, 100])
def test_a_private_key_in_der_that_is_cut_short_is_not_shown(octets_left: int) -> None:
    assert "is cut short" in refusal_of(PRIVATE_KEYS["EC, PKCS#8"][:octets_left])


# What is refused: other things than certificates


def a_pfx(password: bytes | None) -> bytes:
    leaf = a_leaf_of(ROOT)
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"Ada", leaf.private_key, leaf.certificate, None, encryption)


@pytest.mark.parametrize("password", [b"horse", None])
@pytest.mark.parametrize("form", [lambda der: der, base64.b64encode, lambda der: a_pem_block("PKCS12", der)])
def test_pkcs12_is_refused_with_the_command_that_helps(form: Callable[[bytes], bytes], password: bytes | None) -> None:
    message = refusal_of(form(a_pfx(password)))
    assert "is PKCS#12" in message
    assert "openssl pkcs12 -in FILE -nokeys" in message


@pytest.mark.parametrize("label", ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "CERTIFICATE"])
def test_a_signing_request_is_refused(label: str) -> None:
    der = a_csr().public_bytes(Encoding.DER)
    assert refusal_of(der).startswith("is a certificate signing request (CSR)")
    assert refusal_of(base64.b64encode(der)).startswith("is a certificate signing request (CSR)")
    message = refusal_of(ROOT.pem + a_pem_block(label, der))
    assert message.startswith("has a PEM block (number 2) that is a certificate signing request (CSR)")


@pytest.mark.parametrize("label", ["X509 CRL", "CERTIFICATE"])
def test_a_revocation_list_is_refused_with_the_option_where_its_url_goes(label: str) -> None:
    der = a_crl_of(ROOT, revoked=[a_leaf_of(ROOT)])
    for octets in (der, base64.b64encode(der), a_pem_block(label, der), ROOT.pem + a_pem_block(label, der)):
        message = refusal_of(octets)
        assert "is a certificate revocation list (CRL)" in message
        assert "certificate_revocation_list_url" in message


@pytest.mark.parametrize("key", [EC_KEY, RSA_KEY, ED25519_KEY])
def test_a_public_key_is_refused(key: t.Any) -> None:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for octets in (der, base64.b64encode(der), a_pem_block("PUBLIC KEY", der)):
        assert "is a bare public key" in refusal_of(octets)


def test_an_rsa_public_key_of_its_own_format_is_refused() -> None:
    der = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    for octets in (der, a_pem_block("RSA PUBLIC KEY", der)):
        assert "is a bare public key" in refusal_of(octets)


@pytest.mark.parametrize(
    "octets", [b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ada@example.org\n", b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n"]
)
def test_an_ssh_key_is_refused(octets: bytes) -> None:
    assert refusal_of(octets).startswith("is an SSH key")


def test_any_other_pem_block_is_refused_by_its_label() -> None:
    message = refusal_of(ROOT.pem + a_pem_block("DH PARAMETERS", b"\x30\x03\x02\x01\x05"))
    assert message.startswith('has a PEM block (number 2) that is marked "DH PARAMETERS"')


def test_openssls_trusted_certificate_is_refused_with_the_command_that_helps() -> None:
    assert "openssl x509 -in FILE" in refusal_of(a_pem_block("TRUSTED CERTIFICATE", ROOT.der + b"\x30\x00"))


@pytest.mark.parametrize("encoding", ["der", "ber", "pem"])
def test_pkcs7_without_certificates_is_refused(encoding: t.Literal["der", "ber", "pem"]) -> None:
    empty = a_pkcs7([], "ber") if encoding == "ber" else EMPTY_SIGNED_DATA
    octets = a_pem_block("PKCS7", empty) if encoding == "pem" else empty
    assert "is PKCS#7 without any certificate" in refusal_of(octets)


EMPTY_SIGNED_DATA = bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100")


def test_pkcs7_of_another_kind_is_refused() -> None:
    enveloped = a_pkcs7([ROOT], "ber").replace(bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d010703"))
    assert "not the kind that holds certificates (SignedData)" in refusal_of(enveloped)


@pytest.mark.parametrize("octets", [b"<!DOCTYPE html>\n<html>...", b"\n <html lang='en'><body>Sign in</body></html>"])
def test_an_html_page_is_refused(octets: bytes) -> None:
    assert refusal_of(octets).startswith("is an HTML page")


def test_a_file_that_ansible_vault_encrypted_is_refused() -> None:
    assert refusal_of(b"$ANSIBLE_VAULT;1.1;AES256\n6633...\n").startswith("is encrypted by ansible-vault")


@pytest.mark.parametrize("octets", [b"files/root.crt", b"/etc/ssl/root", b"C:\\pki\\root.cer\r\n", b"root", b"MIME"])
def test_a_path_given_as_content_is_refused_with_a_hint(octets: bytes) -> None:
    message = refusal_of(octets)
    assert "give it as path" in message or "cut short" in message


def test_prose_is_refused() -> None:
    assert refusal_of(b"Dear Ada,\nhere is our root.\n").startswith("holds no certificate: it is text")


def test_binary_of_another_kind_is_refused() -> None:
    assert refusal_of(b"PK\x03\x04\x14\x00" + bytes(range(256))).startswith("is binary, but neither DER nor PKCS#7")
    assert refusal_of(b"\x30\x03\x02\x01\x05").startswith("is DER, but neither")
    assert refusal_of(b"\x30\x00\x00").startswith("is DER, but neither")


# What is refused: too little and too much


def test_an_empty_input_is_refused() -> None:
    assert refusal_of(b"") == "is empty"
    assert refusal_of(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----").endswith("that is empty")


@pytest.mark.parametrize("octets", [b" \n\t\r\n", b"\xef\xbb\xbf\n", b"\xff\xfe", b"\xff\xfe\n\x00"])
def test_white_space_alone_is_refused(octets: bytes) -> None:
    assert refusal_of(octets) == "holds nothing but white space"


def test_pem_without_its_end_line_is_refused() -> None:
    cut = ISSUING.pem[:-30]
    assert refusal_of(ROOT.pem + cut) == "is cut short: PEM block 2 has no END line of its own"
    assert refusal_of(cut + ROOT.pem) == "is cut short: PEM block 1 has no END line of its own"
    assert refusal_of(ROOT.pem.replace(b"END CERTIFICATE", b"END PKCS7")).startswith("is cut short: PEM block 1")


def test_pem_without_its_begin_line_is_refused() -> None:
    assert "without its BEGIN line" in refusal_of(ROOT.pem.partition(b"\n")[2])


@pytest.mark.parametrize("hyphens", [b"----", "\u2014".encode()])
def test_pem_with_damaged_hyphens_is_refused(hyphens: bytes) -> None:
    assert "exactly five hyphens" in refusal_of(ROOT.pem.replace(b"-----", hyphens))


def test_pem_with_backslash_n_for_line_breaks_is_refused_with_the_way_to_write_it_in_yaml() -> None:
    assert "content: |" in refusal_of(ROOT.pem.replace(b"\n", b"\\n"))


def test_pem_with_other_characters_is_refused() -> None:
    message = refusal_of(ROOT.pem[:100] + b"*" + ROOT.pem[101:])
    assert message == "has a PEM block (number 1) that holds characters that are not base64"


def test_der_that_is_cut_short_tells_both_lengths() -> None:
    length = len(ROOT.der)
    expected = f"is cut short: its header announces {length:,} octets, {length - 9:,} are there"
    assert refusal_of(ROOT.der[:-9]) == expected
    assert refusal_of(a_pem_block("CERTIFICATE", ROOT.der[:-9])).endswith(expected)
    assert refusal_of(base64.b64encode(ROOT.der[:-9])) == expected


def test_ber_that_is_cut_short_is_refused() -> None:
    bundle = a_pkcs7([ROOT], "ber")[:-2]
    assert refusal_of(bundle) == f"is cut short: the end of its BER is missing, {len(bundle):,} are there"


def test_base64_that_is_cut_short_is_refused() -> None:
    whole = base64.b64encode(ROOT.der).rstrip(b"=")
    for length in range(len(whole) - 4, len(whole)):
        assert "is cut short" in refusal_of(whole[:length])


def test_base64_with_damage_is_told_from_text() -> None:
    text = base64.encodebytes(ROOT.der)
    assert refusal_of(text[:200] + b"*" + text[201:]) == (
        "begins as base64 of DER, but holds characters that are not base64"
    )


def test_base64_of_pem_is_refused_with_the_filter_that_helps() -> None:
    assert "b64decode" in refusal_of(base64.b64encode(ROOT.pem))


def test_octets_after_a_der_certificate_are_refused() -> None:
    message = refusal_of(ROOT.der + ISSUING.der)
    assert f"of {len(ROOT.der):,} octets with {len(ISSUING.der):,} more octets after its end" in message
    assert "as PEM or as PKCS#7" in message
    assert "1 more octets" in refusal_of(ROOT.der + b"\n")
    assert "2 more octets" in refusal_of(a_pkcs7([ROOT], "ber") + b"\x00\x00")


def test_damaged_utf_16_is_refused() -> None:
    assert "begins as UTF-16 text" in refusal_of(b"\xff\xfeM\x00\x00")


def test_damage_inside_der_is_refused() -> None:
    whole = a_pkcs7([ROOT], "der")
    damaged = whole.replace(b"\x02\x01\x01\x31\x00", b"\x02\x01\x01\x04\x80")
    assert refusal_of(damaged).startswith("is damaged DER or BER: a primitive element of indefinite length")
    assert refusal_of(b"\x30\xff" + bytes(200)).startswith("is neither DER nor BER: a length of 127 octets")


def test_more_than_the_greatest_size_is_refused() -> None:
    with pytest.raises(UnusableInput, match="has 10,485,761 octets, more than the 10,485,760 taken here"):
        certificates_in(bytes(MAXIMUM_SIZE + 1))


@pytest.mark.parametrize(
    "unit",
    [
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN ",
        b"-----END CERTIFICATE-----\n",
        b"BEGIN A ",
        b"-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE-----",
        b"M",
        b" ",
        b"=",
        b"\x30\x80",
        b"\x30\x82\x00\x00",
        b"\x30\xbf",
        b"\xff",
    ],
)
def test_hostile_input_of_a_megabyte_is_refused_in_a_moment(unit: bytes) -> None:
    began = time.process_time()
    with pytest.raises(UnusableInput):
        certificates_in(unit * (2**20 // len(unit)))
    assert time.process_time() - began < 2  # a quadratic search takes minutes


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 600), st.sampled_from([ROOT.der, a_pkcs7([ROOT, ISSUING], "ber")]))
def test_damage_of_any_kind_gives_certificates_or_a_refusal(noise: bytes, at: int, octets: bytes) -> None:
    for damaged in (noise, octets[:at] + noise, octets[:at] + noise + octets[at + len(noise) :]):
        for form in (damaged, a_pem_block("CERTIFICATE", damaged), base64.b64encode(damaged)):
            with contextlib.suppress(UnusableInput):
                assert certificates_in(form)
