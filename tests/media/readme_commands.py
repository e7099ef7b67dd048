#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands that the documentation shows.

Usage: readme_commands.py PAGE... Each of a page's fenced blocks runs in a folder of its own with the
media of prepare(); the first that fails is printed with its output.
```sh run        commands, with `set -e`
```console run   lines that begin with "$ " are commands; what they print must be what the page
                 shows below them, but for progress and what differs from machine to machine
"""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import media

BLOCK = re.compile(r"^```(sh|console) run[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"(\d+/\d+ \S+ )? *\d+ %  .*|(embedding|burning)  .*")
# Where the model lies and what computes, how sure and how fast it was.
VARIABLE = ((re.compile(r"^Loaded \S+/base \(.*"), "Loaded base"),
            (re.compile(r"detected, \d+ %"), "detected"),
            (re.compile(r" in \d+:\d\d \(\d+\.\d+x real time\)"), ""))
TIME = re.compile(r"\d\d:\d\d:\d\d[.,]\d{3}")
# Instruction sets round differently, which moves a time by a position of the encoder or two.
TIME_TOLERANCE_S = 0.041
END_OF_OUTPUT = "\x1e"


def prepare(folder):
    talk, flac = folder / "talk.wav", folder / "speech.flac"
    shutil.copyfile(media.jfk_wav(), talk)
    shutil.copyfile(media.DATA / "speech" / "fleurs-es.ogg", folder / "interview.ogg")
    media.launch(f"filesrc location={talk} ! wavparse ! flacenc ! filesink location={flac}")
    media.launch("videotestsrc num-buffers=20 ! theoraenc ! oggmux ! "
                 f"filesink location={folder}/slides.ogv")
    media.launch(f"mp4mux name=m ! filesink location={folder}/talk.mp4 "
                 f"filesrc location={talk} ! wavparse ! audioconvert ! avenc_aac ! "
                 f"queue max-size-time=0 ! m. "
                 f"videotestsrc num-buffers=110 ! video/x-raw,width=160,height=120,framerate=10/1 ! "
                 f"x264enc ! h264parse ! m.")
    with wave.open(str(talk)) as once, wave.open(str(folder / "lecture.wav"), "wb") as lecture:
        lecture.setparams(once.getparams())
        samples = once.readframes(once.getnframes())
        for _ in range(60):
            lecture.writeframes(samples)
    (folder / "videos").mkdir()
    shutil.copyfile(folder / "talk.mp4", folder / "videos" / "monday.mp4")
    shutil.copyfile(folder / "interview.ogg", folder / "videos" / "tuesday.ogg")


def environment(folder):
    """Commands are found in the build tree, and the models under their names."""
    tools = [str(Path(media.NPUSUBTITLE).parent)]
    tools += os.environ.get("NPUWHISPER_TEST_TOOLS", "").split(":")
    models = folder / "models"
    models.mkdir()
    (models / "base").symlink_to(media.MODEL)
    detector = media.MODEL.parent / "silero-vad"
    if detector.exists():
        (models / "silero-vad").symlink_to(detector)
    return dict(os.environ, PATH=":".join(filter(None, tools)) + ":" + os.environ["PATH"],
                NPUWHISPER_MODELS=str(models), NPUWHISPER_PREPARED=str(folder / "prepared"))


def run(words, folder, env):
    return subprocess.run(words, cwd=folder, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=2 * media.TIMEOUT_S)


def run_script(block, folder, env):
    done = run(["sh", "-e", "-c", block], folder, env)
    if done.returncode != 0:
        sys.exit(f"{block}\n{done.stdout}")


def steady(command, text):
    """The lines that are the same on every machine; of files that are heard side by side, sorted."""
    lines = [line for line in text.splitlines() if not PROGRESS.fullmatch(line)]
    for pattern, replacement in VARIABLE:
        lines = [pattern.sub(replacement, line) for line in lines]
    return sorted(lines) if "--jobs" in command else lines


def is_same(shown, printed):
    """Whether two lines are the same, but for little in their times."""
    times = [[media.seconds(time) for time in TIME.findall(line)] for line in (shown, printed)]
    return (TIME.sub("", shown) == TIME.sub("", printed) and
            all(abs(a - b) < TIME_TOLERANCE_S for a, b in zip(*times, strict=True)))


def run_session(block, folder, env):
    """Each command in turn, in one shell; a command may ask for `$?` of the one before it."""
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    script = "".join(f"{command}\nstatus=$?; printf '\\036'; (exit $status)\n"
                     for command, _ in steps)
    outputs = run(["bash", "-c", script], folder, env).stdout.split(END_OF_OUTPUT)
    for (command, shown), printed in zip(steps, outputs):
        expected, found = steady(command, shown), steady(command, printed)
        if len(expected) != len(found) or not all(map(is_same, expected, found)):
            difference = "\n".join(difflib.unified_diff(expected, found, "in the page", "printed",
                                                        lineterm=""))
            sys.exit(f"$ {command}\n{difference}\n--- all of it\n{printed}")


def run_page(page):
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="npuwhisper-docs-") as name:
        media_folder = Path(name) / "media"
        media_folder.mkdir()
        prepare(media_folder)
        env = environment(Path(name))
        for number, (kind, block) in enumerate(blocks, 1):
            folder = Path(name) / str(number)
            shutil.copytree(media_folder, folder)
            (run_script if kind == "sh" else run_session)(block, folder, env)
            print(f"{page.name}, block {number}: as shown")
    return len(blocks)


def main():
    media.require_model()
    needed = ("avenc_aac", "x264enc", "mp4mux", "flacenc", "theoraenc", "oggmux", "opusdec")
    if not media.has_element(*needed):
        media.skip(f"GStreamer has not all of {', '.join(needed)}")
    pages = [Path(page) for page in sys.argv[1:]]
    if sum(run_page(page) for page in pages if page.exists()) == 0:
        media.skip("no block in these pages is marked to be run")


main()
