#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transcribes files with whisper.cpp as pywhispercpp has it and prints what it took, one JSON object
per line: first {"load_s"}, then {"file", "seconds", "text"} for each file.

Loading is not part of the seconds, opening and decoding of the file is."""
import argparse
import json
import time

from faster_whisper.audio import decode_audio
from pywhispercpp.model import Model


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="file in the ggml format")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--language", required=True)
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("file", nargs="+")
    arguments = parser.parse_args()

    options = {"params_sampling_strategy": 1 if arguments.beams > 1 else 0, "n_threads": arguments.threads,
               "language": arguments.language, "print_progress": False, "print_realtime": False}
    if arguments.beams > 1:
        options["beam_search"] = {"beam_size": arguments.beams, "patience": -1.0}
    begin = time.perf_counter()
    model = Model(arguments.model, redirect_whispercpp_logs_to=None, **options)
    print(json.dumps({"load_s": time.perf_counter() - begin}), flush=True)
    for file in arguments.file:
        begin = time.perf_counter()
        segments = model.transcribe(decode_audio(file))
        text = " ".join(segment.text for segment in segments)
        print(json.dumps({"file": file, "seconds": time.perf_counter() - begin, "text": text}),
              flush=True)


if __name__ == "__main__":
    main()
