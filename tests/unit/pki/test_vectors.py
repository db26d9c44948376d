# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real and damaged files of many makers (cryptography's own test vectors): each gives certificates or one refusal."""

from __future__ import annotations

from pathlib import Path

import cryptography_vectors
import pytest

from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import (
    Certificate,
    MalformedCertificate,
    is_self_signed,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import (
    MAXIMUM_SIZE,
    UnusableInput,
    certificates_in,
)

VECTORS = Path(cryptography_vectors.__file__).parent


def files_in(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((VECTORS / folder).rglob("*")) if path.is_file()]


def test_every_certificate_and_bundle_is_read_or_refused() -> None:
    read = 0
    for path in files_in("x509", "pkcs7"):
        try:
            encoded = certificates_in(path.read_bytes())
        except UnusableInput:
            continue
        for der in encoded:
            try:
                certificate = Certificate.from_der(der)
            except MalformedCertificate:
                continue
            assert certificate.subject or certificate.parsed
            assert is_self_signed(certificate) in {True, False, None}
            read += 1
    assert read > 400


def test_every_private_key_is_refused_as_one() -> None:
    keys = 0
    for path in files_in("asymmetric", "pkcs12"):
        octets = path.read_bytes()
        if b"PRIVATE KEY-----" in octets and len(octets) <= MAXIMUM_SIZE:
            with pytest.raises(UnusableInput, match="holds a private key"):
                certificates_in(octets)
            keys += 1
    assert keys > 50
