#!/usr/bin/python

# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: trust_audit_info
short_description: Audit the certificate authorities that a Microsoft Entra tenant trusts
version_added: 0.1.0
description:
  - Reads the classic trust store of Microsoft Entra certificate-based authentication (CBA), downloads the certificate
    revocation lists (CRLs) that its CAs name, and says who could sign in, and what is broken or will break.
  - Findings are listed in R(Findings, ansible_collections.entra.cba.docsite.findings), with the errors that users would
    see at sign-in.
  - With O(certificate_authorities) these are audited in place of a tenant's. Then no tenant is asked and no credential
    needed, so that a list can be checked before it is applied, in a pull request for example.
  - CRLs are asked for from the machine that runs the task, without credentials. The service asks for them from the
    internet; where the two see different things, this module sees only its own.
options:
  check_crls:
    description:
      - Whether to download the CRLs. Each distinct address is asked once, within 10 seconds, http and https only, and
        up to the size that the service takes in this O(cloud).
    type: bool
    default: true
  crl_allowed_networks:
    description:
      - Networks to download from though they are loopback or link-local, such as V(127.0.0.0/8). Others of that kind
        are refused, wherever a name or a redirect leads.
    type: list
    elements: str
    default: []
  crl_expires_within:
    description:
      - Hours ahead. A list that expires within them and is in the second half of its life is a finding,
        V(crl.expires_soon). Without this option it is never found.
    type: int
  expires_within:
    description:
      - Days ahead. A CA that expires within them is a finding, V(certificate.expires_soon).
    type: int
    default: 60
  fail_on:
    description:
      - From which severity of findings on the task fails. Its result is complete all the same.
    type: str
    choices: [error, warning, never]
    default: never
  accept_findings:
    description:
      - Codes of findings that you know and want, such as V(crl.missing). They stay in the result and do not make the
        task fail.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - entra.cba._attributes
  - entra.cba._attributes.reads
  - entra.cba._actiongroup
  - entra.cba._certificate_authorities
  - entra.cba._certificate_authorities.approved
  - entra.cba._connection
seealso:
  - module: entra.cba.certificate_based_auth_configuration
  - module: entra.cba.certificate_based_auth_configuration_info
author:
  - the entra.cba authors (@entra-cba)
"""

EXAMPLES = r"""
---
- name: Audit what the tenant trusts, and fail when a CA is trusted that nobody approved
  entra.cba.trust_audit_info:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    approved_certificate_authorities:
      - path: files/root.pem
      - path: files/issuing.der
  register: audit
  failed_when: audit.trust_audit.findings | selectattr('code', 'equalto', 'trust.not_approved') | length > 0

- name: Show each finding with what to do
  ansible.builtin.debug:
    msg: "{{ item.subject }} {{ item.message }}. {{ item.remedy }}."
  loop: "{{ audit.trust_audit.findings }}"
  loop_control:
    label: "{{ item.code }}"

- name: Check a list before it is applied, without a tenant
  entra.cba.trust_audit_info:
    certificate_authorities:
      - path: files/root.pem
      - path: files/issuing.der
    check_crls: false
    fail_on: error
"""

RETURN = r"""
---
trust_audit:
  description: The audit. Also when the task fails because of O(fail_on).
  returned: success
  type: dict
  contains:
    audited_at:
      description: When the audit was made, in UTC.
      type: str
      returned: success
      sample: '2026-11-23T16:00:00Z'
    tenant_id:
      description: The tenant, or V(null) when O(certificate_authorities) was audited.
      type: str
      returned: success
      sample: 11111111-2222-3333-4444-555555555555
    counts:
      description: The number of findings of each severity.
      type: dict
      returned: success
      sample: {error: 1, warning: 2}
    certificate_authorities:
      description: The CAs, sorted by subject.
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
        issued_by:
          description: SHA-256 of each trusted CA that signed it; empty for a root, and where its issuer is missing.
          type: list
          elements: str
          returned: success
          sample: [5f2b8a4c0d7e91f3a6b5c4d3e2f10987a1b2c3d4e5f60718293a4b5c6d7e8f90]
        approved:
          description: Whether it is among O(approved_certificate_authorities), or V(null) without that option.
          type: bool
          returned: success
          sample: true
        certificate_revocation_list:
          description:
            - What came of asking for its list, or V(null) where it names none or O(check_crls=false).
            - C(delta_certificate_revocation_list) has the same of the changes since.
          type: dict
          returned: success
          sample:
            url: http://crl.example.org/root.crl
            final_url: http://crl.example.org/root.crl
            status: 200
            size: 812
            seconds: 0.04
            failure: null
            reason: ''
            through_proxy: false
            issuer: CN=Example Root CA,O=Example,C=DE
            this_update: '2026-11-20T00:00:00Z'
            next_update: '2026-11-27T00:00:00Z'
            number: '4711'
            base_number: null
            authority_key_identifier: A0A42656B880B35FA7C8929A011A62113150F788
            signers: [5f2b8a4c0d7e91f3a6b5c4d3e2f10987a1b2c3d4e5f60718293a4b5c6d7e8f90]
        delta_certificate_revocation_list:
          description: The same of the list of changes.
          type: dict
          returned: success
          sample: null
    findings:
      description: What was found; errors first, then by subject and code.
      type: list
      elements: dict
      returned: success
      contains:
        code:
          description: A stable name of the rule.
          type: str
          returned: success
          sample: certificate.expired
        severity:
          description: V(error) when users under this CA cannot sign in or nobody approved it, else V(warning).
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

from ansible_collections.entra.cba.plugins.module_utils._arguments import certificate_authorities_option
from ansible_collections.entra.cba.plugins.module_utils._resources.trust_audit import audit, is_offline
from ansible_collections.entra.cba.plugins.module_utils._task import Task, run

TASK = Task(
    audit,
    {
        **certificate_authorities_option(),
        **certificate_authorities_option("approved_certificate_authorities"),
        "check_crls": {"type": "bool", "default": True},
        "crl_allowed_networks": {"type": "list", "elements": "str", "default": []},
        "crl_expires_within": {"type": "int"},
        "expires_within": {"type": "int", "default": 60},
        "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "never"},
        "accept_findings": {"type": "list", "elements": "str", "default": []},
    },
    is_offline=is_offline,
)


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
