"""What must hold after a task, whatever happened: checked on the service's store, not on our own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import authority_from_graph
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import names_of
from faults.cases import SOMEBODY_ELSES, Case, Entries, Write, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builders.pki import BuiltCertificate
    from faults.world import Run, World

_IN_FORCE = re.compile(
    r"In force now, read from the service: (.*) \([^()]*(?:\(SHA-256 [0-9a-f]+\)[^()]*)*\)\.", re.DOTALL
)


def broken(case: Case, world: World) -> list[str]:
    """Run a case and return the invariants that it breaks, each in a sentence."""
    write = case.write
    world.begin(write.before, case.behaviour)
    run = world.run(write.parameters, case.strike)
    world.settle()
    held = world.held()
    faults = list(_after_the_fault(case, run, held))
    faults += [f"a secret is in the output: {name}" for name, secret in _secrets(world) if secret in run.output]
    faults += list(_next_runs(case, world))
    return faults


def _after_the_fault(case: Case, run: Run, held: Entries) -> Iterator[str]:
    write = case.write
    other_writer = "another writer" in case.fault and _contains(held, SOMEBODY_ELSES)
    own = [each for each in held if each["certificate"] != entry(SOMEBODY_ELSES)["certificate"]]
    before, after = _same(own, write.before or []), _same(own, write.after or [])
    deleted = write.after is not None and any(request.startswith("DELETE") for request in run.requests)
    said = _IN_FORCE.search(run.message or "")
    told_truly = said is not None and said[1] == _names(held)
    # Nothing can be read any more: the task says that it does not know, and what to expect.
    cut_off = "Which list is in force is not known" in (run.message or "") and "for good" in case.fault
    merged = case.behaviour.second_post == "append" and _is_merged(held, write)
    told = told_truly or cut_off or run.was_killed
    lasts = "for good" in case.fault or run.was_killed or other_writer  # so that the old list cannot be put back
    if not (before or after) and not (merged and told) and not (deleted and lasts and told):
        yield f"the store holds neither the old list nor the new one, but {_names(held)}"
    if not held and write.after is not None and write.before is not None and not (deleted and lasts and told):
        yield "the store is empty, which nobody asked for"
    if write.after is not None and _deletes_first(run.requests):
        yield "the list was deleted before the new one was tried"
    if not deleted:
        yield from (f"{ca.certificate.subject} is gone" for ca in write.keeps if not _contains(held, ca))
    if run.message is None and not run.was_killed:
        if not after:
            yield f"the task says that all is well, and the store holds {_names(held)}"
        if not run.result["changed"]:
            yield "the task says that nothing changed"
        if _must_see_the_other(case, run) and not _contains(held, SOMEBODY_ELSES):
            yield "the other writer's CA is lost and the task says that all is well"
    elif run.message is not None and any(_writes(request) for request in run.requests):
        untouched = "Nothing was written." in run.message and before
        truths = (told_truly, cut_off, untouched)
        if not any(truths):
            yield f"the message does not name the list in force ({_names(held)}): {run.message}"


def _next_runs(case: Case, world: World) -> Iterator[str]:
    """Run twice more without a fault: the first brings the new list about, the second finds nothing to do."""
    # Deleted and not put back, as the task said if it could: what it was not asked to declare is in its copy alone.
    left = [each for each in world.held() if each["certificate"] != entry(SOMEBODY_ELSES)["certificate"]]
    lost = case.write.after is not None and case.write.before is not None and not left
    world.tenant.behaviour = case.behaviour
    first = world.run(case.write.parameters, log_in=False)
    world.settle()
    if first.message is not None:
        yield f"the next run fails: {first.message}"
        return
    own = [each for each in world.held() if each["certificate"] != entry(SOMEBODY_ELSES)["certificate"]]
    if not _same(own, case.write.after or []) and not lost:
        yield f"the next run leaves {_names(own)}"
    second = world.run(case.write.parameters, log_in=False)
    if second.message is not None or second.result["changed"]:
        yield f"the run after it is not unchanged: {second.message or second.result['changes']}"


def _must_see_the_other(case: Case, run: Run) -> bool:
    """Tell whether a merge had to keep what another writer wrote.

    Not where that came between our last read and a write that was taken: the other's own read-back tells the other.
    """
    strike = case.strike
    if strike is None or strike.meanwhile is None or "another writer" not in case.fault:
        return False
    came = len(run.requests) > strike.at
    unseen = came and _writes(run.requests[strike.at]) and strike.fault is None
    return came and not unseen and case.write.parameters["purge"] is False


def _deletes_first(requests: tuple[str, ...]) -> bool:
    writes = [request for request in requests if _writes(request)]
    return bool(writes) and writes[0].startswith("DELETE")


def _is_merged(held: Entries, write: Write) -> bool:
    merged = {entry["certificate"] for entry in (write.before or []) + (write.after or [])}
    return {entry["certificate"] for entry in held} == merged


def _secrets(world: World) -> Iterator[tuple[str, str]]:
    yield "the client secret", world.tenant.client_secret
    for token in world.tokens:
        yield "an access token", token


def _writes(request: str) -> bool:
    return request.startswith(("POST", "DELETE")) and "/organization/" in request


def _contains(held: Entries, built: BuiltCertificate) -> bool:
    return any(each["certificate"] == entry(built)["certificate"] for each in held)


def _same(one: Entries, other: Entries) -> bool:
    def essence(entries: Entries) -> list[tuple[object, ...]]:
        keys = ("certificate", "isRootAuthority", "certificateRevocationListUrl", "deltaCertificateRevocationListUrl")
        return sorted((tuple(str(each.get(key)) for key in keys) for each in entries), key=str)

    return essence(one) == essence(other)


def _names(entries: Entries) -> str:
    return names_of(authority_from_graph(each) for each in entries)
