# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's own task inside Ansible, without a process of its own, wherever nobody could tell the difference.

This plugin util is private to the collection. Ansible loads action plugins in its main process and forks a worker for
each task or loop, so that what is imported here is imported once. Whatever is unusual is left to the module itself: an
argument that it would refuse or warn about gets the module's own words.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import typing as t
from datetime import date

from ansible.constants import config
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.entra.cba.plugins.module_utils._dependencies import (
    AESGCM,
    HKDF,
    ec,
    hashes,
    import_msal,
    missing_libraries,
    padding,
    rsa,
)
from ansible_collections.entra.cba.plugins.module_utils._http.transport import open_session
from ansible_collections.entra.cba.plugins.module_utils._task import Task, result_of, secrets_of

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.entra.cba.plugins.module_utils._dependencies import requests


def _look_up_algorithms() -> None:
    """Have OpenSSL look up what each task uses, which it does once in a process: a worker would for each task anew.

    It saves time and nothing else: what an OpenSSL refuses (in FIPS mode, say) is for a task to tell that needs it.
    """
    with contextlib.suppress(Exception):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        AESGCM(HKDF(hashes.SHA256(), 32, bytes(16), b"").derive(bytes(32))).encrypt(bytes(12), b"", b"")
        key = ec.generate_private_key(ec.SECP256R1())
        key.public_key().verify(key.sign(b"", ec.ECDSA(hashes.SHA256())), b"", ec.ECDSA(hashes.SHA256()))
        any_key = rsa.RSAPublicNumbers(65537, 2**2048 - 1).public_key()
        any_key.verify(bytes(256), b"", padding.PKCS1v15(), hashes.SHA256())  # which fails, and has looked them up


LIBRARIES_ARE_MISSING = bool(missing_libraries())
if not LIBRARIES_ARE_MISSING:
    import_msal()
    _look_up_algorithms()

SWITCH = "entra_cba_in_process"

# The connections of this worker, by the CAs that they were checked against: kept through a loop over tenants.
_sessions: dict[tuple[int, str | None], requests.Session] = {}


class InProcessAction(NormalAction):
    """An action plugin names its module's task; the rest is here."""

    module_task: t.ClassVar[Task]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        variables = task_vars or {}
        if self._must_step_aside(variables):
            return self._run_as_module(variables)
        task = self.module_task
        validator = ArgumentSpecValidator(task.argument_spec, mutually_exclusive=task.mutually_exclusive)
        validated = validator.validate(_plain(self._task.args))
        if validated.error_messages or validated._warnings or validated._deprecations:
            return self._run_as_module(variables)
        parameters = validated.validated_parameters
        session = _session(parameters["ca_path"])
        with _working_directory(self._loader.get_basedir()):
            result = result_of(task, parameters, session, check_mode=self._task.check_mode, diff=self._task.diff)
        if _is_invocation_shown(variables):
            result["invocation"] = {"module_args": parameters}
        secrets = secrets_of(task.argument_spec, parameters, failed="changed" not in result)
        shown: dict[str, t.Any] = remove_values(result, secrets)
        return shown

    def _run_as_module(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(None, variables)  # type: ignore[no-untyped-call]  # ansible does not type it
        return result

    def _must_step_aside(self, variables: Mapping[str, t.Any]) -> bool:
        """Tell whether the user asks for anything that only the module in a process of its own can do.

        A time limit ends the wait for a module; here it would end the work, perhaps between two requests of a write.
        """
        return bool(
            LIBRARIES_ARE_MISSING
            or self._connection.transport != "local"
            or self._connection.become is not None
            or self._task.async_val
            or self._task.timeout
            or any(self._task.environment or ())
            or not self._is_own_python(variables)
            or not self._is_wanted(variables)
        )

    def _is_wanted(self, variables: Mapping[str, t.Any]) -> bool:
        value = self._templar.template(variables.get(SWITCH, True))
        try:
            return bool(boolean(value))
        except TypeError as error:
            raise AnsibleActionFail(f"{SWITCH} must be true or false, not {value!r}") from error

    def _is_own_python(self, variables: Mapping[str, t.Any]) -> bool:
        """Tell whether the module would run with the Python of this process, or with no particular one."""
        delegate = self._task.delegate_to
        variables = variables["ansible_delegated_vars"][delegate] if delegate else variables
        configured = config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        python = str(self._templar.template(configured) or "auto").strip()
        return python.startswith("auto") or _place(python) == _place(sys.executable)


def _is_invocation_shown(variables: Mapping[str, t.Any]) -> bool:
    """Tell whether a result has the arguments; before ansible-core 2.21, which has a setting for it, each has."""
    setting = "INJECT_INVOCATION"
    return setting not in config.get_configuration_definitions() or config.get_config_value(
        setting, variables=variables
    )


def _place(python: str) -> tuple[str, str]:
    """Return what tells one Python environment from another: an environment's python is a link out of its directory."""
    return os.path.realpath(os.path.dirname(python)), os.path.realpath(python)  # noqa: PTH120


def _plain(value: object) -> object:
    """Return an argument as a module gets it, without Ansible's tags and with its vaulted texts in the clear."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {_plain(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _session(ca_path: str | None) -> requests.Session:
    key = os.getpid(), ca_path
    if key not in _sessions:
        _sessions[key] = open_session()
    return _sessions[key]


@contextlib.contextmanager
def _working_directory(path: str) -> Iterator[None]:
    """Let relative paths begin where they begin for a module on a local connection."""
    before = os.getcwd()  # noqa: PTH109
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
