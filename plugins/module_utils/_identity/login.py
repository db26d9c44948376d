# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login service: msal over our own transport, and what its errors mean.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from ansible_collections.entra.cba.plugins.module_utils._dependencies import import_msal
from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._http.transport import Request, Transport, TransportError
from ansible_collections.entra.cba.plugins.module_utils._identity.tokens import AccessToken

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.entra.cba.plugins.module_utils._http.transport import Response
    from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import Cloud

# We can answer a claims challenge; tokens then live for up to 28 hours, and the service ends them early when it must
# (Microsoft Entra, "Continuous access evaluation").
CAPABILITIES = ("CP1",)

_NO_FEDERATION = (
    "the application trusts no federated token of this issuer, subject and audience",
    "compare the three with the app registration, Certificates & secrets, Federated credentials, letter by letter",
)

# What the codes of Microsoft Entra's "Authentication and authorization error codes" mean to whoever runs this
# collection, and what to do about each.
EXPLANATIONS = {
    "AADSTS7000215": (
        "the client secret is wrong",
        "give the secret's Value, not its Secret ID, of the app registration that 'client_id' names",
    ),
    "AADSTS7000222": (
        "the client secret has expired",
        "create a new secret in the app registration, under Certificates & secrets, and give that one",
    ),
    "AADSTS90002": (
        "no tenant of this id or name exists in this cloud",
        "check 'tenant_id' (Entra admin center, Overview) and that 'cloud' is the tenant's own",
    ),
    "AADSTS900021": ("'tenant_id' names no tenant", "give the tenant's id (a GUID) or one of its domain names"),
    "AADSTS900023": (
        "'tenant_id' is no valid id or domain name",
        "give the tenant's id (a GUID) or one of its domain names",
    ),
    "AADSTS700016": (
        "the application is not known in this tenant",
        "check 'client_id' (Application ID, not Object ID); if it is right, admin consent must be given in this tenant",
    ),
    "AADSTS65001": (
        "nobody has consented to what the application asks for",
        "an administrator must grant admin consent: Entra admin center, App registrations, API permissions",
    ),
    "AADSTS500011": (
        "Microsoft Graph is not known in this tenant under the address that was asked for",
        "check 'cloud' or 'graph_url': the tenant lives in another cloud",
    ),
    "AADSTS700027": (
        "the client assertion was not accepted: the application does not know its certificate, or the key is another",
        "upload the certificate (not the key) to the app registration, under Certificates & secrets",
    ),
    "AADSTS700024": (
        "the client assertion is outside its time",
        "check the clock of the machine that runs the task; a federated token may have expired: have a new one made",
    ),
    "AADSTS70023": (
        "the federated token is valid for longer than the 24 hours that are allowed",
        "have its issuer make one that expires within 24 hours, and give a fresh one to each run",
    ),
    "AADSTS70021": _NO_FEDERATION,
    "AADSTS700211": _NO_FEDERATION,
    "AADSTS700212": _NO_FEDERATION,
    "AADSTS700213": _NO_FEDERATION,
    "AADSTS50013": (
        "the federated token is not signed by the issuer that it names",
        "take the token as its issuer made it; the issuer's keys must be reachable at its OpenID discovery document",
    ),
    "AADSTS7000112": ("the application is disabled", "enable it: Enterprise applications, Properties"),
    "AADSTS7000229": (
        "the application has no service principal in this tenant",
        "an administrator of this tenant must grant admin consent to the application",
    ),
    "AADSTS53003": (
        "Conditional Access blocks this sign-in",
        "look the sign-in up in the tenant's sign-in log; exclude the workload identity or run from an allowed place",
    ),
    "AADSTS50034": ("the account does not exist in this tenant", "check the credential and 'tenant_id'"),
}


class LoginError(Failure):
    """The login service refused; the text names its code, what it means and what to do.

    `code` is the AADSTS code; without one the error of RFC 6749, section 5.2; without an answer a word of our own.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class LoginService:
    """The OAuth 2.0 token endpoint of one tenant."""

    def __init__(self, transport: Transport, cloud: Cloud, tenant: str) -> None:
        self.transport = transport
        self.cloud = cloud
        self.tenant = tenant

    @property
    def token_endpoint(self) -> str:
        return f"{self.cloud.authority_url}/{self.tenant}/oauth2/v2.0/token"

    def identity_of(self, method: str, client_id: str) -> str:
        """Return who a client of this service is and for what, as `Credential.identity` wants it."""
        return f"{method} {self.cloud.authority_url} {self.tenant} {client_id} {self.cloud.scope}"

    def client_credentials(
        self, client_id: str, client_credential: str | dict[str, object], claims: str | None = None
    ) -> AccessToken:
        """Get a token by the client credentials grant (RFC 6749, section 4.4).

        `client_credential` is msal's: the secret, or {"client_assertion": ...}. Raises LoginError, TransportError.
        """
        application = import_msal().ConfidentialClientApplication(
            client_id,
            client_credential=client_credential,
            authority=f"{self.cloud.authority_url}/{self.tenant}",
            client_capabilities=CAPABILITIES,
            instance_discovery=False,
            http_client=_MsalHttpClient(self),
        )
        answer = application.acquire_token_for_client(scopes=[self.cloud.scope], claims_challenge=claims)
        if "access_token" not in answer:
            raise login_error(answer, self.tenant)
        lifetime = timedelta(seconds=int(answer.get("expires_in", 0)))
        return AccessToken(str(answer["access_token"]), self.transport.clock.now() + lifetime)


class _MsalHttpClient:
    """What msal sends, through our transport: its time limits, its retries, and one host for the secret.

    Answers that are no JSON are refused here, since msal would write their text, a token perhaps, to its log.
    """

    def __init__(self, login: LoginService) -> None:
        self._login = login

    def get(
        self, url: str, params: object = None, headers: Mapping[str, str] | None = None, **_kwargs: object
    ) -> _MsalResponse:
        return self._send(Request("GET", url, headers or {}, reads=True))

    def post(
        self,
        url: str,
        params: object = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_kwargs: object,
    ) -> _MsalResponse:
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._send(Request("POST", url, form, urlencode(data or {}).encode(), reads=True))

    def close(self) -> None:
        """Leave the session open: Graph is spoken to over it next."""

    def _send(self, request: Request) -> _MsalResponse:
        login = self._login
        if urlsplit(request.url).netloc != urlsplit(login.cloud.authority_url).netloc:
            raise LoginError(
                f"The login service at {login.cloud.authority_url} names another host, {urlsplit(request.url).netloc},"
                " for tokens; nothing was sent there. Name the right 'authority_url'.",
                code="invalid_authority",
            )
        try:
            response = login.transport.send(request)
        except TransportError as error:
            raise LoginError(
                f"The login service at {login.cloud.authority_url} did not answer: {error}. Check name resolution, the"
                " route and the proxy settings (HTTPS_PROXY) of the machine that runs the task, and 'authority_url'.",
                code="no_answer",
            ) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise LoginError(
                f"The login service at {login.cloud.authority_url} answered {request.method} with"
                f" status {response.status} and a body that is no JSON object. A proxy or a captive portal may stand in"
                " between; if not, try again later.",
                code="invalid_answer",
            )
        if response.status >= 400:
            raise login_error(answer, login.tenant)
        return _MsalResponse(response)


class _MsalResponse:
    """The part of requests' answer that msal reads."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.text = response.text
        self.headers = response.headers

    def raise_for_status(self) -> None:
        """Do nothing: failures were raised before."""


def login_error(answer: Mapping[str, object], tenant: str) -> LoginError:
    """Turn an error answer of the token endpoint (RFC 6749, section 5.2, with Entra's additions) into words."""
    description = str(answer.get("error_description") or answer.get("error") or "no reason given")
    first_line = description.splitlines()[0]
    numbers = answer.get("error_codes")
    if isinstance(numbers, list) and numbers:
        code = f"AADSTS{numbers[0]}"
    elif description.startswith("AADSTS"):
        code = description.split(":", 1)[0]
    else:
        code = str(answer.get("error") or "unknown_error")
    meaning, remedy = EXPLANATIONS.get(
        code, ("the login service refused", "look the code up at https://login.microsoftonline.com/error")
    )
    ids = ", ".join(
        f"{name} {answer[name]}" for name in ("trace_id", "correlation_id", "timestamp") if answer.get(name)
    )
    return LoginError(
        f"Login to tenant {tenant} failed with {code}: {meaning}. What to do: {remedy}. The service said: {first_line}"
        + (f" ({ids})" if ids else ""),
        code=code,
    )
