"""A token is taken from the store when one is there, and a refused one is forgotten there too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import AccessToken, Credential, TokenSource

END = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@dataclass
class Numbered:
    """Acquires token 1, 2, 3 ... and notes the claims."""

    method = "numbered"
    identity = "numbered"
    cache_key_material = b"key"
    claims: list[str | None] = field(default_factory=list)

    def validate(self) -> None:
        """Nothing is to be checked."""

    def acquire(self, claims: str | None = None) -> AccessToken:
        self.claims.append(claims)
        return AccessToken(str(len(self.claims)), END)


@dataclass
class Memory:
    """A store in memory."""

    held: AccessToken | None = None

    def get(self, credential: Credential) -> AccessToken | None:
        assert credential.identity == "numbered"
        return self.held

    def put(self, credential: Credential, token: AccessToken) -> None:
        assert credential.identity == "numbered"
        self.held = token

    def drop(self, credential: Credential) -> None:
        assert credential.identity == "numbered"
        self.held = None


def test_one_token_serves_all_requests_and_is_kept() -> None:
    credential, store = Numbered(), Memory()
    source = TokenSource(credential, store)
    assert [source.token(), source.token()] == ["1", "1"]
    assert store.held == AccessToken("1", END)
    assert not source.kept


def test_a_kept_token_spares_the_login() -> None:
    credential = Numbered()
    source = TokenSource(credential, Memory(AccessToken("kept", END)))
    assert source.token() == "kept"
    assert source.kept
    assert credential.claims == []


def test_a_refused_token_is_replaced_in_the_store() -> None:
    credential, store = Numbered(), Memory(AccessToken("kept", END))
    source = TokenSource(credential, store)
    source.token()
    assert source.renew() == "1"
    assert store.held == AccessToken("1", END)
    assert not source.kept


def test_claims_are_asked_for_and_the_new_token_is_kept() -> None:
    credential, store = Numbered(), Memory(AccessToken("kept", END))
    source = TokenSource(credential, store)
    source.token()
    assert source.renew("{}") == "1"
    assert credential.claims == ["{}"]
    assert store.held == AccessToken("1", END)


def test_a_source_without_a_store_acquires_by_itself() -> None:
    source = TokenSource(Numbered())
    assert [source.token(), source.renew(), source.token()] == ["1", "2", "2"]
