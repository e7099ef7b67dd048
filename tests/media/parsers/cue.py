# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every parser gives."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Cue:
    """Times in nanoseconds from the start of the file; text without any markup or escapes."""
    start: int
    end: int
    text: str


class Malformed(ValueError):
    """The file breaks its format; says where and how."""


def clock_ns(hours, minutes, seconds, milliseconds):
    """Nanoseconds of a clock of strings; None counts as 0."""
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 10**9 + int(milliseconds) * 10**6
