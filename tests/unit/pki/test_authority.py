# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the option's items and from Graph's answer to certificate authorities, and back."""

from __future__ import annotations

import base64
import datetime as dt
import typing as t
from pathlib import Path

import certifi
import pytest

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import (
    CertificateAuthority,
    MalformedAuthority,
    authorities_from,
    authority_from_graph,
    describe,
    to_graph,
)
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._pki.encodings import UnusableInput
from builders.pki import (
    BuiltCertificate,
    a_federal_shaped_pki,
    a_leaf_of,
    a_pkcs7,
    a_root_ca,
    an_intermediate_of,
    write_two_tier_pki,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = a_root_ca()
ISSUING = an_intermediate_of(ROOT)
URL, OTHER_URL = "http://crl.example.org/root.crl", "http://crl.example.org/other.crl"
UNVERIFIABLE = Certificate.from_der(
    ROOT.der.replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d04037f"))
)


def nothing_is_read(path: str) -> bytes:
    raise AssertionError(path)


def content(*built: BuiltCertificate, **others: object) -> dict[str, object]:
    return {"content": b"".join(each.pem for each in built).decode(), **others}


def authorities(*items: Mapping[str, object]) -> list[CertificateAuthority]:
    return authorities_from(items, nothing_is_read)


def refusal_of(*items: Mapping[str, object], read_file: Callable[[str], bytes] = nothing_is_read) -> str:
    with pytest.raises(UnusableInput) as caught:
        authorities_from(items, read_file)
    return str(caught.value)


# From the option


def test_files_as_people_keep_them_give_authorities(tmp_path: Path) -> None:
    root, issuing = write_two_tier_pki(tmp_path)
    paths = [str(tmp_path / "root.pem"), str(tmp_path / "issuing.der")]
    found = authorities_from([{"path": path} for path in paths], lambda path: Path(path).read_bytes())
    assert [each.sha256 for each in found] == [root.sha256, issuing.sha256]
    assert [each.is_root_authority for each in found] == [True, False]
    assert [each.origin for each in found] == [
        f"certificate_authorities[0] ({paths[0]})",
        f"certificate_authorities[1] ({paths[1]})",
    ]
    bundle = authorities_from([{"path": str(tmp_path / "bundle.p7b")}], lambda path: Path(path).read_bytes())
    assert set(bundle) == set(found)


def test_an_item_may_leave_its_other_keys_unset() -> None:
    unset = {"path": None, "certificate_revocation_list_url": None, "is_root_authority": None}
    (authority,) = authorities(content(ROOT, **unset, delta_certificate_revocation_list_url=""))
    assert authority.certificate_revocation_list_url is None
    assert authority.delta_certificate_revocation_list_url is None
    assert authority.origin == "certificate_authorities[0] (content)"


def test_both_urls_belong_to_the_one_certificate_of_the_item() -> None:
    urls = {"certificate_revocation_list_url": URL, "delta_certificate_revocation_list_url": OTHER_URL}
    (authority,) = authorities(content(ROOT, ROOT, **urls))
    assert authority.certificate_revocation_list_url == URL
    assert authority.delta_certificate_revocation_list_url == OTHER_URL


def test_a_leaf_is_not_refused_here() -> None:
    (authority,) = authorities(content(a_leaf_of(ROOT)))
    assert not authority.certificate.is_ca
    assert not authority.is_root_authority


def test_a_bundle_gives_its_certificates_in_the_order_of_first_appearance() -> None:
    pki = a_federal_shaped_pki(40)
    items: list[dict[str, object]] = [content(ISSUING), {"content": pki.bundle.decode()}, content(ROOT, ISSUING)]
    expected = [ISSUING.sha256, *(each.sha256 for each in pki.certificates), ROOT.sha256]
    assert [each.sha256 for each in authorities(*items)] == expected


def test_duplicates_are_folded_in_whatever_form_they_come() -> None:
    forms = [
        ROOT.pem.decode(),
        base64.urlsafe_b64encode(ROOT.der).decode(),
        a_pkcs7([ROOT, ISSUING], "pem").decode(),
        base64.encodebytes(a_pkcs7([ISSUING, ROOT], "ber")).decode(),
    ]
    found = authorities(*({"content": form} for form in forms))
    assert [each.sha256 for each in found] == [ROOT.sha256, ISSUING.sha256]
    assert found[0].origin == "certificate_authorities[0] (content)"


@pytest.mark.parametrize("key", ["certificate_revocation_list_url", "delta_certificate_revocation_list_url"])
def test_a_url_of_a_duplicate_completes_the_one_without(key: str) -> None:
    for items in ([content(ROOT), content(ROOT, **{key: URL})], [content(ROOT, **{key: URL}), content(ROOT)]):
        (authority,) = authorities(*items)
        assert getattr(authority, key) == URL


@pytest.mark.parametrize("key", ["certificate_revocation_list_url", "delta_certificate_revocation_list_url"])
def test_two_urls_for_one_certificate_are_an_error_that_names_both_items(key: str) -> None:
    message = refusal_of(content(ROOT, **{key: URL}), content(ISSUING), content(ROOT, **{key: OTHER_URL}))
    assert message.startswith("certificate_authorities[0] (content) and certificate_authorities[2] (content) ")
    for part in (f"(SHA-256 {ROOT.sha256[:8]})", key, URL, OTHER_URL):
        assert part in message


def test_two_flags_for_one_certificate_are_an_error_that_names_both_items() -> None:
    message = refusal_of(content(ROOT, is_root_authority=True), content(ROOT, is_root_authority=False))
    assert "certificate_authorities[0] (content) and certificate_authorities[1] (content)" in message
    assert "is_root_authority is True in the one and False in the other" in message


@pytest.mark.parametrize("built", [ROOT, ISSUING])
def test_a_flag_that_agrees_with_the_certificate_is_taken(built: BuiltCertificate) -> None:
    is_root = built is ROOT
    assert authorities(content(built, is_root_authority=is_root)) == authorities(content(built))


def test_a_root_declared_as_no_root_is_an_error_that_names_it() -> None:
    assert refusal_of(content(ROOT, is_root_authority=False)) == (
        "certificate_authorities[0] (content): is_root_authority is false, but CN=Example Root CA,O=Example Org,C=DE "
        f"(SHA-256 {ROOT.sha256[:8]}) is self-signed, so it is a root. "
        "Leave is_root_authority out to have it worked out"
    )


def test_an_intermediate_declared_as_root_is_an_error_that_names_it() -> None:
    message = refusal_of(content(ROOT, ISSUING, is_root_authority=True))
    assert (
        f"is_root_authority is true, but CN=Example Issuing CA,O=Example Org,C=DE (SHA-256 {ISSUING.sha256[:8]}) "
        in message
    )
    assert "was issued by CN=Example Root CA,O=Example Org,C=DE, so it is no root" in message


def test_a_self_issued_ca_declared_as_root_is_an_error_that_says_why() -> None:
    rolled_over = an_intermediate_of(ROOT, "Example Root CA")
    assert "signed with another key than its own" in refusal_of(content(rolled_over, is_root_authority=True))
    assert not authorities(content(rolled_over))[0].is_root_authority


def test_a_root_that_cannot_be_verified_asks_for_the_flag_and_believes_it() -> None:
    item = {"content": base64.b64encode(UNVERIFIABLE.der).decode()}
    message = refusal_of(item)
    assert "cannot be worked out" in message
    assert "Set is_root_authority for it" in message
    for flag in (True, False):
        assert authorities({**item, "is_root_authority": flag})[0].is_root_authority is flag
        assert authorities(item, {**item, "is_root_authority": flag})[0].is_root_authority is flag


def test_a_url_on_an_item_with_several_certificates_is_an_error() -> None:
    for key in ("certificate_revocation_list_url", "delta_certificate_revocation_list_url"):
        message = refusal_of(content(ROOT, ISSUING, **{key: URL}))
        assert message.startswith("certificate_authorities[0] (content) holds 2 certificates")
        assert "an item of its own" in message


# What is refused


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("paht", "did you mean path?"),
        ("crl_url", "the keys are path, content, "),
        ("certificate_revocation_list", "did you mean certificate_revocation_list_url?"),
        ("isRootAuthority", "did you mean is_root_authority?"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_one(key: str, hint: str) -> None:
    message = refusal_of(content(ROOT), content(ROOT, **{key: None}))
    assert message.startswith(f"certificate_authorities[1] has an unknown key {key}: {hint}")


def test_an_item_has_either_path_or_content() -> None:
    assert refusal_of({**content(ROOT), "path": "root.crt"}) == (
        "certificate_authorities[0] has both path and content. Give one of them"
    )
    assert refusal_of({"path": None}) == "certificate_authorities[0] has neither path nor content. Give one of them"
    assert refusal_of(content(ROOT), {}).startswith("certificate_authorities[1] has neither")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"path": 7}, "path must be text"),
        ({"content": b"octets"}, "content must be text"),
        ({"content": "x", "certificate_revocation_list_url": []}, "certificate_revocation_list_url must be text"),
        ({"content": "x", "is_root_authority": "yes"}, "is_root_authority must be true or false"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error(item: dict[str, object], message: str) -> None:
    assert refusal_of(item) == f"certificate_authorities[0]: {message}"


def test_a_missing_file_a_directory_and_an_empty_path_are_errors(tmp_path: Path) -> None:
    def read_file(path: str) -> bytes:
        return Path(path).read_bytes()

    missing = str(tmp_path / "missing.crt")
    assert refusal_of({"path": missing}, read_file=read_file) == (
        f"certificate_authorities[0] ({missing}): there is no such file"
    )
    assert f"({tmp_path}) is a directory" in refusal_of({"path": str(tmp_path)}, read_file=read_file)
    assert "path is empty" in refusal_of({"path": ""}, read_file=read_file)
    assert "cannot be read" in refusal_of({"path": "a\0b"}, read_file=read_file)
    below_a_file = tmp_path / "file"
    below_a_file.touch()
    assert "cannot be read: Not a directory" in refusal_of({"path": str(below_a_file / "a")}, read_file=read_file)


def test_a_file_that_may_not_be_read_is_an_error() -> None:
    def read_file(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    assert refusal_of({"path": "root.crt"}, read_file=read_file) == (
        "certificate_authorities[0] (root.crt) cannot be read: permission denied to the user who runs this task"
    )


def test_what_is_wrong_with_an_input_is_said_after_its_name() -> None:
    assert refusal_of({"path": "root.crt"}, read_file=lambda path: b"") == (
        "certificate_authorities[0] (root.crt) is empty"
    )
    key = ROOT.key_pem.decode()
    message = refusal_of(content(ISSUING), {"content": ROOT.pem.decode() + key})
    assert message.startswith("certificate_authorities[1] (content) holds a private key")
    assert not any(line in message for line in key.splitlines())


def test_content_beyond_unicode_is_refused_and_no_traceback() -> None:
    assert "(content) holds no certificate" in refusal_of({"content": "\ud800"})


def test_a_damaged_certificate_is_named_by_its_place() -> None:
    damaged = ISSUING.der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d13"))
    bundle = a_pkcs7([ROOT, ROOT, ISSUING], "ber").replace(ISSUING.der, damaged)
    message = refusal_of({"content": base64.b64encode(bundle).decode()})
    assert message.startswith("certificate_authorities[0] (content), certificate 3 of 3: ")
    assert "two basicConstraints extensions" in message


# From Graph and back


def a_member(built: BuiltCertificate = ROOT, /, **others: object) -> dict[str, object]:
    return {
        "isRootAuthority": built is ROOT,
        "certificateRevocationListUrl": URL,
        "deltaCertificateRevocationListUrl": None,
        "certificate": base64.b64encode(built.der).decode(),
        "issuer": "CN=Example Root CA, O=Example Org, C=DE",
        "issuerSki": "00" * 20,
        **others,
    }


def test_what_graph_returns_becomes_the_authority_that_the_option_declares() -> None:
    authority = authority_from_graph(a_member())
    assert [authority] == authorities(content(ROOT, certificate_revocation_list_url=URL))
    assert authority.issuer_ski == "00" * 20


@pytest.mark.parametrize("unset", [{"certificateRevocationListUrl": None}, {"certificateRevocationListUrl": ""}])
def test_null_missing_and_empty_urls_of_graph_are_one(unset: dict[str, object]) -> None:
    missing = a_member()
    del missing["certificateRevocationListUrl"]
    assert authority_from_graph(a_member(**unset)) == authority_from_graph(missing)
    assert authority_from_graph(missing).certificate_revocation_list_url is None


def test_graph_may_use_either_alphabet_and_leave_the_padding_out() -> None:
    root = next(each for each in (a_root_ca() for _unused in range(1000)) if has_both_special_characters(each.der))
    for encoded in (base64.b64encode(root.der), base64.urlsafe_b64encode(root.der), base64.encodebytes(root.der)):
        for text in (encoded, encoded.replace(b"=", b"")):
            assert authority_from_graph(a_member(certificate=text.decode())).sha256 == root.sha256


def has_both_special_characters(der: bytes) -> bool:
    text = base64.b64encode(der)
    return b"+" in text and b"/" in text and text.endswith(b"=")


def test_a_certificate_of_the_tenant_that_cannot_be_read_is_not_lost() -> None:
    octets = b"\x30\x03\x02\x01\x05"
    encoded = base64.b64encode(octets).decode()
    authority = authority_from_graph(a_member(certificate=encoded))
    assert authority.certificate.der == octets
    assert authority.certificate.unreadable
    assert to_graph(authority)["certificate"] == encoded
    shown = describe(authority)
    assert (shown["subject"], shown["not_after"], shown["serial_number"]) == ("", None, None)
    assert shown["issuer_ski"] == "00" * 20


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"certificate": None}, "without the text of its certificate"),
        ({"certificate": ""}, "without the text of its certificate"),
        ({"certificate": 5}, "without the text of its certificate"),
        ({"certificate": "MII*"}, "whose certificate holds characters that are not base64"),
        ({"certificate": "MII\ud800"}, "whose certificate holds characters that are not base64"),
        ({"certificate": "MIIBa"}, "whose certificate is cut short"),
        ({"isRootAuthority": None}, "without a true or false isRootAuthority"),
        ({"isRootAuthority": "true"}, "without a true or false isRootAuthority"),
        ({"certificateRevocationListUrl": 5}, "whose certificateRevocationListUrl is not text"),
        ({"issuerSki": 5}, "whose issuerSki is not text"),
    ],
)
def test_an_answer_that_graphs_metadata_rules_out_is_malformed(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(MalformedAuthority, match=message):
        authority_from_graph(a_member(**wrong))


def test_a_member_without_a_certificate_is_malformed() -> None:
    with pytest.raises(MalformedAuthority):
        authority_from_graph({"isRootAuthority": True})


def test_graph_is_sent_what_can_be_written_and_nothing_else() -> None:
    urls = {"certificate_revocation_list_url": URL}
    assert [to_graph(each) for each in authorities(content(ROOT, **urls), content(ISSUING))] == [
        {
            "certificate": base64.b64encode(ROOT.der).decode(),
            "isRootAuthority": True,
            "certificateRevocationListUrl": URL,
            "deltaCertificateRevocationListUrl": None,
        },
        {
            "certificate": base64.b64encode(ISSUING.der).decode(),
            "isRootAuthority": False,
            "certificateRevocationListUrl": None,
            "deltaCertificateRevocationListUrl": None,
        },
    ]


def test_origin_and_what_graph_derived_do_not_matter_for_equality() -> None:
    ours, theirs = (
        authorities(content(ISSUING)),
        authority_from_graph(a_member(ISSUING, certificateRevocationListUrl="")),
    )
    assert ours == [theirs]
    assert ours[0].origin != theirs.origin
    assert authority_from_graph(a_member(ISSUING)) != theirs


def test_a_description_has_graphs_names_in_snake_case_and_what_the_certificate_says() -> None:
    now = dt.datetime(2029, 12, 31, tzinfo=dt.UTC)
    root = a_root_ca(now=now, not_before=1, not_after=366, serial_number=12345)
    (authority,) = authorities(content(root, certificate_revocation_list_url=URL))
    identifier = authority.certificate.subject_key_identifier
    assert describe(authority) == {
        "certificate": base64.b64encode(root.der).decode(),
        "is_root_authority": True,
        "certificate_revocation_list_url": URL,
        "delta_certificate_revocation_list_url": None,
        "sha256": root.sha256,
        "subject": "CN=Example Root CA,O=Example Org,C=DE",
        "issuer": "CN=Example Root CA,O=Example Org,C=DE",
        "serial_number": 12345,
        "not_before": "2030-01-01T00:00:00Z",
        "not_after": "2031-01-01T00:00:00Z",
        "subject_key_identifier": identifier,
        "authority_key_identifier": identifier,
        "issuer_ski": identifier,
    }


def test_every_root_of_certifi_is_a_ca_and_a_root() -> None:
    found = authorities_from([{"path": certifi.where()}], lambda path: Path(path).read_bytes())
    assert len(found) > 50
    assert all(each.is_root_authority and each.certificate.is_ca for each in found)
    assert [authority_from_graph(to_graph(each)) for each in found] == found
