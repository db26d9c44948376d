"""Every credential against the simulator, which verifies each: what is taken, what is refused, what is said then."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.client import GraphClient
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Transport, open_session
from ansible_collections.entra.cba.plugins.module_utils._identity.azure_cli import AzureCli
from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Api, Cloud
from ansible_collections.entra.cba.plugins.module_utils._identity.managed_identity import ManagedIdentity
from ansible_collections.entra.cba.plugins.module_utils._identity.selection import METHODS, credential_for
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import CredentialError, TokenSource
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_store import READ
from ansible_collections.entra.cba.plugins.module_utils._task import Task, _context
from builders.pki import a_leaf_of, a_root_ca, an_intermediate_of, an_rsa_key
from integration.playbook import Playbook, info
from integration.test_credentials_guide import ISSUER, a_federated_token, an_access_token
from integration.test_graph_client import RecordingClock

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import Credential
    from integration.service import Tenant

KEY = an_rsa_key()
OTHER_CLIENT = "00000000-1111-2222-3333-444444444444"
OPTIONS = (
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate_path",
    "client_certificate_key_path",
    "client_certificate_password",
    "client_certificate_thumbprint",
    "send_certificate_chain",
    "federated_token",
    "federated_token_file",
    "managed_identity_client_id",
    "access_token",
)


@dataclass(frozen=True)
class Login:
    """Chooses a credential by options and environment, and shows Graph what it got."""

    tenant: Tenant
    clock: RecordingClock

    @property
    def cloud(self) -> Cloud:
        return Cloud("simulated", self.tenant.service.graph_url, self.tenant.service.authority_url)

    @property
    def transport(self) -> Transport:
        return Transport(open_session(), self.clock, 60, verify=self.tenant.service.ca_path)

    def credential(self, environ: dict[str, str] | None = None, **options: Any) -> Credential:
        defaults = {**dict.fromkeys(OPTIONS), "auth_method": "auto", "timeout": 60, "tenant_id": self.tenant.tenant_id}
        return credential_for({**defaults, **options}, self.cloud, self.transport, environ or {})

    def with_client(self, **options: Any) -> Credential:
        return self.credential(client_id=self.tenant.client_id, **options)

    def read(self, credential: Credential) -> list[dict[str, object]]:
        """Read the trust store with a new token of the credential."""
        graph = GraphClient(self.tenant.service.graph_url, "v1.0", TokenSource(credential), self.transport)
        return graph.get_all(f"/organization/{self.tenant.tenant_id}/certificateBasedAuthConfiguration", READ)

    def machine(self, path: str) -> str:
        return f"{self.tenant.service.managed_identity_url}/{self.tenant.tenant_id}{path}"


@pytest.fixture
def login(tenant: Tenant) -> Login:
    return Login(tenant, RecordingClock())


def test_the_chain_is_sent_where_an_application_trusts_subject_and_issuer(login: Login, tmp_path: Path) -> None:
    root = a_root_ca()
    issuing = an_intermediate_of(root)
    signer = a_leaf_of(issuing, login.tenant.client_id, key=KEY)
    path = tmp_path / "automation.pem"
    path.write_bytes(issuing.pem + signer.pem + signer.key_pem)
    login.tenant.behave(client_certificate_authority=root.pem.decode())
    assert login.read(login.with_client(client_certificate_path=str(path), send_certificate_chain=True)) == []
    with pytest.raises(Failure, match="AADSTS700027"):
        login.with_client(client_certificate_path=str(path)).acquire()


def test_a_certificate_other_than_the_thumbprint_says_is_refused(login: Login, tmp_path: Path) -> None:
    signer = a_root_ca("automation", key=KEY)
    path = tmp_path / "automation.pem"
    path.write_bytes(signer.pem + signer.key_pem)
    login.tenant.behave(client_certificate=signer.pem.decode())
    thumbprint = ":".join(signer.sha256.upper()[i : i + 2] for i in range(0, 64, 2))
    assert (
        login.read(login.with_client(client_certificate_path=str(path), client_certificate_thumbprint=thumbprint)) == []
    )
    with pytest.raises(CredentialError, match=f"another one: its SHA-256 thumbprint is {signer.sha256}"):
        login.with_client(client_certificate_path=str(path), client_certificate_thumbprint="ab" * 20)


def test_a_federated_token_by_value(login: Login) -> None:
    token = a_federated_token(login.tenant, time.time())
    credential = login.with_client(federated_token=token)
    assert credential.method == "federated_token"
    assert login.read(credential) == []


def test_a_federated_token_file_is_read_anew_at_each_login(login: Login, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(a_federated_token(login.tenant, time.time() - 3600, lifetime_s=60))
    credential = login.with_client(federated_token_file=str(path))
    with pytest.raises(Failure, match=r"AADSTS700024.*a federated token may have expired"):
        credential.acquire()
    before = credential.cache_key_material
    path.write_text(a_federated_token(login.tenant, time.time()))
    assert login.read(credential) == []
    assert credential.cache_key_material != before
    path.unlink()
    with pytest.raises(CredentialError, match=r"federated_token_file: .* cannot be read: No such file"):
        credential.acquire()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lifetime_s": 25 * 3600}, "AADSTS70023: .* longer than the 24 hours that are allowed"),
        ({"sub": "repo:example/trust:ref:refs/heads/Main"}, "AADSTS700213: .* trusts no federated token"),
        ({"iss": ISSUER + "/"}, "AADSTS700211: .* Federated credentials"),
        ({"aud": "api://other"}, "AADSTS700212: "),
    ],
)
def test_a_federated_token_that_is_refused(login: Login, changed: dict[str, Any], said: str) -> None:
    token = a_federated_token(login.tenant, time.time(), **changed)
    with pytest.raises(Failure, match=said) as refusal:
        login.with_client(federated_token=token).acquire()
    assert token not in str(refusal.value)


def test_a_federated_token_signed_by_somebody_else(login: Login) -> None:
    forged = a_federated_token(login.tenant, time.time())
    a_federated_token(login.tenant, time.time())  # the application now trusts another key
    with pytest.raises(Failure, match=r"AADSTS50013: .*not signed by the issuer"):
        login.with_client(federated_token=forged).acquire()


def test_a_text_that_is_no_token_is_not_sent(login: Login) -> None:
    with pytest.raises(CredentialError, match="federated_token: this is no JSON Web Token"):
        login.with_client(federated_token="hello")
    assert login.tenant.service.control("GET", "/requests", params={"tenant_id": login.tenant.tenant_id}) == {
        "requests": []
    }


def test_a_virtual_machine_has_its_own_and_assigned_identities(login: Login) -> None:
    login.tenant.behave(managed_identities=["system", OTHER_CLIENT])
    environ = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": login.machine("/")}
    own = login.credential(environ, auth_method="managed_identity")
    assigned = login.credential(environ, managed_identity_client_id=OTHER_CLIENT)
    assert (own.method, assigned.method) == ("managed_identity", "managed_identity")
    assert own.identity != assigned.identity
    assert own.cache_key_material is None
    assert login.read(own) == login.read(assigned) == []


def test_a_machine_and_the_azure_cli_cannot_ask_for_claims(login: Login) -> None:
    own = login.credential(auth_method="managed_identity")
    cli = AzureCli("https://graph.example", login.tenant.tenant_id, 1)
    for credential in (own, cli):
        with pytest.raises(CredentialError, match="continuous access evaluation"):
            credential.acquire('{"access_token": {}}')


def test_an_identity_that_the_machine_does_not_have(login: Login) -> None:
    login.tenant.behave(managed_identities=[])
    environ = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": login.machine("")}
    with pytest.raises(
        CredentialError, match=r"answered 400: Identity not found.*a system-assigned identity is assigned"
    ):
        login.credential(environ).acquire()
    with pytest.raises(CredentialError, match=f"the identity {OTHER_CLIENT} is assigned"):
        login.credential(environ, managed_identity_client_id=OTHER_CLIENT).acquire()


def test_a_metadata_service_that_is_being_updated_is_waited_for(login: Login) -> None:
    faults: list[dict[str, object]] = [
        {"method": "GET", "path": "/metadata/", "status": status, "headers": {}, "body": ""}
        for status in (404, 410, 503)
    ]
    login.tenant.behave(faults=faults)
    assert login.read(login.credential({"AZURE_POD_IDENTITY_AUTHORITY_HOST": login.machine("")})) == []
    assert len(login.clock.waits) == 3


def test_app_service_wants_its_own_header(login: Login) -> None:
    login.tenant.behave(identity_header="header-of-the-app")
    environ = {"IDENTITY_ENDPOINT": login.machine("/msi/token"), "IDENTITY_HEADER": "header-of-the-app"}
    credential = login.credential(environ)
    assert credential.method == "managed_identity"
    assert login.read(credential) == []
    with pytest.raises(CredentialError, match="answered 401: The header") as refusal:
        login.credential({**environ, "IDENTITY_HEADER": "another-header"}).acquire()
    assert "another-header" not in str(refusal.value)


def arc(login: Login, keys: Path, client_id: str | None = None) -> ManagedIdentity:
    endpoint = login.machine("/arc/metadata/identity/oauth2/token")
    environ = {"IDENTITY_ENDPOINT": endpoint, "IMDS_ENDPOINT": "http://localhost:40342"}
    tenant = login.tenant
    return ManagedIdentity(login.transport, tenant.service.graph_url, tenant.tenant_id, client_id, environ, keys)


def test_azure_arc_is_answered_with_the_key_that_its_agent_wrote(login: Login, tmp_path: Path) -> None:
    login.tenant.behave(arc_key_folder=str(tmp_path), managed_identities=["system", OTHER_CLIENT])
    assert login.read(arc(login, tmp_path)) == []
    assert login.read(arc(login, tmp_path, OTHER_CLIENT)) == []
    assert list(tmp_path.iterdir()) == []


def test_an_agent_of_azure_arc_that_does_not_know_assigned_identities_is_not_believed(
    login: Login, tmp_path: Path
) -> None:
    token = json.dumps({"access_token": an_access_token(login.tenant), "expires_in": "60"})
    fault = {"method": "GET", "path": "/arc/", "status": 200, "headers": {}, "body": token}
    login.tenant.behave(faults=[fault])
    with pytest.raises(CredentialError, match="did not confirm this identity"):
        arc(login, tmp_path, OTHER_CLIENT).acquire()


def test_azure_arc_cannot_have_another_file_read(login: Login, tmp_path: Path) -> None:
    inside = tmp_path / "tokens"
    inside.mkdir()
    login.tenant.behave(arc_key_folder=str(tmp_path))
    with pytest.raises(CredentialError, match=r"only \*\.key files in .*tokens are read"):
        arc(login, inside).acquire()
    login.tenant.behave(arc_key_folder=f"{inside}/..")
    with pytest.raises(CredentialError, match="Something else than the agent"):
        arc(login, inside).acquire()


def test_a_key_of_azure_arc_that_is_too_large_or_hidden_is_not_sent(login: Login, tmp_path: Path) -> None:
    challenge = {"WWW-Authenticate": f"Basic realm={tmp_path}/large.key"}
    (tmp_path / "large.key").write_text("x" * 4097)
    fault: dict[str, object] = {"method": "GET", "path": "/arc/", "status": 401, "headers": challenge, "body": ""}
    login.tenant.behave(faults=[fault])
    with pytest.raises(CredentialError, match="larger than 4096 octets"):
        arc(login, tmp_path).acquire()
    (tmp_path / "large.key").unlink()
    login.tenant.behave(faults=[fault])
    with pytest.raises(CredentialError, match="must be in the group 'himds'"):
        arc(login, tmp_path).acquire()


def test_a_machine_outside_azure_is_told_so(login: Login) -> None:
    with pytest.raises(CredentialError, match=r"No managed identity: http://127.0.0.1:9/metadata/.* did not answer"):
        login.credential({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}).acquire()
    assert login.clock.waits == []


def test_a_machine_of_another_tenant_changes_nothing(login: Login) -> None:
    other = login.tenant.service.next_tenant()
    environ = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"{other.service.managed_identity_url}/{other.tenant_id}"}
    with pytest.raises(CredentialError, match=f"is of tenant {other.tenant_id}, not of {login.tenant.tenant_id}"):
        login.read(login.credential(environ))
    assert login.tenant.requests() == other.requests() == []


@pytest.mark.parametrize("method", ["managed_identity", "access_token"])
def test_a_token_is_not_held_against_a_domain_name(login: Login, method: str) -> None:
    token = an_access_token(login.tenant)
    with pytest.raises(CredentialError, match=r"the tenant's id \(a GUID\) in 'tenant_id'"):
        login.credential(auth_method=method, access_token=token, tenant_id=login.tenant.domain)


def test_auto_takes_the_first_that_is_complete(login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = a_root_ca("automation", key=KEY)
    (tmp_path / "automation.pem").write_bytes(signer.pem + signer.key_pem)
    (tmp_path / "az").write_text("#!/bin/sh\n")
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    environ = {"IDENTITY_ENDPOINT": "http://localhost", "IDENTITY_HEADER": "h"}
    given: dict[str, Any] = {
        "client_id": login.tenant.client_id,
        "access_token": an_access_token(login.tenant),
        "client_certificate_path": str(tmp_path / "automation.pem"),
        "client_secret": "secret",
        "federated_token": a_federated_token(login.tenant, time.time()),
    }
    taken = []
    for used_up in ("access_token", "client_certificate_path", "client_secret", "federated_token"):
        taken.append(login.credential(environ, **given).method)
        del given[used_up]
    with pytest.raises(CredentialError, match="No credential is complete: there is only client_id"):
        login.credential(environ, **given)
    taken += [login.credential(environ).method, login.credential().method]
    assert tuple(taken) == METHODS
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(CredentialError, match=r"No credential is complete\. Give tenant_id and"):
        login.credential()


def test_empty_files_and_texts_are_absent(login: Login, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    files = {"client_certificate_path": str(empty), "federated_token_file": str(empty), "access_token": ""}
    assert login.with_client(client_secret="secret", **files).method == "client_secret"
    with pytest.raises(CredentialError, match="auth_method client_certificate needs client_certificate_path"):
        login.with_client(auth_method="client_certificate", **files)
    missing = {"client_certificate_path": str(tmp_path / "missing")}
    with pytest.raises(CredentialError, match="missing cannot be read: No such file"):
        login.with_client(client_secret="secret", **missing)


def test_options_of_azure_azcollection_and_every_variable_work_in_a_playbook(
    playbook: Playbook, tenant: Tenant
) -> None:
    signer = a_root_ca("automation", key=KEY)
    (playbook.folder / "automation.pem").write_bytes(signer.pem + signer.key_pem)
    (playbook.folder / "empty").touch()
    tenant.behave(client_certificate=signer.pem.decode())
    who = {"tenant": tenant.tenant_id, "client_id": tenant.client_id, "cloud_environment": "AzureUSGovernment"}
    environment = {
        "AZURE_FEDERATED_TOKEN": "",
        "AZURE_FEDERATED_TOKEN_FILE": str(playbook.folder / "empty"),
        "AZURE_CLIENT_CERTIFICATE_PATH": str(playbook.folder / "empty"),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": "",
    }
    # Ansible itself says so where an alias meets a variable; the alias wins.
    expected = ("Both option client_certificate_path and its alias x509_certificate_path are set",)
    by_secret, by_certificate = playbook.run(
        info(secret=tenant.client_secret, **who),
        info(x509_certificate_path="automation.pem", thumbprint=signer.sha256, **who),
        connect=False,
        environment=environment,
        expected_warnings=expected,
        arguments=("-vvv",),
    )
    assert by_secret.result["auth_method"] == "client_secret"
    assert by_certificate.result["auth_method"] == "client_certificate"
    assert tenant.client_secret not in playbook.output


def test_a_task_in_a_cloud_that_lacks_its_part_of_graph_makes_no_request(tenant: Tenant) -> None:
    task = Task(lambda _parameters, _context: pytest.fail("it was performed"), api=Api.X509_METHOD_POLICY)
    parameters = {name: given.get("default") for name, given in task.argument_spec.items()} | {
        "cloud": "china",
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "client_secret": "secret",
    }
    with open_session() as session, pytest.raises(Failure, match="'china' does not offer the method policy"):
        _context(task, parameters, session, check_mode=False)
