#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of docs/examples run as they are and do what their headers say."""
import os
import subprocess
import sys
from pathlib import Path

import media
from parsers import matroska, mp4

SOURCES = Path(os.environ["NPUWHISPER_EXAMPLES_SOURCE"])
PROGRAMS = Path(os.environ["NPUWHISPER_EXAMPLES_BUILD"])
WIDTH, HEIGHT, FPS, SECONDS = 480, 270, 10, 12  # a second longer than the speech


class Examples(media.MediaTest):
    def setUp(self):
        super().setUp()
        self.needs("x264enc", "avenc_aac", "avdec_aac", "avdec_h264", "mp4mux", "matroskamux")
        self.film = self.folder / "in.mp4"
        media.launch(f"mp4mux name=m ! filesink location={self.film} "
                     f"filesrc location={media.jfk_wav()} ! wavparse ! audioconvert ! avenc_aac ! "
                     f"queue max-size-time=0 ! m. "
                     f"videotestsrc pattern=black num-buffers={SECONDS * FPS} ! "
                     f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1 ! "
                     f"x264enc tune=zerolatency ! h264parse ! m.")

    def run_example(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              timeout=media.TIMEOUT_S)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def assert_lines_are_cues(self, output):
        cues = [line.split("\t") for line in output.splitlines()]
        cues = [(float(start), float(end), text) for start, end, text in cues]
        self.assert_says(cues, media.JFK)
        for start, end, _ in cues:
            self.assertTrue(0 <= start < end <= SECONDS)

    def test_collect_cues(self):
        self.assert_lines_are_cues(self.run_example(PROGRAMS / "collect_cues", self.film,
                                                    media.MODEL))

    def test_collect_cues_says_what_is_wrong(self):
        done = subprocess.run([PROGRAMS / "collect_cues", self.folder / "missing.mp4"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("missing.mp4", done.stderr + done.stdout)

    def test_captions_in_python(self):
        for python in (sys.executable, "/usr/bin/python3"):
            has_gi = subprocess.run([python, "-c", "import gi; gi.require_version('Gst', '1.0')"],
                                    capture_output=True).returncode == 0
            if has_gi:
                return self.assert_lines_are_cues(self.run_example(
                    python, SOURCES / "captions.py", self.film, media.MODEL))
        self.skipTest("no Python has gi and Gst (python3-gi, gir1.2-gstreamer-1.0)")

    def test_remux(self):
        self.run_example(SOURCES / "remux.sh", self.film, self.folder / "out.mkv", media.MODEL)
        (text,) = matroska.subtitles((self.folder / "out.mkv").read_bytes())
        self.assert_says([(0, 0, cue.text) for cue in text.cues()], media.JFK)
        self.assertEqual(text.language, "eng")
        self.run_example(SOURCES / "remux.sh", self.film, self.folder / "out.mp4", media.MODEL)
        (track,) = mp4.subtitles((self.folder / "out.mp4").read_bytes())
        self.assertEqual([(c.start // 10**6, c.text) for c in track.cues()],
                         [(c.start // 10**6, c.text) for c in text.cues()])

    def bright_frames(self, raw):
        """Of pictures in GRAY8: whether each has text on it."""
        size = WIDTH * HEIGHT
        self.assertEqual(len(raw) % size, 0)
        return [max(raw[at:at + size]) > 128 for at in range(0, len(raw), size)]

    def assert_captions_are_in_the_picture(self, raw):
        bright = self.bright_frames(raw)
        self.assertEqual(len(bright), SECONDS * FPS)
        # The sentence lasts from before 1 s to after 10 s, with pauses of less than a second.
        self.assertGreater(sum(bright), 70)
        self.assertFalse(bright[-1])

    def test_burn_in(self):
        self.needs("textoverlay")
        burnt, frames = self.folder / "out.mkv", self.folder / "frames.gray"
        self.run_example(SOURCES / "burn_in.sh", self.film, burnt, media.MODEL)
        media.launch(f"filesrc location={burnt} ! matroskademux ! h264parse ! avdec_h264 ! "
                     f"videoconvert ! video/x-raw,format=GRAY8 ! filesink location={frames}")
        self.assert_captions_are_in_the_picture(frames.read_bytes())

    def test_player(self):
        self.needs("textoverlay", "playbin3")
        frames = self.folder / "frames.gray"
        # Queues of 9 s, for a film that is longer: they must be large enough.
        self.run_example(PROGRAMS / "player", "--model", media.MODEL, "--max-lag", "2000",
                         "--audio-sink", "fakesink sync=false", "--video-sink",
                         "videoconvert ! video/x-raw,format=GRAY8 ! "
                         f"filesink location={frames} sync=false", self.film)
        self.assert_captions_are_in_the_picture(frames.read_bytes())


if __name__ == "__main__":
    media.require_model()
    media.main()
