"""Every case: each write, by each request that it makes, by each fault, under each behaviour of the service."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from builders.pki import a_root_ca, an_intermediate_of
from faults.world import START, Strike, World, an_answer, late
from simulator.behaviour import Behaviour
from simulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builders.pki import BuiltCertificate

_AT = {"now": START}
ROOT = a_root_ca("Root CA", **_AT)  # type: ignore[arg-type]  # one of the options, by name
ISSUING = an_intermediate_of(ROOT, "Issuing CA", **_AT)  # type: ignore[arg-type]
OLD = a_root_ca("Old Root CA", **_AT)  # type: ignore[arg-type]
SOMEBODY_ELSES = a_root_ca("Somebody Else's CA", **_AT)  # type: ignore[arg-type]

BACKUPS = "build/faults/backup"  # removed by run.py
Entries = list[dict[str, object]]


def entry(built: BuiltCertificate, url: str | None = None) -> dict[str, object]:
    """Return a CA as Graph takes it."""
    return {
        "certificate": base64.b64encode(built.der).decode(),
        "isRootAuthority": built is not ISSUING,
        "certificateRevocationListUrl": url,
        "deltaCertificateRevocationListUrl": None,
    }


def item(built: BuiltCertificate, url: str | None = None) -> dict[str, object]:
    """Return a CA as the option takes it."""
    return {"content": built.pem.decode(), "certificate_revocation_list_url": url}


CRL = "http://crl.example.org/root.crl"


@dataclass(frozen=True)
class Write:
    """One thing that a task can be asked to do; `before` and `after` are the lists in the store, None is none."""

    name: str
    before: Entries | None
    after: Entries | None
    parameters: dict[str, Any]
    keeps: tuple[BuiltCertificate, ...] = ()  # what it was not told to remove


def asked(*items: dict[str, object], **parameters: object) -> dict[str, Any]:
    """Return the parameters of a task, with the module's defaults."""
    return {
        "state": "present",
        "purge": True,
        "certificate_authorities": list(items) or None,
        "certificate_authorities_from": None,
        "accept_other_tenant": False,
        "expired": "fail",
        "preflight": "enforce",
        "accept_findings": [],
        "expires_within": None,
        "backup": False,
        "backup_dir": BACKUPS,
        **parameters,
    }


WRITES = (
    Write("create", None, [entry(ROOT, CRL), entry(ISSUING)], asked(item(ROOT, CRL), item(ISSUING))),
    Write(
        "replace",
        [entry(OLD), entry(ROOT)],
        [entry(ROOT, CRL), entry(ISSUING)],
        asked(item(ROOT, CRL), item(ISSUING)),
        keeps=(ROOT,),
    ),
    Write(
        "update",
        [entry(ROOT), entry(ISSUING)],
        [entry(ROOT, CRL), entry(ISSUING)],
        asked(item(ROOT, CRL), item(ISSUING)),
        keeps=(ROOT, ISSUING),
    ),
    Write(
        "merge",
        [entry(OLD), entry(ROOT)],
        [entry(OLD), entry(ROOT, CRL), entry(ISSUING)],
        asked(item(ROOT, CRL), item(ISSUING), purge=False),
        keeps=(OLD, ROOT),
    ),
    Write(
        "remove one",
        [entry(OLD), entry(ROOT), entry(ISSUING)],
        [entry(ROOT), entry(ISSUING)],
        asked(item(OLD), state="absent"),
        keeps=(ROOT, ISSUING),
    ),
    Write("remove all", [entry(OLD), entry(ROOT)], None, asked(state="absent")),
)

BEHAVIOURS = tuple(
    Behaviour(second_post=second_post, create_path=create_path, create_status=create_status, empty_list=empty_list)
    for second_post, create_path, create_status, empty_list in itertools.product(
        ("replace", "conflict", "append"), ("collection", "ref"), (201, 204), ("accept", "reject")
    )
)
# Each value of each property at least once.
FEW_BEHAVIOURS = (
    Behaviour(),
    Behaviour(second_post="conflict", create_path="ref", create_status=204),
    Behaviour(second_post="append", empty_list="reject"),
)


def _graph_error(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "as the test asked", "innerError": {}}}


def _another_writer(world: World) -> None:
    """Add a CA to whatever is there, as another administrator does."""
    theirs = [
        {key: value for key, value in held.items() if key not in ("issuer", "issuerSki")} for held in world.held()
    ]
    if not any(held["certificate"] == entry(SOMEBODY_ELSES)["certificate"] for held in theirs):
        world.put([*theirs, entry(SOMEBODY_ELSES)])


def _an_hour_and_more(world: World) -> None:
    """Let every token expire."""
    world.clock.expire_tokens()


def _no_login_any_more(world: World) -> None:
    """Let every token expire while the login service cannot be reached."""
    world.clock.expire_tokens()
    world.login_is_down = True


_IN_FIVE_SECONDS = format_datetime(START + timedelta(seconds=5), usegmt=True)
_CONCURRENCY = _graph_error("Directory_ConcurrencyViolation")

FAULTS: dict[str, Callable[[int], Strike]] = {
    "refused connection": lambda at: Strike(at, refused=True),
    "reset before the effect": lambda at: Strike(at, fault=Fault(reset="before")),
    "reset after the effect": lambda at: Strike(at, fault=Fault(reset="after")),
    "time-out before the effect": lambda at: Strike(at, fault=late(60, "before")),
    "time-out after the effect": lambda at: Strike(at, fault=late(60, "after")),
    "400": lambda at: Strike(at, fault=an_answer(400, _graph_error("Request_BadRequest"))),
    "401": lambda at: Strike(at, fault=an_answer(401, _graph_error("InvalidAuthenticationToken"))),
    "403": lambda at: Strike(at, fault=an_answer(403, _graph_error("Authorization_RequestDenied"))),
    "404": lambda at: Strike(at, fault=an_answer(404, _graph_error("Request_ResourceNotFound"))),
    "409 concurrency": lambda at: Strike(at, fault=an_answer(409, _CONCURRENCY)),
    "409 other": lambda at: Strike(at, fault=an_answer(409, _graph_error("nameAlreadyExists"))),
    "412": lambda at: Strike(at, fault=an_answer(412, _graph_error("resourceModified"))),
    "429 integer": lambda at: Strike(at, fault=an_answer(429, _graph_error("TooManyRequests"), Retry_After="7")),
    "429 fraction": lambda at: Strike(at, fault=an_answer(429, _graph_error("TooManyRequests"), Retry_After="2.128")),
    "429 date": lambda at: Strike(
        at, fault=an_answer(429, _graph_error("TooManyRequests"), Retry_After=_IN_FIVE_SECONDS)
    ),
    "429 without": lambda at: Strike(at, fault=an_answer(429, _graph_error("TooManyRequests"))),
    "429 too long": lambda at: Strike(at, fault=an_answer(429, "", Retry_After="3600")),
    "500": lambda at: Strike(at, fault=an_answer(500, _graph_error("Service_InternalServerError"))),
    "502 with HTML": lambda at: Strike(at, fault=an_answer(502, "<html><h1>Bad gateway</h1></html>")),
    "503": lambda at: Strike(at, fault=an_answer(503, _graph_error("serviceNotAvailable"))),
    "504": lambda at: Strike(at, fault=an_answer(504, "")),
    "truncated JSON": lambda at: Strike(at, fault=Fault(truncate=20)),
    "wrong content type": lambda at: Strike(at, fault=an_answer(200, "all is well", Content_Type="text/plain")),
    "empty 200": lambda at: Strike(at, fault=an_answer(200, "")),
    "token expired": lambda at: Strike(at, meanwhile=_an_hour_and_more),
    "another writer": lambda at: Strike(at, meanwhile=_another_writer),
    "429 and another writer": lambda at: Strike(
        at, fault=an_answer(429, _graph_error("TooManyRequests"), Retry_After="7"), meanwhile=_another_writer
    ),
    "killed before": lambda at: Strike(at, killed="before"),
    "killed after": lambda at: Strike(at, killed="after"),
    # from this request on, for good
    "refused connection for good": lambda at: Strike(at, count=999, refused=True),
    "reset after the effect for good": lambda at: Strike(at, count=999, fault=Fault(reset="after")),
    "400 for good": lambda at: Strike(at, count=999, fault=an_answer(400, _graph_error("Request_BadRequest"))),
    "400 to POST for good": lambda at: Strike(
        at, 999, "POST", fault=an_answer(400, _graph_error("Request_BadRequest"))
    ),
    "503 to POST for good": lambda at: Strike(at, 999, "POST", fault=an_answer(503, "")),
    "reset of POST before the effect for good": lambda at: Strike(at, 999, "POST", fault=Fault(reset="before")),
    "reset of DELETE after the effect for good": lambda at: Strike(at, 999, "DELETE", fault=Fault(reset="after")),
    "token expired and login down for good": lambda at: Strike(at, meanwhile=_no_login_any_more),
    "503 for good": lambda at: Strike(at, count=999, fault=an_answer(503, "")),
}
LOGIN_REQUESTS = 2  # where tokens come from, and the token
LAGS = (1.0, 5.0, 20.0)


@dataclass(frozen=True)
class Case:
    """One write, one behaviour of the service, and one fault (or none)."""

    write: Write
    behaviour: Behaviour
    fault: str = "none"
    strike: Strike | None = field(default=None)

    @property
    def name(self) -> str:
        b = self.behaviour
        service = f"{b.second_post}/{b.create_path}/{b.create_status}/{b.empty_list}"
        lag = f"/lag {b.read_lag_s:g} s" if b.read_lag_s else ""
        where = f" at request {self.strike.at}" if self.strike else ""
        return f"{self.write.name} | {service}{lag} | {self.fault}{where}"


def cases_of(write: Write, behaviour: Behaviour, world: World, *, with_logins: bool, for_good: bool) -> Iterator[Case]:
    """Yield all cases of a write; a run without a fault tells how many requests there are to strike at.

    What a login meets does not depend on how the trust store behaves, so that one behaviour `with_logins` is enough.
    Faults that stay `for_good` take long, since everything is tried again and again.
    """
    for lag in LAGS:
        yield Case(write, replace(behaviour, read_lag_s=lag), "read lag")
    world.begin(write.before, behaviour)
    undisturbed = world.run(write.parameters)
    first = 0 if with_logins else LOGIN_REQUESTS
    faults = {name: strike for name, strike in FAULTS.items() if for_good or "for good" not in name}
    for at, (fault, strike) in itertools.product(range(first, len(undisturbed.requests)), faults.items()):
        yield Case(write, behaviour, fault, strike(at))
