"""What changes between two lists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.entra.cba.plugins.module_utils._pki.authority import CertificateAuthority
from ansible_collections.entra.cba.plugins.module_utils._pki.certificate import Certificate
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import compare, declare, same, withdraw
from builders.pki import a_root_ca


def an_authority(name: str, url: str | None = None) -> CertificateAuthority:
    return CertificateAuthority(Certificate.from_der(a_root_ca(name).der), True, url)


A, B, C = an_authority("A"), an_authority("B"), an_authority("C")


def test_the_order_of_a_list_does_not_matter() -> None:
    assert declare((A, B, C), (C, A, B), purge=True).is_empty
    assert same((A, B), (B, A))
    assert not same((A, B), (A, B, B))


def test_a_declared_list_replaces_the_one_that_is_there() -> None:
    plan = declare((A, B), (B, C), purge=True)
    assert (plan.added, plan.removed, plan.updated, plan.after) == ((C,), (A,), (), (B, C))


def test_without_purge_nothing_goes() -> None:
    changed = replace(B, certificate_revocation_list_url="http://b.example/crl")
    plan = declare((A, B), (changed, C), purge=False)
    assert (plan.added, plan.removed, plan.updated, plan.after) == ((C,), (), ((B, changed),), (A, changed, C))


def test_what_stays_keeps_its_place() -> None:
    assert declare((C, A, B), (A, B), purge=True).after == (A, B)
    assert declare((C, A), (B, A, C), purge=True).after == (C, A, B)


def test_withdrawing_a_list_takes_out_what_is_there_of_it() -> None:
    assert withdraw((A, B), (B, C)).after == (A,)
    assert withdraw((A,), (B,)).is_empty
    assert withdraw((A, B), None).after == ()
    assert withdraw((A, B), ()).is_empty


def test_where_an_entry_came_from_and_what_graph_derived_is_no_change() -> None:
    assert compare((A,), (replace(A, origin="elsewhere", issuer_ski="ABCD"),)).is_empty


@pytest.mark.parametrize(
    "change",
    [
        {"is_root_authority": False},
        {"certificate_revocation_list_url": "http://a.example/crl"},
        {"delta_certificate_revocation_list_url": "http://a.example/delta"},
    ],
)
def test_every_written_property_is_a_change(change: dict[str, object]) -> None:
    other = replace(A, **change)  # type: ignore[arg-type]  # one of its fields, by name
    assert compare((A,), (other,)).updated == ((A, other),)


def test_the_diff_has_one_block_for_each_change_sorted_by_its_heading() -> None:
    changed = replace(B, certificate_revocation_list_url="http://b.example/crl")
    blocks = compare((C, B), (changed, A)).as_diff()
    assert [block["before_header"][:4] for block in blocks] == ["CN=A", "CN=B", "CN=C"]
    assert blocks[0]["before"] == "" == blocks[2]["after"]
    different = set(blocks[1]["after"].splitlines()) - set(blocks[1]["before"].splitlines())
    assert different == {"certificate_revocation_list_url: http://b.example/crl"}


def test_the_diff_shows_no_octets_and_writes_yaml() -> None:
    (block,) = compare((), (A,)).as_diff()
    assert "MII" not in block["after"]
    assert "is_root_authority: true\n" in block["after"]
    assert "certificate_revocation_list_url:\n" in block["after"]


def test_a_ca_that_the_service_shows_twice_is_kept_once() -> None:
    assert declare((A, A, B), (C,), purge=False).after == (A, B, C)


def test_removing_what_a_merging_service_added_twice_leaves_the_list_as_declared() -> None:
    assert same(declare((A, A), (A,), purge=True).after, (A,))
