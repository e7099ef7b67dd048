#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transcribes files with faster-whisper and prints what it took, one JSON object per line: first
{"load_s"}, then {"file", "seconds", "text"} for each file or, with --stages, {"encoder_ms",
"token_ms"}.

Loading is not part of the seconds, opening and decoding of the file is."""
import argparse
import json
import statistics
import time

import numpy
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import decode_audio

STAGE_ROUNDS = 5
SHORT_TOKENS, LONG_TOKENS = 20, 200


def milliseconds(call):
    begin = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin)


def stages(model, file, beams):
    """Medians of one window's encoder run and, from two lengths of output, of one more token."""
    features = model.feature_extractor(decode_audio(file))[..., :3000]
    features = numpy.pad(features, ((0, 0), (0, 3000 - features.shape[-1])))
    encoder = [milliseconds(lambda: model.encode(features)) for _ in range(STAGE_ROUNDS)]
    encoded = model.encode(features)
    start = model.hf_tokenizer.token_to_id("<|startoftranscript|>")
    end = model.hf_tokenizer.token_to_id("<|endoftext|>")
    prompt = [start, start + 1, model.hf_tokenizer.token_to_id("<|transcribe|>"),
              model.hf_tokenizer.token_to_id("<|notimestamps|>")]

    def decode(tokens):
        model.model.generate(encoded, [prompt], beam_size=beams, patience=1, sampling_topk=1,
                             max_length=len(prompt) + tokens, suppress_tokens=[-1, end])

    each = [(milliseconds(lambda: decode(LONG_TOKENS)) - milliseconds(lambda: decode(SHORT_TOKENS))) /
            (LONG_TOKENS - SHORT_TOKENS) for _ in range(STAGE_ROUNDS)]
    return {"encoder_ms": statistics.median(encoder), "token_ms": statistics.median(each)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder in CTranslate2's format")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--language", required=True)
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--batch", type=int, default=0, help="with the batched pipeline")
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("file", nargs="+")
    arguments = parser.parse_args()

    begin = time.perf_counter()
    model = WhisperModel(arguments.model, device="cpu", compute_type="int8",
                         cpu_threads=arguments.threads)
    load_s = time.perf_counter() - begin
    print(json.dumps({"load_s": load_s}), flush=True)
    if arguments.stages:
        print(json.dumps(stages(model, arguments.file[0], arguments.beams)), flush=True)
        return
    options = {"language": arguments.language, "beam_size": arguments.beams, "best_of": 5}
    transcribe = model.transcribe
    if arguments.batch:
        transcribe = BatchedInferencePipeline(model).transcribe
        options["batch_size"] = arguments.batch
    for file in arguments.file:
        begin = time.perf_counter()
        segments, _ = transcribe(file, **options)
        text = "".join(segment.text for segment in segments)
        print(json.dumps({"file": file, "seconds": time.perf_counter() - begin, "text": text}),
              flush=True)


if __name__ == "__main__":
    main()
