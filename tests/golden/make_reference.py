#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes reference outputs with openai-whisper (f32 on the CPU, one thread).

  tests/data/golden/*.jsonl     clips of tests/data/speech, Whisper base
  tests/data/reference/*.jsonl  clips of the corpus, Whisper base: temperature fallback
  tests/data/random/*.jsonl     clips of tests/data/speech, small random models of the corpus

Each line is a JSON document: file, samples, language, text, segments as transcribe() returns them,
the options beside temperature 0, `model` if it is not base, and `fallbacks`: how many decodings
were not the first of their window. Run in the environment of setup_venv.sh.
"""
import argparse
import json
from pathlib import Path

import torch
import whisper
import reference_model

TESTS = Path(__file__).resolve().parent.parent
SPEECH = TESTS / "data" / "speech"
JFK, TWO_WINDOWS, MEDIUM, SHORT = ("jfk.wav", "121-123859-0002.flac", "1089-134686-0006.flac",
                                   "2830-3980-0026.flac")
ARABIC, SILENCE = "fleurs-ar.flac", "silence-digital-30s.flac"
DEFAULT = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
# Sampling this cold takes the likeliest token, so that what follows a fallback can be compared.
COLD = [0.0, 1e-4]

GOLDEN = {
    "defaults": [(JFK, {"temperature": DEFAULT}), (TWO_WINDOWS, {"temperature": DEFAULT}),
                 (MEDIUM, {"temperature": DEFAULT}), (SHORT, {"temperature": DEFAULT}),
                 (SILENCE, {"temperature": COLD})],
    "detected": [(JFK, {"language": None}), (ARABIC, {"language": None})],
    "timed": [(clip, {"word_timestamps": True}) for clip in (JFK, TWO_WINDOWS, MEDIUM, SHORT)]
             + [(ARABIC, {"word_timestamps": True, "language": "ar"}),
                (SILENCE, {"word_timestamps": True, "hallucination_silence_threshold": 1.0}),
                (TWO_WINDOWS, {"word_timestamps": True, "hallucination_silence_threshold": 0.5})],
    "chosen": [(JFK, {"beam_size": 5}), (MEDIUM, {"beam_size": 3, "patience": 2.0}),
               (SHORT, {"beam_size": 5, "length_penalty": 0.6}),
               (JFK, {"prefix": "And so, my fellow"}), (MEDIUM, {"prefix": "Hello there."}),
               (JFK, {"prefix": "My fellow citizens of the", "sample_len": 200}),
               (JFK, {"initial_prompt": "Glossary: Kennedy."}),
               (JFK, {"without_timestamps": True}), (TWO_WINDOWS, {"without_timestamps": True}),
               (ARABIC, {"task": "translate", "language": "ar"}),
               (JFK, {"sample_len": 5}), (MEDIUM, {"sample_len": 12}),
               (JFK, {"max_initial_timestamp": 0.2}), (JFK, {"suppress_tokens": []}),
               (MEDIUM, {"suppress_tokens": [-1, 11, 13], "suppress_blank": False}),
               (TWO_WINDOWS, {"clip_timestamps": [1, 9.5, 12]}),
               (TWO_WINDOWS, {"initial_prompt": "A glossary of words. " * 60}),
               (TWO_WINDOWS, {"initial_prompt": "Sonnets.", "carry_initial_prompt": True}),
               (TWO_WINDOWS, {"condition_on_previous_text": False, "no_speech_threshold": None})],
}
GOLDEN["prefixed"] = [(JFK, {"prefix": "And so, my fellow", "without_timestamps": True}),
                      (TWO_WINDOWS, {"prefix": "  But reckoning ", "without_timestamps": True}),
                      (MEDIUM, {"prefix": "The dull light", "without_timestamps": True,
                                "beam_size": 3, "initial_prompt": "A book."})]
LONG = "en-long/gwbush-columbia-2003-02-01.flac"
REFERENCE = {
    "fallback": [(f"nonspeech/{name}", {"temperature": COLD}) for name in (
                     "noise-pink-30s.flac", "noise-white-quiet-30s.flac", "silence-digital-90s.flac",
                     "tone-ringback-30s.flac", "sonicpi-ambi_drone.flac")]
                + [("nonspeech/tone-ringback-30s.flac", {"temperature": [0.0, 0.0]}),
                   (LONG, {"temperature": COLD, "logprob_threshold": -0.25}),
                   (LONG, {"temperature": COLD, "compression_ratio_threshold": 1.5,
                           "word_timestamps": True, "clip_timestamps": [60, 130]}),
                   (LONG, {"temperature": COLD, "logprob_threshold": -0.2, "beam_size": 5,
                           "best_of": 2, "clip_timestamps": [100, 160]}),
                   (LONG, {"temperature": COLD, "logprob_threshold": -0.1,
                           "no_speech_threshold": 0.05, "clip_timestamps": [0, 100]}),
                   (LONG, {"temperature": COLD, "no_speech_threshold": 0.05,
                           "logprob_threshold": None, "clip_timestamps": [0, 100]})],
}
NO_THRESHOLDS = {"logprob_threshold": None, "compression_ratio_threshold": None,
                 "no_speech_threshold": None}
EN, V3, MULTI = "random/ggml-en-f16.bin", "random/hf-v3-f16", "random/hf-multilingual-f16"
RANDOM = {
    "random": [(JFK, {**NO_THRESHOLDS, "model": model, "sample_len": 40, **options})
               for model in (EN, V3, MULTI)
               for options in ({}, {"word_timestamps": True}, {"beam_size": 3},
                               {"without_timestamps": True}, {"initial_prompt": "Ask not."})]
              + [(JFK, {**NO_THRESHOLDS, "model": model, "sample_len": 20, "language": None})
                 for model in (V3, MULTI)],
}


class CountedModel:
    """Forwards to a model; counts the decodings of a window beyond its first."""

    def __init__(self, model):
        self.model = model
        self.fallbacks = 0
        self.last = None

    def __getattr__(self, name):
        return getattr(self.model, name)

    def __call__(self, *arguments):
        return self.model(*arguments)

    def decode(self, mel, options):
        self.fallbacks += mel is self.last
        self.last = mel
        return self.model.decode(mel, options)


def rounded(segment):
    result = {"seek": segment["seek"], "start": round(float(segment["start"]), 2),
              "end": round(float(segment["end"]), 2), "text": segment["text"],
              "tokens": segment["tokens"], "temperature": segment["temperature"],
              "avg_logprob": round(segment["avg_logprob"], 5),
              "compression_ratio": round(segment["compression_ratio"], 5),
              "no_speech_prob": round(segment["no_speech_prob"], 6)}
    if "words" in segment:
        result["words"] = [{"word": w["word"], "start": round(float(w["start"]), 2),
                            "end": round(float(w["end"]), 2),
                            "probability": round(float(w["probability"]), 5)}
                           for w in segment["words"]]
    return result


def run(model, folder, file, given):
    options = {"language": "en", "temperature": [0.0], **given}
    options.pop("model", None)
    options["temperature"] = tuple(options["temperature"])
    if options.get("suppress_tokens") == []:
        options["suppress_tokens"] = ""
    audio = whisper.load_audio(str(folder / file))
    counted = CountedModel(model)
    torch.manual_seed(0)
    result = whisper.transcribe(counted, audio, verbose=None, fp16=False, **options)
    line = {"file": file, "samples": len(audio), "language": result["language"],
            "text": result["text"], "options": {k: v for k, v in given.items() if k != "model"},
            "fallbacks": counted.fallbacks}
    if "model" in given:
        line["model"] = given["model"]
    line["segments"] = [rounded(segment) for segment in result["segments"]]
    return line


def write(target, cases, folder, load):
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "w", encoding="utf-8") as out:
        for file, given in cases:
            print(target.name, file, given, flush=True)
            line = run(load(given.get("model")), folder, file, given)
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="CTranslate2 folder of base")
    parser.add_argument("--corpus", type=Path, help="folder with speech/ and models/")
    parser.add_argument("--only", help="name of one output file, without .jsonl")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models = {}

    def load(name):
        if name not in models:
            models[name] = reference_model.load(
                arguments.corpus / "models" / name if name else arguments.base)
        return models[name]

    sets = [("golden", GOLDEN, SPEECH)]
    if arguments.corpus:
        sets += [("reference", REFERENCE, arguments.corpus / "speech"), ("random", RANDOM, SPEECH)]
    for kind, files, folder in sets:
        for name, cases in files.items():
            if arguments.only in (None, name):
                write(TESTS / "data" / kind / f"{name}.jsonl", cases, folder, load)


if __name__ == "__main__":
    main()
