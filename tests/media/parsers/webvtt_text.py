# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text of a WebVTT cue by its grammar (section 4.2.2): spans, time stamps, references."""
import html
import re

from .cue import Malformed

_CLASSES = r"(?:\.[^\s.<>&]+)*"
_OPEN = re.compile(rf"(c|i|b|u|ruby|rt){_CLASSES}|(v|lang){_CLASSES}[ \t]([^<>\n]+)")
_TIME_STAMP = re.compile(r"(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")


def plain(payload):
    """The characters of a payload without markup. Raises Malformed."""
    open_spans = []
    text = []
    position = 0
    while position < len(payload):
        character = payload[position]
        if character == "<":
            end = payload.find(">", position)
            if end < 0:
                raise Malformed(f"'<' that opens no tag: {payload!r}")
            _tag(payload[position + 1:end], open_spans, payload)
            position = end + 1
        elif character == "&":
            match = _REFERENCE.match(payload, position)
            decoded = html.unescape(match[0]) if match else None
            if not match or decoded == match[0]:
                raise Malformed(f"'&' that begins no reference: {payload!r}")
            text.append(decoded)
            position = match.end()
        else:
            text.append(character)
            position += 1
    if open_spans:
        raise Malformed(f"<{open_spans[-1]}> is not closed: {payload!r}")
    return "".join(text)


def _tag(tag, open_spans, payload):
    if tag.startswith("/"):
        if not open_spans or open_spans.pop() != tag[1:]:
            raise Malformed(f"<{tag}> closes nothing: {payload!r}")
        return
    if _TIME_STAMP.fullmatch(tag):
        return
    match = _OPEN.fullmatch(tag)
    name = match and (match[1] or match[2])
    if not match or (name == "rt" and open_spans[-1:] != ["ruby"]):
        raise Malformed(f"<{tag}> is no tag of WebVTT: {payload!r}")
    open_spans.append(name)
