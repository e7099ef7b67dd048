#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The README's pictures can be made: a caption in a frame, and a bar in a terminal."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import media


class Screenshots(media.MediaTest):
    def grey(self, picture):
        """The brightness of each pixel, in lines."""
        done = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height",
                               "-of", "csv=p=0", picture], capture_output=True, text=True, check=True)
        width, height = map(int, done.stdout.strip().split(","))
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", picture, "-f", "rawvideo", "-pix_fmt",
                              "gray", "-"], capture_output=True, check=True).stdout
        self.assertEqual(len(raw), width * height)
        return [raw[at:at + width] for at in range(0, len(raw), width)]

    def white_in(self, lines):
        return sum(pixel > 200 for line in lines for pixel in line)

    def test_are_made_by_their_script(self):
        if not shutil.which("ffmpeg"):
            self.skipTest("needs ffmpeg")
        self.needs("x264enc", "avenc_aac", "mp4mux", "textoverlay")
        tools = str(Path(media.NPUSUBTITLE).parent)
        script = Path(os.environ["NPUWHISPER_SCREENSHOTS"])
        env = dict(os.environ, PATH=tools + ":" + os.environ["PATH"],
                   NPUWHISPER_MODELS=str(media.MODEL.parent))
        subprocess.run([sys.executable, script, self.folder], env=env, check=True,
                       timeout=media.TIMEOUT_S)
        caption = self.grey(self.folder / "caption.png")
        self.assertEqual((len(caption[0]), len(caption)), (640, 360))
        self.assertGreater(self.white_in(caption[240:]), 1000)
        self.assertEqual(self.white_in(caption[:180]), 0)
        progress = self.grey(self.folder / "progress.png")
        self.assertGreater(self.white_in(progress), 500)
        for name in ("caption.png", "progress.png"):
            self.assertLess((self.folder / name).stat().st_size, 100_000)


if __name__ == "__main__":
    media.require_model()
    media.main()
