# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes of the ISO base media file format (ISO/IEC 14496-12)."""
import struct

from .cue import Malformed


def boxes(data):
    """(type, contents) of each box in `data`."""
    data = memoryview(data)
    position = 0
    while position < len(data):
        if position + 8 > len(data):
            raise Malformed(f"box header at {position} is cut off")
        size, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        elif size == 0:
            size = len(data) - position
        if size < header or position + size > len(data):
            raise Malformed(f"box {kind!r} at {position}: {size} bytes of {len(data) - position}")
        yield kind.decode("latin-1"), data[position + header:position + size]
        position += size


def find(data, *path):
    """Contents of the first box at a path of types; None if there is none."""
    for kind in path:
        data = next((contents for found, contents in boxes(data) if found == kind), None)
        if data is None:
            return None
    return data


def need(data, *path):
    found = find(data, *path)
    if found is None:
        raise Malformed("no box " + "/".join(path))
    return found


def full(data):
    """Version and the rest of a full box, without version and flags."""
    if len(data) < 4:
        raise Malformed("a full box that is cut off")
    return data[0], data[4:]


def table(data, layout):
    """Entries of a table: a count, then that many of a struct layout."""
    _, data = full(data)
    (count,) = struct.unpack_from(">I", data)
    size = struct.calcsize(layout)
    if 4 + count * size > len(data):
        raise Malformed(f"a table of {count} entries in {len(data)} bytes")
    return [struct.unpack_from(layout, data, 4 + i * size) for i in range(count)]
