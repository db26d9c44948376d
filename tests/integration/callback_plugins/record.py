"""Write every task result as one line of JSON to the file that RECORD_FILE names, for the tests to read.

Beside it, modules.txt gets the name of each module that is run in a process of its own.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

_execute_module = ActionBase._execute_module


def _note_and_execute_module(self: Any, module_name: str | None = None, *args: Any, **kwargs: Any) -> Any:
    with Path(os.environ["RECORD_FILE"]).with_name("modules.txt").open("a", encoding="utf-8") as file:
        file.write(f"{module_name or self._task.action}\n")
    return _execute_module(self, module_name, *args, **kwargs)


# Every action plugin runs modules by this one method, in workers that are forked from the process that loads this file.
ActionBase._execute_module = _note_and_execute_module


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible.plugins has no types
    """Records; prints nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, status: str, result: Any) -> None:
        task = getattr(result, "task", None) or result._task
        values = getattr(result, "result", None) or result._result
        line = {
            "status": status,
            "task": str(task.get_name()),
            "action": str(task.action),
            "result": json.loads(json.dumps(values, default=str)),
        }
        with Path(os.environ["RECORD_FILE"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)
