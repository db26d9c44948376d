"""How many requests a run makes, counted by the service."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from benchmarks.report import Row, Stage
from builders.pki import write_two_tier_pki
from integration.playbook import Playbook, manage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from integration.service import Tenant

TITLE = "Requests made by a run"
READ = ("GET",)
WRITE = ("GET", "GET", "POST", "GET")
LOGIN = ("GET", "POST")  # the endpoints of the tenant, and the token


def measure(stage: Stage) -> Iterator[Row]:
    """Create a list, run again, and run with another list, in an empty tenant.

    A cold run has no token from a run before it, a warm one has.
    """
    playbook = Playbook(stage.tenant.service, stage.tenant, stage.folder)
    write_two_tier_pki(stage.folder)
    both = [{"path": "root.pem"}, {"path": "issuing.der"}]
    runs = (
        ("cold creating", both, True, WRITE),
        ("cold unchanged", both, False, READ),
        ("warm unchanged", both, False, READ),
        ("warm changing", both[:1], True, WRITE),
    )
    for name, authorities, changes, promised in runs:
        is_cold = name.startswith("cold")
        if is_cold:
            shutil.rmtree(stage.folder / ".cache", ignore_errors=True)
        before = len(_logged(stage.tenant))
        (result,) = playbook.run(manage(certificate_authorities=authorities))
        assert result.changed == changes, f"the {name} run reports changed: {result.changed}"
        made = _logged(stage.tenant)[before:]
        graph = [method for method, path in made if _is_to_graph(path)]
        login = [method for method, path in made if not _is_to_graph(path)]
        assert graph, f"the service saw no request to Graph of the {name} run"
        yield Row(f"{name} run, to Graph", len(graph), "requests", " ".join(graph), is_within(graph, promised))
        kept = is_within(login, LOGIN if is_cold else ())
        yield Row(f"{name} run, to the login service", len(login), "requests", " ".join(login), kept)


def _is_to_graph(path: str) -> bool:
    return re.match(r"/(v1\.0|beta)/", path) is not None


def is_within(made: Sequence[str], promised: Sequence[str]) -> bool:
    """Tell whether all requests made are among those promised, in that order."""
    left = iter(promised)
    return all(method in left for method in made)


def _logged(tenant: Tenant) -> list[tuple[str, str]]:
    answer = tenant.service.control("GET", "/requests", params={"tenant_id": tenant.tenant_id})
    return [(request["method"], request["path"]) for request in answer["requests"]]
