# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server such as CAs publish revocation lists on, which behaves as badly as it is told, and a forward proxy."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

_BLOCK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class Page:
    """What a path answers.

    delay_s: before the answer; pause_s: in the middle of the body; drip_s: before each octet of the body.
    endless: zeros follow the octets for ever. content_length: announced instead of the true one, None announces none.
    reset: the connection is broken off instead of an answer.
    """

    octets: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0
    pause_s: float = 0
    drip_s: float = 0
    endless: bool = False
    content_length: int | None = -1
    reset: bool = False


def a_redirect_to(location: str, status: int = 302) -> Page:
    """Return a page that is somewhere else."""
    return Page(status=status, headers={"Location": location})


@dataclass(frozen=True, slots=True)
class AskedFor:
    """One request as it arrived; `target` is the path, or the whole URL when a proxy is asked."""

    method: str
    target: str
    headers: Mapping[str, str]


class Publisher:
    """One running server: what it publishes, which may change at any time, and what it was asked."""

    def __init__(self, url: str, port: int) -> None:
        self.url = url
        self.port = port
        self.pages: dict[str, Page] = {}
        self.latency_s = 0.0
        self.requests: list[AskedFor] = []
        self.connections = 0
        # As a proxy it makes each tunnel to this port of 127.0.0.1, whatever host is asked for.
        self.tunnels_to: int | None = None

    def publish(self, target: str, page: Page | bytes) -> str:
        """Serve a page below a path, or a whole URL when asked as a proxy; return its URL."""
        self.pages[target] = page if isinstance(page, Page) else Page(page)
        return f"{self.url}{target}" if target.startswith("/") else target

    @property
    def asked_for(self) -> list[str]:
        """The targets of all requests, in the order in which they came."""
        return [request.target for request in self.requests]


@contextmanager
def publishing(tls: ssl.SSLContext | None = None) -> Iterator[Publisher]:
    """Serve on a free port of 127.0.0.1 until the context ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    port = server.server_address[1]
    server.publisher = Publisher(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
    server.tls = tls
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="publisher", daemon=True)
    thread.start()
    try:
        yield server.publisher
    finally:
        server.is_closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    publisher: Publisher
    tls: ssl.SSLContext | None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.is_closing = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.publisher.connections += 1
        try:
            if self.tls is None:
                super().finish_request(request, client_address)
            else:
                with self.tls.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, client_address)
        except OSError:
            pass  # the client had enough, which is what many a test wants


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        publisher = self.server.publisher
        self._note()
        page = publisher.pages.get(self.path, Page(status=404))
        self._wait(publisher.latency_s + page.delay_s)
        self.close_connection = True
        if page.reset:
            # Closing with a linger time of 0 sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        length = len(page.octets) if page.content_length == -1 else page.content_length
        if length is not None and not page.endless:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self._send_body(page)

    def do_CONNECT(self) -> None:
        self._note()
        port = self.server.publisher.tunnels_to
        self.close_connection = True
        if port is None:
            self.send_error(403)
            return
        with socket.create_connection(("127.0.0.1", port)) as onward:
            self.send_response(200)
            self.end_headers()
            thread = threading.Thread(target=_relay, args=(onward, self.connection), daemon=True)
            thread.start()
            _relay(self.connection, onward)
            thread.join()

    def _send_body(self, page: Page) -> None:
        if page.drip_s:
            for octet in page.octets:
                self._wait(page.drip_s)
                self.wfile.write(bytes([octet]))
        else:
            middle = len(page.octets) // 2 if page.pause_s else len(page.octets)
            self.wfile.write(memoryview(page.octets)[:middle])
            self._wait(page.pause_s)
            self.wfile.write(memoryview(page.octets)[middle:])
        while page.endless and not self.server.is_closing.is_set():
            self.wfile.write(_BLOCK)

    def _wait(self, seconds: float) -> None:
        if seconds and self.server.is_closing.wait(seconds):
            raise ConnectionAbortedError

    def _note(self) -> None:
        self.server.publisher.requests.append(AskedFor(self.command, self.path, dict(self.headers)))

    def log_message(self, *_arguments: object) -> None:
        pass


def _relay(source: socket.socket, target: socket.socket) -> None:
    try:
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
