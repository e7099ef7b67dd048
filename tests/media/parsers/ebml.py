# SPDX-License-Identifier: LGPL-2.1-or-later
"""EBML (RFC 8794): elements of an id, a size and data or further elements."""
from dataclasses import dataclass

from .cue import Malformed


@dataclass(frozen=True)
class Element:
    id: int
    data: memoryview


def _number(data, position, keep_marker):
    """A variable-size integer: its value and where it ends."""
    if position >= len(data) or data[position] == 0:
        raise Malformed(f"EBML number expected at {position}")
    length = 9 - data[position].bit_length()
    if position + length > len(data):
        raise Malformed(f"EBML number at {position} is cut off")
    value = int.from_bytes(data[position:position + length], "big")
    if not keep_marker:
        value &= (1 << 7 * length) - 1
    return value, position + length


def number(data, position=0):
    """An integer of variable size without its marker, as in a block; and where it ends."""
    return _number(data, position, keep_marker=False)


def elements(data, ends_at=frozenset()):
    """The elements of `data`. One of unknown size reaches to the next of `ends_at`, or the end."""
    data = memoryview(data)
    position = 0
    while position < len(data):
        identifier, after = _number(data, position, keep_marker=True)
        if after - position > 4:
            raise Malformed(f"element id of {after - position} bytes at {position}")
        size, start = _number(data, after, keep_marker=False)
        unknown = size == (1 << 7 * (start - after)) - 1
        end = _end_of_unknown(data, start, ends_at) if unknown else start + size
        if end > len(data):
            raise Malformed(f"element {identifier:#x} at {position} ends at {end} of {len(data)}")
        yield Element(identifier, data[start:end])
        position = end


def _end_of_unknown(data, position, ends_at):
    while ends_at and position < len(data):
        identifier, after = _number(data, position, keep_marker=True)
        if identifier in ends_at:
            return position
        size, start = _number(data, after, keep_marker=False)
        if size == (1 << 7 * (start - after)) - 1:
            raise Malformed(f"element {identifier:#x} of unknown size inside another one")
        position = start + size
    return len(data)


def unsigned(element):
    return int.from_bytes(element.data, "big")


def string(element):
    return bytes(element.data).rstrip(b"\0").decode("utf-8")
