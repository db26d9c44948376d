"""How the time of one exchange is shared out."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.entra.cba.plugins.module_utils._http import wire


def test_an_address_that_does_not_answer_leaves_time_for_those_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    granted: list[float] = []

    def never(_target: wire.SocketAddress, seconds: float) -> socket.socket:
        granted.append(seconds)
        raise TimeoutError

    monkeypatch.setattr(wire, "_connect_to", never)
    addresses = [wire.SocketAddress(socket.AF_INET, (f"192.0.2.{number}", 80)) for number in (1, 2, 3)]
    with pytest.raises(TimeoutError):
        wire.connect(addresses, wire.Deadline(12))
    assert granted == [pytest.approx(seconds, abs=0.5) for seconds in (4, 6, 12)]


def test_a_deadline_that_has_passed_is_a_timeout_unless_it_is_postponed() -> None:
    deadline = wire.Deadline(0)
    with pytest.raises(TimeoutError):
        deadline.left()
    deadline.postpone(5)
    assert 4 < deadline.left() <= 5
