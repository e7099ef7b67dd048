#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes tests/data/reference/word_times.json: what openai-whisper's own functions make of small
constructed inputs to word alignment, punctuation merging, word dealing and the silence rules.

Needs the environment of setup_venv.sh. Usage: make_word_times.py OUTPUT
"""
import copy
import json
import random
import sys
from types import SimpleNamespace

import numpy as np
import torch
import whisper.timing
import whisper.transcribe
from whisper.decoding import DecodingResult
from whisper.tokenizer import get_tokenizer

# The package exports a function of this name over the module.
transcribe_module = sys.modules["whisper.transcribe"]
timing = sys.modules["whisper.timing"]
PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"
TOKENIZER = get_tokenizer(True, num_languages=99, language="en", task="transcribe")


def jumps_of(path):
    rows, columns = path
    starts = np.pad(np.diff(rows), (1, 0), constant_values=1).astype(bool)
    return columns[starts].tolist()


def warping_cases(rng):
    cases = []
    for rows, columns, levels in [(1, 1, 9), (1, 7, 9), (6, 1, 9), (3, 5, 2), (5, 3, 2), (8, 8, 1),
                                  (9, 31, 3), (12, 40, 1000), (30, 20, 1000)]:
        # Few levels make many ties.
        cost = rng.integers(-levels, levels + 1, (rows, columns)).astype(np.float32) / 8
        path = timing.dtw(torch.from_numpy(cost))
        cases.append({"rows": rows, "columns": columns, "cost": cost.flatten().tolist(),
                      "jumps": jumps_of(path)})
    return cases


def median_cases(rng):
    cases = []
    for rows, columns in [(2, 3), (2, 4), (3, 5), (2, 7), (1, 8), (4, 23)]:
        values = rng.integers(-50, 51, (rows, columns)).astype(np.float32) / 4
        filtered = timing.median_filter(torch.from_numpy(values)[None], 7)[0]
        cases.append({"rows": rows, "columns": columns, "values": values.flatten().tolist(),
                      "filtered": filtered.flatten().tolist()})
    return cases


class HeadScores(torch.nn.Module):
    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, x):
        return x, self.scores[None]


def matrix_cases(rng):
    """find_alignment() itself, on a network that answers with given scores and logits."""
    cases = []
    for heads, texts, frames in [(1, 3, 9), (2, 6, 40), (3, 9, 81), (2, 4, 6)]:
        rows = texts + 5  # three of the start sequence, notimestamps, EOT
        scores = (rng.standard_normal((heads, rows, 64)) * 2).astype(np.float32).round(3)
        model = torch.nn.Module()
        model.device = "cpu"
        model.dims = SimpleNamespace(n_text_layer=1)
        block = torch.nn.Module()
        block.cross_attn = HeadScores(torch.from_numpy(scores))
        model.decoder = SimpleNamespace(blocks=[block])
        model.alignment_heads = torch.ones(1, heads).to_sparse()
        model.forward = lambda mel, tokens: (
            block.cross_attn(mel), torch.zeros(1, tokens.shape[1], 51865))[1]
        seen = {}
        original = timing.dtw

        def dtw(cost):
            seen["matrix"] = -cost
            seen["path"] = original(cost)
            return seen["path"]

        timing.dtw = dtw
        tokens = [int(t) for t in rng.integers(300, 5000, texts)]
        timing.find_alignment(model, TOKENIZER, tokens, torch.zeros(80, 3000), frames)
        timing.dtw = original
        cases.append({"heads": heads, "rows": rows, "positions": 64, "frames": frames,
                      "first_row": 3, "scores": [round(float(s), 3) for s in scores.flatten()],
                      "matrix": [round(float(m), 7) for m in seen["matrix"].flatten()],
                      "jumps": jumps_of(seen["path"])})
    return cases


def word(text, tokens, start=0.0, end=0.0, probability=0.9):
    return timing.WordTiming(text, tokens, start, end, probability)


def plain(words):
    return [[w.word, w.tokens, float(w.start), float(w.end), float(w.probability)] for w in words]


def merging_cases():
    tables = [[], [" Hello"], [" Hello", ","], [" (", "well", ")"], [' "', "Yes", ",", '"', " he"],
              [" ¿", "Qué", "?"], [" -", " -", "a"], ["a", " -"], [".", "."], [" a", "", "."],
              [" a ", ","], ["「", "你", "好", "。"], [" “", "Oh", "!", "”", " -", " x", "…"],
              [" '", "'", "tis", "'", " ."], ["[", " [", "x", "]", "]"], [" don", "'", "t", "."],
              [" ", "a"], [" a", "?:"], [" a", "!?"], ["(", " ( ", "b"]]
    cases = []
    for texts in tables:
        words = [word(text, [100 + i, 200 + i]) for i, text in enumerate(texts)]
        before = plain(words)
        timing.merge_punctuations(words, PREPENDED, APPENDED)
        cases.append({"before": before, "after": plain(words)})
    return cases


WORDS = [" the", " sea", ",", ".", "?", " and", " a", " long", " \"", "\"", " summer", "!", " -",
         " we", " know", "ing", " it", " ("]


class Scripted:
    """A model that says what a random generator wants, window after window."""

    device = torch.device("cpu")
    is_multilingual = True
    num_languages = 99
    dims = SimpleNamespace(n_mels=80, n_audio_ctx=1500, n_text_ctx=448)

    def __init__(self, rng):
        self.rng = rng
        self.tokens = []

    def decode(self, mel, options):
        begin = TOKENIZER.timestamp_begin
        tokens, at = [], self.rng.randint(0, 200)
        for _ in range(self.rng.randint(1, 4)):
            end = min(1500, at + self.rng.choice([20, 60, 200, 400]))
            tokens += [begin + at]
            for _ in range(self.rng.randint(0, 9)):
                tokens += TOKENIZER.encode(self.rng.choice(WORDS))
            tokens += [begin + end]
            at = min(1480, end + self.rng.choice([0, 0, 40, 200]))
            if end >= 1480:
                break
        if self.rng.random() < 0.5:  # an unfinished tail
            tokens += [begin + at] + TOKENIZER.encode(" tail")
        self.tokens = tokens
        return DecodingResult(audio_features=mel, language="en", tokens=tokens, text="",
                              avg_logprob=-0.3, no_speech_prob=0.1, temperature=0.0)


def alignment_of(rng, tokens, frames):
    words, ids = TOKENIZER.split_to_word_tokens(tokens + [TOKENIZER.eot])
    at, made = rng.randint(0, 60), []
    for text, group in zip(words[:-1], ids[:-1]):
        end = at + rng.choice([0, 2, 6, 12, 18, 30, 30, 120, 160])
        end = min(end, frames // 2)
        low = rng.random() < 0.3
        made.append(word(text, group, np.float64(at) / 50, np.float64(end) / 50,
                         rng.uniform(0.01, 0.2) if low else rng.uniform(0.2, 1)))
        at = end
    return made


class Recorder:
    """Stands in for add_word_timestamps(): runs it on generated words, notes what goes in and out."""

    def __init__(self, rng, model):
        self.rng = rng
        self.model = model
        self.windows = []
        self.add = timing.add_word_timestamps
        self.merge = timing.merge_punctuations

    def __call__(self, **arguments):
        segments = arguments["segments"]
        window = {"seek": segments[0]["seek"], "frames": arguments["num_frames"],
                  "last_speech": float(arguments["last_speech_timestamp"]),
                  "segments": [[s["start"], s["end"], s["text"], s["tokens"]] for s in segments]}

        window["single_ending"], window["next"] = next_by_timestamps(
            self.model.tokens, window["seek"], window["frames"])

        def find_alignment(model, tokenizer, tokens, mel, frames):
            words = alignment_of(self.rng, tokens, frames)
            window["words"] = plain(words)
            return words

        def merge_punctuations(words, *sets):
            window["limited"] = plain(words)
            self.merge(words, *sets)

        timing.find_alignment = find_alignment
        timing.merge_punctuations = merge_punctuations
        self.add(**arguments)
        window["dealt"] = [
            [float(s["start"]), float(s["end"]),
             [[w["word"], float(w["start"]), float(w["end"]), float(w["probability"])]
              for w in s["words"]]] for s in segments]
        self.windows.append(window)


def next_by_timestamps(tokens, seek, frames):
    """Whether the tokens end with text and one timestamp, and where the next window would begin."""
    begin = TOKENIZER.timestamp_begin
    stamps = [t >= begin for t in tokens]
    single = stamps[-2:] == [False, True]
    cuts = [i for i in range(1, len(tokens)) if stamps[i - 1] and stamps[i]]
    if single or not cuts:
        return single, seek + frames
    return single, seek + 2 * (tokens[cuts[-1] - 1] - begin)


def dealing_case(seed, threshold):
    """transcribe() itself, with tokens and words from a generator."""
    rng = random.Random(seed)
    seconds = rng.choice([12.3, 31.0, 66.5, 95.17])
    find = timing.find_alignment
    model = Scripted(rng)
    recorder = Recorder(rng, model)
    transcribe_module.add_word_timestamps = recorder
    result = transcribe_module.transcribe(
        model, np.zeros(int(seconds * 16000), np.float32), language="en",
        temperature=0.0, word_timestamps=True, verbose=None, fp16=False,
        hallucination_silence_threshold=threshold)
    timing.find_alignment = find
    timing.merge_punctuations = recorder.merge
    transcribe_module.add_word_timestamps = recorder.add
    for window in recorder.windows:
        window["kept"] = sum(s["seek"] == window["seek"] for s in result["segments"])
    return {"threshold": threshold, "content_frames": int(seconds * 100),
            "windows": recorder.windows}


def main():
    rng = np.random.default_rng(7)
    torch.manual_seed(7)
    document = {
        "generator": "tests/golden/make_word_times.py",
        "end_of_text": TOKENIZER.eot,
        "timestamp_begin": TOKENIZER.timestamp_begin,
        "warping": warping_cases(rng),
        "median": median_cases(rng),
        "matrix": matrix_cases(rng),
        "merging": merging_cases(),
        "dealing": [dealing_case(seed, threshold) for seed, threshold in
                    [(1, None), (2, None), (3, 2.0), (4, 2.0), (5, 0.5), (6, 1.0), (7, 2.0),
                     (8, 4.0), (9, 0.5), (10, 2.0), (11, 1.0), (12, 0.2)]],
    }
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(document, out, ensure_ascii=False, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main()
