#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Subtitle files and tracks hold exactly the cues that left the element."""
import subprocess

import downstream
import media
from downstream import MS, Q
from parsers import matroska, mp4, srt, webvtt

FPS = 10
FRAMES = downstream.DURATION_S * FPS
VIDEO = (f"videotestsrc pattern=black num-buffers={FRAMES} ! "
         f"video/x-raw,width=64,height=64,framerate={FPS}/1")


class Files(downstream.DownstreamTest):
    def cues(self, element="npuwhisper"):
        return f"filesrc location={self.tones} ! wavparse ! {element}"

    def out(self, name):
        return self.folder / name

    def test_srt(self):
        seen = self.probe(f"{self.cues()} ! srtenc ! filesink location={self.out('a.srt')}")
        self.assert_same_cues(seen.cues(), srt.parse(self.out("a.srt").read_bytes()))

    def test_webvtt_of_markup_is_valid(self):
        seen = self.probe(f"{self.cues()} ! text/x-raw,format=pango-markup ! webvttenc ! "
                          f"filesink location={self.out('a.vtt')}")
        self.assert_same_cues(seen.cues(), webvtt.parse(self.out("a.vtt").read_bytes()))

    def test_a_matroska_track_has_one_block_per_cue_and_no_other(self):
        self.needs("jpegenc")
        seen = self.probe(f"matroskamux name=m ! filesink location={self.out('a.mkv')} "
                          f"{VIDEO} ! jpegenc ! {Q} ! m.video_0  {self.cues()} ! m.subtitle_0")
        video, text = matroska.parse(self.out("a.mkv").read_bytes())
        self.assertEqual(len(video.blocks), FRAMES)
        self.assertEqual([block for block in text.blocks if not block.payload.strip()], [])
        self.assert_same_cues(seen.cues(time="running"), text.cues())
        self.assertEqual((text.codec, text.language), ("S_TEXT/UTF8", "eng"))
        self.assertTrue(text.name.startswith("Auto-generated"), text.name)
        self.assertTrue(all(gap["missing-data"] for gap in seen.of("gap", "src")))

    def test_the_language_reaches_the_matroska_track(self):
        self.probe(f"matroskamux name=m ! filesink location={self.out('a.mkv')} "
                   f"{self.cues('npuwhisper language-code=pt-BR')} ! m.subtitle_0")
        (text,) = matroska.parse(self.out("a.mkv").read_bytes())
        self.assertEqual(text.language, "por")

    def test_mp4_tracks_keep_starts_and_durations(self):
        self.needs("x264enc", "h264parse")
        for muxer in ("mp4mux", "qtmux"):
            with self.subTest(muxer=muxer):
                file = self.out(f"a.{muxer}")
                seen = self.probe(f"{muxer} name=m ! filesink location={file} "
                                  f"{VIDEO} ! x264enc tune=zerolatency ! h264parse ! {Q} ! m.video_0  "
                                  f"{self.cues()} ! m.subtitle_0")
                video, text = mp4.parse(file.read_bytes())
                self.assertEqual((video.format, video.count), ("avc1", FRAMES))
                self.assertEqual((text.format, text.language), ("tx3g", "eng"))
                self.assert_same_cues(seen.cues(time="running"), text.cues())
                self.assertTrue(all(sample.duration > 0 for sample in text.samples))

    def split(self, muxer, parse, text_tracks):
        """Cuts at each 15 s; the cues of all parts must be those that went in."""
        self.needs("splitmuxsink", "x264enc", "h264parse")
        seen = self.probe(f"splitmuxsink name=m muxer-factory={muxer} max-size-time={15 * 10**9} "
                          f"location={self.out('part%02d')} "
                          # Without this, 1.22 restarts the muxer between parts, and matroskamux stalls.
                          f"async-finalize=true "
                          f"{VIDEO} ! x264enc tune=zerolatency key-int-max=10 ! h264parse ! {Q} ! "
                          f"m.video  {self.cues()} ! m.subtitle_0")
        parts = [parse(part.read_bytes()) for part in sorted(self.folder.glob("part*"))]
        self.assertGreater(len(parts), 1)
        came_out = [cue for part in parts for track in text_tracks(part) for cue in track.cues()]
        went_in = seen.cues(time="running")
        self.assertEqual([cue.text for cue in came_out], [cue.text for cue in went_in])
        for given, found in zip(went_in, came_out):
            self.assertLessEqual(abs(given.end - given.start - found.end + found.start), MS)
        return parts

    def test_splitmuxsink_loses_no_cue_between_matroska_files(self):
        parts = self.split("matroskamux", matroska.parse,
                           lambda tracks: [t for t in tracks if t.type == matroska.SUBTITLE])
        frames = sum(len(track.blocks) for tracks in parts for track in tracks
                     if track.type == matroska.VIDEO)
        self.assertEqual(frames, FRAMES)

    def test_splitmuxsink_loses_no_cue_between_mp4_files(self):
        parts = self.split("mp4mux", mp4.parse,
                           lambda tracks: [t for t in tracks if t.format == "tx3g"])
        self.assertEqual(sum(track.count for tracks in parts for track in tracks
                             if track.format == "avc1"), FRAMES)

    def test_hls_segments_with_webvtt_beside_them(self):
        """hlssink2 has pads for audio and video only: the text becomes a file beside the playlist."""
        self.needs("hlssink2", "x264enc", "h264parse")
        pads = subprocess.run(["gst-inspect-1.0", "hlssink2"], capture_output=True, text=True).stdout
        self.assertNotIn("SINK template: 'subtitle", pads,
                         "hlssink2 takes text now: mux it, and correct docs/elements.md")
        seen = self.probe(f"hlssink2 name=h location={self.out('s%03d.ts')} target-duration=10 "
                          f"playlist-location={self.out('list.m3u8')} "
                          f"{VIDEO} ! x264enc tune=zerolatency key-int-max=10 ! h264parse ! {Q} ! "
                          f"h.video  {self.cues()} ! text/x-raw,format=pango-markup ! webvttenc ! "
                          f"filesink location={self.out('a.vtt')}")
        self.assert_same_cues(seen.cues(), webvtt.parse(self.out("a.vtt").read_bytes()))
        listed = [line for line in self.out("list.m3u8").read_text().splitlines()
                  if line.endswith(".ts")]
        self.assertEqual(len(listed), len(list(self.folder.glob("s*.ts"))))
        self.assertGreater(len(listed), 1)

    def test_messages_are_the_cues(self):
        seen = self.probe(f"{self.cues()} ! fakesink")
        messages = [(line["text"], line["stream"], line["duration"]) for line in seen.of("message")]
        self.assertEqual(messages, [(cue.text, cue.start, cue.end - cue.start)
                                    for cue in seen.cues(time="stream")])

    def test_two_webvtt_files_need_two_encoders(self):
        """What docs/elements.md says of webvttenc: its header comes once in its life."""
        seen = self.probe(f"{self.cues()} ! text/x-raw,format=pango-markup ! tee name=t "
                          f"t. ! queue ! webvttenc ! filesink location={self.out('a.vtt')} "
                          f"t. ! queue ! webvttenc ! filesink location={self.out('b.vtt')}")
        self.assertEqual(self.out("a.vtt").read_bytes(), self.out("b.vtt").read_bytes())
        self.assert_same_cues(seen.cues(), webvtt.parse(self.out("b.vtt").read_bytes()))


if __name__ == "__main__":
    media.main()
