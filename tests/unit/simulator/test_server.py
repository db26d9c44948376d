# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Over real TLS: msal logs in, connections are kept, broken and cut, 200 tenants are served, the program ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from simulator.behaviour import parse_behaviour
from simulator.faults import parse_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.server import Running
    from simulator.tenants import Tenant


@pytest.fixture
def session(running: Running, tmp_path: Path) -> Iterator[requests.Session]:
    with new_session(running, tmp_path) as session:
        yield session


@pytest.fixture
def tenant(running: Running) -> Iterator[Tenant]:
    yield running.simulation.tenants[0]
    running.simulation.reset()


def test_msal_logs_in_with_a_secret(running: Running, session: requests.Session, tenant: Tenant) -> None:
    assert list_store(session, running, tenant, acquire(running, session, tenant, tenant.client_secret)) == 200


@pytest.mark.parametrize("with_thumbprint", [False, True])
def test_msal_logs_in_with_a_certificate(
    running: Running, session: requests.Session, tenant: Tenant, with_thumbprint: bool
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = self_signed(key)
    pem = certificate.public_bytes(Encoding.PEM).decode()
    tenant.behaviour = parse_behaviour({"client_certificate": pem})
    credential = {"private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()}
    if with_thumbprint:
        credential["thumbprint"] = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303
    else:
        credential["public_certificate"] = pem

    assert list_store(session, running, tenant, acquire(running, session, tenant, credential)) == 200


def test_msal_is_told_why_a_secret_is_refused(running: Running, session: requests.Session, tenant: Tenant) -> None:
    refusal = application(running, session, tenant, "wrong").acquire_token_for_client([f"{running.base_url}/.default"])

    assert (refusal["error"], refusal["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_reaches_the_wire(running: Running, tenant: Tenant, when: str) -> None:
    tenant.faults = parse_faults([{"path": "openid-configuration", "reset": when}])

    with connect(running) as connection:
        connection.sendall(
            f"GET /{tenant.tenant_id}/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        # Below TLS: OpenSSL's error for a reset connection is the same as for a closed one.
        with pytest.raises(ConnectionResetError):
            receive_all_below_tls(connection)


def test_a_cut_answer_ends_the_connection(running: Running, session: requests.Session, tenant: Tenant) -> None:
    tenant.faults = parse_faults([{"path": "openid-configuration", "truncate": 10}])

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="10 bytes read"):
        session.get(f"{running.base_url}/{tenant.tenant_id}/v2.0/.well-known/openid-configuration", timeout=10)


def test_a_delay_takes_its_time(running: Running, session: requests.Session, tenant: Tenant) -> None:
    tenant.faults = parse_faults([{"path": "openid-configuration", "delay_s": 0.3}])

    answer = session.get(f"{running.base_url}/{tenant.tenant_id}/v2.0/.well-known/openid-configuration", timeout=10)

    assert answer.status_code == 200
    assert answer.elapsed >= timedelta(seconds=0.3)


def test_a_connection_is_kept_after_refusals_with_unread_bodies(running: Running, tenant: Tenant) -> None:
    request = (
        f"POST /v1.0/organization/{tenant.tenant_id}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n".encode()
        + b"x" * 20000
    )

    with connect(running) as connection:
        for _unused in range(3):
            connection.sendall(request)
            assert read_answer(connection).startswith(b"HTTP/1.1 401 ")


def test_200_unchanged_tenants_in_a_row_from_4_clients(running: Running, tmp_path: Path) -> None:
    assert len(running.simulation.tenants) == 200

    def visit(share: int) -> list[int]:
        with new_session(running, tmp_path / str(share)) as session:
            return [
                list_store(session, running, tenant, acquire(running, session, tenant, tenant.client_secret))
                for tenant in running.simulation.tenants[share::4]
            ]

    with ThreadPoolExecutor(4) as clients:
        statuses = [status for visited in clients.map(visit, range(4)) for status in visited]

    running.simulation.reset()
    assert statuses == [200] * 200


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_program_says_where_it_serves_and_ends_when_told(tmp_path: Path, ending: signal.Signals) -> None:
    endpoints_path = tmp_path / "endpoints.json"
    command, environment = program(endpoints_path)
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            endpoints = wait_for_endpoints(endpoints_path, process)
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(
                    f"{endpoints['control_url']}/requests", verify=str(endpoints["ca_path"]), timeout=10
                )
        finally:
            process.send_signal(ending)
            output, errors = process.communicate(timeout=20)

    assert answer.json() == {"requests": []}
    assert set(endpoints) == {
        "graph_url",
        "authority_url",
        "ca_path",
        "control_url",
        "managed_identity_url",
        "tenants",
    }
    assert str(endpoints["graph_url"]).startswith("https://127.0.0.1:")
    assert [set(tenant) for tenant in endpoints["tenants"]] == [
        {"tenant_id", "client_id", "client_secret", "domain"}
    ] * 2
    assert stat.S_IMODE(endpoints_path.stat().st_mode) == 0o600
    assert (process.returncode, errors) == (0, "")
    assert str(endpoints_path) in output


def test_a_program_that_cannot_serve_leaves_no_file_of_an_earlier_run(running: Running, tmp_path: Path) -> None:
    endpoints_path = tmp_path / "endpoints.json"
    endpoints_path.write_text("{}")
    command, environment = program(endpoints_path)

    ended = subprocess.run(
        [*command, "--port", running.base_url.rpartition(":")[2]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode != 0
    assert "in use" in ended.stderr
    assert not endpoints_path.exists()


def program(endpoints_path: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command that starts the simulator for two tenants, and its environment."""
    command = [sys.executable, "-m", "simulator", "--endpoints", str(endpoints_path), "--tenants", "2"]
    return command, {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def new_session(running: Running, directory: Path) -> requests.Session:
    directory.mkdir(exist_ok=True)
    ca_path = directory / "ca.pem"
    ca_path.write_bytes(running.ca_pem)
    session = requests.Session()
    session.trust_env = False
    session.verify = str(ca_path)
    return session


def application(
    running: Running, session: requests.Session, tenant: Tenant, credential: str | dict[str, str]
) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        tenant.client_id,
        client_credential=credential,
        authority=f"{running.base_url}/{tenant.tenant_id}",
        instance_discovery=False,
        http_client=session,
    )


def acquire(running: Running, session: requests.Session, tenant: Tenant, credential: str | dict[str, str]) -> str:
    answer = application(running, session, tenant, credential).acquire_token_for_client(
        [f"{running.base_url}/.default"]
    )
    assert "access_token" in answer, answer
    return str(answer["access_token"])


def list_store(session: requests.Session, running: Running, tenant: Tenant, token: str) -> int:
    url = f"{running.base_url}/v1.0/organization/{tenant.tenant_id}/certificateBasedAuthConfiguration"
    return session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name.from_rfc4514_string("CN=application")
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    ).sign(key, hashes.SHA256())


def connect(running: Running) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=running.ca_pem.decode())
    connection = socket.create_connection(("127.0.0.1", int(running.base_url.rpartition(":")[2])), timeout=10)
    return context.wrap_socket(connection, server_hostname="127.0.0.1")


def receive_all_below_tls(connection: ssl.SSLSocket) -> None:
    while socket.socket.recv(connection, 4096):
        pass


def read_answer(connection: ssl.SSLSocket) -> bytes:
    """Return one answer with its body."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _blank, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + body


def wait_for_endpoints(path: Path, process: subprocess.Popen[str]) -> dict[str, object]:
    for _unused in range(200):
        if path.exists() and path.read_text().startswith("{"):
            endpoints: dict[str, object] = json.loads(path.read_text())
            return endpoints
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    pytest.fail("the simulator does not serve")
