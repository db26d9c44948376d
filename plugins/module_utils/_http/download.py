# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of public files, such as revocation lists, from addresses that nobody vouches for.

This module util is private to the collection.
"""

from __future__ import annotations

import base64
import http.client
import mmap
import os
import re
import ssl
import string
import tempfile
import threading
import time
import typing as t
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from ansible_collections.entra.cba.plugins.module_utils._dependencies import requests
from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._http.addresses import refusal
from ansible_collections.entra.cba.plugins.module_utils._http.public_url import Target, shown, without_user_info
from ansible_collections.entra.cba.plugins.module_utils._http.wire import (
    Deadline,
    Wire,
    connect,
    look_up,
    numeric_address,
)

if t.TYPE_CHECKING:
    import socket
    from collections.abc import Collection, Iterable, Iterator

    from ansible_collections.entra.cba.plugins.module_utils._http.addresses import Network
    from ansible_collections.entra.cba.plugins.module_utils._http.wire import SocketAddress

FailureKind = t.Literal[
    "refused_scheme", "refused_address", "redirects", "unreachable", "timeout", "too_large", "status"
]

# With a proxy at hand: whoever drops packets to the internet does so for each URL, and SYN is sent again after 1 s.
DIRECT_CONNECTION_SECONDS = 3.0
# Bodies beyond this are received one at a time.
LARGE = 1024 * 1024
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """What one URL may take: seconds for the whole exchange, octets, redirects; and how many are asked at once."""

    seconds: float = 10.0
    largest: int = 45 * 1024 * 1024
    redirects: int = 5
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Download:
    """What came of asking for one URL.

    final_url: where redirects led to, without user name and password; of a failure, where it happened.
    seconds: of the whole exchange. After an attempt without proxy and one through it, those of the last.
    status: of the last answer, None when none came.
    size: the octets of the body that were received, also when it was cut off.
    failure: None means that the status is 200 and the whole body is there. "refused_scheme" is said of any URL that
    cannot be asked for: neither http nor https, without a host, with a user name or password.
    reason: the failure in words.
    through_proxy: an answer came through the configured proxy, and none without it.
    content: the body as it was sent; None after a failure.
    """

    url: str
    final_url: str
    seconds: float
    status: int | None
    size: int
    failure: FailureKind | None
    reason: str
    through_proxy: bool
    content: memoryview | None = field(repr=False, compare=False)


def download_all(
    urls: Iterable[str], *, limits: DownloadLimits, allowed_networks: Collection[Network] = ()
) -> Iterator[Download]:
    """Ask for each distinct URL once, several at a time, and yield what came of each as they complete.

    Drop the content before asking for the next: it lies in a temporary file that is mapped into memory as far as it is
    looked at, and both are gone with it. Bodies beyond 1 MB are received one after another, the wait for the others not
    counted, so that they do not take each other's bandwidth and time out where a single one would not.

    What is asked: GET, `http` and `https` only, without cookies, credentials, Referer, and with `Accept-Encoding:
    identity`. A body that is sent compressed all the same is not unpacked, since whoever expects DER would not either.
    The TLS certificates of servers are verified, with the bundle that REQUESTS_CA_BUNDLE names or that requests brings.

    Who is asked: every hop's addresses are looked up here, once, and only an address that passed is connected to, so
    that a name that changes its address between check and use gains nothing. Loopback, link-local, unspecified and
    multicast addresses are refused unless in `allowed_networks`; private ones are not, for internal mirrors. Redirects
    are checked like URLs.

    Proxies of the environment are asked only when no answer came without them: Entra fetches from the internet, where
    nobody knows them. Of what is asked through a proxy only the URL can be checked, the addresses are looked up there.

    Raises Failure when there is no room for temporary files.
    """
    waiting = iter(dict.fromkeys(urls))
    downloader = _Downloader(limits, tuple(allowed_networks))
    executor = ThreadPoolExecutor(limits.at_once, thread_name_prefix="download")
    try:
        running = {executor.submit(downloader.download, url) for url in islice(waiting, limits.at_once)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            while done:
                yield done.pop().result()  # kept in no variable: it would outlive the caller's
                running |= {executor.submit(downloader.download, url) for url in islice(waiting, 1)}
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


class _Refused(Exception):
    """Why a URL cannot be had."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class _Downloader:
    """What the downloads of one call have in common."""

    def __init__(self, limits: DownloadLimits, allowed_networks: tuple[Network, ...]) -> None:
        self.limits = limits
        self.allowed_networks = allowed_networks
        self.one_large_body = threading.Lock()
        self._one_trust = threading.Lock()
        self._trust: ssl.SSLContext | None = None

    def download(self, url: str) -> Download:
        direct = _Exchange(self, url, by_proxy=False).download()
        if direct.status is not None or direct.failure not in ("unreachable", "timeout"):
            return direct
        proxy = _proxy_for(direct.final_url)
        if proxy is None:
            return direct
        proxied = _Exchange(self, url, by_proxy=True).download()
        if proxied.failure is None:
            return proxied
        reason = f"{proxied.reason}, through the proxy {without_user_info(proxy)}. Without it: {direct.reason}"
        return replace(proxied, reason=reason)

    def trust(self) -> ssl.SSLContext:
        """Return what TLS certificates are verified with; raises OSError when the bundle cannot be read."""
        with self._one_trust:  # it takes 20 ms to read
            if self._trust is None:
                bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
                path = Path(bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH)
                try:
                    self._trust = ssl.create_default_context(
                        cafile=None if path.is_dir() else path, capath=path if path.is_dir() else None
                    )
                except OSError as error:
                    raise OSError(f"the CA bundle {path} cannot be read ({_words(error)})") from error
            return self._trust


class _Exchange:
    """One attempt to get one URL, from the first name that is looked up to the last octet."""

    def __init__(self, downloader: _Downloader, url: str, *, by_proxy: bool) -> None:
        self._downloader = downloader
        self._limits = downloader.limits
        self._url = url
        self._by_proxy = by_proxy
        self._started = time.monotonic()
        self._waited = 0.0
        self._deadline = Deadline(self._limits.seconds)
        self._final_url = url
        self._doing = ""
        self._status: int | None = None
        self._size = 0
        self._through_proxy = False

    def download(self) -> Download:
        try:
            return self._result(self._follow())
        except _Refused as error:
            return self._result(None, error.kind, str(error))
        except TimeoutError:
            seconds = f"{time.monotonic() - self._started - self._waited:.1f}"
            return self._result(None, "timeout", f"given up after {seconds} seconds while {self._doing}")
        except (OSError, http.client.HTTPException) as error:
            return self._result(None, "unreachable", f"failed while {self._doing}: {_words(error)}")

    def _result(self, content: memoryview | None, failure: FailureKind | None = None, reason: str = "") -> Download:
        return Download(
            url=self._url,
            final_url=without_user_info(self._final_url),
            seconds=time.monotonic() - self._started - self._waited,
            status=self._status,
            size=self._size,
            failure=failure,
            reason=reason,
            through_proxy=self._through_proxy and self._status is not None,
            content=content,
        )

    def _follow(self) -> memoryview:
        """Return the body that the URL and its redirects lead to."""
        for _hop in range(self._limits.redirects + 1):
            self._status = None
            try:
                target = Target.of(self._final_url)
            except ValueError as error:
                raise _Refused("refused_scheme", str(error)) from None
            proxy = _proxy_for(target.url) if self._by_proxy else None
            with closing(Wire(self._connect(target, proxy), self._deadline)) as wire:
                if target.scheme == "https":
                    self._secure(wire, target, proxy)
                answer = self._ask(wire, target, proxy)
                if answer.status not in _REDIRECTS:
                    return self._body_of(answer)
                self._final_url = _redirected(target.url, answer)
        raise _Refused("redirects", f"redirected more than {self._limits.redirects} times")

    def _connect(self, target: Target, proxy: str | None) -> socket.socket:
        """Connect to the server of a URL, or to the proxy."""
        self._check_host(target)
        if proxy is None:
            deadline = self._deadline
            if _proxy_for(target.url) is not None:
                deadline = Deadline(min(DIRECT_CONNECTION_SECONDS, deadline.left()))
            self._doing = f"looking up {target.host}"
            found = look_up(target.host, target.port, deadline)
            self._doing = f"connecting to {target.authority}"
            return connect(self._allowed(target, found), deadline)
        self._through_proxy = True
        self._doing = f"connecting to the proxy {without_user_info(proxy)}"
        parts = urlsplit(proxy)
        try:
            port = parts.port or 80
        except ValueError as error:
            raise OSError(str(error)) from None
        if parts.scheme != "http" or parts.hostname is None:
            raise OSError("only proxies with an http:// URL are supported")
        return connect(look_up(parts.hostname, port, self._deadline), self._deadline)

    def _secure(self, wire: Wire, target: Target, proxy: str | None) -> None:
        """Go on in TLS, through a proxy in a tunnel."""
        if proxy is not None:
            server = f"{target.bracketed_host}:{target.port}"
            wire.send(_request("CONNECT", server, server, proxy))
            answer = _answer(wire, "CONNECT")
            if answer.status != 200:
                raise OSError(f"it answered {_status(answer.status)} to CONNECT {server}")
        self._doing = f"agreeing on TLS with {target.authority}"
        wire.secure(self._downloader.trust(), target.host)

    def _allowed(self, target: Target, found: list[SocketAddress]) -> list[SocketAddress]:
        """Return the addresses that may be connected to; raises _Refused when there is none."""
        kinds = {each.ip: refusal(each.ip, self._downloader.allowed_networks) for each in found}
        allowed = [each for each in found if kinds[each.ip] is None]
        if found and not allowed:
            said = " and ".join(f"{kind}, {ip}" for ip, kind in kinds.items())
            raise _Refused("refused_address", f"{target.host} is {said}")
        return allowed

    def _check_host(self, target: Target) -> None:
        """Refuse what a host says without being looked up, which is all that is known before a proxy; raises _Refused.

        RFC 6761, section 6.3: whatever ends in "localhost" is a loopback address.
        """
        is_local = re.search(r"(^|\.)localhost\.?$", target.host) is not None
        address = "127.0.0.1" if is_local else numeric_address(target.host)
        kind = refusal(address, self._downloader.allowed_networks) if address else None
        if kind is not None:
            raise _Refused("refused_address", f"{target.host} is {kind}, {address}")

    def _ask(self, wire: Wire, target: Target, proxy: str | None) -> http.client.HTTPResponse:
        """Send the request and return the answer up to its body."""
        self._doing = f"waiting for the answer of {target.authority}"
        if proxy is not None and target.scheme == "http":
            wire.send(_request("GET", f"http://{target.authority}{target.path}", target.authority, proxy))
        else:
            wire.send(_request("GET", target.path, target.authority))
        answer = _answer(wire, "GET")
        if answer.status == 407:
            raise OSError("it answered 407, the proxy wants other credentials")
        self._status = answer.status
        return answer

    def _body_of(self, answer: http.client.HTTPResponse) -> memoryview:
        if answer.status != 200:
            raise _Refused("status", f"the server answered {_status(answer.status)}")
        if (answer.length or 0) > self._limits.largest:
            raise _Refused("too_large", f"{answer.length} octets are announced, more than {self._limits.largest}")
        self._doing = "receiving the body"
        with _room_for_files():
            file = tempfile.TemporaryFile()  # noqa: SIM115
        with file:
            self._receive(answer, file)
            with _room_for_files():
                file.flush()
                # The map has a descriptor of its own; of nothing none can be made.
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b"")

    def _receive(self, answer: http.client.HTTPResponse, file: t.IO[bytes]) -> None:
        """Write the body to a file as it comes, and not an octet beyond the limit."""
        with ExitStack() as turn:
            is_large = False
            while octets := answer.read1(min(_CHUNK, self._limits.largest + 1 - self._size)):
                self._size += len(octets)
                if self._size > self._limits.largest:
                    raise _Refused("too_large", f"cut off, it is larger than {self._limits.largest} octets")
                with _room_for_files():
                    file.write(octets)
                if self._size > LARGE and not is_large:
                    is_large = True
                    self._wait_for(turn)
        if answer.length:
            message = f"the connection ended after {self._size} octets, {answer.length} before the end of the body"
            raise _Refused("unreachable", message)

    def _wait_for(self, turn: ExitStack) -> None:
        """Wait until no other large body is received; that time does not count."""
        began = time.monotonic()
        turn.enter_context(self._downloader.one_large_body)
        waited = time.monotonic() - began
        self._waited += waited
        self._deadline.postpone(waited)


@contextmanager
def _room_for_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"what was downloaded cannot be kept in a temporary file ({_words(error)}); TMPDIR names their folder"
        raise Failure(message) from error


def _request(method: str, target: str, host: str, proxy: str | None = None) -> bytes:
    """Return a request, all of it; `proxy` is given when it is the proxy that reads it."""
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "User-Agent: entra.cba",
        "Connection: close",
    ]
    parts = urlsplit(proxy or "")
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(credentials).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _answer(wire: Wire, method: str) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(t.cast("socket.socket", wire), method=method)
    answer.begin()
    return answer


def _redirected(url: str, answer: http.client.HTTPResponse) -> str:
    """Return where a redirect leads; raises _Refused when it does not say."""
    location = answer.getheader("Location", "").encode("latin-1").decode("utf-8", "replace")
    try:
        if location:
            return urljoin(url, quote(location, safe=string.punctuation))
    except ValueError as error:
        raise _Refused("redirects", f"redirected to {shown(location)}, which is not a URL ({error})") from None
    raise _Refused("redirects", f"the server answered {_status(answer.status)} without saying where to")


def _proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a URL, None when there is none or NO_PROXY exempts it."""
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url, no_proxy=None))
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _status(code: int) -> str:
    """Return a status with its standard phrase; what the server calls it is not repeated."""
    return f"{code} {http.client.responses.get(code, '')}".strip()


def _words(error: Exception) -> str:
    """Return what an error says to people, in one short line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the TLS certificate was not accepted ({error.verify_message})"
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return f"what came is no proper HTTP ({type(error).__name__}: {str(error)[:60]!r})"
    return str((error.strerror if isinstance(error, OSError) else None) or error)[:200]
