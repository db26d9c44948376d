"""How long many small downloads take, and how much memory large ones."""

from __future__ import annotations

import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.entra.cba.plugins.module_utils._http.download import DownloadLimits, download_all
from benchmarks.report import Row, Stage
from simulator.publisher import a_redirect_to, publishing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TITLE = "Downloads from a server on this machine"
LATENCY_S = 0.02
DISTINCT = 100
LARGE = 45 * 1024 * 1024
MOST_MB = 150

_COLLECTIONS = Path(__file__).resolve().parents[2] / "build" / "collections"
# What a process has had at most is read from its own status: what getrusage tells includes the process it came from.
_READ_ALL = """\
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


def measure(_stage: Stage) -> Iterator[Row]:
    """Ask for 200 URLs of which 100 are distinct, then for one and for four of 45 MB in processes of their own."""
    with publishing() as publisher:
        urls = [publisher.publish(f"/{number}.crl", bytes(1000)) for number in range(DISTINCT)]
        publisher.latency_s = LATENCY_S
        started = time.perf_counter()
        downloads = list(download_all(urls * 2, limits=DownloadLimits(), allowed_networks=[ip_network("127.0.0.0/8")]))
        seconds = time.perf_counter() - started
        assert all(download.failure is None for download in downloads)
        name = f"{2 * DISTINCT} URLs, {LATENCY_S * 1000:g} ms latency"
        yield Row(name, seconds * 1000, "ms", f"{DownloadLimits().at_once} at once")
        asked = len(publisher.requests)
        yield Row(name, asked, "requests", f"{DISTINCT} distinct URLs", asked == DISTINCT)
        publisher.latency_s = 0
        publisher.publish("/large", bytes(LARGE))
        for count, name in ((0, "nothing"), (1, "one body of 45 MB"), (4, "four of 45 MB at once")):
            urls = [publisher.publish(f"/to-large/{number}", a_redirect_to("/large")) for number in range(count)]
            megabytes = peak_memory_mb(urls)
            yield Row(f"peak memory, {name}", megabytes, "MB", kept=megabytes < MOST_MB if count else None)


def peak_memory_mb(urls: Sequence[str]) -> float:
    """Return the most memory that a new process has in use which downloads these and reads every octet; Linux only."""
    ran = subprocess.run(
        [sys.executable, "-c", _READ_ALL, *urls],
        env={"PYTHONPATH": str(_COLLECTIONS)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(ran.stdout) / 1024
