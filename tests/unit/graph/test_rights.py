"""A refusal names the right that is missing, of the kind that the token has."""

from __future__ import annotations

import pytest

from ansible_collections.entra.cba.plugins.module_utils._graph.errors import Access
from ansible_collections.entra.cba.plugins.module_utils._graph.rights import ORDINARY_USER, what_is_missing

READ = Access("Organization.Read.All", "Global Administrator")
POLICY = Access("Policy.Read.AuthenticationMethod", "Global Reader")
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


@pytest.mark.parametrize(
    "claims",
    [
        {"idtyp": "app", "appid": "0-1", "roles": ["User.Read.All", "Directory.Read.All"]},
        {"appid": "0-1", "roles": ["User.Read.All", "Directory.Read.All"], "wids": [ORDINARY_USER]},
        {"azp": "0-1", "roles": ["User.Read.All", "Directory.Read.All"]},
    ],
)
def test_an_application_without_the_permission_is_told_which_and_what_it_has(claims: dict[str, object]) -> None:
    said = what_is_missing(READ, claims)
    assert "application 0-1 lacks the application permission Organization.Read.All" in said
    assert "it has Directory.Read.All, User.Read.All" in said
    assert "not Delegated" in said


def test_an_application_without_any_permission() -> None:
    assert "it has none" in what_is_missing(READ, {"idtyp": "app"})


@pytest.mark.parametrize("permission", ["Organization.Read.All", "Organization.ReadWrite.All"])
def test_an_application_that_has_the_permission_may_be_refused_all_the_same(permission: str) -> None:
    said = what_is_missing(READ, {"idtyp": "app", "roles": [permission]})
    assert "lacks" not in said
    assert f"has the application permission that this call needs ({permission})" in said
    assert "only delegated tokens" in said
    assert "role Global Administrator" in said


def test_reading_is_not_writing() -> None:
    write = Access("Organization.ReadWrite.All", "Global Administrator")
    said = what_is_missing(write, {"idtyp": "app", "roles": ["Organization.Read.All"]})
    assert "lacks the application permission Organization.ReadWrite.All; it has Organization.Read.All" in said


def test_a_user_without_permission_and_role_is_told_both() -> None:
    said = what_is_missing(READ, {"scp": "User.Read openid", "wids": [ORDINARY_USER, GLOBAL_READER], "upn": "me@x"})
    assert "user me@x" in said
    assert "lacks the delegated permission Organization.Read.All (it has User.Read, openid)" in said
    assert "without the role Global Administrator (the user has Global Reader)" in said


def test_a_user_without_the_role_alone() -> None:
    said = what_is_missing(READ, {"scp": "Organization.ReadWrite.All", "wids": [ORDINARY_USER]})
    assert "lacks" not in said
    assert "without the role Global Administrator (the user has none)" in said


def test_a_user_without_the_permission_alone() -> None:
    said = what_is_missing(READ, {"scp": "User.Read", "wids": [GLOBAL_ADMINISTRATOR]})
    assert "lacks the delegated permission Organization.Read.All" in said
    assert "without the role" not in said


def test_a_token_that_is_silent_about_roles_is_not_said_to_lack_one() -> None:
    said = what_is_missing(READ, {"scp": "Organization.Read.All"})
    assert "does not say which roles" in said
    assert "without the role" not in said


@pytest.mark.parametrize("role", [GLOBAL_READER, GLOBAL_ADMINISTRATOR])
def test_a_user_with_everything_is_told_what_else_it_can_be(role: str) -> None:
    said = what_is_missing(POLICY, {"scp": POLICY.permission, "wids": [role]})
    assert "refused it all the same" in said
    assert "Conditional Access" in said


def test_an_application_is_not_asked_for_a_role_of_a_user() -> None:
    said = what_is_missing(READ, {"idtyp": "app", "roles": []})
    assert "Global Administrator" not in said


def test_a_token_that_cannot_be_read_gets_both_ways() -> None:
    said = what_is_missing(READ, None)
    assert "application permission" in said
    assert "role Global Administrator" in said


@pytest.mark.parametrize("claims", [{"roles": None}, {"roles": 7}, {"scp": None, "wids": {"a": 1}}])
def test_claims_of_a_strange_shape_are_no_error(claims: dict[str, object]) -> None:
    assert "Organization.Read.All" in what_is_missing(READ, claims)
