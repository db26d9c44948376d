# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of every module: which tenant, as whom, and how to reach its cloud."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant, by its id (a GUID) or by one of its domain names. A domain name costs one request more per task.
      - May be left out with O(access_token), which names its tenant.
      - O(access_token) and O(auth_method=managed_identity) take the id alone, which is compared with the token's.
      - Also read from the environment variables E(AZURE_TENANT_ID) and E(AZURE_TENANT).
    type: str
    aliases: [tenant]
  auth_method:
    description:
      - How to prove who we are. V(auto) takes the first of these that is complete; the result says which it was.
      - V(access_token) needs O(access_token).
      - V(client_certificate) needs O(client_id) and O(client_certificate_path).
      - V(client_secret) needs O(client_id) and O(client_secret).
      - V(federated_token) needs O(client_id) and O(federated_token) or O(federated_token_file).
      - V(managed_identity) is the identity of a machine in Azure. V(auto) takes it with O(managed_identity_client_id),
        and where the environment announces it, as on App Service and Azure Arc, if no other credential was begun. On a
        virtual machine ask for it by name.
      - V(azure_cli) is the account that is logged in to the Azure CLI. V(auto) takes it if no other credential was
        begun and C(az) is found.
      - An empty text or an empty file counts as absent.
    type: str
    choices: [auto, access_token, client_certificate, client_secret, federated_token, managed_identity, azure_cli]
    default: auto
  client_id:
    description:
      - Application (client) id of the app registration.
      - Also read from the environment variable E(AZURE_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The value of a client secret.
      - Also read from the environment variables E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET).
    type: str
    aliases: [secret]
  client_certificate_path:
    description:
      - A PEM or PFX (PKCS#12) file with a certificate that is registered for the application and its RSA private key.
      - Also read from the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH).
    type: path
    aliases: [x509_certificate_path]
  client_certificate_key_path:
    description:
      - A PEM file with the private key, if it is not in O(client_certificate_path), which may be PEM or DER then.
    type: path
  client_certificate_password:
    description:
      - The password of the private key or of the PFX file.
      - Also read from the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
    type: str
  client_certificate_thumbprint:
    description:
      - SHA-256 or SHA-1 thumbprint, in hex, that the certificate must have. It finds a wrong file early.
    type: str
    aliases: [thumbprint]
  send_certificate_chain:
    description:
      - Whether to send the certificate and those of its issuers that are in the file along (C(x5c)). Applications need
        it that trust a certificate by subject name and issuer.
      - Also read from the environment variable E(AZURE_CLIENT_SEND_CERTIFICATE_CHAIN).
    type: bool
    default: false
  federated_token:
    description:
      - A token of another issuer that the application trusts, such as of a CI system (workload identity federation).
      - Microsoft Entra refuses tokens that are valid for longer than 24 hours.
      - Also read from the environment variable E(AZURE_FEDERATED_TOKEN).
    type: str
  federated_token_file:
    description:
      - A file with such a token, as Kubernetes keeps one. It is read anew at each login.
      - Also read from the environment variable E(AZURE_FEDERATED_TOKEN_FILE).
    type: path
  managed_identity_client_id:
    description:
      - Client id of a user-assigned managed identity. Without it V(managed_identity) is the system-assigned one.
    type: str
  access_token:
    description:
      - A token for Microsoft Graph that was acquired elsewhere. Its audience, tenant and expiry are checked before use.
    type: str
  token_cache:
    description:
      - Whether to keep the access token from one task to the next, so that a task with a token makes no login request.
      - It is kept encrypted under a key derived from the credential, below E(XDG_CACHE_HOME) or C(~/.cache) of the user
        that runs the task. An O(access_token) is never kept.
      - Also read from the environment variable E(ENTRA_CBA_TOKEN_CACHE).
    type: bool
    default: true
  cloud:
    description:
      - The Microsoft cloud that the tenant lives in. V(AzureCloud) is V(global), V(AzureUSGovernment) is
        V(us_government_l4) and V(AzureChinaCloud) is V(china).
      - Also read from the environment variable E(AZURE_CLOUD_ENVIRONMENT).
    type: str
    choices: [global, us_government_l4, us_government_l5, china, AzureCloud, AzureUSGovernment, AzureChinaCloud]
    default: global
    aliases: [cloud_environment]
  graph_url:
    description:
      - Address of Microsoft Graph, V(https://host) or V(https://host:port), for a cloud that O(cloud) does not know.
      - Access tokens are sent nowhere else.
    type: str
  authority_url:
    description:
      - Address of the login service, for a cloud that O(cloud) does not know.
      - Secrets are sent nowhere else.
      - Also read from the environment variable E(AZURE_AUTHORITY_HOST).
    type: str
  api_version:
    description:
      - Version of Microsoft Graph.
    type: str
    choices: [v1.0, beta]
    default: v1.0
  ca_path:
    description:
      - A PEM file with the CA certificates by which the login service and Graph are trusted, for instance of a
        TLS-inspecting proxy. The default is the environment variable E(REQUESTS_CA_BUNDLE), else the bundle of the
        Python package C(certifi).
      - Certificates of servers are always verified.
    type: path
  timeout:
    description:
      - Seconds that the task may spend on requests, waiting and trying again included. A write that has begun is
        followed to its end, with as much time once more.
    type: int
    default: 180
requirements:
  - python >= 3.10
  - requests >= 2.31
  - msal >= 1.31
  - cryptography >= 42
notes:
  - Proxies are taken from the environment variables E(HTTPS_PROXY) and E(NO_PROXY).
"""
