# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identities: the tokens that Azure gives to a machine, without a secret that anybody has to keep.

This module util is private to the collection. The endpoints are spoken to in plain HTTP, on the machine itself or its
link, and never through a proxy.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from ansible_collections.entra.cba.plugins.module_utils._http.transport import Request, TransportError
from ansible_collections.entra.cba.plugins.module_utils._identity.credentials import check_tenant, is_guid
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import (
    AccessToken,
    CredentialError,
    claims_of,
    expiry_of,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Response, Transport

VIRTUAL_MACHINE = "http://169.254.169.254"
ARC_AGENT = Path("/opt/azcmagent/bin/himds")
ARC_ENDPOINT = "http://localhost:40342/metadata/identity/oauth2/token"
ARC_KEYS = Path("/var/opt/azcmagent/tokens")
LARGEST_ARC_KEY = 4096

# The metadata service of a virtual machine says 404 and 410 while it is being updated ("How to use managed identities
# for Azure resources on an Azure VM to acquire an access token", retry guidance).
_PASSING = frozenset({404, 410, 429, 500, 502, 503, 504})


def is_announced(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment names an endpoint of managed identities, as App Service and Azure Arc set it."""
    return bool(environ.get("IDENTITY_ENDPOINT") or environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST"))


class ManagedIdentity:
    """The identity of the machine, or with `client_id` one of those that were assigned to it.

    Where the token comes from, the environment says, by the names that Microsoft's own libraries read: App Service,
    Functions, Container Apps and Automation (IDENTITY_ENDPOINT, IDENTITY_HEADER), Azure Arc (IDENTITY_ENDPOINT,
    IMDS_ENDPOINT, or its agent), else the metadata service of a virtual machine (IMDS).
    """

    method: t.ClassVar[str] = "managed_identity"

    def __init__(
        self,
        transport: Transport,
        graph_url: str,
        tenant: str,
        client_id: str | None,
        environ: Mapping[str, str],
        arc_keys: Path = ARC_KEYS,
    ) -> None:
        self._transport = transport
        self._graph_url = graph_url
        self._tenant = tenant
        self._client_id = client_id
        self._environ = environ
        self._arc_keys = arc_keys

    @property
    def identity(self) -> str:
        return f"{self.method} {self._tenant} {self._client_id or 'system-assigned'} {self._graph_url}"

    @property
    def cache_key_material(self) -> bytes | None:
        """None: there is no secret to derive a key from, and Azure keeps the tokens itself."""
        return None

    def validate(self) -> None:
        """Whether the machine has an identity, only Azure knows."""
        if not is_guid(self._tenant):
            raise CredentialError(
                "auth_method managed_identity: give the tenant's id (a GUID) in 'tenant_id', not a domain name. The"
                " machine decides of which tenant its token is, and that is compared before the token is used"
            )

    def acquire(self, claims: str | None = None) -> AccessToken:
        """Raises CredentialError. `claims` cannot be asked for: Azure decides when to renew what it keeps."""
        environ = self._environ
        endpoint, header = environ.get("IDENTITY_ENDPOINT"), environ.get("IDENTITY_HEADER")
        if endpoint and header:
            answer = self._from_app_service(endpoint, header)
        elif endpoint and environ.get("IMDS_ENDPOINT"):
            answer = self._from_arc(endpoint)
        elif environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or not ARC_AGENT.exists():
            host = environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or VIRTUAL_MACHINE
            answer = self._from_virtual_machine(host.rstrip("/"))
        else:
            answer = self._from_arc(ARC_ENDPOINT)
        token = AccessToken(str(answer["access_token"]), self._expiry(answer))
        said = claims_of(token.value) or {}
        check_tenant("The managed identity of this machine", str(said.get("tid")), self._tenant)
        return token

    def _from_virtual_machine(self, host: str) -> dict[str, object]:
        url = f"{host}/metadata/identity/oauth2/token"
        return self._token(self._get(url, "2018-02-01", {"Metadata": "true"}))

    def _from_app_service(self, endpoint: str, header: str) -> dict[str, object]:
        return self._token(self._get(endpoint, "2019-08-01", {"X-IDENTITY-HEADER": header, "Metadata": "true"}))

    def _from_arc(self, endpoint: str) -> dict[str, object]:
        """Prove that we are on the machine and in its group himds, by a file that the agent writes for us to read."""
        challenge = self._get(endpoint, "2020-06-01", {"Metadata": "true"})
        if challenge.status != 401:
            return self._token(challenge)
        key = self._arc_key(challenge.headers.get("WWW-Authenticate", ""))
        headers = {"Metadata": "true", "Authorization": f"Basic {key}"}
        answer = self._token(self._get(endpoint, "2020-06-01", headers))
        # An agent that does not know of assigned identities takes no notice of the client id.
        if self._client_id and str(answer.get("client_id")).lower() != self._client_id.lower():
            raise CredentialError(
                "managed_identity_client_id: the Azure Arc agent did not confirm this identity. Update the agent, or"
                " leave the option out to use the identity of the machine"
            )
        return answer

    def _arc_key(self, challenge: str) -> str:
        """Read the file that a challenge names, if it is one of the agent's (rules of Microsoft's own libraries)."""
        scheme, found, name = challenge.partition("=")
        path = Path(name.strip().strip('"'))
        if scheme.strip().lower() != "basic realm" or not found:
            raise CredentialError("The Azure Arc agent did not name the file with its key (WWW-Authenticate)")
        if path.parent != self._arc_keys or path.suffix != ".key":
            raise CredentialError(
                f"The Azure Arc endpoint names {path} as the file with its key; only *.key files in {self._arc_keys}"
                " are read. Something else than the agent answers at IDENTITY_ENDPOINT"
            )
        try:
            with path.open("rb") as file:
                key = file.read(LARGEST_ARC_KEY + 1)
        except OSError as error:
            raise CredentialError(
                f"The Azure Arc agent's key {path} cannot be read: {error.strerror}. The user who runs the task must be"
                " in the group 'himds'"
            ) from error
        if len(key) > LARGEST_ARC_KEY:
            raise CredentialError(f"The Azure Arc agent's key {path} is larger than {LARGEST_ARC_KEY} octets")
        return key.decode("ascii", errors="replace").strip()

    def _get(self, endpoint: str, api_version: str, headers: Mapping[str, str]) -> Response:
        query = {"api-version": api_version, "resource": self._graph_url}
        if self._client_id:
            query["client_id"] = self._client_id
        request = Request("GET", f"{endpoint}?{urlencode(query)}", headers, direct=True)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._transport.send(request)
            except TransportError as error:
                raise CredentialError(
                    f"No managed identity: {endpoint} did not answer ({error}). Only machines in Azure, or joined to it"
                    " by Azure Arc, have one; on this machine use another credential"
                ) from error
            if response.status not in _PASSING or not self._transport.wait(
                attempt, self._transport.asked_to_wait(response)
            ):
                return response

    def _token(self, response: Response) -> dict[str, object]:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise CredentialError(f"The managed identity endpoint answered {response.status} without a JSON object")
        if response.status == 200 and answer.get("access_token"):
            return answer
        reason = answer.get("error_description") or answer.get("message") or answer.get("error") or "no reason given"
        whose = f"the identity {self._client_id}" if self._client_id else "a system-assigned identity"
        raise CredentialError(
            f"The managed identity endpoint answered {response.status}: {reason}. Check that {whose} is assigned to"
            " this machine (Azure portal, Identity)"
            + ("" if self._client_id else "; one that was created apart is named in 'managed_identity_client_id'")
        )

    def _expiry(self, answer: Mapping[str, object]) -> datetime | None:
        """Read expires_on (seconds since 1970) or expires_in, which the endpoints give as numbers or as text."""
        on, within = str(answer.get("expires_on", "")), str(answer.get("expires_in", ""))
        if on.isdecimal():
            return datetime.fromtimestamp(int(on), timezone.utc)
        if within.isdecimal():
            return self._transport.clock.now() + timedelta(seconds=int(within))
        return expiry_of(claims_of(str(answer["access_token"])) or {})
