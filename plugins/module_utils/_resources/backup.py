# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a trust store in files: what was there before a change, fit to be restored by one task.

This module util is private to the collection.
"""

from __future__ import annotations

import json
import os
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._pki.authority import (
    MalformedAuthority,
    authority_from_description,
    describe,
)
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import TrustList, same

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock

FORMAT = "entra.cba trust store backup, version 1"


class BackupFolder:
    """Keeps the lists of one tenant; `file` is the path of the newest copy, None while there is none.

    A list is kept before every change when `always` is set, and in any case before it is deleted to be replaced.
    """

    def __init__(self, folder: str, tenant_id: str, clock: Clock, *, always: bool) -> None:
        self.file: str | None = None
        self._folder = Path(folder)
        self._tenant_id = tenant_id
        self._clock = clock
        self._always = always
        self._kept: TrustList = ()

    def before_change(self, authorities: TrustList) -> None:
        """Keep a list that is about to be replaced in place. Raises Failure when the file cannot be written."""
        if self._always:
            self.before_delete(authorities)

    def before_delete(self, authorities: TrustList) -> None:
        """Keep a list that is about to be deleted; an empty one needs no copy. Raises Failure."""
        if not authorities or (self.file and same(authorities, self._kept)):
            return
        moment = self._clock.now()
        path = self._folder / f"trusted-cas_{self._tenant_id}_{moment:%Y%m%dT%H%M%S.%fZ}.json"
        described = sorted((describe(authority) for authority in authorities), key=_by_subject)
        content = {
            "format": FORMAT,
            "tenant_id": self._tenant_id,
            "taken_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "certificate_authorities": described,
        }
        try:
            _write_private(path, json.dumps(content, indent=2) + "\n")
        except OSError as error:
            raise Failure(
                f"Nothing was written to the tenant, since no copy of its list could be kept in {self._folder}:"
                f" {error.strerror}. Name a folder that this user may write to in 'backup_dir'"
            ) from error
        self.file, self._kept = str(path), authorities


def read_backup(path: str, read_file: Callable[[str], bytes]) -> tuple[str, TrustList]:
    """Return the tenant that a backup is of, and the list that it holds. Raises Failure, which names the file."""
    name = f"certificate_authorities_from: {path}"
    try:
        content = json.loads(read_file(path))
    except OSError as error:
        raise Failure(f"{name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Failure(f"{name} is no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise Failure(f"{name} is no backup that this collection made")
    members = content.get("certificate_authorities")
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise Failure(f"{name} holds no list of CAs")
    try:
        return str(content.get("tenant_id")), tuple(authority_from_description(member, path) for member in members)
    except MalformedAuthority as error:
        raise Failure(f"{name}: {error}") from error


def _by_subject(described: dict[str, object]) -> tuple[str, str]:
    return str(described["subject"]), str(described["sha256"])


def _write_private(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, and that nobody else may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
