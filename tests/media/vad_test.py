#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Voice activity detection in whole pipelines: nothing for silence and noise, everything for speech."""
import os
import re
import struct
import unittest
import wave
from pathlib import Path

import media
from media import launch

RATE = 16000


def has_detector():
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    models = os.environ.get("NPUWHISPER_MODELS") or Path(data) / "npuwhisper" / "models"
    return (Path(models) / "silero-vad").exists()


class Vad(media.MediaTest):
    def setUp(self):
        super().setUp()
        if not has_detector():
            self.skipTest("the detector is not there (npuwhisper-models fetch silero-vad)")

    def write(self, name, samples):
        path = self.folder / name
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(samples)
        return path

    def play(self, path, options=""):
        """(stdout, [messages npuwhisper/...] as (name, structure))"""
        done = launch(f"-m filesrc location={path} ! decodebin ! npuwhisper model={media.MODEL} "
                      f"language-code=en {options} ! fakesink sync=false", timeout=600)
        return re.findall(r"npuwhisper/([a-z-]+), ([^\n]*);", done.stdout)

    def speech(self):
        with wave.open(str(media.jfk_wav())) as clip:
            return clip.readframes(clip.getnframes())

    def test_speech_between_silence_and_noise_is_found_in_its_place(self):
        noise = struct.pack(f"<{60 * RATE}h", *((i * 7919 % 65 - 32) for i in range(60 * RATE)))
        path = self.write("between.wav", bytes(60 * RATE * 2) + self.speech() + noise)
        messages = self.play(path, "vad=on")
        names = [name for name, _ in messages if name != "language"]
        self.assertEqual(names.count("speech-start"), names.count("speech-end"))
        self.assertGreaterEqual(names.count("speech-start"), 1)
        cues = [fields for name, fields in messages if name == "cue"]
        self.assertTrue(cues)
        for name, fields in messages:
            if name not in ("cue", "speech-start", "speech-end"):
                continue
            start = int(re.search(r"stream-time=\(guint64\)(\d+)", fields).group(1)) / 1e9
            self.assertGreaterEqual(start, 59.7, fields)
            self.assertLessEqual(start, 71.5, fields)
        said = " ".join(re.search(r'text=\(string\)("(?:[^"\\]|\\.)*"|\S+?)(?:,|$)', fields).group(1)
                        for fields in cues)
        self.assertIn("your country", said.replace("\\", ""))

    def test_silence_gives_gaps_and_no_cue(self):
        path = self.write("silence.wav", bytes(40 * RATE * 2))
        done = launch(f"-v filesrc location={path} ! wavparse ! npuwhisper model={media.MODEL} vad=on "
                      "! fakesink silent=false sync=false", timeout=600)
        self.assertNotIn("npuwhisper/cue", done.stdout)
        gaps = re.findall(r"event +\*+ .*?gap.*?timestamp=\(guint64\)(\d+), duration=\(guint64\)(\d+)",
                          done.stdout)
        self.assertGreaterEqual(len(gaps), 80)
        self.assertLessEqual(max(int(duration) for _, duration in gaps), 500_000_000)

    def test_clips_without_speech_give_no_word(self):
        folder = media.CORPUS / "speech" / "nonspeech" if media.CORPUS else None
        if not folder or not folder.exists():
            self.skipTest("needs the corpus (-Dcorpus=PATH)")
        for path in sorted(folder.iterdir()):
            with self.subTest(path.name):
                self.assertEqual([fields for name, fields in self.play(path, "vad=on")
                                  if name == "cue"], [])


if __name__ == "__main__":
    media.require_model()
    media.main()
