# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a trust store that only knows whole lists, whatever the service and the network do meanwhile.

Published sources leave open what a second POST does (replace, refuse or merge); there is no ETag, and reads lag.
What is claimed here is what was read back.

This module util is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.entra.cba.plugins.module_utils._failure import Failure
from ansible_collections.entra.cba.plugins.module_utils._graph.errors import Conflict, NotFound
from ansible_collections.entra.cba.plugins.module_utils._pki.checks import is_expired
from ansible_collections.entra.cba.plugins.module_utils._resources.plan import (
    TrustList,
    TrustListChange,
    compare,
    names_of,
    same,
)

if t.TYPE_CHECKING:
    from ansible_collections.entra.cba.plugins.module_utils._http.clock import Clock

# A write is read back only after this pause. Of two runs at once that both read and then both write, the one that wrote
# first learns of the other only by looking again after the other has written, which it does right after its read.
SETTLING_SECONDS = 2.0
# Directory reads lag behind writes: pauses between reads until the list shows, 46 seconds in all.
PATIENCE = (SETTLING_SECONDS, 1.0, 2.0, 4.0, 8.0, 14.0, 15.0)


class TrustStore(t.Protocol):
    """What the write needs of a store; every method raises Failure."""

    @property
    def clock(self) -> Clock:
        """The clock to wait by."""

    def read(self) -> TrustList:
        """Return what the service shows."""

    def post(self, authorities: TrustList) -> None:
        """Ask for this list to be the whole list."""

    def delete(self) -> None:
        """Ask for the store to hold nothing."""

    def wait(self, attempt: int, error: Failure) -> bool:
        """Wait before another attempt; False when there is no time or no attempt left."""

    def restart_deadline(self) -> None:
        """Grant the whole time limit once more."""


class Backup(t.Protocol):
    """Where lists are kept; both methods raise Failure when a copy cannot be kept."""

    def before_change(self, authorities: TrustList) -> None:
        """Keep, if that was asked for, a list that is about to be replaced."""

    def before_delete(self, authorities: TrustList) -> None:
        """Keep, whether or not it was asked for, a list that is about to be deleted to make room for another."""


class NotInForce(Failure):
    """The planned list is not in force; the text says which list is, as read from the service."""


def write(
    store: TrustStore,
    plan: TrustListChange,
    plan_anew: t.Callable[[TrustList], TrustListChange],
    backup: Backup,
) -> TrustListChange:
    """Bring `plan` about and return what came of it, read back.

    `plan_anew` makes the plan from another list than was read at first: used once, when somebody else writes at the
    same time. Raises NotInForce, and whatever `plan_anew` and `backup` raise.
    """
    start, planned_anew, sent, attempt = plan, False, False, 0
    while True:
        current = _read_back(store, plan) if sent else _read_before(store)
        if sent and same(current, plan.after):
            return compare(start.before, plan.after)
        if same(current, plan.before):
            attempt += 1
            backup.before_change(current)
            try:
                current = _replace(store, plan, backup)
            except NotInForce:
                raise
            except Failure as error:
                sent = sent or error.effect_unknown
                if (error.effect_unknown or error.refused_for_now) and store.wait(attempt, error):
                    continue
                current = _read_back(store, plan, plan.before if sent else None, cause=error)
                if not same(current, plan.after):
                    raise NotInForce(f"{error} {_in_force(current, plan)}") from error
            sent = True
            if same(current, plan.after):
                return compare(start.before, plan.after)
            if same(current, plan.before):
                raise NotInForce(f"The service accepted the list and does not show it. {_in_force(current, plan)}")
        if planned_anew:
            raise NotInForce(
                "Somebody else changes the list at the same time, twice while this task ran; it has stopped."
                f" It wanted: {names_of(plan.after)}. {_in_force(current, plan)}"
            )
        plan, planned_anew = plan_anew(current), True
        if plan.is_empty:
            return compare(start.before, current) if sent else plan


def _replace(store: TrustStore, plan: TrustListChange, backup: Backup) -> TrustList:
    """Ask for the planned list once, and return what the service shows then."""
    if not plan.after:
        try:
            store.delete()
        except NotFound:
            pass  # somebody else was faster; the read-back tells
        return _read_back(store, plan, plan.before)
    try:
        store.post(plan.after)
    except Conflict as error:
        return _delete_and_create(store, plan, backup, str(error))
    current = _read_back(store, plan, plan.before)
    if not same(current, plan.after) and _is_merged(current, plan):
        return _delete_and_create(store, plan, backup, "The service adds to the list instead of replacing it.")
    return current


def _delete_and_create(store: TrustStore, plan: TrustListChange, backup: Backup, why: str) -> TrustList:
    """Replace a list that the service does not: the one path that leaves a tenant without CAs for a while."""
    current, attempt = plan.before, 0
    while True:
        attempt += 1
        current = _read_back(store, plan, None if plan.before else ())
        if same(current, plan.after) or not (same(current, plan.before) or _is_merged(current, plan)):
            return current
        if not plan.before:
            raise NotInForce(f"{why} It shows no list to replace, so nothing was deleted. {_in_force(current, plan)}")
        backup.before_delete(plan.before)
        try:
            store.delete()
        except Failure as error:
            if error.refused_for_now and store.wait(attempt, error):
                continue
            # After a doubt the list may be gone. To go on is safe: where it is still there, a create is refused.
            if not (error.effect_unknown or isinstance(error, NotFound)):
                current = _read_back(store, plan, cause=error)
                raise NotInForce(f"{why} It was to be deleted first. {error} {_in_force(current, plan)}") from error
        break
    store.restart_deadline()
    refusal = _create(store, plan.after)
    if refusal is None:
        current = _read_back(store, plan, plan.before, (), current)
        if current:
            return current
        refusal = NotInForce("The service accepted the new list and shows none.")
    why = f"{why} So the list was to be deleted and created anew, which failed: {refusal}"
    if refusal.effect_unknown and same(_read_back(store, plan, cause=refusal), plan.after):
        return plan.after
    store.restart_deadline()
    if any(_create(store, old) is None for old in (plan.before, _valid(plan.before, store))):
        current = _read_back(store, plan, (), cause=NotInForce(f"{why} The old list was sent again."))
    else:
        current = _read_back(
            store, plan, (), plan.before, cause=NotInForce(f"{why} The old list could not be put back: expect NO CA.")
        )
    if same(current, plan.after):
        return current
    raise NotInForce(f"{why} {_in_force(current, plan)}") from refusal


def _create(store: TrustStore, authorities: TrustList) -> Failure | None:
    """Post a list into an empty store, again and again while that can help; return what stands against it."""
    attempt = 0
    while True:
        attempt += 1
        try:
            store.post(authorities)
        except Failure as error:
            if not (error.effect_unknown or error.refused_for_now) or not store.wait(attempt, error):
                return error
        else:
            return None


def _read_before(store: TrustStore) -> TrustList:
    """Read while nothing has been sent."""
    try:
        return store.read()
    except Failure as error:
        raise NotInForce(f"{error} Nothing was written.") from error


def _read_back(
    store: TrustStore, plan: TrustListChange, *outdated: TrustList | None, cause: Failure | None = None
) -> TrustList:
    """Read, after something was sent, until another list shows than `outdated` ones, or patience ends.

    A read that fails is made again: whoever has written has to find out. Raises NotInForce, which tells `cause` too,
    when none succeeds.
    """
    store.restart_deadline()
    current: TrustList | None = None
    failure: Failure | None = None
    for pause in PATIENCE:
        store.clock.sleep(pause)
        try:
            current = shown = store.read()
        except Failure as error:
            failure = error
        else:
            if not any(old is not None and same(shown, old) for old in outdated):
                break
    if current is None:
        raise NotInForce(
            f"{f'{cause} ' if cause else ''}Which list is in force is not known, since the service could not be read."
            f" Before the task it was: {names_of(plan.before)}. The task wanted: {names_of(plan.after)}. {failure}"
        ) from failure
    return current


def _is_merged(current: TrustList, plan: TrustListChange) -> bool:
    """Tell whether a list is the old and the new one together."""
    merged = {authority.sha256 for authority in plan.before + plan.after}
    return {authority.sha256 for authority in current} == merged


def _valid(authorities: TrustList, store: TrustStore) -> TrustList:
    """Leave out what has expired: the service takes no list with an expired CA, not even one that it held."""
    now = store.clock.now()
    return tuple(authority for authority in authorities if not is_expired(authority, now))


def _in_force(current: TrustList, plan: TrustListChange) -> str:
    if same(current, plan.before):
        which = "the list from before the task"
    elif same(current, plan.after):
        which = "the list that the task wanted"
    elif current:
        which = "another list"
    else:
        which = f"nobody can sign in with a certificate; before the task these were trusted: {names_of(plan.before)}"
    return f"In force now, read from the service: {names_of(current)} ({which})."
