"""Looks for secrets where none may be: in outputs, results, job events, logs and caches.

`python -m tooling.secret_scan PATH ...` reads the secrets from standard input, one on each line, and names the files
that hold one of them, a token or a private key; it never prints what it found. The exit status is 1 then.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A JSON Web Token: two parts that begin with '{"' in base64. Access tokens and client assertions look like this.
_TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")
# A key's first octets in base64, after its label; the label alone stands in messages and documentation.
_PRIVATE_KEY = re.compile(rb"PRIVATE KEY-----[\s\\nr]*[A-Za-z0-9+/]{16}")
# Shorter pieces of a secret are found by chance.
_SHORTEST = 8


def secrets_in(content: bytes, secrets: Iterable[str]) -> list[str]:
    """Return what is there of these secrets, as they are or encoded, of tokens, and of private keys: kinds, not values.

    A secret of several lines, such as a key in PEM, counts when one of its lines is there.
    """
    found = []
    if _TOKEN.search(content):
        found.append("a token")
    if _PRIVATE_KEY.search(content):
        found.append("a private key")
    pieces = {line for secret in secrets for line in secret.splitlines() if len(line) >= _SHORTEST}
    pieces = {piece for piece in pieces if not piece.startswith("-----")}
    if any(form in content for piece in pieces for form in _forms(piece)):
        found.append("a given secret")
    return found


def files_with_secrets(paths: Iterable[Path], secrets: Iterable[str]) -> dict[Path, list[str]]:
    """Return the files, those of folders included, that hold a secret, and what kind."""
    secrets = list(secrets)
    found = {path: secrets_in(path.read_bytes(), secrets) for path in _files(paths)}
    return {path: kinds for path, kinds in found.items() if kinds}


def _forms(secret: str) -> Iterator[bytes]:
    for text in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), secret[::-1]):
        yield text.encode()
    for skipped in range(3):  # base64 of a longer text that holds the secret, wherever it begins
        encoded = base64.b64encode(b"\0" * skipped + secret.encode())
        yield encoded[4 if skipped else 0 : len(encoded) - 4]
    yield secret.encode().hex().encode()


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from (file for file in ([path] if path.is_file() else sorted(path.rglob("*"))) if file.is_file())


def main() -> int:
    found = files_with_secrets(map(Path, sys.argv[1:]), sys.stdin.read().splitlines())
    for path, kinds in found.items():
        print(f"{path}: {', '.join(kinds)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
