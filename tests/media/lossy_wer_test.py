#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is not 16 kHz and lossless, through the element: pooled word error rate against the golden
text at most 0.5 %, twice: decoded by FFmpeg as for the golden text (only the element's own
conversion to 16 kHz mono is between), and decoded by GStreamer's decodebin.

Usage: lossy_wer_test.py [MOST_SECONDS [PART_OF_NAME]]: only clips up to that length, shortest
first, until a minute of audio is reached; only clips whose names hold the part. Options of
golden/greedy.jsonl: temperature 0 without fallback, greedy, the language of the clip, the maximum
of the whole input.
"""
import json
import shutil
import subprocess
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


def through_the_element(source, language):
    with tempfile.NamedTemporaryFile(suffix=".srt") as out:
        media.launch(
            f"{source} ! npuwhisper model={media.MODEL} precision=f32 language-code={language} "
            "output-mode=segments vad=off normalisation=whole temperature-increment-on-fallback=0 "
            f"! srtenc ! filesink location={out.name}",
            timeout=1200)
        return media.read_srt(out.name)


def by_gstreamer(path, language):
    return through_the_element(f"filesrc location={path} ! decodebin", language)


def by_ffmpeg(path, language):
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        subprocess.run(["ffmpeg", "-nostdin", "-y", "-v", "error", "-i", str(path), "-vn",
                        "-c:a", "pcm_f32le", wav.name], check=True)
        return through_the_element(f"filesrc location={wav.name} ! wavparse", language)


WAYS = {"decoded by FFmpeg": by_ffmpeg, "decoded by GStreamer": by_gstreamer}


def chosen_clips(most_s, part):
    """Golden lines and paths of the clips to run."""
    with open(media.CORPUS / "golden/greedy.jsonl", encoding="utf-8") as lines:
        golden = [json.loads(line) for line in lines]
    heard_s = 0.0
    for clip in sorted(golden, key=lambda clip: clip["samples"]):
        length_s = clip["samples"] / 16000
        path = media.CORPUS / "speech" / clip["file"]
        if length_s > most_s or part not in clip["file"] or not is_resampled(path):
            continue
        if most_s < float("inf") and heard_s > BUDGET_S:
            return
        heard_s += length_s
        yield clip, path


def compare(clip, cues, ends):
    """(errors, golden words); prints what differs."""
    expected = units(" ".join(s["text"] for s in clip["segments"] if s["start"] < ends),
                     clip["language"])
    found = units(" ".join(text for start, _, text in cues if start < ends), clip["language"])
    errors = media.edits(expected, found)
    late = units(" ".join(s["text"] for s in clip["segments"] if s["start"] >= ends),
                 clip["language"])
    if late:
        print(f"      {len(late)} golden words begin after the stream's end: not compared")
    if errors:
        print(f"      golden: {' '.join(expected)}\n      here:   {' '.join(found)}")
    return errors, len(expected)


def main():
    media.require_model()
    if not media.CORPUS or not (media.CORPUS / "golden").exists():
        media.skip("needs the corpus (-Dcorpus)")
    if not shutil.which("ffmpeg"):
        media.skip("needs ffmpeg")
    most_s = float(sys.argv[1]) if len(sys.argv) > 1 else float("inf")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    wrong = dict.fromkeys(WAYS, 0)
    total = dict.fromkeys(WAYS, 0)
    for clip, path in chosen_clips(most_s, part):
        for way, hear in WAYS.items():
            # Repetition loops go on after the end of the audio. Where the container says that the
            # stream ends there (MP4), nothing later can be shown: that text is not compared.
            is_cut = path.suffix == ".mp4" and hear is by_gstreamer
            ends = clip["samples"] / 16000 if is_cut else float("inf")
            errors, words = compare(clip, hear(path, clip["language"]), ends)
            wrong[way] += errors
            total[way] += words
            print(f"{errors:4d} of {words:5d}  {way}  {clip['file']}", flush=True)
    if not all(total.values()):
        sys.exit("no clip was compared")
    for way in WAYS:
        print(f"pooled, {way}: {wrong[way]} of {total[way]}, "
              f"{wrong[way] / total[way] * 100:.2f} % (limit {LIMIT * 100} %)")
    sys.exit(0 if all(wrong[way] <= LIMIT * total[way] for way in WAYS) else 1)


main()
