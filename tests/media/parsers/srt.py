# SPDX-License-Identifier: LGPL-2.1-or-later
"""SubRip as editors and players agree on it: numbered from 1, UTF-8 without byte order mark, LF.

There is no standard; this takes the common ground of players, and refuses what any of them trips on.
"""
import re

from .cue import Cue, Malformed, clock_ns

_CLOCK = r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3})"
_TIMES = re.compile(rf"{_CLOCK} --> {_CLOCK}")


def parse(data):
    """Cues of a file's bytes."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise Malformed("byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error
    if "\r" in text or "\0" in text:
        raise Malformed("carriage return or NUL")
    blocks = text.rstrip("\n").split("\n\n") if text else []
    return [_cue(number, block) for number, block in enumerate(blocks, 1)]


def _cue(number, block):
    lines = block.split("\n")
    where = f"cue {number}: {block!r}"
    if lines[0] != str(number):
        raise Malformed(f"number {number} expected, {where}")
    times = _TIMES.fullmatch(lines[1]) if len(lines) > 1 else None
    if not times:
        raise Malformed(f"times expected, {where}")
    start, end = clock_ns(*times.groups()[:4]), clock_ns(*times.groups()[4:])
    if start >= end:
        raise Malformed(f"ends before it starts, {where}")
    if len(lines) < 3 or any(not line.strip() for line in lines[2:]):
        raise Malformed(f"blank text, {where}")
    if any("-->" in line for line in lines[2:]):
        raise Malformed(f"arrow in the text, {where}")
    return Cue(start, end, "\n".join(lines[2:]))
