# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local, stateful stand-in for Microsoft's login service and Microsoft Graph, for tests and demonstrations only."""

from __future__ import annotations
