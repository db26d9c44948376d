# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections on which nothing waits beyond one deadline: looking up the name, connecting, TLS, every read.

This module util is private to the collection.
"""

from __future__ import annotations

import io
import queue
import socket
import threading
import time
import typing as t

if t.TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from _typeshed import WriteableBuffer

_BUFFER = 64 * 1024


class Deadline:
    """The moment after which nothing is waited for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, more than none; raises TimeoutError when it has passed."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is up")
        return seconds

    def postpone(self, seconds: float) -> None:
        self._end += seconds


class SocketAddress(t.NamedTuple):
    """Where to connect to: a family, and its address in the form that a socket of that family takes."""

    family: int
    address: tuple[t.Any, ...]

    @property
    def ip(self) -> str:
        return str(self.address[0])


def look_up(host: str, port: int, deadline: Deadline) -> list[SocketAddress]:
    """Return the addresses of a name; raises OSError, TimeoutError among them.

    The system's resolver knows no time limit, so it is asked in a thread that is left behind when it takes too long.
    """
    answer: queue.SimpleQueue[list[SocketAddress] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.put(error)
        else:
            answer.put([SocketAddress(family, address) for family, _type, _protocol, _name, address in found])

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        result = answer.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(result, Exception):
        raise OSError(str(result.args[-1])) from result
    return result


def numeric_address(host: str) -> str | None:
    """Return the address that a host is in any notation that the system knows ("0x7f.1"), None when it is a name."""
    try:
        found = socket.getaddrinfo(host.rstrip("."), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


def connect(addresses: Sequence[SocketAddress], deadline: Deadline) -> socket.socket:
    """Connect to the first of these addresses that answers, each within its share of the time that is left."""
    failed: OSError = OSError("the name has no address")
    for place, target in enumerate(addresses):
        share = deadline.left() / (len(addresses) - place)
        try:
            return _connect_to(target, share)
        except OSError as error:
            failed = error
    raise failed


def _connect_to(target: SocketAddress, seconds: float) -> socket.socket:
    connection = socket.socket(target.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(target.address)
    except OSError:
        connection.close()
        raise
    return connection


class Wire:
    """A connection to write to and for http.client.HTTPResponse to read from, nothing of it beyond the deadline.

    A limit for each read alone would let a server that sends one octet at a time go on for ever.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS, with a server that proves to be `host`; raises OSError, ssl.SSLError among them."""
        self._connection.settimeout(self._deadline.left())
        self._connection = context.wrap_socket(self._connection, server_hostname=host.rstrip("."))

    def send(self, octets: bytes) -> None:
        self._connection.settimeout(self._deadline.left())
        self._connection.sendall(octets)

    def receive_into(self, buffer: WriteableBuffer) -> int:
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what a socket's method of this name does."""
        return io.BufferedReader(_Reader(self), _BUFFER)

    def close(self) -> None:
        self._connection.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._wire.receive_into(buffer)
