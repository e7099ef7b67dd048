#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The parsers that judge subtitle files, on bytes made by hand."""
import struct
import unittest

from parsers import ebml, matroska, mp4, srt, webvtt
from parsers.cue import Cue, Malformed

SECOND = 10**9


class SubRip(unittest.TestCase):
    def test_reads_cues_with_two_lines(self):
        data = "1\n00:00:01,000 --> 00:00:02,500\nTwo\nlines\n\n2\n01:00:03,000 --> 01:00:04,000\nß\n\n"
        self.assertEqual(srt.parse(data.encode()),
                         [Cue(SECOND, 2_500_000_000, "Two\nlines"),
                          Cue(3603 * SECOND, 3604 * SECOND, "ß")])

    def test_an_empty_file_has_no_cues(self):
        self.assertEqual(srt.parse(b""), [])

    def test_refuses(self):
        good = b"1\n00:00:01,000 --> 00:00:02,000\ntext\n"
        for name, data in {
                "a byte order mark": b"\xef\xbb\xbf" + good,
                "carriage returns": good.replace(b"\n", b"\r\n"),
                "numbers from 0": good.replace(b"1\n", b"0\n", 1),
                "a point in the time": good.replace(b"01,000", b"01.000"),
                "an end before the start": good.replace(b"02,000", b"00,999"),
                "no text": good.replace(b"text\n", b""),
                "a blank text": good.replace(b"text", b" "),
                "an arrow in the text": good.replace(b"text", b"a --> b"),
                "a blank line inside": good.replace(b"text", b"te\n\nxt"),
                "bad UTF-8": good.replace(b"text", b"\xff"),
        }.items():
            with self.subTest(name), self.assertRaises(Malformed):
                srt.parse(data)


class WebVtt(unittest.TestCase):
    def test_reads_identifiers_settings_comments_and_short_times(self):
        data = ("WEBVTT - title\n\nNOTE a comment\nof two lines\n\nSTYLE\n::cue { color: red }\n\n"
                "intro\n00:01.000 --> 00:02.000 align:start line:0 position:50%,center\nOne\n\n\n"
                "100:00:00.000 --> 100:00:00.001\ntwo\nlines")
        self.assertEqual(webvtt.parse(data.encode()),
                         [Cue(SECOND, 2 * SECOND, "One"),
                          Cue(360000 * SECOND, 360000 * SECOND + 10**6, "two\nlines")])

    def test_text_loses_markup_and_references(self):
        data = ("WEBVTT\n\n00:00.000 --> 00:01.000\n"
                "<v.loud Fred>Tom &amp; <i>Jerry</i></v> 1 &lt; 2 <00:00.500><c.a.b>&#x263A;</c>")
        self.assertEqual(webvtt.parse(data.encode())[0].text, "Tom & Jerry 1 < 2 ☺")

    def test_refuses(self):
        good = "WEBVTT\n\n00:00.000 --> 00:01.000\ntext\n"
        for name, data in {
                "no header": good.removeprefix("WEBVTT\n\n"),
                "a header without blank line": good.replace("\n\n", "\n", 1),
                "a longer first word": good.replace("WEBVTT", "WEBVTTX"),
                "a comma in the time": good.replace("01.000", "01,000"),
                "minutes beyond 59": good.replace("00:01", "60:01"),
                "no space before the arrow": good.replace(" -->", "-->"),
                "an end at the start": good.replace("01.000", "00.000"),
                "a start before the one above": good + "\n00:00.500 --> 00:01.000\na\n"
                                                       "\n00:00.400 --> 00:01.000\nb\n",
                "a bare ampersand": good.replace("text", "Tom & Jerry"),
                "an unknown reference": good.replace("text", "&nosuchname;"),
                "a bare less-than": good.replace("text", "1 < 2"),
                "a tag of HTML": good.replace("text", "<span>a</span>"),
                "an open tag": good.replace("text", "<i>a"),
                "crossed tags": good.replace("text", "<i><b>a</i></b>"),
                "an arrow in the text": good.replace("text", "a --> b"),
                "text without times": good + "\nlost\nlines\n",
                "an unknown setting": good.replace("01.000", "01.000 colour:red"),
                "a style after cues": good + "\nSTYLE\n::cue {}\n",
                "NUL": good.replace("text", "a\0"),
        }.items():
            with self.subTest(name), self.assertRaises(Malformed):
                webvtt.parse(data.encode())


def element(identifier, data, size_bytes=1):
    """An EBML element; a number becomes its big-endian bytes."""
    if isinstance(data, int):
        data = data.to_bytes(max(1, (data.bit_length() + 7) // 8), "big")
    elif isinstance(data, str):
        data = data.encode()
    size = len(data) | 1 << 7 * size_bytes
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + size.to_bytes(size_bytes, "big") + data


def track_entry(number, language=None, name=None):
    optional = [element(matroska.LANGUAGE, language)] if language else []
    optional += [element(matroska.NAME, name)] if name else []
    return element(matroska.TRACK_ENTRY,
                   element(matroska.TRACK_NUMBER, number) +
                   element(matroska.TRACK_TYPE, matroska.SUBTITLE) +
                   element(matroska.CODEC_ID, "S_TEXT/UTF8") + b"".join(optional))


def block_group(offset, duration, text):
    block = element(matroska.BLOCK, b"\x81" + struct.pack(">hB", offset, 0) + text.encode())
    return element(matroska.BLOCK_GROUP, block + (
        b"" if duration is None else element(matroska.BLOCK_DURATION, duration)))


def matroska_file(blocks, tracks=None, scale=1_000_000):
    header = element(0x1A45DFA3, element(0x4282, "matroska"))
    info = element(matroska.INFO, element(matroska.TIMESTAMP_SCALE, scale))
    entries = element(matroska.TRACKS, tracks or track_entry(1, "fre", "Français"), 8)
    cluster = element(matroska.CLUSTER, element(matroska.TIMESTAMP, 1000) + blocks, 8)
    return header + element(matroska.SEGMENT, info + entries + cluster, 8)


class Matroska(unittest.TestCase):
    def test_reads_times_language_and_name(self):
        data = matroska_file(block_group(500, 1500, "one") + block_group(-200, 10, "two"))
        (track,) = matroska.subtitles(data)
        self.assertEqual((track.codec, track.language, track.name),
                         ("S_TEXT/UTF8", "fre", "Français"))
        self.assertEqual(track.cues(), [Cue(1_500_000_000, 3 * SECOND, "one"),
                                        Cue(800_000_000, 810_000_000, "two")])

    def test_times_count_in_the_files_scale(self):
        (track,) = matroska.parse(matroska_file(block_group(0, 2, "a"), scale=500))
        self.assertEqual((track.blocks[0].start, track.blocks[0].duration), (500_000, 1000))

    def test_shows_an_empty_block(self):
        (track,) = matroska.parse(matroska_file(block_group(0, 500, "")))
        self.assertEqual(track.blocks, [matroska.Block(SECOND, 500_000_000, b"", False)])
        self.assertRaises(Malformed, track.cues)

    def test_a_text_block_without_duration_is_no_cue(self):
        (track,) = matroska.parse(matroska_file(block_group(0, None, "text")))
        self.assertRaises(Malformed, track.cues)

    def test_a_simple_block_is_a_block(self):
        block = element(matroska.SIMPLE_BLOCK, b"\x81\x00\x00\x80data")
        (track,) = matroska.parse(matroska_file(block))
        self.assertEqual(track.blocks, [matroska.Block(SECOND, None, b"data", True)])

    def test_a_language_that_is_not_written_is_english(self):
        (track,) = matroska.parse(matroska_file(b"", track_entry(1)))
        self.assertEqual((track.language, track.name), ("eng", None))

    def test_a_segment_and_clusters_of_unknown_size(self):
        cluster = element(matroska.CLUSTER, b"")[:-1] + b"\xff"
        body = element(matroska.TRACKS, track_entry(1))
        for time in (1, 2):
            body += cluster + element(matroska.TIMESTAMP, time) + block_group(0, 1, "a")
        data = element(matroska.SEGMENT, b"")[:-1] + b"\x01" + b"\xff" * 7 + body
        (track,) = matroska.parse(data)
        self.assertEqual([block.start for block in track.blocks], [10**6, 2 * 10**6])

    def test_refuses(self):
        good = matroska_file(block_group(0, 1, "text"))
        for name, data in {
                "a file that is cut off": good[:-1],
                "no segment": good[:20],
                "a block of no track": matroska_file(block_group(0, 1, "a"), track_entry(2)),
                "a group without block": matroska_file(element(matroska.BLOCK_GROUP, b"")),
                "a number that begins with zero": b"\0" + good,
        }.items():
            with self.subTest(name), self.assertRaises(Malformed):
                matroska.parse(data)

    def test_numbers_of_every_length(self):
        for length in range(1, 9):
            value = (1 << 7 * length) - 2
            data = (value | 1 << 7 * length).to_bytes(length, "big")
            self.assertEqual(ebml.number(data), (value, length))


def box(kind, *contents):
    data = b"".join(contents)
    return struct.pack(">I", 8 + len(data)) + kind.encode() + data


def full_box(kind, *contents):
    return box(kind, bytes(4), *contents)


def timed_text(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def mp4_file(texts, deltas, edits=None, chunks=None, movie_scale=1000, scale=500, language="fra"):
    """A file with one tx3g track; chunks: samples per chunk (default: all in one)."""
    samples = [timed_text(text) for text in texts]
    chunks = chunks or [len(samples)]
    start = len(box("ftyp", b"isom")) + 8
    offsets, rest = [], list(samples)
    for count in chunks:
        offsets.append(start)
        start += sum(map(len, rest[:count]))
        rest = rest[count:]
    packed = 0
    for letter in language:
        packed = packed << 5 | ord(letter) - 0x60
    table = box("stbl",
                full_box("stsd", struct.pack(">I", 1), box("tx3g", bytes(38))),
                full_box("stts", struct.pack(f">I{2 * len(deltas)}I", len(deltas),
                                             *(n for d in deltas for n in (1, d)))),
                full_box("stsz", struct.pack(f">II{len(samples)}I", 0, len(samples),
                                             *map(len, samples))),
                full_box("stsc", struct.pack(f">I{3 * len(chunks)}I", len(chunks), *(
                    n for i, count in enumerate(chunks, 1) for n in (i, count, 1)))),
                full_box("stco", struct.pack(f">I{len(offsets)}I", len(offsets), *offsets)))
    media = box("mdia",
                full_box("mdhd", struct.pack(">IIIIHH", 0, 0, scale, sum(deltas), packed, 0)),
                full_box("hdlr", bytes(4), b"sbtl", bytes(13)),
                box("minf", table))
    edit_list = b"" if edits is None else box("edts", full_box(
        "elst", struct.pack(">I", len(edits)),
        *(struct.pack(">IiI", duration, time, 0x10000) for duration, time in edits)))
    movie = box("moov", full_box("mvhd", struct.pack(">IIII", 0, 0, movie_scale, 0), bytes(80)),
                box("trak", edit_list, media))
    return box("ftyp", b"isom") + box("mdat", *samples) + movie


class Mp4(unittest.TestCase):
    def test_reads_times_language_and_pauses(self):
        (track,) = mp4.subtitles(mp4_file(["one", "", "zwei"], [500, 250, 1000]))
        self.assertEqual((track.handler, track.format, track.language), ("sbtl", "tx3g", "fra"))
        self.assertEqual(track.cues(), [Cue(0, SECOND, "one"),
                                        Cue(1_500_000_000, 3_500_000_000, "zwei")])

    def test_an_empty_edit_moves_everything(self):
        (track,) = mp4.parse(mp4_file(["a", "b"], [500, 500], edits=[(2000, -1), (2000, 0)]))
        self.assertEqual(track.cues(), [Cue(2 * SECOND, 3 * SECOND, "a"),
                                        Cue(3 * SECOND, 4 * SECOND, "b")])

    def test_an_edit_cuts_both_ends(self):
        (track,) = mp4.parse(mp4_file(["a", "b", "c"], [500] * 3, edits=[(1500, 250)]))
        self.assertEqual(track.cues(), [Cue(0, SECOND // 2, "a"),
                                        Cue(SECOND // 2, 3 * SECOND // 2, "b")])

    def test_several_chunks(self):
        (track,) = mp4.parse(mp4_file(["a", "bb", "ccc"], [500] * 3, chunks=[2, 1]))
        self.assertEqual([cue.text for cue in track.cues()], ["a", "bb", "ccc"])

    def test_a_sample_of_no_duration_is_seen(self):
        (track,) = mp4.parse(mp4_file(["a", "b"], [0, 500]))
        self.assertEqual(track.cues()[0], Cue(0, 0, "a"))

    def test_refuses(self):
        good = mp4_file(["a"], [500])
        for name, data in {
                "a file that is cut off": good[:-1],
                "no movie": box("ftyp", b"isom"),
                "a fragmented file": box("moov", box("mvex")),
                "an edit at half rate": mp4_file(["a"], [500], edits=[(1000, 0)]).replace(
                    struct.pack(">IiI", 1000, 0, 0x10000), struct.pack(">IiI", 1000, 0, 0x8000)),
                "more samples than times": mp4_file(["a", "b"], [500]),
                "a time scale of 0": mp4_file(["a"], [500], scale=0),
        }.items():
            with self.subTest(name), self.assertRaises(ValueError):
                mp4.parse(data)

    def test_text_that_is_cut_off_is_no_cue(self):
        track = mp4.Track("sbtl", "tx3g", "und", 1, [mp4.Sample(0, 1, b"\0\5abc")])
        self.assertRaises(Malformed, track.cues)


if __name__ == "__main__":
    unittest.main(verbosity=2)
