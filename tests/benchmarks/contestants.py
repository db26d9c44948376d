"""Who competes: ways to read, or to check, the trust stores of some tenants; and what a run of each costs."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import requests

from builders.pki import write_two_tier_pki
from integration.playbook import MANAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from builders.pki import BuiltCertificate
    from integration.service import Service, Tenant

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS_PYTHON = ROOT / "build" / "peers" / "bin" / "python"
NO_PEERS = "left out: there is no build/peers; make it with `make peers`"
PROCESSORS = os.cpu_count() or 1

EMPTY_MODULE = """\
from ansible.module_utils.basic import AnsibleModule

AnsibleModule({}, supports_check_mode=True).exit_json()
"""

Json = dict[str, Any]
Token = Literal["warm", "cold"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run costs. `peak_mb` is that of the largest process; the simulator is not among them."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    requests: int = 0

    def per(self, count: int, start: Cost) -> Cost:
        """Return the cost of each of `count` tenants that this run had more than the run `start`."""
        return Cost(
            (self.wall_s - start.wall_s) / count,
            (self.cpu_s - start.cpu_s) / count,
            self.peak_mb,
            round((self.requests - start.requests) / count),
        )


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way: `command` returns what to start for that many tenants. A cold one finds no token of a run before.

    `requests_each` is what one tenant takes; a run that makes others did not do its work, and is no figure.
    """

    name: str
    command: Callable[[int], list[str]]
    requests_each: int
    token: Token = "cold"
    start_up: str = "ansible-playbook"


@dataclass(frozen=True, slots=True)
class Arena:
    """Where they compete: tenants that all hold what is declared, and a folder."""

    service: Service
    tenants: list[Tenant]
    folder: Path
    homes: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "homes", self.folder / "homes")
        root, issuing = write_two_tier_pki(self.folder)
        for tenant in self.tenants:  # not by the task, which waits for each write to be read back
            tenant.plant([_as_graph(root, is_root=True), _as_graph(issuing, is_root=False)])
        (self.folder / "library").mkdir()
        (self.folder / "library" / "empty.py").write_text(EMPTY_MODULE)
        (self.folder / "ansible.cfg").write_text("")
        known = {
            "graph_url": self.service.graph_url,
            "authority_url": self.service.authority_url,
            "ca_path": self.service.ca_path,
            "tenants": [{**_who(tenant), "access_token": _token(tenant)} for tenant in self.tenants],
        }
        (self.folder / "tenants.json").write_text(json.dumps(known))
        self._start(self.looping(in_process=True)(len(self.tenants)), "warm")

    def run(self, contestant: Contestant, count: int, environment: dict[str, str] | None = None) -> Cost:
        """Run a contestant for the first `count` tenants; fail when it did not do its work."""
        if contestant.token == "cold":
            shutil.rmtree(self.homes / "cold" / ".cache", ignore_errors=True)
        before = self._requests_so_far()
        cost = self._start(contestant.command(count), contestant.token, environment)
        made = self._requests_so_far() - before
        assert made == count * contestant.requests_each, f"{contestant.name}: {made} requests for {count} tenants"
        return Cost(cost["wall_s"], cost["cpu_s"], cost["peak_mb"], made)

    # Ways through ansible-playbook

    def one_by_one(self, *tasks: Json, in_process: bool = False) -> Callable[[int], list[str]]:
        """Return the command of a play in which a task, or more, stands for each tenant, on localhost."""

        def command(count: int) -> list[str]:
            each = [{**task, "vars": _who(tenant)} for tenant in self.tenants[:count] for task in tasks]
            return self._playbook({"hosts": "localhost", "tasks": each}, {"localhost": {}}, in_process=in_process)

        return command

    def hosts(self, *tasks: Json, strategy: str, in_process: bool = False) -> Callable[[int], list[str]]:
        """Return the command of a play in which a host stands for each tenant."""

        def command(count: int) -> list[str]:
            hosts = {f"tenant{number}": _who(tenant) for number, tenant in enumerate(self.tenants[:count])}
            return self._playbook({"hosts": "all", "strategy": strategy, "tasks": tasks}, hosts, in_process=in_process)

        return command

    def looping(self, *, in_process: bool, shares: int = 1) -> Callable[[int], list[str]]:
        """Return the command of a play whose one task loops over the tenants, on as many hosts as there are shares."""
        task = {
            **self.unchanged,
            "loop": "{{ tenants }}",
            "loop_control": {"loop_var": "tenant", "label": "{{ tenant.tenant_id }}"},
            "vars": {name: f"{{{{ tenant.{name} }}}}" for name in ("tenant_id", "client_id", "client_secret")},
        }

        def command(count: int) -> list[str]:
            who = [_who(tenant) for tenant in self.tenants[:count]]
            hosts = {f"share{share}": {"tenants": who[share::shares]} for share in range(shares)}
            return self._playbook({"hosts": "all", "tasks": [task]}, hosts, in_process=in_process)

        return command

    @property
    def unchanged(self) -> Json:
        """The task of ours."""
        authorities = [{"path": str(self.folder / "root.pem")}, {"path": str(self.folder / "issuing.der")}]
        return {"name": "unchanged", MANAGE: {"certificate_authorities": authorities, **_credential_of_variables()}}

    @property
    def empty(self) -> Json:
        """A module that does nothing."""
        return {"name": "empty", "empty": {}}

    @property
    def by_hand(self) -> list[Json]:
        """What a playbook without the collection does to read the store; it compares nothing."""
        token = {
            "url": f"{self.service.authority_url}/{{{{ tenant_id }}}}/oauth2/v2.0/token",
            "method": "POST",
            "body_format": "form-urlencoded",
            "body": {
                "grant_type": "client_credentials",
                "client_id": "{{ client_id }}",
                "client_secret": "{{ client_secret }}",
                "scope": f"{self.service.graph_url}/.default",
            },
            "ca_path": self.service.ca_path,
        }
        read = {
            "url": f"{self.service.graph_url}/v1.0/organization/{{{{ tenant_id }}}}/certificateBasedAuthConfiguration",
            "headers": {"Authorization": "Bearer {{ token.json.access_token }}"},
            "ca_path": self.service.ca_path,
        }
        return [
            {"name": "token", "ansible.builtin.uri": token, "register": "token", "no_log": True},
            {"name": "read", "ansible.builtin.uri": read, "no_log": True},
        ]

    # Ways without Ansible

    def bare_loop(self, token: Token) -> Callable[[int], list[str]]:
        return lambda count: [sys.executable, str(HERE / "bare_loop.py"), *self._first(count), token]

    def client_library(self) -> Callable[[int], list[str]]:
        return lambda count: [str(PEERS_PYTHON), str(ROOT / "tests" / "peers" / "read_tenants.py"), *self._first(count)]

    def _first(self, count: int) -> list[str]:
        return [str(self.folder / "tenants.json"), str(count)]

    def _playbook(self, play: Json, hosts: Json, *, in_process: bool) -> list[str]:
        connection = {
            "graph_url": self.service.graph_url,
            "authority_url": self.service.authority_url,
            "ca_path": self.service.ca_path,
        }
        variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        if not in_process:
            variables["entra_cba_in_process"] = "false"
        defaults = {"group/entra.cba.graph": connection}
        # JSON is YAML.
        (self.folder / "playbook.yml").write_text(
            json.dumps([{"gather_facts": False, "module_defaults": defaults, **play}])
        )
        (self.folder / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
        program = Path(sys.executable).with_name("ansible-playbook")
        return [str(program), "-i", str(self.folder / "inventory.yml"), str(self.folder / "playbook.yml")]

    def _start(self, command: list[str], token: Token, environment: dict[str, str] | None = None) -> dict[str, float]:
        home, cost, output = self.homes / token, self.folder / "cost.json", self.folder / "output.txt"
        home.mkdir(parents=True, exist_ok=True)
        with output.open("w") as file:
            finished = subprocess.run(
                [sys.executable, "-I", "-S", str(HERE / "measured.py"), str(cost), *command],
                cwd=self.folder,
                env=self._environment(home) | (environment or {}),
                stdout=file,
                stderr=file,
                timeout=600,
                check=False,
            )
        said = output.read_text()
        assert finished.returncode == 0, said[-4000:]
        assert "changed: [" not in said, said[-4000:]
        return dict(json.loads(cost.read_text()))

    def _environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a run: nothing of the developer's own settings, nor of the developer's cache."""
        own = ("ANSIBLE_", "AZURE_", "ENTRA_CBA_", "XDG_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_FORKS": str(PROCESSORS),
            "ANSIBLE_HOME": str(self.folder / "ansible-home"),
            "ANSIBLE_LIBRARY": str(self.folder / "library"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "ansible-tmp"),
            "HOME": str(home),
            "NO_PROXY": "127.0.0.1",
        }

    def _requests_so_far(self) -> int:
        return len(self.service.control("GET", "/requests")["requests"])


def there_are_peers() -> bool:
    return PEERS_PYTHON.exists()


def start_ups(arena: Arena) -> dict[str, Contestant]:
    """Return those who do nothing but start, by the name that contestants have for theirs."""
    starting = {
        "ansible-playbook": Contestant("ansible-playbook, a play without tasks", arena.one_by_one(), 0),
        "requests": Contestant("Python and requests", arena.bare_loop("cold"), 0),
    }
    if there_are_peers():
        starting["msgraph-sdk"] = Contestant("Python and msgraph-sdk", arena.client_library(), 0)
    return starting


def _who(tenant: Tenant) -> dict[str, str]:
    return {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}


def _as_graph(built: BuiltCertificate, *, is_root: bool) -> Json:
    return {"certificate": base64.b64encode(built.der).decode(), "isRootAuthority": is_root}


def _credential_of_variables() -> dict[str, str]:
    return {name: f"{{{{ {name} }}}}" for name in ("tenant_id", "client_id", "client_secret")}


def _token(tenant: Tenant) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "scope": f"{tenant.service.graph_url}/.default",
    }
    url = f"{tenant.service.authority_url}/{tenant.tenant_id}/oauth2/v2.0/token"
    answer = requests.post(url, data=form, verify=tenant.service.ca_path, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])
