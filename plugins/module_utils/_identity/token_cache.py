# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens on disk, from one task to the next, in files that are worthless without the credential.

This module util is private to the collection. The format and the threats it answers are documented in the guide
docs/docsite/rst/token_cache.rst. The cache never fails: whatever is wrong with it, a new token is acquired.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.entra.cba.plugins.module_utils._dependencies import AESGCM, HKDF, InvalidTag, hashes
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import AccessToken

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock
    from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import Credential

# A file: this line, a salt, a nonce, and what AES-256-GCM makes of the content.
FORMAT = b"entra.cba token 1\n"
SALT_OCTETS = 16
NONCE_OCTETS = 12
LARGEST_FILE = 64 * 1024

# A token this close to its end may end while a task runs.
MARGIN = timedelta(minutes=5)
# Clocks are corrected by this much without having been wrong.
CLOCK_LEEWAY = timedelta(minutes=1)


def default_directory() -> str | None:
    """Return where the tokens are kept, by the XDG Base Directory specification; None when there is no home."""
    for base in (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")):  # noqa: PTH111  never raises
        if os.path.isabs(base):  # noqa: PTH117
            return f"{base}/entra.cba"
    return None


class TokenCache:
    """One file for each identity below `directory`, which is made when the first token is kept."""

    def __init__(self, directory: str, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def get(self, credential: Credential) -> AccessToken | None:
        """Return the token that was kept for this credential, if it is still good for a while."""
        key_material = credential.cache_key_material
        if not key_material:
            return None
        try:
            with self._open_directory() as directory:
                sealed = _read(_file_name(credential.identity), directory)
            content = json.loads(unseal(sealed, key_material, credential.identity))
        except (OSError, ValueError):
            return None
        acquired_at, expires_at = _moment(content["acquired_at"]), _moment(content["expires_at"])
        now = self._clock.now()
        # A token from the future: the clock has been turned, and says nothing about the token's end.
        if not (acquired_at <= now + CLOCK_LEEWAY and now + MARGIN < expires_at):
            return None
        return AccessToken(content["access_token"], expires_at)

    def put(self, credential: Credential, token: AccessToken) -> None:
        """Keep a token, in place of one that was there."""
        key_material = credential.cache_key_material
        now = self._clock.now()
        if not key_material or token.expires_at is None or token.expires_at <= now + MARGIN:
            return
        content = {
            "access_token": token.value,
            "acquired_at": int(now.timestamp()),
            "expires_at": int(token.expires_at.timestamp()),
        }
        sealed = seal(json.dumps(content).encode(), key_material, credential.identity)
        with contextlib.suppress(OSError), self._open_directory(make=True) as directory:
            _replace(_file_name(credential.identity), sealed, directory)

    def drop(self, credential: Credential) -> None:
        """Take the token of this credential away."""
        with contextlib.suppress(OSError), self._open_directory() as directory:
            os.unlink(_file_name(credential.identity), dir_fd=directory)

    @contextlib.contextmanager
    def _open_directory(self, *, make: bool = False) -> Iterator[int]:
        """Yield a descriptor of the directory, which must be ours and nobody else's; raise OSError."""
        if make:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)  # noqa: PTH103
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(directory)
            if status.st_uid != os.geteuid():
                raise PermissionError(f"{self._directory} belongs to another user")
            if status.st_mode & 0o077:
                os.fchmod(directory, 0o700)
            yield directory
        finally:
            os.close(directory)


def seal(content: bytes, key_material: bytes, identity: str) -> bytes:
    """Return `content` encrypted for whoever has the same key material, and bound to an identity."""
    salt, nonce = secrets.token_bytes(SALT_OCTETS), secrets.token_bytes(NONCE_OCTETS)
    return FORMAT + salt + nonce + _cipher(key_material, salt).encrypt(nonce, content, _bound_to(identity))


def unseal(sealed: bytes, key_material: bytes, identity: str) -> bytes:
    """Undo `seal`; raise ValueError when anything at all is not as it was."""
    nonce_at = len(FORMAT) + SALT_OCTETS
    content_at = nonce_at + NONCE_OCTETS
    if not sealed.startswith(FORMAT) or len(sealed) < content_at:
        raise ValueError("no token file of this format")
    cipher = _cipher(key_material, sealed[len(FORMAT) : nonce_at])
    try:
        return cipher.decrypt(sealed[nonce_at:content_at], sealed[content_at:], _bound_to(identity))
    except InvalidTag as error:
        raise ValueError("another credential, another identity, or damage") from error


def _cipher(key_material: bytes, salt: bytes) -> AESGCM:
    """Return AES-256-GCM under a key of HKDF with SHA-256 (RFC 5869)."""
    return AESGCM(HKDF(hashes.SHA256(), 32, salt, FORMAT).derive(key_material))


def _bound_to(identity: str) -> bytes:
    return FORMAT + identity.encode(errors="surrogatepass")


def _file_name(identity: str) -> str:
    return hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32] + ".token"


def _read(name: str, directory: int) -> bytes:
    """Return the content of a regular file of ours; raise OSError. Nothing that is in its way can make us wait."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise PermissionError(f"{name} is no regular file of ours")
        return file.read(LARGEST_FILE)


def _replace(name: str, content: bytes, directory: int) -> None:
    """Put a file in place at once, so that another process reads the old one or the new one; raise OSError."""
    temporary = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(temporary, flags, 0o600, dir_fd=directory), "wb") as file:  # noqa: PTH123  a descriptor
            file.write(content)
        os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)
