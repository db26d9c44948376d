"""Downloads from real servers on this machine, well behaved and not."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._http.download import Download, DownloadLimits, download_all
from integration.playbook import ROOT
from simulator.publisher import Page, Publisher, a_redirect_to, publishing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

LOOPBACK = (ip_network("127.0.0.0/8"),)
LIST = b"\x30\x03\x02\x01\x05"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as running:
        yield running


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with publishing() as running:
        address = running.url.replace("http://", "http://ada:s%40fe@")
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("HTTPS_PROXY", address)
        yield running


def get(url: str, **limits: Any) -> Download:
    (download,) = download_all([url], limits=DownloadLimits(**limits), allowed_networks=LOOPBACK)
    assert download.url == url
    return download


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let all names resolve to these addresses, those of the last answer from then on; return the names asked for."""
    asked: list[str] = []
    left = list(answers)
    original = socket.getaddrinfo

    def getaddrinfo(host: str, port: int | None, *arguments: Any, **options: Any) -> list[Any]:
        if host.rstrip(".").endswith(".test") and not options.get("flags"):
            asked.append(host)
            addresses = left.pop(0) if len(left) > 1 else left[0]
            if not addresses:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [found for each in addresses for found in original(each, port, *arguments, **options)]
        return original(host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


class TestGet:
    def test_a_file_is_there_whole_and_as_it_was_sent(self, publisher: Publisher) -> None:
        octets = bytes(range(256)) * 5000
        download = get(publisher.publish("/root.crl", octets))
        assert download.content == octets
        assert (download.status, download.size, download.failure, download.reason) == (200, len(octets), None, "")
        assert (download.final_url, download.through_proxy) == (download.url, False)
        assert 0 < download.seconds < 5
        assert download.content.readonly

    def test_an_empty_file_is_empty(self, publisher: Publisher) -> None:
        download = get(publisher.publish("/empty.crl", b""))
        assert (download.content, download.size, download.failure) == (b"", 0, None)

    def test_chunks_and_a_body_without_a_length_are_read_to_the_end(self, publisher: Publisher) -> None:
        assert get(publisher.publish("/a", Page(LIST, content_length=None))).content == LIST
        chunks = b"3\r\n" + LIST[:3] + b"\r\n2\r\n" + LIST[3:] + b"\r\n0\r\n\r\n"
        page = Page(chunks, headers={"Transfer-Encoding": "chunked"}, content_length=None)
        assert get(publisher.publish("/b", page)).content == LIST

    def test_a_compressed_answer_was_not_asked_for_and_is_not_unpacked(self, publisher: Publisher) -> None:
        packed = gzip.compress(LIST)
        download = get(publisher.publish("/a", Page(packed, headers={"Content-Encoding": "gzip"})))
        assert download.content == packed
        assert publisher.requests[0].headers["Accept-Encoding"] == "identity"

    def test_each_distinct_url_is_asked_once(self, publisher: Publisher) -> None:
        urls = [publisher.publish(f"/{number}.crl", LIST) for number in range(20)]
        downloads = list(download_all(urls * 3, limits=DownloadLimits(), allowed_networks=LOOPBACK))
        assert sorted(publisher.asked_for) == sorted(f"/{number}.crl" for number in range(20))
        assert sorted(download.url for download in downloads) == sorted(urls)

    def test_no_credentials_cookies_or_referer_are_sent_anywhere(
        self, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password something\n")
        monkeypatch.setenv("NETRC", str(netrc))
        there = publisher.publish("/there", LIST)
        cookie = Page(status=302, headers={"Location": there, "Set-Cookie": "a=b"})
        assert get(publisher.publish("/", cookie)).content == LIST
        expected = {"Host", "Accept", "Accept-Encoding", "User-Agent", "Connection"}
        assert [set(request.headers) for request in publisher.requests] == [expected, expected]

    def test_as_many_are_asked_at_once_as_the_limit_says(self, publisher: Publisher) -> None:
        publisher.latency_s = 0.2
        urls = [publisher.publish(f"/{number}.crl", LIST) for number in range(12)]
        started = time.monotonic()
        assert len(list(download_all(urls, limits=DownloadLimits(at_once=4), allowed_networks=LOOPBACK))) == 12
        assert 0.6 <= time.monotonic() - started < 2.3

    def test_a_fast_file_does_not_wait_for_a_slow_one(self, publisher: Publisher) -> None:
        slow = publisher.publish("/slow", Page(LIST, delay_s=0.5))
        fast = publisher.publish("/fast", LIST)
        downloads = download_all([slow, fast], limits=DownloadLimits(), allowed_networks=LOOPBACK)
        assert [download.url for download in downloads] == [fast, slow]

    def test_nothing_more_is_asked_after_the_caller_stopped(self, publisher: Publisher) -> None:
        urls = [publisher.publish(f"/{number}.crl", LIST) for number in range(9)]
        with contextlib.closing(
            download_all(urls, limits=DownloadLimits(at_once=1), allowed_networks=LOOPBACK)
        ) as downloads:
            next(downloads)
        time.sleep(0.2)
        assert publisher.asked_for == ["/0.crl"]


class TestBounds:
    @pytest.mark.parametrize("announced", [-1, None])
    def test_a_body_of_the_largest_size_is_taken_and_one_octet_more_is_not(
        self, publisher: Publisher, announced: int | None
    ) -> None:
        fits = get(publisher.publish("/fits", Page(bytes(100_000), content_length=announced)), largest=100_000)
        assert (fits.failure, fits.size) == (None, 100_000)
        beyond = get(publisher.publish("/beyond", Page(bytes(100_001), content_length=announced)), largest=100_000)
        assert (beyond.failure, beyond.status, beyond.content) == ("too_large", 200, None)
        assert "100000" in beyond.reason

    def test_an_endless_body_is_cut_off_at_the_limit(self, publisher: Publisher) -> None:
        download = get(publisher.publish("/", Page(endless=True)), largest=3_000_000)
        assert (download.failure, download.size, download.content) == ("too_large", 3_000_001, None)

    def test_a_size_beyond_the_limit_that_is_announced_is_not_begun(self, publisher: Publisher) -> None:
        download = get(publisher.publish("/", Page(LIST, content_length=10**30)), largest=1000)
        assert (download.failure, download.size) == ("too_large", 0)
        assert "1" + "0" * 30 in download.reason

    @pytest.mark.parametrize(
        ("page", "while_doing", "size"),
        [
            (Page(LIST, delay_s=5), "waiting for the answer", range(1)),
            (Page(bytes(1000), drip_s=0.05), "receiving the body", range(1, 11)),
            (Page(bytes(1000), pause_s=5), "receiving the body", range(500, 501)),
        ],
        ids=["silence", "slow drip", "stopped in the middle"],
    )
    def test_a_slow_server_is_given_up_when_the_time_is_over(
        self, publisher: Publisher, page: Page, while_doing: str, size: range
    ) -> None:
        started = time.monotonic()
        download = get(publisher.publish("/", page), seconds=0.5)
        assert time.monotonic() - started < 4
        assert download.failure == "timeout"
        assert while_doing in download.reason
        assert download.size in size

    @pytest.mark.parametrize(
        ("scheme", "begin"),
        [
            ("http", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500),
            ("http", b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
            ("https", b"\x16\x03\x03\x20\x00" + bytes(500)),
        ],
        ids=["a header", "interim answers", "a TLS handshake"],
    )
    def test_what_comes_before_the_body_in_drops_is_given_up_too(self, scheme: str, begin: bytes) -> None:
        def drip(connection: socket.socket) -> None:
            for octet in begin:
                connection.sendall(bytes([octet]))
                time.sleep(0.02)

        with a_server_that(drip) as port:
            download = get(f"{scheme}://127.0.0.1:{port}/", seconds=0.5)
        assert download.failure == "timeout"
        assert 0.5 <= download.seconds < 4

    def test_redirects_share_the_time_of_one_exchange(self, publisher: Publisher) -> None:
        for number in range(5):
            publisher.publish(f"/{number}", Page(status=302, headers={"Location": f"/{number + 1}"}, delay_s=0.2))
        download = get(f"{publisher.url}/0", seconds=0.5)
        assert (download.failure, download.status) == ("timeout", None)
        assert download.final_url.rpartition("/")[2] in "123"

    def test_a_name_server_that_does_not_answer_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def silence(*_arguments: object, flags: int = 0, **_options: object) -> None:
            time.sleep(0 if flags else 2)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

        monkeypatch.setattr(socket, "getaddrinfo", silence)
        download = get("http://crl.example.test/", seconds=0.3)
        assert download.failure == "timeout"
        assert "looking up crl.example.test" in download.reason
        assert download.seconds < 1.8

    def test_large_bodies_come_one_after_another_and_the_wait_is_not_counted(self, publisher: Publisher) -> None:
        first = publisher.publish("/first", Page(bytes(3_000_000), pause_s=1.5))
        # Half of it is more than the buffers of a connection take, so that the pause begins when it is read.
        second = publisher.publish("/second", Page(bytes(32_000_000), delay_s=0.2, pause_s=0.5))
        small = publisher.publish("/small", Page(LIST, delay_s=0.4))
        limits = DownloadLimits(seconds=1.9)
        started = time.monotonic()
        came: dict[str, float] = {}
        for download in download_all([first, second, small], limits=limits, allowed_networks=LOOPBACK):
            assert (download.failure, download.reason) == (None, "")
            came[download.url] = time.monotonic() - started
        assert list(came) == [small, first, second]
        assert came[second] >= 1.9
        assert download.seconds < 1.9

    @pytest.mark.parametrize("urls", [1, 4])
    def test_45_mb_and_several_of_them_take_less_than_150_mb_of_memory(self, publisher: Publisher, urls: int) -> None:
        publisher.publish("/large", bytes(45 * 1024 * 1024))
        each = [publisher.publish(f"/{number}", a_redirect_to("/large")) for number in range(urls)]
        assert 45 < peak_memory_mb(each) < 150
        assert publisher.asked_for.count("/large") == urls

    def test_a_temporary_folder_without_room_is_an_error_that_says_so(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_arguments: object, **_options: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("tempfile.TemporaryFile", full)
        with pytest.raises(Failure, match=r"No space left on device\); TMPDIR"):
            get(publisher.publish("/", LIST))


class TestFailures:
    @pytest.mark.parametrize("status", [204, 206, 304, 403, 404, 500])
    def test_any_answer_but_200_is_a_failure_and_its_body_is_not_taken(self, publisher: Publisher, status: int) -> None:
        download = get(publisher.publish("/", Page(status=status)))
        assert (download.failure, download.status, download.content) == ("status", status, None)
        assert f"answered {status} " in download.reason

    def test_a_body_that_ends_early_is_not_a_whole_one(self, publisher: Publisher) -> None:
        download = get(publisher.publish("/", Page(LIST, content_length=9)))
        assert (download.failure, download.size, download.status) == ("unreachable", 5, 200)
        assert "ended after 5 octets, 4 before the end" in download.reason
        chunk = Page(b"5\r\nabc", headers={"Transfer-Encoding": "chunked"}, content_length=None)
        assert get(publisher.publish("/chunk", chunk)).failure == "unreachable"

    def test_a_connection_that_is_refused_or_broken_off_is_told(self, publisher: Publisher) -> None:
        broken = get(publisher.publish("/", Page(reset=True)))
        assert (broken.failure, broken.status) == ("unreachable", None)
        assert "waiting for the answer" in broken.reason
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        refused = get(f"http://127.0.0.1:{port}/")
        assert (refused.failure, refused.reason) == (
            "unreachable",
            f"failed while connecting to 127.0.0.1:{port}: Connection refused",
        )

    def test_a_name_that_does_not_resolve_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve(monkeypatch, [])
        download = get("http://crl.example.test/")
        assert download.failure == "unreachable"
        assert download.reason == "failed while looking up crl.example.test: Name or service not known"

    @pytest.mark.parametrize(
        "answer",
        [
            b"220 ftp.example.org ready\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 999999 \xff\r\n\r\n",
            b"\x00" * 100,
        ],
    )
    def test_what_is_no_http_is_told_in_one_line(self, answer: bytes) -> None:
        with a_server_that(lambda connection: connection.sendall(answer)) as port:
            download = get(f"http://127.0.0.1:{port}/")
        assert download.failure == "unreachable"
        assert "no proper HTTP" in download.reason
        assert len(download.reason) < 400
        assert download.reason.isprintable()


class TestAddresses:
    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "[::ffff:127.0.0.1]"),
            *("\uff11\uff12\uff17.0.0.1", "localhost", "localhost.", "LOCALHOST", "crl.localhost"),
        ],
    )
    def test_loopback_is_refused_in_every_notation_before_anything_is_sent(
        self, publisher: Publisher, host: str
    ) -> None:
        (download,) = download_all([f"http://{host}:{publisher.port}/"], limits=DownloadLimits())
        assert (download.failure, download.status) == ("refused_address", None)
        assert publisher.connections == 0

    @pytest.mark.parametrize(
        "host", ["[::1]", "169.254.169.254", "[fe80::1]", "[fe80::1%251]", "[::]", "224.0.0.1", "[ff02::1]"]
    )
    def test_other_addresses_that_are_not_public_files_are_refused(self, host: str) -> None:
        assert get(f"http://{host}/", seconds=1).failure in ("refused_address", "refused_scheme")

    def test_a_name_is_looked_up_once_and_connected_to_at_the_address_that_was_checked(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = resolve(monkeypatch, ["192.0.2.1"], ["127.0.0.1"])
        (download,) = download_all([f"http://rebinding.test:{publisher.port}/"], limits=DownloadLimits(seconds=0.5))
        assert download.failure in ("timeout", "unreachable")
        assert asked == ["rebinding.test"]
        assert publisher.connections == 0

    def test_a_refused_address_among_others_is_never_connected_to(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.publish("/", LIST)
        resolve(monkeypatch, ["169.254.169.254", "127.0.0.1"])
        url = f"http://both.test:{publisher.port}/"
        assert get(url).content == LIST
        (refused,) = download_all([url], limits=DownloadLimits())
        assert refused.reason == (
            "both.test is a link-local address, 169.254.169.254 and a loopback address, 127.0.0.1"
        )

    def test_the_next_address_is_tried_when_one_does_not_answer(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publisher.publish("/", LIST)
        resolve(monkeypatch, ["192.0.2.1", "127.0.0.1"])
        assert get(f"http://two.test:{publisher.port}/", seconds=1).content == LIST

    @pytest.mark.parametrize("url", ["ldap://127.0.0.1/cn=Root", "file:///etc/passwd", "http://a:b@127.0.0.1/", "x"])
    def test_other_schemes_and_urls_with_credentials_are_refused(self, url: str) -> None:
        download = get(url)
        assert (download.failure, download.status) == ("refused_scheme", None)
        assert "a:b" not in download.final_url + download.reason


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_followed_and_told(self, publisher: Publisher, status: int) -> None:
        publisher.publish("/new/root list.crl", LIST)
        publisher.publish("/new/root%20list.crl", LIST)
        download = get(publisher.publish("/old/root.crl", a_redirect_to("../new/root list.crl", status)))
        assert download.content == LIST
        assert download.final_url == f"{publisher.url}/new/root%20list.crl"

    def test_five_redirects_are_followed_and_six_are_not(self, publisher: Publisher) -> None:
        for number in range(6):
            publisher.publish(f"/{number}", a_redirect_to(f"/{number + 1}"))
        publisher.publish("/6", LIST)
        assert get(f"{publisher.url}/1").content == LIST
        publisher.requests.clear()
        download = get(f"{publisher.url}/0")
        assert (download.failure, download.reason) == ("redirects", "redirected more than 5 times")
        assert publisher.asked_for == [f"/{number}" for number in range(6)]

    @pytest.mark.parametrize(
        ("location", "failure"),
        [
            ("file:///etc/passwd", "refused_scheme"),
            ("ftp://192.0.2.1/x", "refused_scheme"),
            ("http://ada:secret@192.0.2.1/", "refused_scheme"),
            ("http://169.254.169.254/metadata/identity", "refused_address"),
            ("//169.254.169.254/", "refused_address"),
            ("http://[::1]/", "refused_address"),
            ("http://0xa9fea9fe/", "refused_address"),
            ("http://[", "redirects"),
            ("", "redirects"),
        ],
    )
    def test_a_redirect_leads_nowhere_a_url_would_not(self, publisher: Publisher, location: str, failure: str) -> None:
        download = get(publisher.publish("/", a_redirect_to(location)))
        assert (download.failure, download.content) == (failure, None)
        assert "secret" not in download.reason + download.final_url
        assert publisher.asked_for == ["/"]


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(self, authority: trustme.CA) -> Iterator[Publisher]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", "crl.example.test").configure_cert(context)
        with publishing(context) as running:
            yield running

    @pytest.fixture
    def trusted(self, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    def test_a_server_that_nobody_vouches_for_is_unreachable_and_asked_nothing(self, secure: Publisher) -> None:
        download = get(secure.publish("/", LIST))
        assert (download.failure, download.status) == ("unreachable", None)
        assert "the TLS certificate was not accepted (" in download.reason
        assert secure.requests == []

    @pytest.mark.usefixtures("trusted")
    def test_the_bundle_of_the_environment_is_trusted(self, secure: Publisher) -> None:
        assert get(secure.publish("/", LIST)).content == LIST

    @pytest.mark.usefixtures("trusted")
    def test_the_certificate_must_be_for_the_host_that_was_asked(
        self, secure: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secure.publish("/", LIST)
        resolve(monkeypatch, ["127.0.0.1"])
        assert get(f"https://crl.example.test.:{secure.port}/").content == LIST
        assert "not accepted (Hostname mismatch" in get(f"https://other.test:{secure.port}/").reason

    def test_a_bundle_that_is_missing_is_told(self, secure: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        assert "the CA bundle /nowhere/ca.pem cannot be read" in get(secure.publish("/", LIST)).reason

    @pytest.mark.usefixtures("trusted")
    def test_https_goes_through_a_proxy_in_a_tunnel(
        self, secure: Publisher, proxy: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolve(monkeypatch, [])
        secure.publish("/", LIST)
        proxy.tunnels_to = secure.port
        download = get("https://crl.example.test/")
        assert (download.content, download.through_proxy) == (LIST, True)
        assert proxy.asked_for == ["crl.example.test:443"]
        assert "Proxy-Authorization" in proxy.requests[0].headers
        assert "Proxy-Authorization" not in secure.requests[0].headers
        proxy.tunnels_to = None
        refused = get("https://crl.example.test/")
        assert (refused.failure, refused.status, refused.through_proxy) == ("unreachable", None, False)
        assert "it answered 403 Forbidden to CONNECT crl.example.test:443" in refused.reason


class TestProxies:
    URL = "http://crl.example.test/root.crl"

    def test_what_answers_without_the_proxy_is_not_asked_through_it(
        self, publisher: Publisher, proxy: Publisher
    ) -> None:
        assert get(publisher.publish("/", LIST)).through_proxy is False
        assert get(f"{publisher.url}/missing").failure == "status"
        assert proxy.connections == 0

    def test_a_body_that_is_too_slow_without_the_proxy_is_not_asked_for_twice(
        self, publisher: Publisher, proxy: Publisher
    ) -> None:
        download = get(publisher.publish("/", Page(LIST, pause_s=3)), seconds=0.4)
        assert (download.failure, download.status) == ("timeout", 200)
        assert proxy.connections == 0

    def test_what_does_not_answer_otherwise_is_asked_through_the_proxy_with_its_own_password(
        self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolve(monkeypatch, [])
        proxy.publish(self.URL, LIST)
        download = get(self.URL)
        assert (download.content, download.through_proxy, download.status) == (LIST, True, 200)
        assert [request.target for request in proxy.requests] == [self.URL]
        assert proxy.requests[0].headers["Host"] == "crl.example.test"
        assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic YWRhOnNAZmU="  # ada:s@fe

    def test_a_server_that_drops_packets_leaves_time_for_the_proxy(
        self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        download = "ansible_collections.entra.cba.plugins.module_utils._http.download"
        monkeypatch.setattr(f"{download}.DIRECT_CONNECTION_SECONDS", 0.2)
        monkeypatch.setattr(f"{download}.look_up", _never_for("crl.example.test"))
        proxy.publish(self.URL, LIST)
        started = time.monotonic()
        assert get(self.URL).through_proxy is True
        assert time.monotonic() - started < 2.5

    def test_a_failure_names_both_ways_and_no_password(self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve(monkeypatch, [])
        proxy.publish(self.URL, Page(status=503))
        download = get(self.URL)
        assert (download.failure, download.status, download.through_proxy) == ("status", 503, True)
        assert download.reason == (
            f"the server answered 503 Service Unavailable, through the proxy {proxy.url}. "
            "Without it: failed while looking up crl.example.test: Name or service not known"
        )

    def test_a_proxy_that_wants_other_credentials_has_reached_nobody(
        self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolve(monkeypatch, [])
        proxy.publish(self.URL, Page(status=407))
        download = get(self.URL)
        assert (download.failure, download.status, download.through_proxy) == ("unreachable", None, False)

    def test_no_proxy_exempts_hosts(self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve(monkeypatch, [])
        monkeypatch.setenv("NO_PROXY", "example.test")
        assert get(self.URL).failure == "unreachable"
        assert proxy.connections == 0

    @pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "http://127.0.0.1:99999", "https://127.0.0.1:1"])
    def test_proxies_of_other_kinds_are_told(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        resolve(monkeypatch, [])
        monkeypatch.setenv("http_proxy", address)
        assert f"connecting to the proxy {address}: " in get(self.URL).reason

    @pytest.mark.parametrize(
        "host", ["localhost", "a.localhost.", "127.0.0.1", "0x7f.1", "2852039166", "169.254.169.254.", "[::1]"]
    )
    def test_the_proxy_is_not_asked_for_addresses_that_are_refused(
        self, proxy: Publisher, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        resolve(monkeypatch, [])
        proxy.publish(self.URL, a_redirect_to(f"http://{host}/"))
        (download,) = download_all([self.URL], limits=DownloadLimits())
        assert download.failure == "refused_address"
        assert proxy.asked_for == [self.URL]


def _never_for(name: str) -> Any:
    from ansible_collections.entra.cba.plugins.module_utils._http.wire import Deadline, look_up

    def look_up_unless(host: str, port: int, deadline: Deadline) -> Any:
        if host == name:
            time.sleep(deadline.left())
            deadline.left()
        return look_up(host, port, deadline)

    return look_up_unless


@contextlib.contextmanager
def a_server_that(serves: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept one connection on the port that is yielded, read the request's first octets, and do that with it."""

    def accept() -> None:
        connection, _address = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(1000)
            serves(connection)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


# What a process has had at most is read from its own status: what getrusage tells includes the process it came from.
READ_ALL = """\
import hashlib, ipaddress, pathlib, sys
from ansible_collections.entra.cba.plugins.module_utils._http.download import DownloadLimits, download_all

allowed = [ipaddress.ip_network("127.0.0.0/8")]
for download in download_all(sys.argv[1:], limits=DownloadLimits(seconds=60), allowed_networks=allowed):
    if download.failure:
        sys.exit(download.reason)
    hashlib.sha256(download.content)
    del download
status = pathlib.Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


def peak_memory_mb(urls: Sequence[str]) -> float:
    """Return the most memory that a new process has in use which downloads these and reads every octet; Linux only."""
    ran = subprocess.run(
        [sys.executable, "-c", READ_ALL, *urls],
        env={"PYTHONPATH": str(ROOT / "build" / "collections")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(ran.stdout) / 1024
