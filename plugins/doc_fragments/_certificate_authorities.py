# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option by which modules take certificate authorities."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  certificate_authorities:
    description:
      - The CAs. Each item names one certificate or a bundle, by exactly one of O(certificate_authorities[].path)
        and O(certificate_authorities[].content).
      - Certificates may be PEM, DER, PKCS#7 (PEM, DER or BER) or base64 of DER; text around PEM blocks is passed over.
        A certificate that is named twice counts once.
      - Private keys, certificate requests, CRLs and PKCS#12 files are refused.
    type: list
    elements: dict
    suboptions:
      path:
        description:
          - A file on the machine that runs the task. On the controller a relative one begins beside the playbook.
        type: path
      content:
        description: The certificates themselves, as PEM, PKCS#7 in PEM, or base64 of DER.
        type: str
      is_root_authority:
        description:
          - Whether the CA is a root. Worked out from the certificate, a root being self-signed with a signature that
            verifies; a value that contradicts the certificate is an error.
        type: bool
      certificate_revocation_list_url:
        description:
          - Where this CA publishes the list of certificates that it has revoked (CRL). This is not the address that
            stands in the CA's own certificate, which names the list of the CA above it.
          - Only for an item that names one certificate.
        type: str
      delta_certificate_revocation_list_url:
        description:
          - Where this CA publishes what was revoked since its last full list.
          - Only for an item that names one certificate.
        type: str
"""

    APPROVED = r"""
options:
  approved_certificate_authorities:
    description:
      - The CAs that may be trusted, in the form of O(certificate_authorities), so that one variable serves both. Only
        the certificates count.
      - A CA that is trusted and not among them is a finding, V(trust.not_approved); one that is among them and not
        trusted is one too, V(trust.approved_missing).
    type: list
    elements: dict
    suboptions:
      path:
        description: A file, as in O(certificate_authorities[].path).
        type: path
      content:
        description: The certificates themselves, as in O(certificate_authorities[].content).
        type: str
      is_root_authority:
        description: As in O(certificate_authorities[].is_root_authority).
        type: bool
      certificate_revocation_list_url:
        description: Not looked at here.
        type: str
      delta_certificate_revocation_list_url:
        description: Not looked at here.
        type: str
"""
