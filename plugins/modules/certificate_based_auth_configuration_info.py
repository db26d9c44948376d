#!/usr/bin/python

# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_based_auth_configuration_info
short_description: Read the certificate authorities that a Microsoft Entra tenant trusts
version_added: 0.1.0
description:
  - Reads the classic trust store of Microsoft Entra certificate-based authentication (CBA).
  - A read that fails is an error, never an empty list.
options:
  expires_within:
    description:
      - Days ahead. A CA that expires within them is a finding, V(certificate.expires_soon).
    type: int
extends_documentation_fragment:
  - entra.cba._attributes
  - entra.cba._attributes.reads
  - entra.cba._actiongroup
  - entra.cba._connection
seealso:
  - module: entra.cba.certificate_based_auth_configuration
author:
  - the entra.cba authors (@entra-cba)
"""

EXAMPLES = r"""
---
- name: Read what the tenant trusts
  entra.cba.certificate_based_auth_configuration_info:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
  register: trusted

- name: Show subject and end of validity of each CA
  ansible.builtin.debug:
    msg: "{{ item.subject }} until {{ item.not_after }}"
  loop: "{{ trusted.certificate_based_auth_configuration.certificate_authorities }}"
  loop_control:
    label: "{{ item.sha256 }}"
"""

RETURN = r"""
---
certificate_based_auth_configuration:
  description: The configuration.
  returned: success
  type: dict
  contains:
    id:
      description: The fixed id, or V(null) when there is no configuration.
      type: str
      returned: success
      sample: 29728ade-6ae4-4ee9-9103-412912537da5
    certificate_authorities:
      description: The CAs, sorted by subject; empty when there is no configuration.
      type: list
      elements: dict
      returned: success
      contains:
        certificate:
          description: The certificate, DER in base64.
          type: str
          returned: success
          sample: MIIBmTCCAT+gAwIBAgIUQn5T...
        is_root_authority:
          description: Whether the CA is a root.
          type: bool
          returned: success
          sample: true
        certificate_revocation_list_url:
          description: Where the CA publishes its certificate revocation list (CRL), or V(null).
          type: str
          returned: success
          sample: http://crl.example.org/root.crl
        delta_certificate_revocation_list_url:
          description: Where the CA publishes the changes since its last CRL, or V(null).
          type: str
          returned: success
          sample: null
        sha256:
          description: SHA-256 of the DER octets in lower-case hex, the identity of the CA.
          type: str
          returned: success
          sample: 5f2b8a4c0d7e91f3a6b5c4d3e2f10987a1b2c3d4e5f60718293a4b5c6d7e8f90
        subject:
          description: The CA's own name, as RFC 4514 writes it.
          type: str
          returned: success
          sample: CN=Example Root CA,O=Example,C=DE
        issuer:
          description: The name of the CA that issued it, as RFC 4514 writes it.
          type: str
          returned: success
          sample: CN=Example Root CA,O=Example,C=DE
        issuer_ski:
          description: >-
            What Graph shows as C(issuerSki): the subject key identifier that it read from the certificate.
          type: str
          returned: success
          sample: A0A42656B880B35FA7C8929A011A62113150F788
        serial_number:
          description: The serial number, decimal.
          type: int
          returned: success
          sample: 380237829734987239847298347
        not_before:
          description: Start of validity in UTC.
          type: str
          returned: success
          sample: '2026-01-01T00:00:00Z'
        not_after:
          description: End of validity in UTC.
          type: str
          returned: success
          sample: '2046-01-01T00:00:00Z'
        subject_key_identifier:
          description: The CA's own key identifier in upper-case hex, or V(null).
          type: str
          returned: success
          sample: A0A42656B880B35FA7C8929A011A62113150F788
        authority_key_identifier:
          description: The key identifier of the CA that issued it in upper-case hex, or V(null).
          type: str
          returned: success
          sample: A0A42656B880B35FA7C8929A011A62113150F788
findings:
  description: What is wrong with the list, by the rules that are checked before a write.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the rule.
      type: str
      returned: success
      sample: certificate.expired
    severity:
      description: V(error) when the service refuses the list or users under this CA cannot sign in, else V(warning).
      type: str
      returned: success
      sample: error
    subject:
      description: The CA.
      type: str
      returned: success
      sample: CN=Example Root CA,O=Example,C=DE
    sha256:
      description: SHA-256 of the CA's DER octets.
      type: str
      returned: success
      sample: 5f2b8a4c0d7e91f3a6b5c4d3e2f10987a1b2c3d4e5f60718293a4b5c6d7e8f90
    message:
      description: What is wrong.
      type: str
      returned: success
      sample: expired on 2026-01-01
    remedy:
      description: What to do.
      type: str
      returned: success
      sample: Take it out of the list
    aadsts:
      description: The error codes that a user of this CA would see at sign-in.
      type: list
      elements: str
      returned: success
      sample: [AADSTS500172]
    source:
      description: Where the rule stands.
      type: str
      returned: success
      sample: RFC 5280, section 4.2.1.9
auth_method:
  description: Which credential was used, one of the choices of O(auth_method). Also when the task fails.
  returned: always, once a credential was chosen
  type: str
  sample: client_secret
graph_requests:
  description: Every request made to Graph, with the ids that Microsoft's support asks for. Also when the task fails.
  returned: always, once a request was made
  type: list
  elements: dict
  sample:
    - method: GET
      url: https://graph.microsoft.com/v1.0/organization/11111111-2222-3333-4444-555555555555/certificateBasedAuthConfiguration
      status: 200
      client_request_id: 0f3c5d1e-8c0e-4a5e-9d55-0d2b8a5f6b11
      request_id: 8d2a1c3e-5b7f-4e6d-9a0b-1c2d3e4f5a6b
"""

from ansible_collections.entra.cba.plugins.module_utils._resources.classic_tasks import show
from ansible_collections.entra.cba.plugins.module_utils._task import Task, run

TASK = Task(show, {"expires_within": {"type": "int"}})


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
