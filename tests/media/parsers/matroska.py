# SPDX-License-Identifier: LGPL-2.1-or-later
"""Matroska (RFC 9559): tracks, and every block of them, empty ones too."""
from dataclasses import dataclass, field

from . import ebml
from .cue import Cue, Malformed

SEGMENT, INFO, TIMESTAMP_SCALE = 0x18538067, 0x1549A966, 0x2AD7B1
TRACKS, TRACK_ENTRY = 0x1654AE6B, 0xAE
TRACK_NUMBER, TRACK_TYPE, CODEC_ID = 0xD7, 0x83, 0x86
LANGUAGE, LANGUAGE_BCP47, NAME = 0x22B59C, 0x22B59D, 0x536E
CLUSTER, TIMESTAMP, SIMPLE_BLOCK = 0x1F43B675, 0xE7, 0xA3
BLOCK_GROUP, BLOCK, BLOCK_DURATION = 0xA0, 0xA1, 0x9B
# What may follow a cluster of unknown size at its own level.
_TOP_LEVEL = frozenset({CLUSTER, INFO, TRACKS, 0x114D9B74, 0x1C53BB6B, 0x1254C367, 0x1941A469,
                        0x1043A770})

VIDEO, AUDIO, SUBTITLE = 1, 2, 17


@dataclass(frozen=True)
class Block:
    """Times in nanoseconds; `duration` is None if the file has none for this block."""
    start: int
    duration: int | None
    payload: bytes
    simple: bool


@dataclass
class Track:
    number: int
    type: int
    codec: str
    language: str  # ISO 639-2, or BCP 47 where the file has that
    name: str | None
    blocks: list = field(default_factory=list)

    def cues(self):
        """Blocks of a text track as cues. Raises Malformed for one without text or duration."""
        for block in self.blocks:
            if not block.payload.strip() or not block.duration:
                raise Malformed(f"no cue: {block}")
        return [Cue(b.start, b.start + b.duration, b.payload.decode("utf-8")) for b in self.blocks]


def parse(data):
    """Tracks of a file's bytes, in the file's order."""
    segments = [e for e in ebml.elements(data) if e.id == SEGMENT]
    if len(segments) != 1:
        raise Malformed(f"one segment expected, {len(segments)} found")
    parts = list(ebml.elements(segments[0].data, _TOP_LEVEL))
    scale = 1_000_000
    tracks = {}
    for part in parts:
        if part.id == INFO:
            for element in ebml.elements(part.data):
                scale = ebml.unsigned(element) if element.id == TIMESTAMP_SCALE else scale
        elif part.id == TRACKS:
            found = [_track(e) for e in ebml.elements(part.data) if e.id == TRACK_ENTRY]
            tracks.update((track.number, track) for track in found)
    for part in parts:
        if part.id == CLUSTER:
            _read_cluster(part, tracks, scale)
    return list(tracks.values())


def subtitles(data):
    return [track for track in parse(data) if track.type == SUBTITLE]


def _track(entry):
    values = {e.id: e for e in ebml.elements(entry.data)}
    for needed in (TRACK_NUMBER, TRACK_TYPE, CODEC_ID):
        if needed not in values:
            raise Malformed(f"a track without element {needed:#x}")
    language = values.get(LANGUAGE_BCP47) or values.get(LANGUAGE)
    return Track(ebml.unsigned(values[TRACK_NUMBER]), ebml.unsigned(values[TRACK_TYPE]),
                 ebml.string(values[CODEC_ID]),
                 ebml.string(language) if language else "eng",  # the format's default
                 ebml.string(values[NAME]) if NAME in values else None)


def _read_cluster(cluster, tracks, scale):
    cluster_time = 0
    for element in ebml.elements(cluster.data):
        if element.id == TIMESTAMP:
            cluster_time = ebml.unsigned(element)
        elif element.id == SIMPLE_BLOCK:
            _add_block(element, None, True, cluster_time, tracks, scale)
        elif element.id == BLOCK_GROUP:
            group = {e.id: e for e in ebml.elements(element.data)}
            if BLOCK not in group:
                raise Malformed("a block group without block")
            duration = group.get(BLOCK_DURATION)
            _add_block(group[BLOCK], duration and ebml.unsigned(duration) * scale, False,
                       cluster_time, tracks, scale)


def _add_block(block, duration, simple, cluster_time, tracks, scale):
    number, position = ebml.number(block.data)
    if number not in tracks:
        raise Malformed(f"a block of track {number}, which is not in the file")
    if len(block.data) < position + 3:
        raise Malformed("a block that is cut off")
    offset = int.from_bytes(block.data[position:position + 2], "big", signed=True)
    if block.data[position + 2] & 0x06:
        raise Malformed("laced blocks are not handled")
    tracks[number].blocks.append(Block((cluster_time + offset) * scale, duration,
                                       bytes(block.data[position + 3:]), simple))
