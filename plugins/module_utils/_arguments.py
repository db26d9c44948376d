# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module shares, in step with the documentation fragment of the same name.

This module util is private to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.common.parameters import AnsibleFallbackNotFound

from ansible_collections.entra.cba.plugins.module_utils._identity.clouds import AZURE_NAMES, CLOUDS
from ansible_collections.entra.cba.plugins.module_utils._identity.selection import METHODS

ArgumentSpec = dict[str, dict[str, t.Any]]


def environment(*names: str) -> str:
    """Return the first of these environment variables that is set and not empty.

    AWX sets the variables of fields that were left empty to the empty string, so that empty means absent.
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def connection_options() -> ArgumentSpec:
    """Which tenant, as whom, and how to reach its cloud."""
    return {
        "tenant_id": {
            "type": "str",
            "aliases": ["tenant"],
            "fallback": (environment, ["AZURE_TENANT_ID", "AZURE_TENANT"]),
        },
        "auth_method": {
            "type": "str",
            "default": "auto",
            "choices": ["auto", *METHODS],
        },
        "client_id": {"type": "str", "fallback": (environment, ["AZURE_CLIENT_ID"])},
        "client_secret": {
            "type": "str",
            "no_log": True,
            "aliases": ["secret"],
            "fallback": (environment, ["AZURE_CLIENT_SECRET", "AZURE_SECRET"]),
        },
        "client_certificate_path": {
            "type": "path",
            "aliases": ["x509_certificate_path"],
            "fallback": (environment, ["AZURE_CLIENT_CERTIFICATE_PATH"]),
        },
        "client_certificate_key_path": {"type": "path"},
        "client_certificate_password": {
            "type": "str",
            "no_log": True,
            "fallback": (environment, ["AZURE_CLIENT_CERTIFICATE_PASSWORD"]),
        },
        "client_certificate_thumbprint": {"type": "str", "aliases": ["thumbprint"]},
        "send_certificate_chain": {
            "type": "bool",
            "default": False,
            "fallback": (environment, ["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"]),
        },
        "federated_token": {"type": "str", "no_log": True, "fallback": (environment, ["AZURE_FEDERATED_TOKEN"])},
        "federated_token_file": {
            "type": "path",
            "no_log": False,  # the name of a file
            "fallback": (environment, ["AZURE_FEDERATED_TOKEN_FILE"]),
        },
        "managed_identity_client_id": {"type": "str"},
        "access_token": {"type": "str", "no_log": True},
        "token_cache": {"type": "bool", "default": True, "fallback": (environment, ["ENTRA_CBA_TOKEN_CACHE"])},
        "cloud": {
            "type": "str",
            "default": "global",
            "choices": [*CLOUDS, *AZURE_NAMES],
            "aliases": ["cloud_environment"],
            "fallback": (environment, ["AZURE_CLOUD_ENVIRONMENT"]),
        },
        "graph_url": {"type": "str"},
        "authority_url": {"type": "str", "fallback": (environment, ["AZURE_AUTHORITY_HOST"])},
        "api_version": {"type": "str", "default": "v1.0", "choices": ["v1.0", "beta"]},
        "ca_path": {"type": "path"},
        "timeout": {"type": "int", "default": 180},
    }


def certificate_authorities_option(name: str = "certificate_authorities") -> ArgumentSpec:
    """A list of CAs, as every module takes it."""
    return {
        name: {
            "type": "list",
            "elements": "dict",
            "options": {
                "path": {"type": "path"},
                "content": {"type": "str", "no_log": True},  # it may be a private key, until it was read
                "is_root_authority": {"type": "bool"},
                "certificate_revocation_list_url": {"type": "str"},
                "delta_certificate_revocation_list_url": {"type": "str"},
            },
            "mutually_exclusive": [("path", "content")],
            "required_one_of": [("path", "content")],
        }
    }
