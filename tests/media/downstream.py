# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests through downstream elements share: an input, pipelines that write down what passes,
and the comparison of the cues that went in with those that a file holds.

Most run npuwhisper with the scripted engine (tests/support/scripted_engine.h), because what is tested
is not what was said but where it goes: each stretch of tone becomes a line of TEXTS.
"""
import array
import html
import json
import math
import os
import re
import subprocess
import wave
from dataclasses import dataclass

import media
from parsers.cue import Cue

PROBE = os.environ.get("PIPELINE_PROBE", "pipeline_probe")
Q = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0"
MS = 10**6

# Seconds of tone. Silence before and after, pauses of many lengths, more than a window of 30 s.
STRETCHES = [(1, 2.4), (2.7, 4.2), (4.75, 6.5), (9, 14.5), (15.5, 16.1), (21, 24.2), (31.2, 33),
             (40, 41.5)]
DURATION_S = 45
# What a file format or a renderer may trip on. A line of more than two lines' length, too.
TEXTS = [
    "Tom & Jerry's 1 < 2, and 3 --> 4 > 2.",
    "Quotes \"double\" & 'single' &amp; <i>not italic</i>.",
    "Good morning.\\nTwo lines.",
    "This sentence goes on and on, as speakers do when no one stops them, so that it fills more than "
    "one cue of two lines.",
    "日本語の字幕です。",
    "مرحبا بكم في هذا الفيلم.",
    "Ça va, Zoë? 👩‍👩‍👧 naïve e\u0301",
    "The end.",
]


@dataclass
class Observed:
    """What pipeline_probe wrote down."""
    lines: list
    status: int
    stderr: str

    def of(self, kind, pad=None):
        return [line for line in self.lines
                if line["kind"] == kind and (pad is None or line.get("pad") == pad)]

    def cues(self, pad="src", time="pts"):
        """The cues that left a pad, in its time stamps, `running` or `stream` time."""
        caps = self.of("caps", pad)
        markup = bool(caps) and "pango-markup" in caps[-1]["caps"]
        return [Cue(line[time], line[time] + line["duration"],
                    plain_of_markup(line["text"]) if markup else line["text"])
                for line in self.of("cue", pad)]

    def frames(self, at="frames"):
        return [line for line in self.of("frame") if line["at"] == at]


def plain_of_markup(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def write_tones(path, stretches=None, seconds=DURATION_S, rate=16000):
    """A WAV file, 16 bit mono, with a tone of 200 Hz in the stretches."""
    period = array.array("h", (int(9000 * math.sin(2 * math.pi * i * 200 / rate))
                               for i in range(rate // 200)))
    samples = array.array("h", bytes(2 * int(seconds * rate)))
    for start, end in stretches or STRETCHES:
        first, count = round(start * rate), round((end - start) * rate)
        tone = (period * (count // len(period) + 1))[:count]
        samples[first:first + count] = tone
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


class DownstreamTest(media.MediaTest):
    """A test with an input of tones, `self.tones`, and the scripted element."""
    scripted = True

    def setUp(self):
        super().setUp()
        self.tones = write_tones(self.folder / "tones.wav")
        self.texts = self.folder / "texts.txt"
        self.texts.write_text("\n".join(TEXTS), encoding="utf-8")

    def probe(self, description, status=0, timeout_s=60, window_s=30):
        """Runs a pipeline to its end; it must exit with `status`."""
        words = [PROBE, f"--timeout-s={timeout_s}"]
        if self.scripted:
            words += [f"--scripted={self.texts}", f"--window-s={window_s}"]
        done = subprocess.run([*words, description], capture_output=True, text=True,
                              timeout=timeout_s + 30)
        self.assertEqual(done.returncode, status, f"{description}\n{done.stderr}")
        return Observed([json.loads(line) for line in done.stdout.splitlines()], done.returncode,
                        done.stderr)

    def assert_same_cues(self, went_in, came_out, within_ms=1):
        """Both are lists of Cue: the same texts, starts and ends."""
        self.assertEqual([cue.text for cue in came_out], [cue.text for cue in went_in])
        self.assertTrue(went_in, "no cue went in")
        for given, found in zip(went_in, came_out):
            for what in ("start", "end"):
                self.assertLessEqual(abs(getattr(found, what) - getattr(given, what)),
                                     within_ms * MS, f"{what}: {given} became {found}")
