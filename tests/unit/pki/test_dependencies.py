# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection can be imported, and says what it lacks, where a library is missing or too old."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.entra.cba.plugins.module_utils import _dependencies

ROOM = "ansible_collections.entra.cba.plugins.module_utils"

WITHOUT = """
import json, sys
for name in {absent!r}:
    sys.modules[name] = None
if {version!r}:
    import cryptography
    cryptography.__version__ = {version!r}
from {room} import _dependencies
from {room}._pki import authority, ber, certificate, encodings
names = {{name: getattr(_dependencies, name) is None for name in _dependencies.__all__}}
print(json.dumps({{"missing": _dependencies.missing_libraries(), "none": [name for name in names if names[name]]}}))
"""


def imported(*absent: str, version: str = "") -> tuple[dict[str, str], list[str]]:
    """Import the room in a Python that lacks libraries; return those reported and the names that are None."""
    script = WITHOUT.format(absent=absent, version=version, room=ROOM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, env=environment).stdout
    answer = json.loads(output)
    return dict(answer["missing"]), answer["none"]


def test_nothing_is_missing_here() -> None:
    assert _dependencies.missing_libraries() == []
    assert _dependencies.import_msal().ConfidentialClientApplication


def test_without_cryptography_its_names_are_none_and_it_is_reported() -> None:
    missing, none = imported("cryptography")
    assert list(missing) == ["cryptography"]
    assert "Traceback" in missing["cryptography"]
    assert {"x509", "hashes", "InvalidSignature"} <= set(none)
    assert "requests" not in none


def test_without_requests_and_msal_both_are_reported() -> None:
    missing, none = imported("requests", "msal")
    assert list(missing) == ["requests", "msal"]
    assert "No module named 'msal'" in missing["msal"]
    assert none == ["requests"]


def test_a_cryptography_that_is_too_old_is_reported_with_its_place() -> None:
    missing, _none = imported(version="41.0.7")
    assert list(missing) == ["cryptography >= 42"]
    assert "cryptography 41.0.7 is too old: " in missing["cryptography >= 42"]


def test_msal_is_not_imported_before_it_is_asked_for() -> None:
    script = f"import sys; from {ROOM} import _dependencies as d; d.missing_libraries(); print('msal' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, env=environment).stdout
    assert output.strip() == b"False"


def test_a_name_that_no_library_has_is_an_error_as_ever() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'cryptographie'"):
        _unused = _dependencies.cryptographie  # type: ignore[attr-defined]
