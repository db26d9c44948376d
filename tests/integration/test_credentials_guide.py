"""The playbook on each page about credentials runs as it stands, and the result says which credential was used."""

from __future__ import annotations

import json
import re
import stat
import time
from typing import TYPE_CHECKING

import jwt
import pytest
import requests
import yaml
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PublicFormat,
    pkcs12,
)

from ansible_collections.entra.cba.plugins.module_utils._arguments import connection_options
from builders.pki import a_root_ca, an_rsa_key
from integration.playbook import ROOT, Playbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integration.service import Tenant

PAGES = ROOT / "docs" / "docsite" / "rst"
ISSUER = "https://token.ci.example"
SUBJECT = "repo:example/trust:ref:refs/heads/main"


def playbook_of(page: str) -> str:
    """Return the playbook that a page shows."""
    text = (PAGES / f"credentials_{page}.rst").read_text()
    (block,) = re.findall(r"\.\. code-block:: yaml\+jinja\n\n((?:    .*\n|\n)+)", text)
    return re.sub(r"(?m)^    ", "", block)


def an_access_token(tenant: Tenant) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "scope": f"{tenant.service.graph_url}/.default",
    }
    url = f"{tenant.service.authority_url}/{tenant.tenant_id}/oauth2/v2.0/token"
    return str(requests.post(url, form, verify=tenant.service.ca_path, timeout=30).json()["access_token"])


def a_federated_token(tenant: Tenant, now: float, *, lifetime_s: int = 600, **changed: str) -> str:
    """Return a token of a CI system, and have the tenant's application trust that system."""
    key = an_rsa_key()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    tenant.behave(federated_credential={"issuer": ISSUER, "subject": SUBJECT, "key": public})
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", **changed}
    return jwt.encode({**claims, "iat": int(now), "exp": int(now) + lifetime_s}, key, algorithm="RS256")


def with_a_secret(tenant: Tenant, folder: Path) -> dict[str, str]:
    return {"client_secret": tenant.client_secret}


def with_a_certificate(tenant: Tenant, folder: Path) -> dict[str, str]:
    key = an_rsa_key()
    signer = a_root_ca("automation", key=key)
    tenant.behave(client_certificate=signer.pem.decode())
    content = pkcs12.serialize_key_and_certificates(
        b"automation", key, signer.certificate, None, BestAvailableEncryption(b"pfx-pass-phrase")
    )
    (folder / "automation.pfx").write_bytes(content)
    return {"client_certificate_password": "pfx-pass-phrase"}


def with_a_federated_token(tenant: Tenant, folder: Path) -> dict[str, str]:
    (folder / "federated.jwt").write_text(a_federated_token(tenant, time.time()) + "\n")
    return {"AZURE_FEDERATED_TOKEN_FILE": str(folder / "federated.jwt")}


def with_a_managed_identity(tenant: Tenant, folder: Path) -> dict[str, str]:
    return {
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"{tenant.service.managed_identity_url}/{tenant.tenant_id}",
        "HTTP_PROXY": "http://127.0.0.1:9",  # nobody serves there: the endpoint is never asked through a proxy
    }


def with_the_azure_cli(tenant: Tenant, folder: Path) -> dict[str, str]:
    answer = json.dumps({"accessToken": an_access_token(tenant), "tenant": tenant.tenant_id, "tokenType": "Bearer"})
    (folder / "answer.json").write_text(answer)
    az = folder / "az"
    az.write_text(
        f'#!/bin/sh\ncase "$*" in *"--tenant {tenant.tenant_id}"*) cat "{folder}/answer.json";; *) exit 1;; esac\n'
    )
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def with_a_given_token(tenant: Tenant, folder: Path) -> dict[str, str]:
    return {"access_token": an_access_token(tenant)}


WAYS: dict[str, Callable[[Tenant, Path], dict[str, str]]] = {
    "access_token": with_a_given_token,
    "client_certificate": with_a_certificate,
    "client_secret": with_a_secret,
    "federated_token": with_a_federated_token,
    "managed_identity": with_a_managed_identity,
    "azure_cli": with_the_azure_cli,
}


def test_each_way_has_a_page() -> None:
    assert {path.stem.removeprefix("credentials_") for path in PAGES.glob("credentials_*.rst")} == set(WAYS)


def test_the_guide_names_the_variables_and_aliases_that_are_read() -> None:
    text = (PAGES / "credentials.rst").read_text()
    rows = re.findall(r"   \* - :literal:`(\w+)`\n     - (.*AZURE.*)\n", text)
    documented = {option: re.findall(r"`(\w+)`", names) for option, names in rows}
    spec = connection_options()
    read = {option: given["fallback"][1] for option, given in spec.items() if "fallback" in given}
    del read["token_cache"]  # has a page of its own
    assert documented == read
    aliases = [alias for given in spec.values() for alias in given.get("aliases", [])]
    assert sorted(aliases) == ["cloud_environment", "secret", "tenant", "thumbprint", "x509_certificate_path"]
    assert all(f":literal:`{alias}`" in text for alias in aliases)


@pytest.mark.parametrize("page", WAYS)
def test_the_playbook_of_a_page_runs(playbook: Playbook, tenant: Tenant, page: str) -> None:
    given = WAYS[page](tenant, playbook.folder)
    environment = {name: value for name, value in given.items() if name.isupper()}
    variables = {name: value for name, value in given.items() if not name.isupper()}
    variables |= {"tenant_id": tenant.tenant_id, "client_id": tenant.client_id}
    plays = yaml.safe_load(playbook_of(page))
    service = tenant.service
    plays[0]["module_defaults"] = {
        "group/entra.cba.graph": {
            "graph_url": service.graph_url,
            "authority_url": service.authority_url,
            "ca_path": service.ca_path,
        }
    }
    path = playbook.folder / "page.yml"
    path.write_text(yaml.safe_dump(plays))
    (playbook.folder / "vars.json").write_text(json.dumps(variables))
    read, *_others = playbook.run_file(path, arguments=("-e", "@vars.json", "-vvvv"), environment=environment)
    assert read.result["auth_method"] == page
    assert [call["status"] for call in read.result["graph_requests"]] == [200]
    for secret in ("client_secret", "client_certificate_password", "access_token"):
        if secret in variables:
            assert variables[secret] not in playbook.output
