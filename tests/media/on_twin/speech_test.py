#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whisper base on speech with device=npu on the twin: the words, times and probabilities of precision=npu on
the CPU. Run by on_twin.py. usage: speech_test.py CLIP... (of the corpus's speech folder)"""
import json
import os
import pathlib
import sys
import time

import media

PROPERTIES = os.environ["NPUWHISPER_TEST_PROPERTIES"].replace("max-tokens=12", "")


def transcribe(clip, device):
    began = time.monotonic()
    done = media.launch(f"-q filesrc location={clip} ! decodebin ! npuwhisper {PROPERTIES} device={device} "
                        "language-code=en output-mode=words ! application/x-json ! fdsink", timeout=3600)
    words = [json.loads(line) for line in done.stdout.splitlines()]
    print(f"{clip.name} on {device}: {time.monotonic() - began:.0f} s,"
          f" {' '.join(word['text'] for word in words)}", flush=True)
    return words


def main():
    folder = pathlib.Path(os.environ["NPUWHISPER_TEST_CORPUS"]) / "speech"
    for clip in sys.argv[1:]:
        on_cpu, on_npu = (transcribe(folder / clip, device) for device in ("cpu", "npu"))
        if not on_cpu or on_npu != on_cpu:
            print(f"expected what the CPU gives, {on_cpu}, found {on_npu}")
            return 1
    return 0


sys.exit(main())
