"""Certificates and keys from files: what is read, and what is said of files that cannot do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from ansible_collections.entra.cba.plugins.module_utils._identity.signing_certificate import read_signing_certificate
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError
from builders.pki import BuiltCertificate, a_leaf_of, a_root_ca, an_ec_key, an_intermediate_of, an_rsa_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOW = datetime.now(UTC)
KEY = an_rsa_key()
ROOT = a_root_ca()
CURVE = a_root_ca(key=an_ec_key())
ISSUING = an_intermediate_of(ROOT)
SIGNER = a_leaf_of(ISSUING, "automation", key=KEY)


def pfx(signer: BuiltCertificate, others: Iterable[BuiltCertificate] = (), password: bytes | None = None) -> bytes:
    encryption: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        b"automation", KEY, signer.certificate, [other.certificate for other in others], encryption
    )


def encrypted_key(password: bytes) -> bytes:
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))


@pytest.mark.parametrize("password", [None, "not-needed"])
def test_a_pem_file_holds_key_and_certificates_in_any_order(tmp_path: Path, password: str | None) -> None:
    path = tmp_path / "signer.pem"
    path.write_bytes(ROOT.pem + ISSUING.pem + SIGNER.key_pem + SIGNER.pem)
    signing = read_signing_certificate(str(path), None, password, NOW)
    assert signing.sha256 == SIGNER.sha256
    assert signing.chain == (SIGNER.certificate, ISSUING.certificate, ROOT.certificate)


@pytest.mark.parametrize("certificate", [SIGNER.pem, SIGNER.der])
def test_the_key_may_be_in_a_file_of_its_own(tmp_path: Path, certificate: bytes) -> None:
    (tmp_path / "signer.crt").write_bytes(certificate)
    (tmp_path / "signer.key").write_bytes(encrypted_key(b"pass phrase"))
    signing = read_signing_certificate(str(tmp_path / "signer.crt"), str(tmp_path / "signer.key"), "pass phrase", NOW)
    assert (signing.sha256, signing.private_key.public_key()) == (SIGNER.sha256, KEY.public_key())


@pytest.mark.parametrize("password", [None, "pass phrase"])
def test_a_pfx_file_with_and_without_a_password(tmp_path: Path, password: str | None) -> None:
    path = tmp_path / "signer.pfx"
    path.write_bytes(pfx(SIGNER, [ROOT, ISSUING], password.encode() if password else None))
    signing = read_signing_certificate(str(path), None, password, NOW)
    assert signing.chain == (SIGNER.certificate, ISSUING.certificate, ROOT.certificate)


def test_of_a_renewed_certificate_the_one_that_lasts_longest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "signer.pem"
    old = a_leaf_of(ISSUING, "automation", key=KEY, not_after=-0.5)
    path.write_bytes(old.pem + SIGNER.pem + SIGNER.key_pem)
    assert read_signing_certificate(str(path), None, None, NOW).sha256 == SIGNER.sha256


@pytest.mark.parametrize(
    ("content", "password", "said"),
    [
        (SIGNER.pem, None, "holds no private key in PEM"),
        (SIGNER.key_pem, None, "holds no certificate in PEM"),
        (SIGNER.pem + encrypted_key(b"x"), None, "is encrypted; give its password in 'client_certificate_password'"),
        (SIGNER.pem + encrypted_key(b"x"), "y", "does not decrypt the private key"),
        (ROOT.pem + SIGNER.key_pem, None, "do not belong together"),
        (CURVE.pem + CURVE.key_pem, None, "is not RSA"),
        (a_leaf_of(ROOT, key=KEY, not_after=-0.5).pem + SIGNER.key_pem, None, "expired on 20"),
        (pfx(SIGNER, password=b"x"), None, "without a password; if it has one"),
        (pfx(SIGNER, password=b"x"), "y", "client_certificate_password: it does not open"),
        (b"\x00 neither", None, "neither PEM nor a PFX"),
    ],
)
def test_a_file_that_cannot_do_is_named_with_the_reason_and_never_with_its_content(
    tmp_path: Path, content: bytes, password: str | None, said: str
) -> None:
    path = tmp_path / "signer.any"
    path.write_bytes(content)
    with pytest.raises(CredentialError, match="client_certificate_p") as refusal:
        read_signing_certificate(str(path), None, password, NOW)
    assert said in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "BEGIN" not in str(refusal.value)


def test_a_key_file_that_does_not_match_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "signer.crt").write_bytes(SIGNER.pem)
    (tmp_path / "other.key").write_bytes(a_root_ca().key_pem)
    with pytest.raises(CredentialError, match=r"signer\.crt and the private key in .*other\.key do not belong"):
        read_signing_certificate(str(tmp_path / "signer.crt"), str(tmp_path / "other.key"), None, NOW)
    with pytest.raises(CredentialError, match=r"client_certificate_key_path: .*none\.key cannot be read: No such file"):
        read_signing_certificate(str(tmp_path / "signer.crt"), str(tmp_path / "none.key"), None, NOW)
