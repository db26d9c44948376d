# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults hit the requests that they were asked for, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulator.faults import ConnectionReset

if TYPE_CHECKING:
    from conftest import Authority

    from simulator.in_process import InProcess

STORE = "certificateBasedAuthConfiguration"


def test_an_error_answer_is_given_as_it_was_asked_for(simulator: InProcess) -> None:
    body = {"error": {"code": "TooManyRequests", "message": "Slow down."}}
    simulator.set_up(
        {}, {"method": "GET", "path": STORE, "status": 429, "headers": {"Retry-After": "2.128"}, "body": body}
    )

    answer = simulator.store("GET")

    assert (answer.status_code, answer.headers["Retry-After"], answer.get_json()) == (429, "2.128", body)
    assert "request-id" in answer.headers
    assert simulator.store("GET").status_code == 200


def test_a_body_can_be_text_or_nothing(simulator: InProcess) -> None:
    simulator.set_up(
        {},
        {"path": STORE, "status": 502, "body": "<h1>Bad gateway</h1>", "headers": {"Content-Type": "text/html"}},
        {"path": STORE, "status": 503},
    )

    gateway, empty = simulator.store("GET"), simulator.store("GET")

    assert (gateway.status_code, gateway.text, gateway.mimetype) == (502, "<h1>Bad gateway</h1>", "text/html")
    assert (empty.status_code, empty.data) == (503, b"")


def test_an_error_answer_has_no_effect(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({}, {"method": "POST", "path": STORE, "status": 500})

    assert simulator.store("POST", json={"certificateAuthorities": [authority()]}).status_code == 500
    assert simulator.store("GET").get_json()["value"] == []


def test_so_many_requests_pass_and_so_many_are_hit(simulator: InProcess) -> None:
    simulator.set_up({}, {"method": "GET", "path": STORE, "after": 1, "count": 2, "status": 503})

    assert [simulator.store("GET").status_code for _unused in range(5)] == [200, 503, 503, 200, 200]


def test_another_method_or_path_is_neither_hit_nor_counted(simulator: InProcess) -> None:
    simulator.set_up({}, {"method": "get", "path": f"{STORE}$", "status": 503})

    assert simulator.store("GET", "/x").status_code == 404
    assert simulator.store("DELETE", "/x").status_code == 404
    assert simulator.store("GET").status_code == 503


def test_faults_for_the_same_request_take_their_turns(simulator: InProcess) -> None:
    simulator.set_up({}, {"path": STORE, "status": 503}, {"path": STORE, "status": 504})

    assert [simulator.store("GET").status_code for _unused in range(3)] == [503, 504, 200]


def test_a_login_can_be_hit(simulator: InProcess) -> None:
    simulator.set_up({}, {"method": "POST", "path": "/oauth2/v2.0/token", "status": 503})

    assert [simulator.log_in().status_code for _unused in range(2)] == [503, 200]


def test_a_delay_passes_on_the_clock_and_then_the_answer_comes(simulator: InProcess) -> None:
    simulator.set_up({}, {"path": STORE, "delay_s": 30})
    before = simulator.clock.now()

    assert simulator.store("GET").status_code == 200
    assert (simulator.clock.now() - before).total_seconds() == 30


def test_a_delay_goes_with_an_error_answer(simulator: InProcess) -> None:
    simulator.set_up({}, {"path": STORE, "delay_s": 30, "status": 504})
    before = simulator.clock.now()

    assert simulator.store("GET").status_code == 504
    assert (simulator.clock.now() - before).total_seconds() == 30


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_breaks_before_or_after_the_effect(simulator: InProcess, authority: Authority, when: str) -> None:
    simulator.set_up({}, {"method": "POST", "path": STORE, "reset": when})

    with pytest.raises(ConnectionReset) as broken:
        simulator.store("POST", json={"certificateAuthorities": [authority()]})

    assert broken.value.effect_done == (when == "after")
    assert len(simulator.store("GET").get_json()["value"]) == (1 if when == "after" else 0)
    assert [
        entry["status"] for entry in simulator.logged() if entry["method"] == "POST" and STORE in str(entry["path"])
    ] == [None]


def test_a_cut_answer_announces_its_full_length(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({}, {"method": "POST", "path": STORE, "truncate": 10})

    answer = simulator.store("POST", json={"certificateAuthorities": [authority()]})

    assert len(answer.data) == 10
    assert int(answer.headers["Content-Length"]) > 10
    assert len(simulator.store("GET").get_json()["value"]) == 1
