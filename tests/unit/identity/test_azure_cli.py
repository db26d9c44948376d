"""The Azure CLI, played by an executable on PATH: what it is asked, and what is said when it gives no token."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from ansible_collections.entra.cba.plugins.module_utils._identity.azure_cli import AzureCli
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError

if TYPE_CHECKING:
    from pathlib import Path

TENANT, OTHER = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


def a_token(tenant: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"tid": tenant, "exp": 4102444800}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{claims}.c2lnbmF0dXJl"


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH, but for the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    return folder / "az"


def play(az: Path, script: str) -> None:
    az.write_text(f"#!/bin/sh\n{script}\n")
    az.chmod(0o755)


def refusal(tenant: str = TENANT, timeout: float = 10) -> str:
    cli = AzureCli("https://graph.example", tenant, timeout)
    cli.validate()
    with pytest.raises(CredentialError) as refused:
        cli.acquire()
    return str(refused.value)


def test_it_is_asked_for_graph_and_the_tenant(az: Path) -> None:
    answer = json.dumps({"accessToken": a_token(TENANT), "tenant": TENANT})
    play(az, f"echo \"$@\" > {az}.asked; echo '{answer}'")
    token = AzureCli("https://graph.example", TENANT, 10).acquire()
    assert token.value == a_token(TENANT)
    assert token.expires_at is not None
    assert token.expires_at.year == 2100
    asked = az.with_name("az.asked").read_text().strip()
    assert asked == f"account get-access-token --resource https://graph.example --tenant {TENANT} --output json"


def test_an_azure_cli_that_is_not_there(az: Path) -> None:
    with pytest.raises(CredentialError, match="no 'az' on the PATH"):
        AzureCli("https://graph.example", TENANT, 10).validate()
    assert not az.exists()


def test_nobody_is_logged_in(az: Path) -> None:
    play(az, "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
    assert "Nobody is logged in to the Azure CLI" in refusal()
    assert f"az login --tenant {TENANT}" in refusal()


def test_an_account_of_another_tenant_is_refused_by_the_login_service(az: Path) -> None:
    play(az, "echo 'ERROR: AADSTS50020: User account does not exist in tenant. Run: az login' >&2; exit 1")
    assert "got no token for tenant" in refusal()
    assert "AADSTS50020" in refusal()


def test_a_token_of_another_tenant_is_not_used(az: Path) -> None:
    play(az, f"echo '{json.dumps({'accessToken': a_token(OTHER), 'tenant': OTHER})}'")
    said = refusal()
    assert f"is of tenant {OTHER}, not of {TENANT}" in said
    assert f"az login --tenant {TENANT}" in said


def test_it_does_not_wait_for_ever(az: Path) -> None:
    play(az, "exec sleep 30")
    assert "no token within 0.2 seconds" in refusal(timeout=0.2)


def test_a_token_in_its_complaints_is_not_repeated(az: Path) -> None:
    play(az, f"echo 'ERROR: odd {a_token(TENANT)}' >&2; exit 1")
    said = refusal()
    assert "ERROR: odd (a token)" in said
    assert "eyJ" not in said


@pytest.mark.parametrize("answer", ["", "not JSON", "{}", "[]"])
def test_an_answer_without_a_token(az: Path, answer: str) -> None:
    play(az, f"echo '{answer}'")
    assert "without a token in JSON" in refusal()
