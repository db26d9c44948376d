"""The token cache gives back what was kept for the same credential, and nothing in its way is ever an error."""

from __future__ import annotations

import multiprocessing
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ansible_collections.entra.cba.plugins.module_utils._identity import token_cache
from ansible_collections.entra.cba.plugins.module_utils._identity.token_cache import TokenCache, default_directory, seal
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import AccessToken
from simulator.clock import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
TOKEN = AccessToken("header.claims.signature", NOW + timedelta(hours=1))


class Clock(VirtualClock):
    def monotonic(self) -> float:
        return self.now().timestamp()


@dataclass
class Secret:
    """A credential as the cache sees it."""

    cache_key_material: bytes | None = b"a secret of forty octets, as Entra's are"
    identity: str = "client_secret https://login.example tenant client https://graph.example/.default"
    method = "client_secret"

    def validate(self) -> None:
        raise AssertionError("the cache has no business here")

    def acquire(self, claims: str | None = None) -> AccessToken:
        raise AssertionError(f"the cache has no business here, with claims {claims}")


@dataclass
class Kept:
    """A cache that holds TOKEN, and the file that it is in."""

    cache: TokenCache
    clock: Clock
    directory: Path

    @property
    def file(self) -> Path:
        (file,) = self.directory.iterdir()
        return file

    def get(self, credential: Secret | None = None) -> AccessToken | None:
        return self.cache.get(credential or Secret())

    def still_works(self) -> bool:
        """Tell whether a new token can be kept and is given back."""
        new = AccessToken("new", self.clock.now() + timedelta(hours=1))
        self.cache.put(Secret(), new)
        return self.get() == new


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    clock = Clock(NOW)
    directory = tmp_path / "cache" / "entra.cba"
    cache = TokenCache(str(directory), clock)
    cache.put(Secret(), TOKEN)
    return Kept(cache, clock, directory)


def test_a_kept_token_is_given_back(kept: Kept) -> None:
    assert kept.get() == TOKEN


def test_file_and_directory_are_for_their_owner_alone(kept: Kept) -> None:
    assert stat.S_IMODE(kept.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.directory.stat().st_mode) == 0o700


def test_a_directory_that_others_may_read_is_closed_to_them(kept: Kept) -> None:
    kept.directory.chmod(0o777)
    assert kept.get() == TOKEN
    assert stat.S_IMODE(kept.directory.stat().st_mode) == 0o700


def test_the_file_holds_neither_token_nor_secret_nor_identity(kept: Kept) -> None:
    content = kept.file.read_bytes()
    for part in (b"header", b"signature", b"a secret of forty", b"tenant", b"client"):
        assert part not in content
        assert part not in os.fsencode(kept.file.name)


def test_the_same_token_is_never_written_the_same_way_twice(kept: Kept) -> None:
    before = kept.file.read_bytes()
    kept.cache.put(Secret(), TOKEN)
    after = kept.file.read_bytes()
    start = len(token_cache.FORMAT)
    assert before[:start] == after[:start]
    assert all(before[at : at + 12] != after[at : at + 12] for at in range(start, len(before) - 12))


def test_another_secret_opens_nothing(kept: Kept) -> None:
    assert kept.get(Secret(b"another secret")) is None


def test_a_file_that_was_moved_to_another_identity_opens_nothing(kept: Kept) -> None:
    other = Secret(identity="client_secret https://login.example other client https://graph.example/.default")
    mine = kept.file
    kept.cache.put(other, TOKEN)
    (theirs,) = set(kept.directory.iterdir()) - {mine}
    mine.replace(theirs)
    assert kept.cache.get(other) is None


def test_a_credential_without_key_material_leaves_nothing_behind(kept: Kept, tmp_path: Path) -> None:
    for nothing in (None, b""):
        cache = TokenCache(str(tmp_path / "other"), kept.clock)
        cache.put(Secret(nothing), TOKEN)
        assert cache.get(Secret(nothing)) is None
        assert not (tmp_path / "other").exists()


def test_a_token_within_five_minutes_of_its_end_is_not_used(kept: Kept) -> None:
    kept.clock.sleep(54 * 60 + 59)
    assert kept.get() == TOKEN
    kept.clock.sleep(1)
    assert kept.get() is None


def test_a_token_that_ends_soon_or_at_an_unknown_time_is_not_kept(kept: Kept) -> None:
    kept.cache.drop(Secret())
    for expires_at in (NOW + timedelta(minutes=5), NOW - timedelta(hours=1), None):
        kept.cache.put(Secret(), AccessToken("short", expires_at))
        assert list(kept.directory.iterdir()) == []


@pytest.mark.parametrize("jump", [timedelta(minutes=-2), timedelta(days=-3650), timedelta(days=3650)])
def test_after_the_clock_jumped_a_new_token_is_needed(kept: Kept, jump: timedelta) -> None:
    kept.clock.sleep(jump.total_seconds())
    assert kept.get() is None
    assert kept.still_works()


def test_a_clock_that_was_corrected_by_seconds_is_no_reason(kept: Kept) -> None:
    kept.clock.sleep(-30)
    assert kept.get() == TOKEN


def test_a_dropped_token_is_gone_and_dropping_twice_is_no_error(kept: Kept) -> None:
    kept.cache.drop(Secret())
    assert kept.get() is None
    kept.cache.drop(Secret())
    assert kept.still_works()


def test_a_file_cut_short_anywhere_opens_nothing(kept: Kept) -> None:
    whole, file = kept.file.read_bytes(), kept.file
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert kept.get() is None, length
    assert kept.still_works()


def test_a_single_bit_that_changed_anywhere_opens_nothing(kept: Kept) -> None:
    whole, file = kept.file.read_bytes(), kept.file
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert kept.get() is None, at
    assert kept.still_works()


def test_a_file_of_any_other_content_opens_nothing(kept: Kept) -> None:
    other = seal(b"\xff no JSON", b"another key", Secret().identity)
    for content in (b"", b"{}", os.urandom(500), token_cache.FORMAT, token_cache.FORMAT + b"x" * 10_000_000, other):
        kept.file.write_bytes(content)
        assert kept.get() is None
    assert kept.still_works()


def in_the_way_directory(file: Path) -> None:
    (file / "of" / "somebody").mkdir(parents=True)


def in_the_way_pipe(file: Path) -> None:
    os.mkfifo(file)  # opening it to read would wait for a writer


def in_the_way_dangling_link(file: Path) -> None:
    file.symlink_to("/nonexistent/file")


def in_the_way_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [in_the_way_directory, in_the_way_pipe, in_the_way_dangling_link, in_the_way_device])
def test_what_is_in_the_way_of_the_file_is_no_error(kept: Kept, put: Callable[[Path], None]) -> None:
    file = kept.file
    file.unlink()
    put(file)
    assert kept.get() is None
    kept.cache.put(Secret(), TOKEN)
    assert kept.get() == (None if file.is_dir() else TOKEN)
    kept.cache.drop(Secret())
    assert [path.name for path in kept.directory.iterdir()] == ([file.name] if file.is_dir() else [])


def test_a_link_is_not_followed_to_a_file_of_ours(kept: Kept, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    kept.file.replace(target)
    (kept.directory / TokenFile.name).symlink_to(target)
    content = target.read_bytes()
    assert kept.get() is None
    assert kept.still_works()
    assert target.read_bytes() == content


def test_a_directory_that_is_a_link_is_not_used(kept: Kept, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    kept.directory.rename(elsewhere)
    kept.directory.symlink_to(elsewhere)
    before = {file: file.read_bytes() for file in elsewhere.iterdir()}
    assert kept.get() is None
    kept.cache.put(Secret(), AccessToken("new", TOKEN.expires_at))
    kept.cache.drop(Secret())
    assert {file: file.read_bytes() for file in elsewhere.iterdir()} == before


def test_a_directory_of_another_user_is_not_used(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    content = kept.file.read_bytes()
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    assert kept.get() is None
    kept.cache.put(Secret(), AccessToken("new", TOKEN.expires_at))
    kept.cache.drop(Secret())
    assert kept.file.read_bytes() == content


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_read(kept: Kept) -> None:
    os.chown(kept.file, 65534, 65534)
    assert kept.get() is None
    assert kept.still_works()


@pytest.mark.parametrize("directory", ["/dev/null/entra.cba", "/proc/entra.cba", "/sys/entra.cba"])
def test_a_home_that_cannot_be_written_to_is_no_error(directory: str) -> None:
    cache = TokenCache(directory, Clock(NOW))
    cache.put(Secret(), TOKEN)
    assert cache.get(Secret()) is None
    cache.drop(Secret())


def test_a_full_disk_leaves_nothing_half_written(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    kept.cache.put(Secret(), AccessToken("new", TOKEN.expires_at))
    assert kept.get() == TOKEN
    assert len(list(kept.directory.iterdir())) == 1


def test_processes_that_write_and_read_at_once_see_whole_tokens(kept: Kept) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        seen = pool.starmap(_write_and_read, [(str(kept.directory), number) for number in range(4)])
    assert sum(seen) == 4 * ROUNDS
    assert len(list(kept.directory.iterdir())) == 1


ROUNDS = 150


def _write_and_read(directory: str, number: int) -> int:
    """Write tokens of various lengths; return how often a whole one was read."""
    cache, whole = TokenCache(directory, Clock(NOW)), 0
    for turn in range(ROUNDS):
        text = f"{number}" * (1 + 997 * turn % 5000)
        cache.put(Secret(), AccessToken(text, TOKEN.expires_at))
        read = cache.get(Secret())
        whole += read is not None and len(set(read.value)) == 1
    return whole


@pytest.mark.parametrize(
    ("cache_home", "home", "directory"),
    [
        ("/var/cache/me", "/home/me", "/var/cache/me/entra.cba"),
        ("", "/home/me", "/home/me/.cache/entra.cba"),
        (None, "/home/me", "/home/me/.cache/entra.cba"),
        ("relative", "/home/me", "/home/me/.cache/entra.cba"),
        (None, "not-a-path", None),
    ],
)
def test_the_directory_is_below_the_cache_of_the_user(
    cache_home: str | None, home: str, directory: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", home)
    if cache_home is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", cache_home)
    assert default_directory() == directory


class TokenFile:
    """The name of the file of Secret(): the format is documented, so that it is fixed here."""

    name = "fd0616277c2ca3b7cc8a89e779e39817.token"
