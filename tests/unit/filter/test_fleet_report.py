"""One report of a fleet, from what a task returned for each tenant."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.entra.cba.plugins.filter.fleet_report import FilterModule

fleet_report = FilterModule().filters()["fleet_report"]
CA = {"subject": "CN=Unknown CA", "sha256": "b7" * 32}


def read(*, removed: int = 0, findings: int = 0) -> dict[str, object]:
    """Return what the module returns for a tenant that could be read."""
    changes = {"added": [], "removed": [CA] * removed, "updated": []}
    return {"changed": bool(removed), "changes": changes, "findings": [{"code": "x"}] * findings}


def test_what_needs_somebody_comes_last_and_the_order_of_the_tenants_is_kept_within() -> None:
    results = {"d": {"failed": True, "msg": "No."}, "c": {}, "b": read(removed=1), "z": read(), "a": read(findings=1)}
    report = fleet_report(results, check_mode=True)
    assert report["lines"] == [
        "z: as declared, 0 findings",
        "a: as declared, 1 finding",
        "b: differs: 0 to add, 1 to remove, 0 to update, 0 findings",
        "c: not reached",
        "d: FAILED: No.",
        "5 tenants: 2 as declared, 1 differs, 1 not reached, 1 failed",
    ]
    assert list(report["tenants"]) == list(results)


def test_figures_are_those_of_tenants_that_could_be_read() -> None:
    report = fleet_report({"a": read(removed=2), "b": {"failed": True, "msg": "No."}, "c": {}})
    assert report["figures"] == {"a": {"added": 0, "removed": 2, "updated": 0, "findings": 0}}
    assert report["tenants"]["a"]["state"] == "changed"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"failed": True, "msg": "First.\n  Second."}, "First. Second."),
        ({"unreachable": True, "msg": "Gone."}, "Gone."),
        ({"failed": True, "changes": {"added": []}}, "The task says no reason."),
        ({"skipped": True}, "The task says no reason."),
    ],
)
def test_a_tenant_without_a_result_that_counts_has_failed(result: dict[str, object], reason: str) -> None:
    assert fleet_report({"a": result})["lines"][0] == f"a: FAILED: {reason}"


@pytest.mark.parametrize("given", [[], {"a": None}, {"a": "x"}])
def test_anything_but_results_by_tenant_is_an_error(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="by its name"):
        fleet_report(given)
