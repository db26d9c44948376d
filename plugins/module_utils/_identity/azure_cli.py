# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of whoever is logged in to the Azure CLI.

This module util is private to the collection.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import typing as t

from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import check_tenant, is_guid
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import (
    AccessToken,
    CredentialError,
    claims_of,
    expiry_of,
)

EXECUTABLE = "az"
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class AzureCli:
    """The account that `az login` left behind for the user who runs the task."""

    method: t.ClassVar[str] = "azure_cli"

    def __init__(self, graph_url: str, tenant: str, timeout: float) -> None:
        self._graph_url = graph_url
        self._tenant = tenant
        self._timeout = timeout

    @property
    def identity(self) -> str:
        return f"{self.method} {self._tenant} {self._graph_url}"

    @property
    def cache_key_material(self) -> bytes | None:
        """None: the Azure CLI keeps its own tokens, and may be logged in as somebody else by the next task."""
        return None

    def validate(self) -> None:
        if shutil.which(EXECUTABLE) is None:
            raise CredentialError(
                "auth_method azure_cli: there is no 'az' on the PATH of the task. Install the Azure CLI on the machine"
                " that runs the task, or use another credential"
            )

    def acquire(self, claims: str | None = None) -> AccessToken:
        """Run `az account get-access-token`. Raises CredentialError with what the Azure CLI said."""
        if claims is not None:
            raise CredentialError(
                "The service asks for a new sign-in (continuous access evaluation), which the Azure CLI cannot be asked"
                f" for. {self._log_in('Log out and in again')}"
            )
        answer = self._answer()
        token = str(answer["accessToken"])
        said = claims_of(token) or {}
        if is_guid(self._tenant):
            tenant = str(said.get("tid") or answer.get("tenant"))
            try:
                check_tenant("The account of the Azure CLI", tenant, self._tenant)
            except CredentialError as error:
                raise CredentialError(f"{error}. {self._log_in('Log in there')}") from error
        return AccessToken(token, expiry_of(said))

    def _answer(self) -> dict[str, object]:
        command = [EXECUTABLE, "account", "get-access-token", "--resource", self._graph_url, "--tenant", self._tenant]
        try:
            # run_command, which ansible-test wants, is a method of AnsibleModule; this also runs where there is none.
            finished = subprocess.run(  # noqa: S603  # no shell; the tenant is one argument; pylint: disable=ansible-bad-function
                [*command, "--output", "json"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout,
                env={**os.environ, "AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_ONLY_SHOW_ERRORS": "true"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CredentialError(
                f"The Azure CLI gave no token within {self._timeout:g} seconds. Try '{' '.join(command)}' by hand, as"
                " the user who runs the task"
            ) from error
        except OSError as error:
            raise CredentialError(f"The Azure CLI cannot be run: {error.strerror}") from error
        if finished.returncode != 0:
            raise CredentialError(self._refusal(finished.stderr))
        try:
            answer = json.loads(finished.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not answer.get("accessToken"):
            raise CredentialError("The Azure CLI answered without a token in JSON. Update it: 'az upgrade'")
        return answer

    def _refusal(self, stderr: str) -> str:
        said = _TOKEN.sub("(a token)", " ".join(stderr.split()))[:600] or "nothing"
        if "AADSTS" in said:
            problem = f"The Azure CLI got no token for tenant {self._tenant}: its account has none to give there"
        elif "az login" in said:
            problem = "Nobody is logged in to the Azure CLI, as far as the user who runs the task is concerned"
        else:
            problem = f"The Azure CLI got no token for tenant {self._tenant}"
        return f"{problem}. {self._log_in('Log in')}. The Azure CLI said: {said}"

    def _log_in(self, what: str) -> str:
        return f"{what}: az login --tenant {self._tenant} --allow-no-subscriptions"
