#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands that the documentation shows: fenced blocks that begin with ```sh run.

Usage: readme_commands.py PAGE... Each page's blocks run one after another, with `set -e`, in a
temporary folder that holds talk.wav and talk.mp4 (with a picture); the first that fails is printed with its output.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import media

BLOCK = re.compile(r"^```sh run[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def prepare(folder):
    shutil.copyfile(media.jfk_wav(), folder / "talk.wav")
    if media.has_element("avenc_aac", "x264enc", "mp4mux"):
        media.launch(f"mp4mux name=m ! filesink location={folder}/talk.mp4 "
                     f"filesrc location={folder}/talk.wav ! wavparse ! audioconvert ! avenc_aac ! "
                     f"queue max-size-time=0 ! m. "
                     f"videotestsrc num-buffers=110 ! video/x-raw,width=160,height=120,framerate=10/1 ! "
                     f"x264enc ! h264parse ! m.")


def environment(folder):
    """Commands are found in the build tree, and the model under its name."""
    tools = [str(Path(media.NPUSUBTITLE).parent)]
    tools += os.environ.get("NPUWHISPER_TEST_TOOLS", "").split(":")
    models = folder / "models"
    models.mkdir()
    (models / "base").symlink_to(media.MODEL)
    return dict(os.environ, PATH=":".join(filter(None, tools)) + ":" + os.environ["PATH"],
                NPUWHISPER_MODELS=str(models))


def run_page(page):
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="npuwhisper-docs-") as name:
        folder = Path(name)
        prepare(folder)
        env = environment(folder)
        for number, block in enumerate(blocks, 1):
            done = subprocess.run(["sh", "-e", "-c", block], cwd=folder, env=env, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=media.TIMEOUT_S)
            print(f"{page.name}, block {number}: exit {done.returncode}")
            if done.returncode != 0:
                sys.exit(f"{block}\n{done.stdout}")
    return len(blocks)


def main():
    media.require_model()
    pages = [Path(page) for page in sys.argv[1:]]
    if sum(run_page(page) for page in pages if page.exists()) == 0:
        media.skip("no block in these pages is marked to be run")


main()
