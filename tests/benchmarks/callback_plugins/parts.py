"""Writes for each in-process task how long each part of it took, as a line of JSON, to the file that PARTS_FILE names.

It puts timers around functions before Ansible forks its workers. A part's time is without that of the parts inside it.
"""

from __future__ import annotations

import functools
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import urllib3.connection
import urllib3.util.ssl_
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.callback import CallbackBase

from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._identity.login import LoginService
from ansible_collections.entra.cba.plugins.module_utils._identity.token_cache import TokenCache
from ansible_collections.entra.cba.plugins.module_utils._resources import classic_store, classic_tasks
from ansible_collections.entra.cba.plugins.plugin_utils import _in_process

if TYPE_CHECKING:
    from collections.abc import Callable

# What belongs to which part. Later entries are further inside.
PARTS: dict[str, list[tuple[object, str]]] = {
    "the rest of our action plugin": [(_in_process.InProcessAction, "run")],
    "checking the options": [(ArgumentSpecValidator, "validate")],
    "whether it may run in-process": [(_in_process.InProcessAction, "_must_step_aside")],
    "the token cache": [(TokenCache, "get"), (TokenCache, "put")],
    "login: msal's own work": [(LoginService, "client_credentials")],
    "HTTP: requests' own work": [(requests.Session, "request")],
    "Graph's answer: checking and errors": [(GraphClient, "get_all")],
    "TLS: the CA bundle and the context": [
        (urllib3.connection, "create_urllib3_context"),
        (urllib3.util.ssl_.SSLContext, "load_verify_locations"),
    ],
    "TLS and TCP: connecting": [(urllib3.connection.HTTPSConnection, "connect")],
    "waiting for the service": [(urllib3.connection.HTTPConnection, "getresponse")],
    "reading the declared certificates": [(classic_tasks, "authorities_from")],
    "reading the certificates in Graph's answer": [(classic_store, "authority_from_graph")],
    "planning": [(classic_tasks, "declare")],
    "pre-flight": [(classic_tasks, "preflight")],
    "describing the result": [(classic_tasks, "_configuration")],
    "masking secrets in the result": [(_in_process, "secrets_of"), (_in_process, "remove_values")],
}

_spent: dict[str, float] = {}
_inside: list[float] = []


def _timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        _inside.append(0.0)
        try:
            return function(*arguments, **named)
        finally:
            taken = time.perf_counter() - started
            _spent[part] = _spent.get(part, 0.0) + taken - _inside.pop()
            if _inside:
                _inside[-1] += taken
            elif part == next(iter(PARTS)):
                _write()

    return timed


def _write() -> None:
    with Path(os.environ["PARTS_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({part: _spent.get(part, 0.0) for part in PARTS}) + "\n")
    _spent.clear()


for _part, _functions in PARTS.items():
    for _owner, _name in _functions:
        setattr(_owner, _name, _timed(_part, getattr(_owner, _name)))


class CallbackModule(CallbackBase):
    """Only there to be loaded."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "parts"
    CALLBACK_NEEDS_ENABLED = True
