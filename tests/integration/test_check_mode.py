"""In check mode no request but GET reaches Graph, whatever a module is asked to do."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from builders.pki import a_root_ca, write_two_tier_pki
from integration.playbook import ROOT, Playbook

if TYPE_CHECKING:
    from integration.service import Tenant

OLD = a_root_ca("Old Root CA")
LIST = [{"path": "root.pem"}, {"path": "issuing.der"}]

# For every module, every way to ask for a change.
REQUESTS: dict[str, list[dict[str, Any]]] = {
    "certificate_based_auth_configuration": [
        {"certificate_authorities": LIST},
        {"certificate_authorities": LIST, "purge": False},
        {"certificate_authorities": [{"path": "old.pem", "certificate_revocation_list_url": "http://new.example/crl"}]},
        {"state": "absent", "certificate_authorities": [{"path": "old.pem"}]},
        {"state": "absent"},
    ],
    "certificate_based_auth_configuration_info": [{}],
    "trust_audit_info": [{"check_crls": False}, {"approved_certificate_authorities": LIST}],
}


def test_every_module_is_held_to_it() -> None:
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert modules == set(REQUESTS)
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["graph"]
    assert set(group) == modules


@pytest.mark.parametrize(
    ("module", "options"),
    [(module, options) for module, requests in REQUESTS.items() for options in requests],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values()))[:40] or "read",
)
def test_only_get_reaches_graph(playbook: Playbook, tenant: Tenant, module: str, options: dict[str, Any]) -> None:
    write_two_tier_pki(playbook.folder)
    (playbook.folder / "old.pem").write_bytes(OLD.pem)
    before = {
        "certificate": base64.b64encode(OLD.der).decode(),
        "isRootAuthority": True,
        "certificateRevocationListUrl": "http://old.example/crl",
        "deltaCertificateRevocationListUrl": None,
    }
    tenant.plant([before])
    (result,) = playbook.run({"name": "ask", f"entra.cba.{module}": options}, check=True)
    assert set(tenant.methods()) == {"GET"}
    assert result.changed == (not module.endswith("_info"))
    assert [entry["certificateRevocationListUrl"] for entry in tenant.store()] == ["http://old.example/crl"]
