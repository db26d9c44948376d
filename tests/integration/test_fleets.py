"""A fleet of tenants: one report whatever happens to some of them, and an inventory from a file."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import ROOT, Playbook, TaskResult
from integration.test_main_job import TWO_TIERS, as_graph

if TYPE_CHECKING:
    from integration.service import Tenant

APPLY, AUDIT = "entra.cba.apply", "entra.cba.audit_drift"
DECLARE = "Declare the certificate authorities that the tenant trusts"
BIN = Path(sys.executable).parent
PARALLEL = ("--forks", "6")

# By host, in the order of the inventory: what was planted, and what an audit calls it.
PLANTED = {
    "t01": "as_declared",
    "t02-drifted": "differs",
    "t03-login-refused": "failed",
    "t04-forbidden": "failed",
    "t05-throttled": "as_declared",
    "t06-empty": "differs",
    "t07-no-answer": "failed",
    "t08-throttled-for-hours": "failed",
    "t09": "as_declared",
    "t10-no-such-file": "failed",
    "t11-answers-late": "as_declared",
    "t12": "as_declared",
}
REASONS = {
    "t03-login-refused": "AADSTS7000222",
    "t04-forbidden": "Organization.Read.All",
    "t07-no-answer": "127.0.0.1:9",
    "t08-throttled-for-hours": "429",
    "t10-no-such-file": "missing.pem",
}
FAILED = list(REASONS)


class Fleet:
    """Twelve tenants as hosts of an inventory, and what runs in them."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.folder = playbook.folder
        self.tenants: dict[str, Tenant] = {name: playbook.service.next_tenant() for name in PLANTED}
        self.root, self.issuing = write_two_tier_pki(self.folder)
        self.variables: dict[str, dict[str, object]] = {
            name: {
                "entra_cba_tenant_id": tenant.tenant_id,
                "entra_cba_client_id": tenant.client_id,
                "entra_cba_client_secret": tenant.client_secret,
            }
            for name, tenant in self.tenants.items()
        }
        self.write_inventory()

    def write_inventory(self) -> None:
        service = self.playbook.service
        common = {
            "entra_cba_graph_url": service.graph_url,
            "entra_cba_authority_url": service.authority_url,
            "entra_cba_ca_path": service.ca_path,
            "entra_cba_certificate_authorities": TWO_TIERS,
        }
        inventory = {"tenants": {"hosts": self.variables, "vars": common}}
        (self.folder / "tenants.json").write_text(json.dumps(inventory))

    def run(
        self,
        name: str,
        *arguments: str,
        expect_failure: bool = False,
        environment: dict[str, str] | None = None,
        **extra: object,
    ) -> list[TaskResult]:
        given = {"hosts": "tenants", "report_file": "report.json", **extra}
        (self.folder / "extra.json").write_text(json.dumps({f"entra_cba_{key}": item for key, item in given.items()}))
        (self.folder / "report.json").unlink(missing_ok=True)
        return self.playbook.run_file(
            Path(name),
            arguments=("-i", "tenants.json", "-e", "@extra.json", *PARALLEL, *arguments),
            expect_failure=expect_failure,
            environment=environment,
        )

    @property
    def report(self) -> dict[str, dict[str, Any]]:
        written: dict[str, dict[str, Any]] = json.loads((self.folder / "report.json").read_text())
        return written

    @property
    def states(self) -> dict[str, str]:
        return {name: tenant["state"] for name, tenant in self.report.items()}

    def stores(self) -> dict[str, list[dict[str, Any]]]:
        return {name: tenant.store() for name, tenant in self.tenants.items()}

    def requests(self) -> Counter[str]:
        return Counter(name for name, tenant in self.tenants.items() for _method in tenant.methods())

    def heal(self) -> None:
        """Take away what makes tenants fail."""
        for name in FAILED:
            self.tenants[name].behave()
        del self.variables["t07-no-answer"]["entra_cba_graph_url"]
        del self.variables["t10-no-such-file"]["entra_cba_certificate_authorities"]
        self.write_inventory()


@pytest.fixture
def fleet(playbook: Playbook) -> Fleet:
    """Twelve tenants, of which five cannot be read and two differ."""
    fleet = Fleet(playbook)
    tenants = fleet.tenants
    two_tiers = [
        as_graph(fleet.root, is_root=True, url="http://crl.example.org/root.crl"),
        as_graph(fleet.issuing, is_root=False, url="http://crl.example.org/issuing.crl"),
    ]
    for tenant in tenants.values():
        tenant.plant(two_tiers)
    tenants["t02-drifted"].plant([*two_tiers, as_graph(a_root_ca("Rogue CA"), is_root=True)])
    tenants["t06-empty"].plant([])
    tenants["t03-login-refused"].behave(client_secret="expired")
    tenants["t04-forbidden"].behave(roles=["User.Read.All"])
    busy = {"path": "/organization", "status": 429, "body": {"error": {"code": "TooManyRequests", "message": "Later."}}}
    tenants["t05-throttled"].behave(faults=[{**busy, "headers": {"Retry-After": "0.3"}}])
    tenants["t08-throttled-for-hours"].behave(faults=[{**busy, "count": 99, "headers": {"Retry-After": "7200"}}])
    tenants["t11-answers-late"].behave(faults=[{"path": "/organization", "delay_s": 1.5}])
    fleet.variables["t07-no-answer"] |= {"entra_cba_graph_url": "https://127.0.0.1:9", "entra_cba_timeout": 2}
    fleet.variables["t10-no-such-file"]["entra_cba_certificate_authorities"] = [{"path": "missing.pem"}]
    fleet.write_inventory()
    return fleet


def lines(results: list[TaskResult]) -> list[str]:
    """Return the lines of the one report."""
    (report,) = (result for result in results if result.task == "Report" and result.status == "ok")
    return list(report.result["msg"])


def test_an_audit_says_of_each_tenant_what_was_found_and_changes_none(fleet: Fleet) -> None:
    before = fleet.stores()
    results = fleet.run(AUDIT, expect_failure=True)
    assert fleet.states == PLANTED
    assert {name: REASONS[name] in fleet.report[name]["reason"] for name in FAILED} == dict.fromkeys(FAILED, True)
    assert [ca["subject"] for ca in fleet.report["t02-drifted"]["changes"]["removed"]] == [
        "CN=Rogue CA,O=Example Org,C=DE"
    ]
    assert fleet.stores() == before
    assert {method for tenant in fleet.tenants.values() for method in tenant.methods()} == {"GET"}
    asked = {name for name in PLANTED if name not in ("t03-login-refused", "t07-no-answer", "t10-no-such-file")}
    assert fleet.requests() == {**dict.fromkeys(asked, 1), "t05-throttled": 2}
    told = lines(results)
    assert told[0] == "t01: as declared, 0 findings"
    assert told[5:7] == [
        "t02-drifted: differs: 0 to add, 1 to remove, 0 to update, 0 findings",
        "t06-empty: differs: 2 to add, 0 to remove, 0 to update, 0 findings",
    ]
    assert [line.partition(": FAILED: ")[0] for line in told[7:-1]] == FAILED
    assert told[-1] == "12 tenants: 5 as declared, 2 differs, 5 failed"


def test_a_tenant_costs_one_task(fleet: Fleet) -> None:
    results = fleet.run(AUDIT, expect_failure=True)
    assert Counter(result.task for result in results).most_common(2)[0] == (DECLARE, len(PLANTED))
    assert len(results) - len(PLANTED) <= 4


def test_apply_repairs_those_that_it_can_reach_in_batches_with_one_report(fleet: Fleet) -> None:
    results = fleet.run(APPLY, expect_failure=True, serial=[2, "50%"])
    assert fleet.states == {name: "changed" if state == "differs" else state for name, state in PLANTED.items()}
    assert lines(results)[-1] == "12 tenants: 5 as declared, 2 changed, 5 failed"
    assert {len(fleet.tenants[name].store()) for name in PLANTED if name not in FAILED} == {2}
    assert fleet.tenants["t01"].methods() == ["GET"]


def test_a_batch_without_a_tenant_that_works_ends_the_run_and_the_report_says_so(fleet: Fleet) -> None:
    results = fleet.run(APPLY, "--limit", "t03*,t04*,t06*", expect_failure=True, serial=[2, 1])
    assert fleet.states == {"t03-login-refused": "failed", "t04-forbidden": "failed", "t06-empty": "not_reached"}
    assert lines(results)[0] == "t06-empty: not reached"
    assert fleet.tenants["t06-empty"].methods() == []


def test_only_those_that_failed_run_again(fleet: Fleet) -> None:
    retry = {"ANSIBLE_RETRY_FILES_ENABLED": "true", "ANSIBLE_RETRY_FILES_SAVE_PATH": str(fleet.folder)}
    fleet.run(AUDIT, expect_failure=True, environment=retry)
    assert (fleet.folder / "audit_drift.retry").read_text().splitlines() == FAILED
    fleet.heal()
    before = fleet.requests()
    results = fleet.run(AUDIT, "--limit", "@audit_drift.retry")
    assert lines(results)[-1] == "5 tenants: 5 as declared"
    assert set(fleet.requests() - before) == set(FAILED)


def test_drift_fails_those_that_differ_and_no_other(fleet: Fleet) -> None:
    retry = {"ANSIBLE_RETRY_FILES_ENABLED": "true", "ANSIBLE_RETRY_FILES_SAVE_PATH": str(fleet.folder)}
    arguments = ("--limit", "t01,t02*,t06*,t09")
    fleet.run(AUDIT, *arguments)
    results = fleet.run(AUDIT, *arguments, fail_on_drift=True, expect_failure=True, environment=retry)
    assert [result.status for result in results if result.task == "Fail on drift"] == ["failed", "failed"]
    assert (fleet.folder / "audit_drift.retry").read_text().splitlines() == ["t02-drifted", "t06-empty"]


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_whatever_strategy_is_set_there_is_one_report(fleet: Fleet, strategy: str) -> None:
    results = fleet.run(AUDIT, expect_failure=True, serial=5, environment={"ANSIBLE_STRATEGY": strategy})
    assert lines(results)[-1] == "12 tenants: 5 as declared, 2 differs, 5 failed"
    assert "[WARNING]" not in fleet.playbook.output


def test_the_reports_of_slices_make_up_that_of_the_fleet(fleet: Fleet) -> None:
    merged: dict[str, str] = {}
    for part, failing in (("tenants[0:2]", True), ("tenants[3:9]", True), ("tenants[10:11]", False)):
        fleet.run(AUDIT, "--limit", part, expect_failure=failing)
        assert not set(merged) & set(fleet.states)
        merged |= fleet.states
    assert merged == PLANTED


def test_the_report_of_a_run_in_check_mode_is_written_and_says_that_nothing_was_changed(fleet: Fleet) -> None:
    results = fleet.run(APPLY, "--check", "--limit", "t02*")
    assert fleet.states == {"t02-drifted": "differs"}
    assert lines(results) == [
        "t02-drifted: differs: 0 to add, 1 to remove, 0 to update, 0 findings",
        "1 tenant: 1 differs",
    ]


EXAMPLE = ROOT / "docs" / "fleets"


def inventory_of(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "ansible-inventory"), "-i", str(folder / "tenants.sh"), "--list"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def example(playbook: Playbook) -> Path:
    """The example of the guide, where a user would put it."""
    shutil.copytree(EXAMPLE, playbook.folder / "fleet")
    return playbook.folder / "fleet"


def test_the_example_runs_as_it_stands_with_other_tenants_in_its_file(playbook: Playbook, example: Path) -> None:
    contoso, fabrikam = (playbook.service.next_tenant() for _tenant in range(2))
    write_two_tier_pki(playbook.folder / "files")
    (example / "tenants.csv").write_text(
        "name;tenant_id;client_id;group\r\n"
        f"contoso;{contoso.tenant_id};{contoso.client_id};gold\r\n"
        f"fabrikam;{fabrikam.domain};{fabrikam.client_id};\r\n",
        encoding="utf-8-sig",  # as a spreadsheet writes it
    )
    vault = example / "group_vars" / "all" / "vault.yml"
    secrets = {
        "vault_client_secret": contoso.client_secret,
        "vault_client_secrets": {"fabrikam": fabrikam.client_secret},
    }
    vault.write_text(json.dumps(secrets))
    (playbook.folder / "password").write_text("for the test")
    encrypt = ("encrypt", "--vault-password-file", str(playbook.folder / "password"), str(vault))
    subprocess.run([str(BIN / "ansible-vault"), *encrypt], check=True, capture_output=True)
    service = playbook.service
    simulated = {"graph_url": service.graph_url, "authority_url": service.authority_url, "ca_path": service.ca_path}
    results = playbook.run_file(
        Path(APPLY),
        arguments=(
            *("-i", "fleet/tenants.sh", "--vault-password-file", "password", "-e", "entra_cba_hosts=tenants"),
            *("-e", json.dumps({f"entra_cba_{name}": value for name, value in simulated.items()})),
        ),
    )
    assert lines(results) == [
        "contoso: changed: 2 added, 0 removed, 0 updated, 0 findings",
        "fabrikam: changed: 2 added, 0 removed, 0 updated, 0 findings",
        "2 tenants: 2 changed",
    ]
    assert [len(tenant.store()) for tenant in (contoso, fabrikam)] == [2, 2]


def test_the_inventory_of_the_example_has_a_host_for_each_line_of_its_file() -> None:
    inventory = json.loads(inventory_of(EXAMPLE).stdout)
    rows = list(csv.DictReader((EXAMPLE / "tenants.csv").read_text().splitlines()))
    variables = inventory["_meta"]["hostvars"]
    assert {name: variables[name]["entra_cba_tenant_id"] for name in inventory["tenants"]["hosts"]} == {
        row["name"]: row["tenant_id"] for row in rows
    }
    assert inventory["gold"]["hosts"] == [row["name"] for row in rows if row["group"] == "gold"]
    assert [name for name, host in variables.items() if "entra_cba_cloud" in host] == ["tailspin"]


@pytest.mark.parametrize(
    "lines_of_file", [["contoso,a", "contoso,b"], [",a"], ["contoso,a,b"]], ids=["twice", "no name", "too many cells"]
)
def test_a_line_that_would_be_lost_is_an_error_that_names_it(example: Path, lines_of_file: list[str]) -> None:
    (example / "tenants.csv").write_text("\n".join(["name,tenant_id", *lines_of_file]) + "\n")
    told = inventory_of(example).stderr
    assert f"tenants.csv, line {len(lines_of_file) + 1}" in told
