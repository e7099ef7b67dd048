#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How npuwhisper's time and memory grow with the length of a file and the number of threads.

  scaling.py --build BUILD --corpus CORPUS [--seconds S...] [--threads N...]

Speech of the corpus is repeated to files of each length. Printed are seconds of computing per hour of
audio, which must not grow with the length, and the peak of resident memory.
"""
import argparse
import json
import os
import subprocess
import tempfile
import wave
from pathlib import Path

from contenders import run

RATE, BYTES = 16000, 2
CLIP = "en-long/librispeech-5639-40744-joined.flac"
SECONDS = (10, 60, 600, 3600, 7200)


def samples_of(clip):
    """The clip as 16 bit samples at 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".raw") as raw:
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={clip}", "!", "decodebin", "!",
                        "audioconvert", "!", "audioresample", "!",
                        f"audio/x-raw,format=S16LE,channels=1,rate={RATE}", "!", "filesink",
                        f"location={raw.name}"], check=True)
        return Path(raw.name).read_bytes()


def write_wave(path, samples, seconds):
    missing = seconds * RATE * BYTES
    with wave.open(str(path), "wb") as output:
        output.setparams((1, BYTES, RATE, 0, "NONE", ""))
        while missing > 0:
            part = samples[:missing]
            output.writeframes(part)
            missing -= len(part)


def measure(arguments, path, threads, mode):
    command = [arguments.build / "gst/subtitle/npusubtitle", "--model", arguments.model, "--device=cpu",
               f"--threads={threads}", "-l", "en", f"--set=mode={mode}", "--profile", "--json", path]
    plugins = [str(arguments.build / "gst"), os.environ.get("GST_PLUGIN_PATH", "")]
    output, _, _, cpu_s, peak_mb = run(command, threads,
                                       {"GST_PLUGIN_PATH": ":".join(filter(None, plugins))})
    return json.loads(output)["total_s"], cpu_s, peak_mb


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="a release build of the project")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", default="base")
    parser.add_argument("--seconds", type=int, nargs="*", default=SECONDS)
    parser.add_argument("--threads", type=int, nargs="*", default=(1, 2))
    parser.add_argument("--mode", nargs="*", default=("file", "batch"))
    arguments = parser.parse_args()

    samples = samples_of(arguments.corpus / "speech" / CLIP)
    print(f"{'mode':6}{'threads':>8}{'audio s':>9}{'s per hour':>12}{'CPU s per hour':>16}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for seconds in arguments.seconds:
            path = Path(folder) / f"{seconds}.wav"
            write_wave(path, samples, seconds)
            for mode in arguments.mode:
                for threads in arguments.threads:
                    total_s, cpu_s, peak_mb = measure(arguments, path, threads, mode)
                    hours = seconds / 3600
                    print(f"{mode:6}{threads:8}{seconds:9}{total_s / hours:12.1f}{cpu_s / hours:16.1f}"
                          f"{peak_mb:9.1f}", flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
