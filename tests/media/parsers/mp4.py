# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tracks of an MP4 or QuickTime file: samples on the presentation's timeline, edit lists applied."""
import struct
from dataclasses import dataclass
from fractions import Fraction

from . import iso_boxes as iso
from .cue import Cue, Malformed


@dataclass(frozen=True)
class Sample:
    """Presentation times in nanoseconds, rounded."""
    start: int
    duration: int
    payload: bytes


@dataclass(frozen=True)
class Track:
    handler: str   # vide, soun, sbtl, text
    format: str    # of the sample entry: avc1, mp4a, tx3g
    language: str  # ISO 639-2/T
    count: int     # samples in the file, those that no edit shows too
    samples: list  # those that are shown, in decoding order and at decoding times

    def cues(self):
        """Timed text (3GPP TS 26.245) as cues. A sample of length 0 is a pause."""
        cues = []
        for sample in self.samples:
            if len(sample.payload) < 2:
                raise Malformed(f"timed text without its length: {sample}")
            (length,) = struct.unpack_from(">H", sample.payload)
            text = sample.payload[2:2 + length]
            if len(text) != length:
                raise Malformed(f"timed text that is cut off: {sample}")
            if length:
                cues.append(Cue(sample.start, sample.start + sample.duration, text.decode("utf-8")))
        return cues


def parse(data):
    """Tracks of a file's bytes, in the file's order. Fragmented files are refused."""
    movie = iso.need(data, "moov")
    if iso.find(movie, "mvex") is not None:
        raise Malformed("fragmented: not handled")
    movie_scale = _timescale(iso.need(movie, "mvhd"))
    return [_track(contents, movie_scale, data) for kind, contents in iso.boxes(movie)
            if kind == "trak"]


def subtitles(data):
    return [track for track in parse(data) if track.format == "tx3g"]


def _timescale(header):
    version, fields = iso.full(header)
    (scale,) = struct.unpack_from(">I", fields, 16 if version else 8)
    if scale == 0:
        raise Malformed("a time scale of 0")
    return scale


def _language(header):
    version, fields = iso.full(header)
    (packed,) = struct.unpack_from(">H", fields, 28 if version else 16)
    return "".join(chr(0x60 + (packed >> shift & 0x1F)) for shift in (10, 5, 0))


def _track(track, movie_scale, file):
    media = iso.need(track, "mdia")
    header = iso.need(media, "mdhd")
    table = iso.need(media, "minf", "stbl")
    descriptions = iso.full(iso.need(table, "stsd"))[1]
    entries = [kind for kind, _ in iso.boxes(descriptions[4:])]
    if len(entries) != 1:
        raise Malformed(f"one sample entry expected, {entries} found")
    handler = bytes(iso.full(iso.need(media, "hdlr"))[1][4:8]).decode("latin-1")
    edits = iso.find(track, "edts", "elst")
    times = _Timeline(edits, movie_scale, _timescale(header))
    samples = []
    payloads = list(_payloads(table, file))
    for (start, duration), payload in zip(_media_times(table), payloads, strict=True):
        shown = times.presentation(start, duration)
        if shown:
            samples.append(Sample(*shown, payload))
    return Track(handler, entries[0], _language(header), len(payloads), samples)


class _Timeline:
    """Media time to presentation time."""

    def __init__(self, edits, movie_scale, media_scale):
        self.media_scale = media_scale
        self.edits = []  # (presentation start in s, media start in s, duration in s or None)
        position = Fraction(0)
        if edits is None:
            self.edits.append((position, Fraction(0), None))
            return
        layout = ">QqI" if iso.full(edits)[0] else ">IiI"
        for duration, media_time, rate in iso.table(edits, layout):
            if rate != 0x10000:
                raise Malformed(f"an edit at rate {rate:#x}")
            length = Fraction(duration, movie_scale)
            if media_time >= 0:
                # Writers leave 0 where the end is not known.
                self.edits.append((position, Fraction(media_time, media_scale), length or None))
            position += length

    def presentation(self, start, duration):
        """(start, duration) in ns of what an edit shows of a sample; None if nothing."""
        begin = Fraction(start, self.media_scale)
        end = begin + Fraction(duration, self.media_scale)
        for position, media_start, length in self.edits:
            first = max(begin, media_start)
            last = end if length is None else min(end, media_start + length)
            if first < last or (first == last == end and duration == 0):
                return round((position + first - media_start) * 10**9), round((last - first) * 10**9)
        return None


def _media_times(table):
    """(start, duration) of each sample in the media's time scale; text is never reordered."""
    time = 0
    for count, delta in iso.table(iso.need(table, "stts"), ">II"):
        for _ in range(count):
            yield time, delta
            time += delta


def _sizes(table):
    _, fields = iso.full(iso.need(table, "stsz"))
    constant, count = struct.unpack_from(">II", fields)
    if constant:
        return [constant] * count
    if 8 + 4 * count > len(fields):
        raise Malformed(f"{count} sample sizes in {len(fields)} bytes")
    return list(struct.unpack_from(f">{count}I", fields, 8))


def _payloads(table, file):
    offsets = iso.find(table, "co64")
    chunks = (iso.table(offsets, ">Q") if offsets is not None
              else iso.table(iso.need(table, "stco"), ">I"))
    runs = iso.table(iso.need(table, "stsc"), ">III")
    sizes = iter(_sizes(table))
    for number, (offset,) in enumerate(chunks, 1):
        per_chunk = [count for first, count, _ in runs if first <= number][-1]
        for _ in range(per_chunk):
            size = next(sizes, None)
            if size is None:
                raise Malformed("more samples in chunks than sizes")
            if offset + size > len(file):
                raise Malformed(f"a sample that ends at {offset + size} of {len(file)}")
            yield bytes(file[offset:offset + size])
            offset += size
