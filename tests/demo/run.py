"""`make demo`: the main job of the collection, step by step, in a simulated tenant; fails where it would be untrue."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    # Nothing is left outside build/, and no proxy is asked for 127.0.0.1; the processes started from here inherit it.
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

from builders.pki import a_root_ca, write_two_tier_pki  # noqa: E402
from integration.playbook import Playbook  # noqa: E402
from integration.service import Tenant, running_service  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

# Certificate (base64 of DER) to revocation list URL.
Held = dict[str, str | None]

READ = ("GET",)
WRITE = ("GET", "GET", "POST", "GET")


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the playbook, and what must come of it; the CAs are named by their common names."""

    title: str
    text: str
    requests: Sequence[str]
    options: tuple[str, ...] = ()
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    updated: Sequence[str] = ()
    tamper_first: bool = False

    @property
    def is_check(self) -> bool:
        return "--check" in self.options

    @property
    def outcome(self) -> str:
        changes = (("added", self.added), ("removed", self.removed), ("updated", self.updated))
        told = ", ".join(f"{len(names)} {word}" for word, names in changes if names)
        return f"{'would change' if self.is_check else 'changed'}: {told}" if told else "ok: nothing differs"


INTRODUCTION = """\
entra.cba declares which certificate authorities (CAs) a Microsoft Entra tenant
trusts when people sign in with certificates. This demo does so in a simulated
tenant: no account is needed, and nothing leaves this machine.

A playbook says what shall be, not what to do. Ansible looks at what is there
and changes what differs: "ok" means that nothing did, "changed" that it was put
right. This is what playbooks/demo.yml declares, here without its credentials:
"""

STEPS = (
    Step(
        "Create",
        "The tenant trusts no CA yet. The playbook makes it trust both.",
        WRITE,
        added=("Example Issuing CA", "Example Root CA"),
    ),
    Step(
        "Run again",
        "Everything is as declared, so nothing is written: one request, a read.",
        READ,
    ),
    Step(
        "Find a drift",
        "Meanwhile somebody changed the tenant by hand: a rogue CA was added, the issuing\n"
        "CA was removed, and the root's revocation list was pointed elsewhere.\n"
        "--check only looks, --diff shows what would change: + comes, - goes.",
        READ,
        options=("--check", "--diff"),
        added=("Example Issuing CA",),
        removed=("Rogue CA",),
        updated=("Example Root CA",),
        tamper_first=True,
    ),
    Step(
        "Repair",
        "The same playbook without --check puts it right, in one write.",
        WRITE,
        added=("Example Issuing CA",),
        removed=("Rogue CA",),
        updated=("Example Root CA",),
    ),
)

AUDIT = """\
Then somebody tampers again. The audit asks who could sign in and what will
break, for one tenant or a thousand, and writes one page for people. (This demo
has no network, so it does not fetch revocation lists.)
"""
AUDIT_FINDS = {
    "crl.missing": "Rogue CA",
    "trust.approved_missing": "Example Issuing CA",
    "trust.not_approved": "Rogue CA",
}
REPORT = ROOT / "build" / "demo"


class NotAsTold(Exception):
    """A step did something else than the demo says."""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the simulator is ended then, too
    started = time.monotonic()
    print(INTRODUCTION)
    print((ROOT / "playbooks" / "demo.yml").read_text().partition("  tasks:\n")[2])
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="demo-") as folder:
        try:
            with running_service(Path(folder), tenants=1) as service:
                tenant = service.next_tenant()
                summary = walk_through(Playbook(service, tenant, Path(folder)))
        except KeyboardInterrupt:
            return 130
        except (NotAsTold, AssertionError) as error:
            print(f"\nThe demo failed. {error}", file=sys.stderr)
            return 1
    print(rule("Summary"), *summary, sep="\n")
    print(f"\nEach step did what it says; {time.monotonic() - started:.0f} s. The simulator has ended.")
    return 0


def walk_through(playbook: Playbook) -> list[str]:
    """Run all steps; return the lines of the summary. Raises NotAsTold."""
    write_two_tier_pki(playbook.folder)
    # Instead of one of this machine; the directory is in the home directory by default.
    (playbook.folder / "ansible.cfg").write_text(f"[defaults]\nremote_tmp = {playbook.folder}/remote-tmp\n")
    lines = [f"{'':17}{'What came of it':44}Requests to Graph"]
    for number, step in enumerate(STEPS, 1):
        if step.tamper_first:
            tamper_with(playbook.tenant)
        print(rule(f"{number}. {step.title}"), step.text, sep="\n")
        print(f"\n$ ansible-playbook {' '.join(('entra.cba.demo', *step.options))}", flush=True)
        run(step, playbook)
        lines.append(f"{number}. {step.title:14}{step.outcome:44}{' '.join(step.requests)}")
    print(rule(f"{len(STEPS) + 1}. Audit"), AUDIT, sep="\n")
    print("$ ansible-playbook entra.cba.audit -e @audit.json", flush=True)
    found = audit(playbook)
    print(*(f"  {severity:8} {code:24} {name}" for code, severity, name in found), sep="\n")
    print(f"\nThe page, for any browser: {(REPORT / 'trust_audit.html').relative_to(ROOT)}")
    lines.append(f"{len(STEPS) + 1}. {'Audit':14}{f'{len(found)} findings':44}{' '.join(READ)}")
    return lines


def run(step: Step, playbook: Playbook) -> None:
    """Run one step, print what Ansible prints, and hold what happened against what was told. Raises NotAsTold."""
    tenant = playbook.tenant
    held_before, requests_before = held_by(tenant), len(tenant.methods())
    arguments = ("-e", "@endpoints.json", "-e", f"pki={playbook.folder}", *step.options)
    try:
        results = playbook.run_file(Path("entra.cba.demo"), arguments=arguments, environment=colours())
    except AssertionError as error:
        raise NotAsTold(f"Step {step.title!r} should succeed without warnings. {error}") from error
    print(playbook.output.partition("\nPLAY RECAP")[0].rstrip(), flush=True)
    if len(results) != 1:
        raise NotAsTold(f"Step {step.title!r} should run one task; it ran {len(results)}.")
    told, seen = _as_told(step), _as_seen(results[0].result["changes"])
    if seen != told:
        raise NotAsTold(f"Step {step.title!r} should have these changes: {told}; Ansible has these: {seen}.")
    if results[0].changed != any(told.values()):
        raise NotAsTold(f"Step {step.title!r} reports changed: {results[0].changed}, with these changes: {seen}.")
    methods = tenant.methods()[requests_before:]
    if methods != list(step.requests):
        raise NotAsTold(f"Step {step.title!r} should request {step.requests}; it requested {methods}.")
    shown = re.findall(r"^(?:\x1b\[[0-9;]*m)*--- before: CN=([^,]+),", playbook.output, re.MULTILINE)
    if sorted(shown) != sorted((*step.added, *step.removed, *step.updated) if "--diff" in step.options else ()):
        raise NotAsTold(f"Step {step.title!r} should show a diff of these changes: {told}; it shows: {shown}.")
    wanted = held_before if step.is_check else declared(playbook.folder)
    if held_by(tenant) != wanted:
        raise NotAsTold(f"After step {step.title!r} the tenant should hold {wanted}; it holds {held_by(tenant)}.")
    if "[WARNING]" in playbook.output or "[DEPRECATION" in playbook.output:
        raise NotAsTold(f"Step {step.title!r} ran with a warning.")


def audit(playbook: Playbook) -> list[tuple[str, str, str]]:
    """Tamper, audit, and return code, severity and CA of each finding. Raises NotAsTold."""
    tenant = playbook.tenant
    tamper_with(tenant)
    requests_before = len(tenant.methods())
    options = {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "graph_url": tenant.service.graph_url,
        "authority_url": tenant.service.authority_url,
        "ca_path": tenant.service.ca_path,
        "approved_certificate_authorities": [{"path": "root.pem"}, {"path": "issuing.der"}],
        "check_crls": False,
        "fail_on": "never",
        "report_directory": str(REPORT),
        "previous_report": "none.json",
    }
    variables = {f"entra_cba_{name}": value for name, value in options.items()}
    (playbook.folder / "audit.json").write_text(json.dumps(variables))
    try:
        playbook.run_file(Path("entra.cba.audit"), arguments=("-e", "@audit.json"))
    except AssertionError as error:
        raise NotAsTold(f"The audit should succeed without warnings. {error}") from error
    (audited,) = json.loads((REPORT / "trust_audit.json").read_text())["tenants"]
    found = [
        (finding["code"], finding["severity"], finding["subject"].removeprefix("CN=").partition(",")[0])
        for finding in audited["trust_audit"]["findings"]
    ]
    if {code: name for code, _severity, name in found} != AUDIT_FINDS or len(found) != len(AUDIT_FINDS):
        raise NotAsTold(f"The audit should find {AUDIT_FINDS}; it found {found}.")
    if tenant.methods()[requests_before:] != list(READ):
        raise NotAsTold(f"The audit should request {READ}; it requested {tenant.methods()[requests_before:]}.")
    if "Rogue CA" not in (REPORT / "trust_audit.html").read_text():
        raise NotAsTold("The page of the audit does not name the rogue CA.")
    return found


def tamper_with(tenant: Tenant) -> None:
    """Change the tenant's list past all checks, as somebody in a portal would."""
    root = next(entry for entry in tenant.store() if entry["isRootAuthority"])
    rogue = base64.b64encode(a_root_ca("Rogue CA").der).decode()
    tenant.plant(
        [
            {**root, "certificateRevocationListUrl": "http://elsewhere.example/root.crl"},
            {"certificate": rogue, "isRootAuthority": True},
        ]
    )


def declared(folder: Path) -> Held:
    """Return what the playbook declares, worked out without the collection."""
    root = "".join((folder / "root.pem").read_text().splitlines()[1:-1])
    issuing = base64.b64encode((folder / "issuing.der").read_bytes()).decode()
    return {root: "http://crl.example.org/root.crl", issuing: "http://crl.example.org/issuing.crl"}


def held_by(tenant: Tenant) -> Held:
    return {entry["certificate"]: entry["certificateRevocationListUrl"] for entry in tenant.store()}


def colours() -> dict[str, str]:
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return {"ANSIBLE_NOCOLOR": "false", "ANSIBLE_FORCE_COLOR": "true"} if wanted else {}


def rule(heading: str) -> str:
    return f"\n{f'== {heading} ':=<79}"


def _as_told(step: Step) -> dict[str, list[str]]:
    return {"added": sorted(step.added), "removed": sorted(step.removed), "updated": sorted(step.updated)}


def _as_seen(changes: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    return {
        kind: sorted(re.findall(r"CN=([^,]+)", " ".join(ca["subject"] for ca in cas))) for kind, cas in changes.items()
    }


if __name__ == "__main__":
    sys.exit(main())
