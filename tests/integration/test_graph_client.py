"""The Graph client against the simulator over TLS: paging, typed errors, waiting, and one host for the token."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from ansible_collections.entra.cba.plugins.module_utils._graph import errors
from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._http.clock import SystemClock
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport, open_session
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import ClientSecret
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginError, LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import TokenSource
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_store import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integration.service import Tenant


class RecordingClock(SystemClock):
    """Notes what it was asked to wait, and does not."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._ahead = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._ahead += seconds


@dataclass
class Client:
    graph: GraphClient
    clock: RecordingClock
    collection: str

    def list(self) -> list[dict[str, object]]:
        return self.graph.get_all(self.collection, READ)


@pytest.fixture
def client(tenant: Tenant) -> Client:
    clock = RecordingClock()
    transport = Transport(open_session(), clock, 60, verify=tenant.service.ca_path)
    cloud = Cloud("simulated", tenant.service.graph_url, tenant.service.authority_url)
    login = LoginService(transport, cloud, tenant.tenant_id)
    tokens = TokenSource(ClientSecret(login, tenant.client_id, tenant.client_secret))
    graph = GraphClient(cloud.graph_url, "v1.0", tokens, transport)
    return Client(graph, clock, f"/organization/{tenant.tenant_id}/certificateBasedAuthConfiguration")


def on_get(**fault: object) -> dict[str, object]:
    return {"method": "GET", "path": "/organization/", **fault}


def in_ten_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=10), usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 504])
@pytest.mark.parametrize(
    ("retry_after", "at_least", "at_most"),
    [("7", 7, 7), ("2.128", 2.128, 2.128), (in_ten_seconds, 5, 10), (None, 0.2, 0.5), ("soon", 0.2, 0.5)],
    ids=["seconds", "fraction", "date", "absent", "unreadable"],
)
def test_a_read_waits_as_long_as_it_is_asked_to(
    client: Client, tenant: Tenant, status: int, retry_after: object, at_least: float, at_most: float
) -> None:
    value = retry_after() if callable(retry_after) else retry_after
    headers = {} if value is None else {"Retry-After": value}
    tenant.behave(faults=[on_get(status=status, headers=headers, body="")])
    assert client.list() == []
    (wait,) = client.clock.waits
    assert at_least <= wait <= at_most
    assert tenant.methods() == ["GET", "GET"]


def test_a_wait_beyond_the_deadline_is_not_begun(client: Client, tenant: Tenant) -> None:
    tenant.behave(faults=[on_get(status=429, headers={"Retry-After": "315"}, body="", count=9)])
    with pytest.raises(errors.Throttled, match="with a larger 'timeout'"):
        client.list()
    assert client.clock.waits == []
    assert tenant.methods() == ["GET"]


def test_reads_are_tried_five_times_and_no_more(client: Client, tenant: Tenant) -> None:
    tenant.behave(faults=[on_get(status=503, headers={}, body="<html>busy</html>", count=99)])
    with pytest.raises(errors.ServiceFailed, match="no error body of Graph"):
        client.list()
    assert tenant.methods() == ["GET"] * 5


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": "before"},
        {"truncate": 5},
        {"status": 200, "headers": {}, "body": ""},
        {"status": 502, "body": "<html>"},
    ],
    ids=["reset", "truncated", "empty 200", "bad gateway"],
)
def test_a_read_that_fails_once_is_made_again(client: Client, tenant: Tenant, fault: dict[str, object]) -> None:
    tenant.behave(faults=[on_get(**fault)])
    assert client.list() == []
    assert tenant.methods() == ["GET", "GET"]


@pytest.mark.parametrize("status", [429, 500, 503, 409])
def test_a_write_is_sent_once_since_whoever_writes_again_must_look_first(
    client: Client, tenant: Tenant, status: int
) -> None:
    body = json.dumps({"error": {"code": "Directory_ConcurrencyViolation", "message": "busy"}})
    tenant.behave(faults=[{"method": "POST", "path": "/organization/", "status": status, "headers": {}, "body": body}])
    with pytest.raises(errors.GraphError) as caught:
        client.graph.post(client.collection, {"certificateAuthorities": []}, WRITE)
    assert tenant.methods() == ["POST"]
    assert caught.value.refused_for_now == (status in (429, 409))
    assert caught.value.effect_unknown == (status in (500, 503))


def test_pages_are_followed_to_the_last(client: Client, tenant: Tenant) -> None:
    page = {
        "value": [{"id": "one"}],
        "@odata.nextLink": f"{tenant.service.graph_url}/v1.0{client.collection}?$skiptoken=2",
    }
    tenant.behave(faults=[on_get(status=200, headers={"Content-Type": "application/json"}, body=json.dumps(page))])
    tenant.plant([])
    assert client.list()[0] == {"id": "one"}
    assert tenant.methods() == ["GET", "GET"]


def test_the_token_is_not_sent_to_a_next_page_on_another_host(client: Client, tenant: Tenant) -> None:
    with a_plain_server() as (url, seen):
        page = {"value": [], "@odata.nextLink": f"{url}/v1.0/next"}
        tenant.behave(faults=[on_get(status=200, headers={}, body=json.dumps(page))])
        with pytest.raises(errors.Unreadable, match="the token is not sent there"):
            client.list()
        assert seen == []


def test_a_redirect_is_not_followed(client: Client, tenant: Tenant) -> None:
    with a_plain_server() as (url, seen):
        tenant.behave(faults=[on_get(status=302, headers={"Location": url}, body="")])
        with pytest.raises(errors.GraphError, match="answered 302"):
            client.list()
        assert seen == []


def test_a_token_that_is_refused_is_renewed_once(client: Client, tenant: Tenant) -> None:
    tenant.behave(faults=[on_get(status=401, headers={}, body="", count=1)])
    assert client.list() == []
    tenant.behave(faults=[on_get(status=401, headers={}, body="", count=9)])
    with pytest.raises(errors.Unauthorized, match="the clock of this machine"):
        client.list()
    assert tenant.methods() == ["GET"] * 4


def test_a_token_that_expires_between_two_calls_is_renewed(client: Client, tenant: Tenant) -> None:
    tenant.behave(token_lifetime_s=1)
    assert client.list() == []
    time.sleep(2.1)
    assert client.list() == []


def test_every_error_names_both_request_ids(client: Client, tenant: Tenant) -> None:
    tenant.behave(roles=[])
    with pytest.raises(errors.Forbidden) as caught:
        client.list()
    call = client.graph.calls[-1]
    assert call.request_id
    assert call.request_id in str(caught.value)
    assert call.client_request_id in str(caught.value)


def test_a_list_that_is_none_is_not_taken_for_an_empty_one(client: Client, tenant: Tenant) -> None:
    for body in ('{"value": null}', "{}", "[]", '{"value": ["x"]}'):
        tenant.behave(faults=[on_get(status=200, headers={}, body=body)])
        with pytest.raises(errors.Unreadable):
            client.list()


def test_a_login_answer_that_is_no_json_is_an_error_without_its_text(client: Client, tenant: Tenant) -> None:
    body = '{"token_type": "Bearer", "access_token": "eyJhbGciOi'
    tenant.behave(faults=[{"method": "POST", "path": "/oauth2/", "status": 200, "headers": {}, "body": body}])
    with pytest.raises(LoginError, match="a body that is no JSON object") as caught:
        client.list()
    assert "eyJ" not in str(caught.value)


def test_a_netrc_file_does_not_replace_the_token(
    client: Client, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client.list() == []


@contextmanager
def a_plain_server() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of another host, and the paths that it was asked for."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
