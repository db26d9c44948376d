# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that a user can act on.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t


class Failure(Exception):
    """Why a task failed, for the person who reads it: the text becomes the message of the failed task.

    Anything else that is raised is a fault of the collection and shows as one, with its traceback.

    Of a write, `effect_unknown` says that it may have happened, `refused_for_now` that it has not and may be tried
    again, after `retry_after` seconds if the service says so.
    """

    effect_unknown: t.ClassVar[bool] = False
    refused_for_now: t.ClassVar[bool] = False
    retry_after: float | None = None
