# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the media tests share: where things are, how pipelines run, how texts are compared.

The environment comes from meson: NPUWHISPER_TEST_MODEL, _DATA, _CORPUS, NPUSUBTITLE (the command),
GST_PLUGIN_PATH. Exit status 77 means skipped, with the reason printed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIMEOUT_S = 240
# JFK's sentence, as the reference transcribes it.
JFK = ("And so my fellow Americans ask not what your country can do for you, "
       "ask what you can do for your country.")

# Containers of audio that begins late, and how ffmpeg is to encode it.
LATE_KINDS = {"mkv": ["-c:a", "flac"], "mp4": ["-c:a", "aac"], "ts": ["-c:a", "aac"]}


def folder_from(name):
    value = os.environ.get(name, "")
    return Path(value) if value else None


def find_model():
    model = folder_from("NPUWHISPER_TEST_MODEL")
    if not model:
        data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
        model = Path(data) / "npuwhisper" / "models" / "base"
    return model if (model / "model.bin").exists() else None


MODEL = find_model()
DATA = folder_from("NPUWHISPER_TEST_DATA")
CORPUS = folder_from("NPUWHISPER_TEST_CORPUS")
NPUSUBTITLE = os.environ.get("NPUSUBTITLE", "npusubtitle")


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def require_model():
    if not MODEL:
        skip("the base model is not there (npuwhisper-models fetch base)")


def has_element(*names):
    return all(subprocess.run(["gst-inspect-1.0", "--exists", name]).returncode == 0
               for name in names)


def jfk_wav():
    return DATA / "speech" / "jfk.wav"


def launch(description, check=True, timeout=TIMEOUT_S, **options):
    """Runs gst-launch-1.0 on words (a string is split at blanks)."""
    words = description.split() if isinstance(description, str) else description
    done = subprocess.run(["gst-launch-1.0", *words], capture_output=True, text=True,
                          timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"gst-launch-1.0 {' '.join(words)}\nexit {done.returncode}\n"
                             f"{done.stdout}\n{done.stderr}")
    return done


def npusubtitle(*arguments, timeout=TIMEOUT_S, model=True, **options):
    words = [NPUSUBTITLE, *(["--model", str(MODEL)] if model else []), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, **options)


def words_of(text):
    return re.sub(r"[^\w' ]", " ", text.lower()).split()


def edits(reference, hypothesis):
    """Substitutions, insertions and deletions between two word lists."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, found in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1,
                                           diagonal + (expected != found))
    return row[-1]


def seconds(clock):
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def read_srt(path):
    """[(start, end, text)]; fails on anything that is not strict SubRip."""
    content = Path(path).read_bytes().decode("utf-8")
    assert not content.startswith("\ufeff") and "\r" not in content
    cues = []
    for number, block in enumerate(filter(None, content.strip("\n").split("\n\n")), 1):
        lines = block.split("\n")
        match = re.fullmatch(r"(\d+:\d\d:\d\d,\d{3}) --> (\d+:\d\d:\d\d,\d{3})", lines[1])
        assert lines[0] == str(number) and match and len(lines) > 2, block
        cues.append((seconds(match[1]), seconds(match[2]), " ".join(lines[2:])))
    for (start, end, _), following in zip(cues, cues[1:] + [None]):
        assert start < end and (following is None or end <= following[0]), cues
    return cues


def text_of(cues):
    return " ".join(text for _, _, text in cues)


class MediaTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="npuwhisper-media-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def assert_says(self, cues, expected, most_errors=0.0):
        reference, found = words_of(expected), words_of(text_of(cues))
        rate = edits(reference, found) / len(reference)
        self.assertLessEqual(rate, most_errors, f"expected: {expected}\nfound: {text_of(cues)}")

    def late_jfk(self, kind):
        """JFK, 5 s after the picture begins; written by other people's software. The container
        decides by what means the audio is late."""
        if not shutil.which("ffmpeg"):
            self.skipTest("needs ffmpeg to write audio that begins late")
        path = self.folder / f"late-{kind}.{kind}"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=16",
             "-itsoffset", "5", "-i", str(jfk_wav()), "-map", "0:v", "-map", "1:a", "-c:v",
             "mpeg4", *LATE_KINDS[kind], str(path)], check=True)
        return path

    def needs(self, *elements):
        missing = [name for name in elements if not has_element(name)]
        if missing:
            self.skipTest("GStreamer has no " + ", ".join(missing))


def main():
    unittest.main(verbosity=2)
