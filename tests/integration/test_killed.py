"""A task that is killed between two requests: the list is the old one or the new one, and the next run converges.

The fault suite does this at every request on virtual time; here the process is real and so is kill -9.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import Playbook, manage
from integration.test_main_job import as_graph

if TYPE_CHECKING:
    from integration.service import Tenant

BOTH = [{"path": "root.pem"}, {"path": "issuing.der"}]


@pytest.mark.parametrize("at", [0, 1, 2, 3], ids=["reading", "reading again", "writing", "reading back"])
def test_after_kill_9_the_next_run_converges(playbook: Playbook, tenant: Tenant, at: int) -> None:
    write_two_tier_pki(playbook.folder)
    old = a_root_ca("Old Root CA")
    tenant.plant([as_graph(old, is_root=True)])
    before = tenant.store()
    tenant.behave(faults=[{"path": "/organization/", "after": at, "delay_s": 6}])
    killer = threading.Thread(target=_kill_when, args=(playbook, tenant, at + 1))
    killer.start()
    killed = playbook.run(manage(certificate_authorities=BOTH), expect_failure=True)
    killer.join()
    # Without its worker, Ansible ends the run; without its module, the task.
    assert [result.status for result in killed] == ([] if playbook.way == "in-process" else ["failed"])
    time.sleep(6)  # the request that was under way comes to its end without its sender
    held = tenant.store()
    assert held == before or len(held) == 2
    tenant.behave()
    first, second = playbook.run(manage(certificate_authorities=BOTH), manage(certificate_authorities=BOTH))
    assert len(tenant.store()) == 2
    assert first.changed == (held == before)
    assert not second.changed


def _kill_when(playbook: Playbook, tenant: Tenant, requests: int) -> None:
    """Kill the process that does the work as soon as so many requests have come: the worker or the module."""
    deadline = time.monotonic() + 60
    while len(tenant.methods()) < requests and time.monotonic() < deadline:
        time.sleep(0.05)
    commands = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile
            command = (process / "cmdline").read_text()
            if f"{playbook.folder}/" in command:
                commands[int(process.name)] = command
    if playbook.way == "module":
        doomed = [
            number
            for number, command in commands.items()
            if "AnsiballZ_" in command and "ansible-playbook" not in command
        ]
    else:
        doomed = sorted(commands)[1:]  # the first is ansible-playbook itself
    for number in doomed:
        os.kill(number, signal.SIGKILL)
