#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pipelines that people paste: subtitles beside a file, what comes out, live, player, errors."""
import re
import time

import media
from media import launch, read_srt


class Pipelines(media.MediaTest):
    def whisper(self):
        return f"npuwhisper model={media.MODEL} language-code=en"

    def test_srt_and_webvtt_beside_a_matroska_file(self):
        self.needs("matroskamux", "flacenc")
        video = self.folder / "in.mkv"
        launch(f"filesrc location={media.jfk_wav()} ! wavparse ! flacenc ! matroskamux ! "
               f"filesink location={video}")
        srt, vtt = self.folder / "out.srt", self.folder / "out.vtt"
        launch(f"filesrc location={video} ! decodebin ! {self.whisper()} ! srtenc ! "
               f"filesink location={srt}")
        self.assert_says(read_srt(srt), media.JFK)
        launch(f"filesrc location={video} ! decodebin ! {self.whisper()} ! webvttenc ! "
               f"filesink location={vtt}")
        self.assertIn("my fellow Americans", vtt.read_text().replace("\n", " "))

    def test_cues_and_gaps_cover_the_stream_in_order(self):
        done = launch(f"-v filesrc location={media.jfk_wav()} ! wavparse ! {self.whisper()} ! "
                      "fakesink silent=false sync=false")
        position = 0.0
        cues = 0
        for line in done.stdout.splitlines():
            gap = re.search(r"GstEventGap, timestamp=\(guint64\)(\d+), duration=\(guint64\)(\d+)",
                            line)
            cue = re.search(r"chain .* pts: ([\d:.]+), duration: ([\d:.]+),", line)
            if gap:
                start, length = int(gap[1]) / 1e9, int(gap[2]) / 1e9
                self.assertLessEqual(length, 0.5)
                self.assertIn("GST_GAP_FLAG_MISSING_DATA", line)
            elif cue:
                start, length = media.seconds(cue[1]), media.seconds(cue[2])
                self.assertGreater(length, 0)
                cues += 1
            else:
                continue
            self.assertAlmostEqual(start, position, delta=1e-6)
            position = start + length
        self.assertGreater(cues, 0)
        self.assertAlmostEqual(position, 11.0, delta=0.5)
        self.assertIn("language-code=(string)en", done.stdout.replace("\\", ""))

    def test_live_captions_end_with_the_stream(self):
        self.needs("textoverlay", "videotestsrc", "audiotestsrc")
        began = time.monotonic()
        launch("videotestsrc is-live=true num-buffers=300 ! "
               "video/x-raw,width=320,height=240,framerate=30/1 ! "
               "queue max-size-time=12000000000 max-size-bytes=0 max-size-buffers=0 ! "
               "o.video_sink audiotestsrc is-live=true num-buffers=430 ! queue ! "
               f"{self.whisper()} latency=2000 ! o.text_sink textoverlay name=o ! videoconvert ! "
               "fakesink sync=true")
        print(f"10 s of live video took {time.monotonic() - began:.1f} s")

    def test_cues_reach_a_player_as_messages(self):
        self.needs("playbin3")
        done = launch(["-m", "playbin3", f"uri={media.jfk_wav().as_uri()}",
                       "audio-sink=fakesink sync=false", "video-sink=fakesink",
                       "audio-filter=tee name=t ! queue max-size-time=0 max-size-bytes=0 "
                       f"max-size-buffers=0 ! identity  t. ! queue ! {self.whisper()} ! "
                       "fakesink sync=false async=false"])
        texts = re.findall(r'npuwhisper/cue, text=\(string\)("(?:[^"\\]|\\.)*"|\w+)', done.stdout)
        # A cue of two lines: gst-launch prints the line break as an octal escape.
        text = " ".join(texts).replace("\\012", " ").replace("\\", "")
        self.assertEqual(media.words_of(text), media.words_of(media.JFK))

    def test_a_wrong_model_is_an_error_not_a_hang(self):
        began = time.monotonic()
        done = launch("audiotestsrc is-live=true ! npuwhisper model=missing.bin ! fakesink",
                      check=False, timeout=30)
        took = time.monotonic() - began
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("missing.bin", done.stderr)
        print(f"refused after {took:.2f} s, gst-launch's start included")


if __name__ == "__main__":
    media.require_model()
    media.main()
