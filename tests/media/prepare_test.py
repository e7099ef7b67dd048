#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The NPU's arithmetic on the CPU: precision=npu of a model that npuwhisper-models has prepared."""
import os
import re
import subprocess
import unittest
from pathlib import Path

import media
from media import launch, npusubtitle

COMMAND = Path(os.environ["NPUWHISPER_TEST_TOOLS"]) / "npuwhisper-models"
PIPELINE = f"npuwhisper model={media.MODEL} precision=npu language-code=en"


class Prepared(media.MediaTest):
    def setUp(self):
        super().setUp()
        self.environment = dict(os.environ, NPUWHISPER_PREPARED=str(self.folder / "prepared"))

    def models(self, *words):
        return subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True,
                              timeout=media.TIMEOUT_S, env=self.environment)

    def hear_jfk(self, check):
        return launch(f"-q filesrc location={media.jfk_wav()} ! decodebin ! {PIPELINE} ! fdsink",
                      check=check, env=self.environment)

    def test_the_element_names_the_command_that_prepares_the_model(self):
        done = self.hear_jfk(check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"expected a model prepared for the NPU's arithmetic, found none; "
                                      rf"run: npuwhisper-models prepare {re.escape(str(media.MODEL))}")
        done = npusubtitle("--precision=npu", media.jfk_wav(), "-o", self.folder / "jfk.srt",
                           env=self.environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("npuwhisper-models prepare", done.stderr)

    def test_a_prepared_model_transcribes(self):
        speech = [f"{media.jfk_wav()}:en", f"{media.DATA / 'speech' / 'fleurs-es.ogg'}:es"]
        done = self.models("prepare", media.MODEL, "--speech", *speech)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"prepared in \S+ \(\d+(\.\d+)? MB\), from 0:\d\d of speech in 2 languages")
        heard = media.words_of(self.hear_jfk(check=True).stdout)
        reference = media.words_of(media.JFK)
        self.assertLessEqual(media.edits(reference, heard), len(reference) // 10, heard)
        self.assertIn("current", self.models("prepared").stdout)

    def test_silence_is_no_speech(self):
        silence = media.DATA / "speech" / "silence-digital-30s.flac"
        done = self.models("prepare", media.MODEL, "--speech", f"{silence}:en")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("no speech was heard", done.stderr)
        self.assertFalse((self.folder / "prepared").exists())


if __name__ == "__main__":
    media.require_model()
    unittest.main(verbosity=2)
