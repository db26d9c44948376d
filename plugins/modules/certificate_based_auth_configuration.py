#!/usr/bin/python

# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_based_auth_configuration
short_description: Declare the certificate authorities that a Microsoft Entra tenant trusts
version_added: 0.1.0
description:
  - Makes the classic trust store of Microsoft Entra certificate-based authentication (CBA) hold the certificate
    authorities (CAs) that are declared. The store is the tenant's one C(certificateBasedAuthConfiguration), whose id is
    always V(29728ade-6ae4-4ee9-9103-412912537da5).
  - Reads first, and writes only what differs, as one C(POST) of the whole list that is read back. The list that is
    there is never deleted before a new one was tried.
  - A CA is the same CA when the SHA-256 of its certificate is the same. Subjects and key identifiers do not count, as
    real PKIs issue CAs again under one name. The order of the list does not matter.
  - Whoever may sign in with a certificate depends on this list. One CA too many lets an attacker sign in as anybody;
    one too few locks users out. Look at O(ignore:check_mode) and the diff before you apply a list.
options:
  state:
    description:
      - V(present) makes the store hold the declared CAs; O(purge) says whether it may hold others besides.
      - V(absent) with O(certificate_authorities) takes these out; without, it removes the configuration, and nobody can
        sign in with a certificate any more.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description:
      - Whether O(certificate_authorities) is the whole truth. V(true) removes CAs that are not declared, V(false) only
        adds and corrects.
      - Only with O(state=present).
    type: bool
    default: true
  expired:
    description:
      - What to do when the list to be written holds a CA that has expired. The service refuses every such list, even
        when the expired CA was there before.
      - V(fail) names each of them and writes nothing.
      - V(omit) leaves them out, both declared ones and ones that are there.
      - An unchanged store is never touched, whatever it holds.
      - Part of O(preflight). With V(skip) or V(warn) there, the list is sent as it is.
    type: str
    choices: [fail, omit]
    default: fail
  preflight:
    description:
      - The list that would be in force is checked before anything is written. The checks are listed in
        R(Findings, ansible_collections.entra.cba.docsite.findings).
      - V(enforce) stops at errors, by which the service refuses the list or users cannot sign in, and shows warnings.
      - V(warn) shows both and stops at none.
      - V(skip) shows none; RV(findings) holds them all the same.
    type: str
    choices: [enforce, warn, skip]
    default: enforce
  accept_findings:
    description:
      - Codes of findings that you know and want, such as V(chain.issuer_missing). They neither stop the task nor are
        shown as warnings.
    type: list
    elements: str
    default: []
  expires_within:
    description:
      - Days ahead. A CA that expires within them is a finding, V(certificate.expires_soon), and so a warning.
    type: int
  backup:
    description:
      - Whether to keep a copy of the list that is there in a file before it is changed. The file can be given to
        O(certificate_authorities_from).
      - Where the service does not replace a list, so that it must be deleted to be created anew, a copy is kept in any
        case.
    type: bool
    default: false
  backup_dir:
    description:
      - The directory for these copies. It is made when it does not exist. On the controller a relative one begins
        beside the playbook.
    type: path
    default: backup
  certificate_authorities_from:
    description:
      - A file that O(backup) made, in place of O(certificate_authorities). With it the list of then is in force again.
    type: path
  accept_other_tenant:
    description:
      - Whether O(certificate_authorities_from) may be of another tenant.
    type: bool
    default: false
extends_documentation_fragment:
  - entra.cba._attributes
  - entra.cba._attributes.writes
  - entra.cba._actiongroup
  - entra.cba._certificate_authorities
  - entra.cba._connection
seealso:
  - module: entra.cba.certificate_based_auth_configuration_info
  - name: Create certificateBasedAuthConfiguration
    description: The Graph call that this module wraps.
    link: https://learn.microsoft.com/graph/api/certificatebasedauthconfiguration-post-certificatebasedauthconfiguration
author:
  - the entra.cba authors (@entra-cba)
"""

EXAMPLES = r"""
---
- name: Trust exactly the root and the issuing CA
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    certificate_authorities:
      - path: files/root.pem
        certificate_revocation_list_url: http://crl.example.org/root.crl
      - path: files/issuing.der
        certificate_revocation_list_url: http://crl.example.org/issuing.crl

- name: Add a CA and leave the others as they are
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    purge: false
    certificate_authorities:
      - content: "{{ lookup('ansible.builtin.file', 'files/new-root.pem') }}"

- name: Trust every CA of a PKCS#7 bundle that has not expired
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    expired: omit
    certificate_authorities:
      - path: files/bundle.p7b

- name: Replace the list, keep what was there in a file, and say so when a CA ends within 60 days
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    backup: true
    expires_within: 60
    certificate_authorities:
      - path: files/new-root.pem
  register: replaced

- name: Bring the list of before back
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    certificate_authorities_from: "{{ replaced.backup_file }}"

- name: Take one CA out
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    state: absent
    certificate_authorities:
      - path: files/issuing.der

- name: Trust nobody any more
  entra.cba.certificate_based_auth_configuration:
    tenant_id: "{{ tenant_id }}"
    client_id: "{{ client_id }}"
    client_secret: "{{ client_secret }}"
    state: absent
"""

RETURN = r"""
---
certificate_based_auth_configuration:
  description: The configuration after the task, as read back; in check mode, as it would be.
  returned: success
  type: dict
  contains:
    id:
      description: The fixed id, or V(null) when there is no configuration.
      type: str
      returned: success
      sample: 29728ade-6ae4-4ee9-9103-412912537da5
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
changes:
  description: What the task changed; in check mode, what it would change.
  returned: success
  type: dict
  contains:
    added:
      description: CAs that were not there, as in RV(certificate_based_auth_configuration.certificate_authorities).
      type: list
      elements: dict
      returned: success
      sample: []
    removed:
      description: CAs that are not there any more.
      type: list
      elements: dict
      returned: success
      sample: []
    updated:
      description: CAs with other URLs or another root flag than before; C(before) holds what each was.
      type: list
      elements: dict
      returned: success
      sample: []
findings:
  description: What is wrong with CAs of the list, by the rules that are checked before a write.
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
backup_file:
  description: The file that holds the list from before, or V(null) when none was made.
  returned: success
  type: str
  sample: backup/trusted-cas_11111111-2222-3333-4444-555555555555_20261121T120000.000000Z.json
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
from ansible_collections.entra.cba.plugins.module_utils._resources.classic_tasks import manage
from ansible_collections.entra.cba.plugins.module_utils._task import Task, run

TASK = Task(
    manage,
    {
        **certificate_authorities_option(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "purge": {"type": "bool", "default": True},
        "expired": {"type": "str", "choices": ["fail", "omit"], "default": "fail"},
        "preflight": {"type": "str", "choices": ["enforce", "warn", "skip"], "default": "enforce"},
        "accept_findings": {"type": "list", "elements": "str", "default": []},
        "expires_within": {"type": "int"},
        "backup": {"type": "bool", "default": False},
        "backup_dir": {"type": "path", "default": "backup"},
        "certificate_authorities_from": {"type": "path"},
        "accept_other_tenant": {"type": "bool", "default": False},
    },
    mutually_exclusive=[("certificate_authorities", "certificate_authorities_from")],
)


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
