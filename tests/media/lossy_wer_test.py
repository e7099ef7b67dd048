#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is not 16 kHz and lossless, through the element: pooled word error rate against the golden
text at most 0.5 %.

Usage: lossy_wer_test.py [MOST_SECONDS]: only clips up to that length, shortest first, until a
minute of audio is reached. Options of golden/greedy.jsonl: temperature 0 without fallback, greedy,
the language of the clip, the maximum of the whole input, 16 bit samples.
"""
import json
import sys
import tempfile
import wave

import media

LIMIT = 0.005
BUDGET_S = 60
BY_CHARACTERS = {"zh", "ja"}


def units(text, language):
    words = media.words_of(text)
    return list("".join(words)) if language in BY_CHARACTERS else words


def is_resampled(path):
    """Whether the clip is anything but 16 kHz lossless."""
    if path.suffix == ".wav":
        with wave.open(str(path)) as clip:
            return clip.getframerate() != 16000
    if path.suffix != ".flac":
        return True
    header = path.read_bytes()[:21]  # STREAMINFO comes first; 20 bits at byte 18 are the rate
    return int.from_bytes(header[18:21], "big") >> 4 != 16000


def through_the_element(path, language):
    with tempfile.NamedTemporaryFile(suffix=".srt") as out:
        media.launch(
            f"filesrc location={path} ! decodebin ! audioconvert dithering=none noise-shaping=none "
            "! audioresample ! audioconvert dithering=none noise-shaping=none ! "
            "audio/x-raw,format=S16LE,rate=16000,channels=1 ! "
            f"npuwhisper model={media.MODEL} language-code={language} normalisation=whole "
            f"temperature-increment-on-fallback=0 ! srtenc ! filesink location={out.name}",
            timeout=1200)
        return media.read_srt(out.name)


def main():
    media.require_model()
    if not media.CORPUS or not (media.CORPUS / "golden").exists():
        media.skip("needs the corpus (-Dcorpus)")
    with open(media.CORPUS / "golden/greedy.jsonl", encoding="utf-8") as lines:
        golden = [json.loads(line) for line in lines]
    golden.sort(key=lambda clip: clip["samples"])
    most_s = float(sys.argv[1]) if len(sys.argv) > 1 else float("inf")
    total = wrong = 0
    heard_s = 0.0
    for clip in golden:
        length_s = clip["samples"] / 16000
        path = media.CORPUS / "speech" / clip["file"]
        if length_s > most_s or not is_resampled(path):
            continue
        if most_s < float("inf") and heard_s > BUDGET_S:
            break
        heard_s += length_s
        # Repetition loops go on after the end of the audio. Where the container says that the
        # stream ends there (MP4), nothing later can be shown, so that text is not compared.
        end_s = length_s if path.suffix == ".mp4" else float("inf")
        said = [s["text"] for s in clip["segments"] if s["start"] < end_s]
        cues = through_the_element(path, clip["language"])
        expected = units(" ".join(said), clip["language"])
        found = units(" ".join(text for start, _, text in cues if start < end_s),
                      clip["language"])
        errors = media.edits(expected, found)
        # What is invented over music and noise hangs on the last bits of the resampler: shown, but
        # not pooled.
        is_speech = not clip["file"].startswith("nonspeech/")
        if is_speech:
            total, wrong = total + len(expected), wrong + errors
        note = "" if is_speech else "  (no speech, not pooled)"
        print(f"{errors:4d} of {len(expected):5d}  {clip['file']}{note}", flush=True)
        if errors:
            print(f"      golden: {' '.join(expected)}\n      here:   {' '.join(found)}")
    if total == 0:
        sys.exit("no clip was compared")
    print(f"pooled: {wrong} of {total}, {wrong / total * 100:.2f} % (limit {LIMIT * 100} %)")
    sys.exit(0 if wrong / total <= LIMIT else 1)


main()
