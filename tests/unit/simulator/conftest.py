# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulators and certificates for the tests of the simulator."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from simulator.clock import SystemClock
from simulator.in_process import InProcess
from simulator.server import Running, serve
from simulator.tenants import make_tenants

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = ec.generate_private_key(ec.SECP256R1())


class Authority(Protocol):
    """Makes one member of certificateAuthorities, as a client sends it."""

    def __call__(
        self, name: str = ..., *, issuer: str | None = ..., expired: bool = ..., ski: bool = ...
    ) -> dict[str, object]: ...


@pytest.fixture
def simulator() -> InProcess:
    return InProcess(tenants=2)


@pytest.fixture(scope="session")
def authority() -> Authority:
    def make(
        name: str = "CN=Root", *, issuer: str | None = None, expired: bool = False, ski: bool = True
    ) -> dict[str, object]:
        der = _certificate(name, issuer or name, expired=expired, ski=ski).public_bytes(Encoding.DER)
        return {"certificate": base64.b64encode(der).decode(), "isRootAuthority": issuer is None}

    return make


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with serve(make_tenants(200), SystemClock()) as simulator:
        yield simulator


def _certificate(subject: str, issuer: str, *, expired: bool, ski: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(_KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=365))
        .not_valid_after(now + timedelta(days=-1 if expired else 365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if ski:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(_KEY.public_key()), critical=False)
    return builder.sign(_KEY, hashes.SHA256())
