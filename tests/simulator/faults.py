# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test asks for: error answers, delays, broken connections and answers cut short."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from simulator import checks
from simulator.checks import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConnectionReset(Exception):
    """The connection is to break instead of an answer; `effect_done` says whether the request has had its effect."""

    def __init__(self, effect_done: bool) -> None:
        super().__init__(f"connection reset {'after' if effect_done else 'before'} the effect")
        self.effect_done = effect_done


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: which requests it waits for and what happens to them.

    method, path: None matches every method; `path` is searched for in the request's path.
    after, count: so many matching requests pass first, so many are hit then.
    status, headers, body: this answer is given and the request has no effect.
    delay_s: waits before anything else is done.
    reset: "before" or "after" the request had its effect, the connection breaks.
    truncate: the answer announces its full length, but only so many bytes of its body are sent.
    """

    method: str | None = None
    path: re.Pattern[str] = re.compile("")
    after: int = 0
    count: int = 1
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: object = None
    delay_s: float = 0.0
    reset: str | None = None
    truncate: int | None = None

    def matches(self, method: str, path: str) -> bool:
        return self.method in (None, method) and self.path.search(path) is not None

    def answer(self) -> Response:
        """Return the answer that this fault gives; a body that is no string is sent as JSON."""
        if self.body is None:
            response = Response(status=self.status)
        elif isinstance(self.body, str):
            response = Response(self.body, status=self.status, mimetype="text/plain")
        else:
            response = Response(json.dumps(self.body), status=self.status, mimetype="application/json")
        for name, content in self.headers:
            response.headers[name] = content
        return response


class FaultPlan:
    """The faults of one tenant, with what they have seen so far.

    A request is hit by one fault at most, the first that is due, and is not seen by those after it.
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = tuple(faults)
        self._seen = [0] * len(self._faults)

    def next_for(self, method: str, path: str) -> Fault | None:
        """Count the request and return the fault that hits it."""
        for index, fault in enumerate(self._faults):
            if fault.matches(method, path):
                self._seen[index] += 1
                if fault.after < self._seen[index] <= fault.after + fault.count:
                    return fault
        return None


def parse_faults(given: object) -> FaultPlan:
    """Read the `faults` list of the control interface. Raises SettingError."""
    if not isinstance(given, list):
        raise SettingError(f"faults: expected a list, got {given!r}")
    return FaultPlan([_parse_fault(member, f"faults[{index}]") for index, member in enumerate(given)])


def _parse_fault(given: object, what: str) -> Fault:
    fault = Fault(**checks.checked(given, _CHECKS, what))
    if fault.status is None and (fault.headers or fault.body is not None):
        raise SettingError(f"{what}: headers and body need a status")
    if fault.reset and (fault.status is not None or fault.truncate is not None):
        raise SettingError(f"{what}: reset leaves no answer, so it goes neither with status nor with truncate")
    if fault.status is None and not fault.reset and fault.truncate is None and not fault.delay_s:
        raise SettingError(f"{what}: expected one of status, delay_s, reset, truncate")
    return fault


_CHECKS: dict[str, checks.Check] = {
    "method": lambda value: checks.text(value).upper(),
    "path": checks.pattern,
    "after": checks.integer(0),
    "count": checks.integer(1),
    "status": checks.integer(200, 599),
    "headers": checks.headers,
    "body": lambda value: value,
    "delay_s": checks.seconds,
    "reset": checks.one_of("before", "after"),
    "truncate": checks.integer(0),
}
