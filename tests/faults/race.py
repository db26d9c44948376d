"""Two writers at once, in real time, over real TLS: each adds a CA of its own to the same tenant.

An addition is there in the end, or its task said that it lost: `python -m faults.race [--rounds 100]`.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._http.clock import SystemClock
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport, open_session
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud
from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import ClientSecret
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import TokenSource
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_tasks import manage
from ansible_collections.entra.cba.plugins.module_utils._task import Context
from builders.pki import BuiltCertificate, a_root_ca
from faults.cases import asked, item
from faults.world import no_file
from integration.service import Service, Tenant, running_service

AT_ONCE = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_service(Path(folder), tenants=options.rounds) as service,
        ThreadPoolExecutor(AT_ONCE) as rounds,
    ):
        tenants = [service.next_tenant() for _round in range(options.rounds)]
        outcomes = list(rounds.map(lambda tenant: _round(service, tenant), tenants))
    lost_in_silence = [sentence for outcome in outcomes for sentence in outcome.silent]
    print(*lost_in_silence, sep="\n")
    said = sum(outcome.said for outcome in outcomes)
    print(
        f"{options.rounds} races in {time.monotonic() - started:.0f} s: {said} additions lost and said so,"
        f" {len(lost_in_silence)} lost in silence"
    )
    return 1 if lost_in_silence else 0


class _Outcome:
    def __init__(self) -> None:
        self.said = 0
        self.silent: list[str] = []


def _round(service: Service, tenant: Tenant) -> _Outcome:
    start = Barrier(2)
    additions = [a_root_ca("Writer 1"), a_root_ca("Writer 2")]
    with ThreadPoolExecutor(2) as writers:
        messages = list(writers.map(lambda addition: _add(service, tenant, addition, start), additions))
    held = {base64.b64decode(entry["certificate"]) for entry in tenant.store()}
    outcome = _Outcome()
    for addition, message in zip(additions, messages, strict=True):
        if addition.der in held:
            continue
        if message is None:
            outcome.silent.append(f"{tenant.tenant_id}: {addition.certificate.subject} is lost and nobody said so")
        else:
            outcome.said += 1
    return outcome


def _add(service: Service, tenant: Tenant, addition: BuiltCertificate, start: Barrier) -> str | None:
    """Add a CA to what is there; return the message of the task when it failed."""
    clock = SystemClock()
    with open_session() as session:
        transport = Transport(session, clock, 180, verify=service.ca_path)
        login = LoginService(transport, Cloud("simulated", service.graph_url, service.authority_url), tenant.tenant_id)
        tokens = TokenSource(ClientSecret(login, tenant.client_id, tenant.client_secret))
        tokens.token()
        graph = GraphClient(service.graph_url, "v1.0", tokens, transport)
        context = Context(graph, tenant.tenant_id, clock, check_mode=False, read_file=no_file)
        start.wait()
        try:
            manage(asked(item(addition), purge=False), context)
        except Failure as failure:
            return str(failure)
    return None


if __name__ == "__main__":
    sys.exit(main())
