# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door: parameters in, outcome out; errors become failed tasks here and nowhere else.

This module util is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.entra.cba.plugins.module_utils._arguments import ArgumentSpec, connection_options
from ansible_collections.entra.cba.plugins.module_utils._dependencies import missing_libraries
from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock, SystemClock
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport, open_session
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Api, cloud_for
from ansible_collections.entra.cba.plugins.module_utils._identity.selection import credential_for
from ansible_collections.entra.cba.plugins.module_utils._identity.token_cache import TokenCache, default_directory
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import TokenSource, claims_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.entra.cba.plugins.module_utils._dependencies import requests


@dataclass(frozen=True, slots=True)
class Context:
    """What a task works with: the tenant's Graph, the time, files, and whether it may only look."""

    connection: GraphClient | None
    tenant: str
    clock: Clock
    check_mode: bool
    read_file: Callable[[str], bytes]

    @property
    def graph(self) -> GraphClient:
        if self.connection is None:
            raise LookupError("a task that says that it needs no tenant asks for one")
        return self.connection


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task has to say; `facts` are the return values of its own.

    With `failure` the task did its work, and was told to fail on what it found.
    """

    changed: bool
    facts: Mapping[str, object]
    diff: list[dict[str, str]] | None = None
    warnings: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a module declares: its own options and the function that does its work.

    The function raises Failure for whatever the user can act on. `api` is the part of Graph that it speaks to;
    `is_offline` tells from the parameters that it speaks to none.
    """

    perform: Callable[[Mapping[str, t.Any], Context], Outcome]
    options: ArgumentSpec = field(default_factory=dict)
    mutually_exclusive: list[tuple[str, ...]] = field(default_factory=list)
    api: Api = Api.CLASSIC_TRUST_STORE
    is_offline: Callable[[Mapping[str, t.Any]], bool] | None = None

    @property
    def argument_spec(self) -> ArgumentSpec:
        return {**connection_options(), **self.options}


def run(task: Task) -> t.NoReturn:
    """Perform a task as an Ansible module: the body of every module's main()."""
    module = _Module(  # type: ignore[no-untyped-call]  # ansible does not type it
        task.argument_spec, mutually_exclusive=task.mutually_exclusive, supports_check_mode=True
    )
    for library, trace in missing_libraries():
        module.fail_json(msg=missing_required_lib(library), exception=trace)
    with open_session() as session:
        result = result_of(task, module.params, session, check_mode=module.check_mode, diff=module._diff)
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    if "changed" not in result:
        module.fail_json(**result)
    module.no_log_values = secrets_of(task.argument_spec, module.params, failed=False)
    module.exit_json(**result)


def result_of(
    task: Task, parameters: Mapping[str, t.Any], session: requests.Session, *, check_mode: bool, diff: bool
) -> dict[str, t.Any]:
    """Perform a task with validated parameters; return what Ansible is to be told, with secrets still in it.

    A result without `changed` is that of a task that could not do its work.
    """
    try:
        context = _context(task, parameters, session, check_mode=check_mode)
    except Failure as failure:
        return {"failed": True, "msg": str(failure)}
    try:
        outcome = task.perform(parameters, context)
    except Failure as failure:
        return {"failed": True, "msg": str(failure), **_how(context)}
    result: dict[str, t.Any] = {"changed": outcome.changed, **outcome.facts, **_how(context)}
    if outcome.failure is not None:
        result |= {"failed": True, "msg": outcome.failure}
    if outcome.warnings:
        result["warnings"] = list(outcome.warnings)
    if diff and outcome.diff is not None:
        result["diff"] = outcome.diff
    return result


def secrets_of(argument_spec: ArgumentSpec, parameters: Mapping[str, t.Any], *, failed: bool) -> set[str]:
    """Return the texts that nobody may be shown, of parameters that need not be valid.

    What stands for a certificate was one when the task went well, and is public; else it may be a private key.
    """
    secret = [parameters.get(name) for name, option in argument_spec.items() if option.get("no_log")]
    found = set(_texts(secret))
    if failed:
        found.update(_texts([_contents(value) for value in parameters.values()]))
        found.update(text for text in _texts(parameters) if "PRIVATE KEY-----" in text)
    return found - {""}


def _context(task: Task, parameters: Mapping[str, t.Any], session: requests.Session, *, check_mode: bool) -> Context:
    """Put together what a task works with, without a request. Raises Failure."""
    clock = SystemClock()
    is_offline = task.is_offline is not None and task.is_offline(parameters)
    connection = None if is_offline else _connect(task.api, parameters, session, clock)
    tenant = parameters["tenant_id"] or str((claims_of(parameters["access_token"] or "") or {}).get("tid", ""))
    return Context(connection, tenant, clock, check_mode, lambda path: Path(path).read_bytes())


def _connect(api: Api, parameters: Mapping[str, t.Any], session: requests.Session, clock: Clock) -> GraphClient:
    ca_path = parameters["ca_path"]
    if ca_path and not Path(ca_path).is_file():
        raise Failure(f"ca_path: {ca_path} is no file; it must hold CA certificates in PEM")
    cloud = cloud_for(parameters["cloud"], parameters["graph_url"], parameters["authority_url"])
    cloud.require(api)
    transport = Transport(session, clock, parameters["timeout"], verify=ca_path or True)
    credential = credential_for(parameters, cloud, transport, os.environ)
    cache_directory = default_directory() if parameters["token_cache"] else None
    tokens = TokenSource(credential, TokenCache(cache_directory, clock) if cache_directory else None)
    return GraphClient(cloud.graph_url, parameters["api_version"], tokens, transport)


def _how(context: Context) -> dict[str, t.Any]:
    """Return as whom we spoke to Graph, if at all, and every request."""
    graph = context.connection
    return {
        "auth_method": graph.auth_method if graph else None,
        "graph_requests": [asdict(call) for call in graph.calls] if graph else [],
    }


class _Module(AnsibleModule):
    """Shows no secret in an error: Ansible shows the options of a failed task at -vvv, misplaced keys too.

    It does not know yet which options are secret when it stumbles over another one (ansible-core 2.19).
    """

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:  # noqa: ANN401  # as the method of Ansible
        self.no_log_values.update(secrets_of(self.argument_spec, self.params, failed=True))
        super().fail_json(msg, **kwargs)


def _contents(items: object) -> list[object]:
    return [item.get("content") for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
