# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a 401 asks of the next token: the claims challenge of continuous access evaluation.

This module util is private to the collection.
"""

from __future__ import annotations

import base64
import json
import re

# name=value, quoted or not. RFC 9110 wants quotes around what has colons and slashes; Graph sends authorization_uri
# without. A quoted value is taken whole, so that nothing inside it can pass for a parameter.
_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def claims_in(header: str | None) -> str | None:
    """Return the claims request, as JSON text, that a WWW-Authenticate header carries; None when it carries none.

    `header` may hold several challenges, as several headers are joined. The claims are base64 of either alphabet, with
    or without padding. What cannot be read counts as absent: the 401 is then answered by a new token without claims.
    Source: Microsoft identity platform, "Claims challenges, claims requests and client capabilities".
    """
    for name, quoted, bare in _PARAMETER.findall(header or ""):
        if name.lower() == "claims":
            claims = _decoded(re.sub(r"\\(.)", r"\1", quoted) or bare)
            if claims is not None:
                return claims
    return None


def _decoded(text: str) -> str | None:
    standard = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        claims = json.loads(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
    except ValueError:
        return None
    if not isinstance(claims, dict) or not isinstance(claims.get("access_token"), dict):
        return None
    return json.dumps(claims, separators=(",", ":"))
