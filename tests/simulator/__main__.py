# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m simulator`: serves in the foreground until SIGINT or SIGTERM, and says in a file where and for whom."""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.clock import SystemClock
from simulator.server import Running, serve
from simulator.tenants import make_tenants

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--endpoints", type=Path, required=True, metavar="FILE", help="written once it serves")
    parser.add_argument("--tenants", type=int, default=1, metavar="N", help="how many tenants (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    options = parser.parse_args(arguments)
    if options.tenants < 1:
        parser.error("--tenants: there must be at least one")
    endpoints: Path = options.endpoints.absolute()
    # Whoever waits for the file must not find that of an earlier run.
    endpoints.unlink(missing_ok=True)

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with serve(make_tenants(options.tenants), SystemClock(), options.port) as running:
        ca_path = endpoints.with_name(endpoints.name + ".ca.pem")
        _write(ca_path, running.ca_pem)
        _write(endpoints, json.dumps(_endpoints(running, ca_path), indent=2).encode() + b"\n")
        print(f"Simulating {options.tenants} tenant(s) at {running.base_url}; endpoints in {endpoints}", flush=True)
        ended.wait()
    return 0


def _endpoints(running: Running, ca_path: Path) -> dict[str, object]:
    return {
        "graph_url": running.base_url,
        "authority_url": running.base_url,
        "ca_path": str(ca_path),
        "control_url": f"{running.base_url}/control",
        "managed_identity_url": running.managed_identity_url,
        "tenants": [
            {
                "tenant_id": tenant.tenant_id,
                "client_id": tenant.client_id,
                "client_secret": tenant.client_secret,
                "domain": tenant.domain,
            }
            for tenant in running.simulation.tenants
        ],
    }


def _write(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(temporary).replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
