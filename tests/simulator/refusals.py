# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an assertion is not taken."""

from __future__ import annotations


class InvalidAssertionError(Exception):
    """The assertion is refused; `code` is the number after AADSTS."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
