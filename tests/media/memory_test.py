#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long speech in bounded memory: the resident size does not grow after the first five minutes.

Usage: memory_test.py SECONDS [FILE]. Loops FILE (or the corpus' 497 s clip, or jfk.wav).
"""
import re
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import media

WARM_UP_S = 300
MOST_GROWTH_MB = 20


def resident_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000


def looped(clip, length_s, folder):
    """16 kHz mono WAV of `length_s` of `clip` over and over."""
    once = folder / "once.wav"
    media.launch(f"filesrc location={clip} ! decodebin ! audioconvert ! audioresample ! "
                 f"audio/x-raw,format=S16LE,rate=16000,channels=1 ! wavenc ! filesink location={once}")
    with wave.open(str(once)) as source:
        frames = source.readframes(source.getnframes())
    left = length_s * 16000 * 2
    path = folder / "looped.wav"
    with wave.open(str(path), "wb") as target:
        target.setparams((1, 2, 16000, 0, "NONE", ""))
        while left > 0:
            target.writeframes(frames[:left])
            left -= len(frames)
    return path


def main():
    media.require_model()
    length_s = int(sys.argv[1])
    clip = media.jfk_wav()
    if media.CORPUS:
        clip = media.CORPUS / "speech/en-long/librispeech-5639-40744-joined.flac"
    if len(sys.argv) > 2:
        clip = Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="npuwhisper-memory-") as name:
        path = looped(clip, length_s, Path(name))
        process = subprocess.Popen(
            ["gst-launch-1.0", "-v", *f"filesrc location={path} ! wavparse ! npuwhisper "
             f"model={media.MODEL} language-code=en ! fakesink silent=false sync=false".split()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        samples = []
        began = time.monotonic()
        next_s = WARM_UP_S / 5
        for line in process.stdout:
            found = re.search(r"timestamp=\(guint64\)(\d+)|pts: (\d+:\d+:[\d.]+)", line)
            if not found:
                continue
            position_s = int(found[1]) / 1e9 if found[1] else media.seconds(found[2])
            if position_s < next_s:
                continue
            next_s = position_s + WARM_UP_S / 5
            samples.append((position_s, resident_mb(process.pid)))
            print(f"{position_s:6.0f} s of audio: {samples[-1][1]:7.1f} MB", flush=True)
        code = process.wait()
        took_s = time.monotonic() - began
        print(f"{length_s} s in {took_s:.0f} s: {length_s / took_s:.1f} x real time")
    warm = [size for position_s, size in samples if position_s >= WARM_UP_S]
    if code != 0 or len(warm) < 2:
        sys.exit(f"exit {code}, {len(warm)} samples after {WARM_UP_S} s")
    growth = max(warm) - warm[0]
    print(f"growth after {WARM_UP_S} s: {growth:.1f} MB (limit {MOST_GROWTH_MB})")
    sys.exit(0 if growth < MOST_GROWTH_MB else 1)


main()
