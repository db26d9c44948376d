# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serving the application over TLS on the loopback interface, with a certificate authority made for this run."""

from __future__ import annotations

import re
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme
from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from simulator.application import create_application
from simulator.faults import ConnectionReset
from simulator.managed_identity import PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from simulator.clock import Clock
    from simulator.simulation import Simulation
    from simulator.tenants import Tenant

_THREADS = 32
_IDLE_CONNECTIONS = 2000
_BACKLOG = 512
_HANDSHAKE_TIMEOUT_S = 5
_IDLE_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that serves: where it is, and the PEM of the authority that its certificate is from.

    managed_identity_url: where the endpoints of managed identities are, in plain HTTP, below a tenant's id each.
    """

    base_url: str
    managed_identity_url: str
    ca_pem: bytes
    simulation: Simulation


@contextmanager
def serve(tenants: Sequence[Tenant], clock: Clock, port: int = 0) -> Iterator[Running]:
    """Serve on 127.0.0.1 until the context ends; port 0 takes a free one. Raises OSError when the port is taken."""
    authority = trustme.CA(organization_name="entra.cba simulator")
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    server = _server(port)
    with leaf.private_key_and_cert_chain_pem.tempfile() as path:
        server.ssl_adapter = _TLS(path, path)
    server.prepare()
    base_url = f"https://127.0.0.1:{server.bind_addr[1]}"
    application = create_application(tenants, clock, base_url)
    server.wsgi_app = application
    metadata = _server(0)
    metadata.prepare()
    metadata.wsgi_app = _ManagedIdentityOnly(application)
    threads = [threading.Thread(target=each.serve, name="simulator", daemon=True) for each in (server, metadata)]
    for thread in threads:
        thread.start()
    try:
        yield Running(
            base_url, f"http://127.0.0.1:{metadata.bind_addr[1]}", authority.cert_pem.bytes(), application.simulation
        )
    finally:
        server.stop()
        metadata.stop()
        for thread in threads:
            thread.join()


def _server(port: int) -> wsgi.Server:
    server = wsgi.Server(
        ("127.0.0.1", port),
        None,
        numthreads=_THREADS,
        request_queue_size=_BACKLOG,
        timeout=_IDLE_TIMEOUT_S,
        shutdown_timeout=1,
    )
    server.keep_alive_conn_limit = _IDLE_CONNECTIONS
    server.gateway = _Gateway
    return server


class _ManagedIdentityOnly:
    """Lets nothing but managed identities through: login and Graph are served over TLS alone."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if re.match(PATH, environ["PATH_INFO"]):
            return self._application(environ, start_response)
        start_response("404 Not Found", [("Content-Length", "0")])
        return []


class _TLS(BuiltinSSLAdapter):
    def wrap(self, sock: socket.socket) -> object:
        # The handshake runs in the thread that accepts: a silent client must not hold up the others.
        sock.settimeout(_HANDSHAKE_TIMEOUT_S)
        return super().wrap(sock)  # type: ignore[no-untyped-call]


class _Gateway(wsgi.Gateway_10):
    """Breaks the connection when the application asks for it, and ends it after an answer that was cut short."""

    _sent = 0

    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionReset:
            self._reset()
        if self._sent < (self.remaining_bytes_out or 0):
            self.req.close_connection = True

    def write(self, chunk: bytes) -> None:
        super().write(chunk)
        self._sent += len(chunk)

    def _reset(self) -> None:
        connection = self.req.conn
        # Closing with a linger time of 0 sends RST instead of FIN.
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.socket.close()
        # Tell cheroot that there is nothing left to send, shut down or reuse.
        connection.linger = True
        self.req.sent_headers = True
        self.req.close_connection = True
