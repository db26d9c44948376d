# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's part: who may, what a trust store takes and refuses, and what it shows."""

from __future__ import annotations

import base64
import re
import textwrap
import uuid
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from conftest import Authority

    from simulator.in_process import InProcess

INSTANCE = "/29728ade-6ae4-4ee9-9103-412912537da5"


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_an_empty_store_is_an_empty_collection(simulator: InProcess, version: str) -> None:
    answer = simulator.store("GET", version=version)

    assert answer.status_code == 200
    assert answer.get_json()["value"] == []
    assert simulator.store("GET", INSTANCE, version=version).status_code == 404


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_what_was_created_is_listed_shown_and_deleted(simulator: InProcess, authority: Authority, version: str) -> None:
    root = {**authority("CN=Root,O=Example,C=DE"), "certificateRevocationListUrl": "http://crl.example.org/root.crl"}

    created = simulator.store("POST", version=version, json={"certificateAuthorities": [root]})

    assert created.status_code == 201
    instance = {name: value for name, value in created.get_json().items() if name != "@odata.context"}
    assert instance["id"] == INSTANCE[1:]
    shown = instance["certificateAuthorities"][0]
    assert re.fullmatch("[0-9A-F]{40}", shown.pop("issuerSki"))
    assert shown == {**root, "deltaCertificateRevocationListUrl": None, "issuer": "CN=Root, O=Example, C=DE"}
    assert simulator.store("GET", version=version).get_json()["value"][0]["id"] == INSTANCE[1:]
    assert (
        simulator.store("GET", INSTANCE, version=version).get_json()["certificateAuthorities"][0]["certificate"]
        == root["certificate"]
    )
    deleted = simulator.store("DELETE", INSTANCE, version=version)
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert simulator.store("DELETE", INSTANCE, version=version).status_code == 404
    assert simulator.store("GET", version=version).get_json()["value"] == []


def test_an_intermediate_shows_its_issuer_and_its_own_key_identifier(
    simulator: InProcess, authority: Authority
) -> None:
    issuing = authority("CN=Issuing", issuer="CN=Root")

    shown = simulator.store("POST", json={"certificateAuthorities": [issuing]}).get_json()["certificateAuthorities"][0]

    certificate = x509.load_der_x509_certificate(base64.b64decode(str(issuing["certificate"])))
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert (shown["issuer"], shown["issuerSki"]) == ("CN=Root", identifier.hex().upper())


def test_a_certificate_without_key_identifier_shows_an_empty_one(simulator: InProcess, authority: Authority) -> None:
    shown = simulator.store("POST", json={"certificateAuthorities": [authority(ski=False)]}).get_json()

    assert shown["certificateAuthorities"][0]["issuerSki"] == ""


def test_there_is_no_update(simulator: InProcess, authority: Authority) -> None:
    simulator.store("POST", json={"certificateAuthorities": [authority()]})

    refusal = simulator.store("PATCH", INSTANCE, json={})

    assert refusal.status_code == 405
    assert refusal.get_json()["error"]["code"] == "Request_BadRequest"
    assert set(refusal.headers["Allow"].split(", ")) >= {"GET", "DELETE"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"issuer": "CN=Root"}, "issuer"),
        ({"issuerSki": "00"}, "issuerSki"),
        ({"thumbprint": "00"}, "thumbprint"),
        ({"certificate": None}, "certificate"),
        ({"certificate": "not base64!"}, "certificate"),
        ({"certificate": base64.b64encode(b"no certificate").decode()}, "certificate"),
        ({"isRootAuthority": None}, "isRootAuthority"),
        ({"isRootAuthority": "true"}, "isRootAuthority"),
        ({"certificateRevocationListUrl": 1}, "certificateRevocationListUrl"),
        ({"deltaCertificateRevocationListUrl": []}, "deltaCertificateRevocationListUrl"),
    ],
)
def test_a_wrong_member_is_refused_by_name(
    simulator: InProcess, authority: Authority, changed: dict[str, object], named: str
) -> None:
    refusal = simulator.store("POST", json={"certificateAuthorities": [{**authority(), **changed}]})

    assert_bad_request(refusal.status_code, refusal.get_json(), named)
    assert simulator.store("GET").get_json()["value"] == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"id": INSTANCE[1:], "certificateAuthorities": []}, "id"),
        ({}, "certificateAuthorities"),
        ({"certificateAuthorities": None}, "certificateAuthorities"),
        ({"certificateAuthorities": ["MII"]}, "certificateAuthorities[0]"),
        ([], "body"),
    ],
)
def test_a_wrong_body_is_refused(simulator: InProcess, body: object, named: str) -> None:
    refusal = simulator.store("POST", json=body)

    assert_bad_request(refusal.status_code, refusal.get_json(), named)


def test_pem_is_refused(simulator: InProcess, authority: Authority) -> None:
    root = authority()
    certificate = x509.load_der_x509_certificate(base64.b64decode(str(root["certificate"])))
    root["certificate"] = certificate.public_bytes(Encoding.PEM).decode()

    refusal = simulator.store("POST", json={"certificateAuthorities": [root]})

    assert_bad_request(refusal.status_code, refusal.get_json(), "certificate")


def test_url_safe_base64_is_refused(simulator: InProcess, authority: Authority) -> None:
    root = authority()
    while not set(str(root["certificate"])) & set("+/"):
        root = authority()
    root["certificate"] = str(root["certificate"]).translate(str.maketrans("+/", "-_"))

    assert simulator.store("POST", json={"certificateAuthorities": [root]}).status_code == 400


def test_wrapped_base64_is_refused(simulator: InProcess, authority: Authority) -> None:
    root = authority()
    root["certificate"] = "\n".join(textwrap.wrap(str(root["certificate"]), 64))

    assert simulator.store("POST", json={"certificateAuthorities": [root]}).status_code == 400


def test_a_certificate_twice_is_refused(simulator: InProcess, authority: Authority) -> None:
    root = authority()

    refusal = simulator.store("POST", json={"certificateAuthorities": [root, root]})

    assert_bad_request(refusal.status_code, refusal.get_json(), "more than once")


def test_one_expired_certificate_blocks_the_whole_list(simulator: InProcess, authority: Authority) -> None:
    refusal = simulator.store("POST", json={"certificateAuthorities": [authority(), authority("CN=Old", expired=True)]})

    assert_bad_request(refusal.status_code, refusal.get_json(), "CN=Old")
    assert simulator.store("GET").get_json()["value"] == []


def test_a_body_that_is_not_declared_as_json_is_refused(simulator: InProcess) -> None:
    refusal = simulator.store("POST", data=b'{"certificateAuthorities": []}', content_type="text/plain")

    assert_bad_request(refusal.status_code, refusal.get_json(), "Content-Type")


def test_a_type_annotation_is_allowed(simulator: InProcess, authority: Authority) -> None:
    member = {"@odata.type": "#microsoft.graph.certificateAuthority", **authority()}
    body = {"@odata.type": "#microsoft.graph.certificateBasedAuthConfiguration", "certificateAuthorities": [member]}

    assert simulator.store("POST", json=body).status_code == 201


def test_a_second_post_replaces_by_default(simulator: InProcess, authority: Authority) -> None:
    simulator.store("POST", json={"certificateAuthorities": [authority("CN=One")]})
    second = simulator.store("POST", json={"certificateAuthorities": [authority("CN=Two")]})

    assert second.status_code == 201
    assert issuers(simulator) == ["CN=Two"]


def test_a_second_post_can_conflict_until_the_first_is_deleted(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"second_post": "conflict"})
    simulator.store("POST", json={"certificateAuthorities": [authority("CN=One")]})

    second = simulator.store("POST", json={"certificateAuthorities": [authority("CN=Two")]})

    assert second.status_code == 409
    assert second.get_json()["error"]["code"] == "Request_MultipleObjectsWithSameKeyValue"
    assert issuers(simulator) == ["CN=One"]
    simulator.store("DELETE", INSTANCE)
    assert simulator.store("POST", json={"certificateAuthorities": [authority("CN=Two")]}).status_code == 201


def test_a_second_post_can_append_without_doubling(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"second_post": "append"})
    one, two = authority("CN=One"), authority("CN=Two")
    simulator.store("POST", json={"certificateAuthorities": [one]})

    second = simulator.store("POST", json={"certificateAuthorities": [two, one]})

    assert second.status_code == 201
    assert issuers(simulator) == ["CN=One", "CN=Two"]


def test_the_ref_path_is_unknown_by_default(simulator: InProcess, authority: Authority) -> None:
    assert simulator.store("POST", "/$ref", json={"certificateAuthorities": [authority()]}).status_code == 404
    assert issuers(simulator) == []


def test_the_ref_path_can_be_the_only_one(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"create_path": "ref"})

    assert simulator.store("POST", json={"certificateAuthorities": [authority()]}).status_code == 404
    assert simulator.store("POST", "/$ref", json={"certificateAuthorities": [authority()]}).status_code == 201
    assert simulator.store("GET").get_json()["value"][0]["id"] == INSTANCE[1:]
    assert simulator.store("DELETE", INSTANCE).status_code == 204


def test_a_creation_can_answer_without_a_body(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"create_status": 204})

    created = simulator.store("POST", version="beta", json={"certificateAuthorities": [authority()]})

    assert (created.status_code, created.data) == (204, b"")
    assert issuers(simulator) == ["CN=Root"]


def test_an_empty_list_is_an_instance_without_members(simulator: InProcess) -> None:
    assert simulator.store("POST", json={"certificateAuthorities": []}).status_code == 201
    assert simulator.store("GET").get_json()["value"] == [{"id": INSTANCE[1:], "certificateAuthorities": []}]


def test_an_empty_list_can_be_refused(simulator: InProcess) -> None:
    simulator.set_up({"empty_list": "reject"})

    refusal = simulator.store("POST", json={"certificateAuthorities": []})

    assert_bad_request(refusal.status_code, refusal.get_json(), "certificateAuthorities")
    assert simulator.store("GET").get_json()["value"] == []


def test_reads_can_lag_behind_writes(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"read_lag_s": 10})
    simulator.store("POST", json={"certificateAuthorities": [authority()]})

    simulator.clock.sleep(9.9)
    assert issuers(simulator) == []
    assert simulator.store("GET", INSTANCE).status_code == 404
    simulator.clock.sleep(0.2)
    assert issuers(simulator) == ["CN=Root"]


def test_a_write_does_not_lag(simulator: InProcess, authority: Authority) -> None:
    simulator.set_up({"read_lag_s": 10, "second_post": "conflict"})
    simulator.store("POST", json={"certificateAuthorities": [authority()]})

    assert simulator.store("POST", json={"certificateAuthorities": [authority()]}).status_code == 409


def test_the_organization_tells_its_id(simulator: InProcess) -> None:
    answer = simulator.graph("GET", "/organization?$select=id").get_json()

    assert answer["value"] == [{"id": simulator.tenant.tenant_id}]
    assert simulator.graph("GET", "/organization").get_json()["value"][0]["displayName"] == "Tenant 0"


@pytest.mark.parametrize(
    ("roles", "read", "write"),
    [
        (["Organization.ReadWrite.All"], 200, 201),
        (["Organization.Read.All"], 200, 403),
        (["Directory.Read.All"], 200, 403),
        (["User.Read.All"], 403, 403),
        ([], 403, 403),
    ],
)
def test_each_call_needs_its_role(
    simulator: InProcess, authority: Authority, roles: list[str], read: int, write: int
) -> None:
    simulator.set_up({"roles": roles})

    listed = simulator.store("GET")
    created = simulator.store("POST", json={"certificateAuthorities": [authority()]})

    assert (listed.status_code, created.status_code) == (read, write)
    for answer in (listed, created):
        if answer.status_code == 403:
            assert answer.get_json()["error"]["code"] == "Authorization_RequestDenied"
    assert simulator.store("DELETE", INSTANCE).status_code == (204 if write == 201 else 403)


def test_another_tenants_store_is_not_there(simulator: InProcess) -> None:
    other = simulator.application.simulation.tenants[1]

    refusal = simulator.graph("GET", f"/organization/{other.tenant_id}/certificateBasedAuthConfiguration")

    assert (refusal.status_code, refusal.get_json()["error"]["code"]) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer x.y.z", "Basic eDp5"])
def test_a_call_without_a_token_is_refused(simulator: InProcess, authorization: str) -> None:
    refusal = simulator.store("GET", headers={"Authorization": authorization})

    assert_unauthenticated(refusal.status_code, refusal.get_json())
    assert refusal.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_expires(simulator: InProcess) -> None:
    simulator.set_up({"token_lifetime_s": 60})
    headers = {"Authorization": f"Bearer {simulator.token()}"}

    simulator.clock.sleep(59)
    assert simulator.store("GET", headers=headers).status_code == 200
    simulator.clock.sleep(1)
    refusal = simulator.store("GET", headers=headers)
    assert_unauthenticated(refusal.status_code, refusal.get_json())
    assert "expired" in refusal.get_json()["error"]["message"]


@pytest.mark.parametrize("changed", [{"aud": "https://graph.example"}, {"iss": "https://sts.example/"}])
def test_a_token_for_another_audience_or_from_another_issuer_is_refused(
    simulator: InProcess, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]
) -> None:
    encode = jwt.encode
    monkeypatch.setattr(jwt, "encode", lambda claims, *rest, **options: encode({**claims, **changed}, *rest, **options))
    token = simulator.token()
    monkeypatch.undo()

    refusal = simulator.store("GET", headers={"Authorization": f"Bearer {token}"})

    assert_unauthenticated(refusal.status_code, refusal.get_json())


def test_a_token_that_somebody_else_signed_is_refused(simulator: InProcess) -> None:
    claims = jwt.decode(simulator.token(), options={"verify_signature": False})
    forged = jwt.encode(claims, rsa.generate_private_key(public_exponent=65537, key_size=2048), algorithm="RS256")

    refusal = simulator.store("GET", headers={"Authorization": f"Bearer {forged}"})

    assert_unauthenticated(refusal.status_code, refusal.get_json())


def test_a_doubled_slash_counts_as_one(simulator: InProcess) -> None:
    assert simulator.graph("GET", "/v1.0//organization").status_code == 200
    assert simulator.logged()[-1]["path"] == "/v1.0/organization"


def test_each_answer_can_be_traced(simulator: InProcess) -> None:
    ours = str(uuid.uuid4())

    refusal = simulator.graph("GET", "/nothing", headers={"client-request-id": ours})

    inner_error = refusal.get_json()["error"]["innerError"]
    assert refusal.status_code == 404
    assert inner_error["client-request-id"] == refusal.headers["client-request-id"] == ours
    assert inner_error["request-id"] == refusal.headers["request-id"] != ours
    assert "date" in inner_error
    assert {"Date", "x-ms-ags-diagnostic"} <= set(refusal.headers.keys())


def issuers(simulator: InProcess) -> list[str]:
    return [
        member["issuer"]
        for instance in simulator.store("GET").get_json()["value"]
        for member in instance["certificateAuthorities"]
    ]


def assert_bad_request(status: int, body: dict[str, dict[str, str]], named: str) -> None:
    assert (status, body["error"]["code"]) == (400, "Request_BadRequest")
    assert named in body["error"]["message"]


def assert_unauthenticated(status: int, body: dict[str, dict[str, str]]) -> None:
    assert (status, body["error"]["code"]) == (401, "InvalidAuthenticationToken")
