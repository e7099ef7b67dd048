# SPDX-License-Identifier: LGPL-2.1-or-later
"""WebVTT by its grammar (W3C, "WebVTT: The Web Video Text Tracks Format", section 4), not by its
forgiving parsing rules: what this takes, every parser takes."""
import re

from . import webvtt_text
from .cue import Cue, Malformed, clock_ns

_CLOCK = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"{_CLOCK}[ \t]+-->[ \t]+{_CLOCK}(?:[ \t]+(.*))?")
_PERCENTAGE = r"(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%"
_SETTINGS = {
    "vertical": r"rl|lr",
    "line": rf"(?:{_PERCENTAGE}|-?\d+)(?:,(?:start|center|end))?",
    "position": rf"{_PERCENTAGE}(?:,(?:line-left|center|line-right))?",
    "size": _PERCENTAGE,
    "align": r"start|center|end|left|right",
    "region": r"\S+",
}


def parse(data):
    """Cues of a file's bytes; their texts without tags and references."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error
    if "\0" in text:
        raise Malformed("NUL")
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]) or "-->" in lines[0]:
        raise Malformed(f"WEBVTT expected, {lines[0]!r} found")
    if len(lines) < 3 or lines[1]:
        raise Malformed("a blank line must follow the header")
    return _cues(_blocks(lines[2:]))


def _blocks(lines):
    block = []
    for line in lines + [""]:
        if line:
            block.append(line)
        elif block:
            yield block
            block = []


def _cues(blocks):
    cues = []
    for block in blocks:
        if re.fullmatch(r"NOTE(?:[ \t].*)?", block[0]):
            if any("-->" in line for line in block):
                raise Malformed(f"arrow in a comment: {block}")
        elif block[0].rstrip(" \t") in ("STYLE", "REGION"):
            if cues:
                raise Malformed(f"{block[0]} after the first cue")
        else:
            cues.append(_cue(block))
            if len(cues) > 1 and cues[-1].start < cues[-2].start:
                raise Malformed(f"starts before the cue above it: {block}")
    return cues


def _cue(block):
    lines = block if "-->" in block[0] else block[1:]  # without the identifier
    times = _TIMES.fullmatch(lines[0]) if lines else None
    if not times:
        raise Malformed(f"cue times expected: {block}")
    start, end = clock_ns(*times.groups()[:4]), clock_ns(*times.groups()[4:8])
    if start >= end:
        raise Malformed(f"ends before it starts: {block}")
    _check_settings(times[9] or "")
    payload = "\n".join(lines[1:])
    if "-->" in payload:
        raise Malformed(f"arrow in the text: {block}")
    return Cue(start, end, webvtt_text.plain(payload))


def _check_settings(settings):
    seen = set()
    for setting in settings.split():
        name, colon, value = setting.partition(":")
        if not colon or name in seen or not re.fullmatch(_SETTINGS.get(name, r"(?!)"), value):
            raise Malformed(f"cue setting {setting!r}")
        seen.add(name)
