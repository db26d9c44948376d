# Copyright: (c) 2026, the entra.cba authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the outline of BER (ITU-T X.690): where an element begins, where it ends and what lies inside.

This module util is private to the collection. It serves what `cryptography` does not do: PKCS#7 in BER on every
supported version, saying what a file is that holds no certificate, and reading one extension beside an odd one.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterator

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
CONTEXT_0 = 0xA0  # [0], constructed
CONTEXT_3 = 0xA3  # [3], constructed
CONTEXT_0_PRIMITIVE = 0x80

_INDEFINITE = -1
_MAXIMUM_LENGTH_OCTETS = 8
_MAXIMUM_OPEN = 64  # elements of indefinite length inside one another; real PKCS#7 has about five


class MalformedBer(ValueError):
    """The octets break the rules of X.690; the text says how, and where."""


class CutShort(MalformedBer):
    """The octets end before the element does. `announced` is its whole length, None if it is of indefinite length."""

    def __init__(self, announced: int | None, present: int) -> None:
        super().__init__("an element reaches beyond the end of what holds it")
        self.announced = announced
        self.present = present


class Element(t.NamedTuple):
    """One element: its identifier octet (of a high tag number the first) and its place in `octets`.

    A named tuple, since a bundle has thousands of elements and a frozen dataclass takes several times as long to make.
    """

    octets: bytes
    tag: int
    start: int
    content_start: int
    content_end: int
    end: int

    @property
    def encoded(self) -> bytes:
        """The element with its header."""
        return self.octets[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The element without its header."""
        return self.octets[self.content_start : self.content_end]


def read(octets: bytes, start: int = 0, limit: int | None = None) -> Element:
    """Return the element at `start`, which must end at `limit` (by default the end of the octets) or before.

    Takes time linear in the length of an element of indefinite length, and constant time otherwise.
    Raises MalformedBer, and its kind CutShort.
    """
    limit = len(octets) if limit is None else limit
    tag, content_start, length = _header(octets, start, limit)
    if length == _INDEFINITE:
        content_end = _end_of_contents(octets, start, content_start, limit)
        return Element(octets, tag, start, content_start, content_end, content_end + 2)
    end = content_start + length
    if end > limit:
        raise CutShort(end - start, limit - start)
    return Element(octets, tag, start, content_start, end, end)


def children(element: Element) -> Iterator[Element]:
    """Yield the elements inside a constructed element, in order. Raises MalformedBer."""
    position = element.content_start
    while position < element.content_end:
        child = read(element.octets, position, element.content_end)
        yield child
        position = child.end


def dotted(object_identifier: bytes) -> str:
    """Return the dotted form of the content octets of an object identifier (X.690, section 8.19)."""
    arcs: list[int] = []
    arc = 0
    for octet in object_identifier:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2) if arcs else 0
    return ".".join(str(arc) for arc in (first, *(arc - 40 * first for arc in arcs[:1]), *arcs[1:]))


def _header(octets: bytes, start: int, limit: int) -> tuple[int, int, int]:
    """Return identifier octet, start of the content and its length (X.690, sections 8.1.2 and 8.1.3)."""
    try:
        tag = octets[start]
        position = start + 1
        if tag & 0x1F == 0x1F:
            while octets[position] & 0x80:
                position += 1
            position += 1
        length = octets[position]
        position += 1
    except IndexError:
        raise CutShort(None, limit - start) from None
    if length == 0x80:
        length = _INDEFINITE
        if not tag & 0x20:
            raise MalformedBer(f"a primitive element of indefinite length at octet {start}")
    elif length > 0x80:
        count = length & 0x7F
        if count > _MAXIMUM_LENGTH_OCTETS:
            raise MalformedBer(f"a length of {count} octets at octet {start}")
        length = int.from_bytes(octets[position : position + count], "big")
        position += count
    if position > limit:
        raise CutShort(None, limit - start)
    return tag, position, length


def _end_of_contents(octets: bytes, start: int, position: int, limit: int) -> int:
    """Return where the end-of-contents octets stand that close the element of indefinite length at `start`."""
    still_open = 1
    while True:
        if position >= limit:
            raise CutShort(None, limit - start)
        tag, content_start, length = _header(octets, position, limit)
        if tag == 0 and length == 0:
            still_open -= 1
            if not still_open:
                return position
            position = content_start
        elif length == _INDEFINITE:
            still_open += 1
            if still_open > _MAXIMUM_OPEN:
                raise MalformedBer(f"more than {_MAXIMUM_OPEN} elements of indefinite length inside one another")
            position = content_start
        else:
            position = content_start + length
