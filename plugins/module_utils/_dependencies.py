# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one guarded import of the libraries that Ansible does not bring along: requests, cryptography and msal.

This module util is private to the collection. Every file takes these names from here. A name of a library that is not
installed is None, so that each file can still be imported: use the names inside functions only, never for a base class,
a decorator or a constant. The task asks `missing_libraries` before it does anything.
"""

from __future__ import annotations

import importlib
import importlib.util
import traceback
import typing as t

if t.TYPE_CHECKING:
    from types import ModuleType

CRYPTOGRAPHY_MINIMUM = 42  # the first with time stamps that carry their time zone (`not_valid_before_utc`)

_failures: dict[str, str] = {}

try:
    import requests
except ImportError:
    _failures["requests"] = traceback.format_exc()

try:
    import cryptography
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
        pkcs12,
    )
except ImportError:
    _failures["cryptography"] = traceback.format_exc()
else:
    if int(cryptography.__version__.partition(".")[0]) < CRYPTOGRAPHY_MINIMUM:
        _failures[f"cryptography >= {CRYPTOGRAPHY_MINIMUM}"] = (
            f"cryptography {cryptography.__version__} is too old: {cryptography.__file__}"
        )

__all__ = (
    "AESGCM",
    "HKDF",
    "Encoding",
    "InvalidSignature",
    "InvalidTag",
    "NoEncryption",
    "Prehashed",
    "PrivateFormat",
    "UnsupportedAlgorithm",
    "ec",
    "ed448",
    "ed25519",
    "hashes",
    "import_msal",
    "load_pem_private_key",
    "missing_libraries",
    "padding",
    "pkcs12",
    "requests",
    "rsa",
    "x509",
)

if not t.TYPE_CHECKING:

    def __getattr__(name: str) -> None:
        """Stand in for a name of a library that is missing (PEP 562); Python asks only where an import failed."""
        if name in __all__:
            return
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def import_msal() -> ModuleType:
    """Return msal; it takes 160 ms to import, so only the code that fetches a token asks for it."""
    return importlib.import_module("msal")


def missing_libraries() -> list[tuple[str, str]]:
    """Return the name, with the lowest version where that is the trouble, and the traceback of each missing library."""
    missing = list(_failures.items())
    if importlib.util.find_spec("msal") is None:
        missing.append(("msal", "ModuleNotFoundError: No module named 'msal'"))
    return missing
