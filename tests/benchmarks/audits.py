"""What an audit of a list costs: without revocation lists, with many, and with one that is as large as may be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi

from ansible_collections.entra.cba.plugins.module_utils._http.clock import SystemClock
from ansible_collections.entra.cba.plugins.module_utils._task import Context
from ansible_collections.entra.cba.plugins.modules.trust_audit_info import TASK
from benchmarks.parsing_and_planning import LINEAR, SIZES, a_bundle, growth_per_authority, median_ms
from benchmarks.report import Row, Stage
from builders.pki import a_crl_of, a_root_ca, an_intermediate_of
from simulator.publisher import publishing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.pki import BuiltCertificate

TITLE = "An audit of a list, without a tenant"
OFFLINE_MS = 1000
LATENCY_S = 0.02
PAIRS = 99
WITH_LISTS_MS = 3000
LARGE = 44 * 1024 * 1024  # of the 45 MB that the service takes
MOST_MB = 150

_COLLECTIONS = Path(__file__).resolve().parents[2] / "build" / "collections"
# What a process has had at most is read from its own status: what getrusage tells includes the process it came from.
_AUDIT = """\
import json, pathlib, sys
from benchmarks.audits import audited
sys.stdout.write(json.dumps(audited(json.loads(sys.argv[1]))["findings"]))
status = pathlib.Path("/proc/self/status").read_text()
sys.stderr.write(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


def measure(stage: Stage) -> Iterator[Row]:
    """Audit the bundle of public roots, one named by ENTRA_CBA_BENCH_BUNDLE, and generated lists."""
    bundles = {"certifi's bundle": certifi.where()}
    if os.environ.get("ENTRA_CBA_BENCH_BUNDLE"):
        bundles["ENTRA_CBA_BENCH_BUNDLE"] = os.environ["ENTRA_CBA_BENCH_BUNDLE"]
    for name, path in bundles.items():
        milliseconds = _offline_ms(path)
        detail = f"goal {OFFLINE_MS} ms, no lists fetched"
        yield Row(name, milliseconds, "ms", detail, milliseconds <= OFFLINE_MS, is_goal=True)
    times = {size: _offline_ms(a_bundle(stage.folder / f"{size}.pem", size)) for size in SIZES}
    for size, milliseconds in times.items():
        yield Row(f"{size} generated CAs", milliseconds, "ms", "no lists fetched")
    growth = growth_per_authority(times)
    yield Row("time per CA, 1000 to 10", growth, "times", "1 is linear", growth <= LINEAR)
    yield from _with_lists(stage.folder)
    yield from _with_a_large_list(stage.folder)


def audited(options: dict[str, Any]) -> dict[str, Any]:
    """Return what the task finds; with options of the module, and those it has by default."""
    parameters = {name: option.get("default") for name, option in TASK.argument_spec.items()} | options
    parameters |= {"crl_allowed_networks": ["127.0.0.0/8"]}
    context = Context(None, "", SystemClock(), check_mode=True, read_file=lambda path: Path(path).read_bytes())
    outcome = TASK.perform(parameters, context)
    found: Any = outcome.facts["trust_audit"]
    return dict(found)


def _offline_ms(path: Path | str) -> float:
    return median_ms(lambda: audited({"certificate_authorities": [{"path": str(path)}], "check_crls": False}))


def _with_lists(folder: Path) -> Iterator[Row]:
    """Audit CAs that two roots certified each, so that two entries have one list."""
    roots = [a_root_ca("Root CA 1"), a_root_ca("Root CA 2")]
    with publishing() as publisher:
        items = [_item(folder, root, publisher.publish(f"/{root.sha256}", a_crl_of(root))) for root in roots]
        for number in range(PAIRS):
            once, again = _certified_twice(roots, f"Issuing CA {number}")
            url = publisher.publish(f"/{number}.crl", a_crl_of(once))
            items += [_item(folder, once, url), _item(folder, again, url)]
        publisher.latency_s = LATENCY_S
        started = time.perf_counter()
        findings = audited({"certificate_authorities": items})["findings"]
        milliseconds = (time.perf_counter() - started) * 1000
        assert findings == [], findings[:3]
        lists = len(roots) + PAIRS
        name = f"{len(items)} CAs with {lists} distinct lists, {LATENCY_S * 1000:g} ms latency"
        yield Row(name, milliseconds, "ms", f"goal {WITH_LISTS_MS} ms", milliseconds <= WITH_LISTS_MS, is_goal=True)
        yield Row(name, len(publisher.requests), "requests", "each list once", len(publisher.requests) == lists)


def _with_a_large_list(folder: Path) -> Iterator[Row]:
    """Audit a CA in a process of its own; Linux only."""
    root = a_root_ca()
    with publishing() as publisher:
        for name, size in (("a list of 1 KB", 0), (f"one of {LARGE >> 20} MB", LARGE)):
            item = _item(folder, root, publisher.publish("/root.crl", a_crl_of(root, size=size)))
            ran = subprocess.run(
                [sys.executable, "-c", _AUDIT, json.dumps({"certificate_authorities": [item]})],
                env={"PYTHONPATH": f"{Path(__file__).resolve().parents[1]}{os.pathsep}{_COLLECTIONS}"},
                capture_output=True,
                text=True,
                check=True,
            )
            codes = {finding["code"] for finding in json.loads(ran.stdout)}
            assert codes <= {"crl.large"}, codes
            megabytes = int(ran.stderr) / 1024
            yield Row(f"peak memory, {name}", megabytes, "MB", f"at most {MOST_MB} MB", megabytes < MOST_MB)


def _certified_twice(roots: list[BuiltCertificate], name: str) -> tuple[BuiltCertificate, BuiltCertificate]:
    once = an_intermediate_of(roots[0], name)
    return once, an_intermediate_of(roots[1], name, key=once.private_key)


def _item(folder: Path, authority: BuiltCertificate, url: str) -> dict[str, str]:
    path = folder / f"{authority.sha256}.der"
    path.write_bytes(authority.der)
    return {"path": str(path), "certificate_revocation_list_url": url}
