"""What the base of the action plugins does while it is loaded, before there is a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.entra.cba.plugins.plugin_utils import _in_process

if TYPE_CHECKING:
    import pytest


def test_an_openssl_that_refuses_an_algorithm_ahead_of_time_stops_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*arguments: object) -> None:
        asked.append(arguments)
        raise ValueError("not in FIPS mode")

    monkeypatch.setattr(_in_process, "HKDF", refuse)
    _in_process._look_up_algorithms()
    assert len(asked) == 1
