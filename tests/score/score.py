#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Word and character error rates of transcriptions, pooled over clips, as a table.

  score.py --reference REFERENCE HYPOTHESIS [HYPOTHESIS...]

REFERENCE is a .jsonl of reference outputs (file, language, text) or a .tsv with the columns file,
language and "reference transcript" or "reference". A HYPOTHESIS is a .jsonl (file, text) or a
folder with a .txt, .srt, .vtt or .json for each clip, under its path or its name. Normalised with
OpenAI's English rules, or its basic ones for other languages; zh, ja, th, lo, my, yue are scored by
characters. A clip without words in the reference counts what was written for it as insertions.
Run in the environment of setup_venv.sh. Exit status 1 if a limit is exceeded or a clip is missing.
"""
import argparse
import csv
import json
import random
import re
import sys
from pathlib import Path

import jiwer
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

BY_CHARACTERS = {"zh", "ja", "th", "lo", "my", "yue"}
NO_LANGUAGE = {"-", ""}
ENGLISH = EnglishTextNormalizer()
BASIC = BasicTextNormalizer()
BASIC_CHARACTERS = BasicTextNormalizer(split_letters=True)


def normalise(text, language):
    if language == "en" or language in NO_LANGUAGE:
        return ENGLISH(text).strip()
    return (BASIC_CHARACTERS if language in BY_CHARACTERS else BASIC)(text).strip()


def read_references(path):
    """{file: (language, text)}"""
    if path.suffix == ".jsonl":
        with open(path, encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines if line.strip()]
        return {d["file"]: (d["language"], d["text"]) for d in documents}
    csv.field_size_limit(1 << 24)
    with open(path, encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    column = "reference transcript" if "reference transcript" in rows[0] else "reference"
    return {row["file"]: (row["language"], row[column] or "") for row in rows}


def text_of(path):
    """The words of a subtitle or text file, without numbers, times and tags."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        document = json.loads(content)
        return document.get("text") or " ".join(s["text"] for s in document["segments"])
    if path.suffix == ".txt":
        return content
    kept = []
    for block in re.split(r"\n\s*\n", content.replace("\r\n", "\n")):
        lines = block.strip().split("\n")
        times = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if times is not None:
            kept += lines[times + 1:]
    return re.sub(r"<[^>]*>", "", " ".join(kept))


def read_hypotheses(path, files):
    """{file: text} of those that are there."""
    if path.is_file():
        with open(path, encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines if line.strip()]
        return {d["file"]: d["text"] for d in documents}
    found = {}
    for file in files:
        names = [path / file, path / Path(file).name]
        candidates = [c for name in names for ending in (".txt", ".srt", ".vtt", ".json")
                      for c in (name.with_suffix(ending), Path(str(name) + ending))]
        existing = next((c for c in candidates if c.is_file()), None)
        if existing:
            found[file] = text_of(existing)
    return found


def count(reference, hypothesis):
    """(errors, reference words) of one clip."""
    if not reference:
        return len(hypothesis.split()), 0
    counted = jiwer.process_words(reference, hypothesis)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return errors, len(reference.split())


def rate(counts):
    errors, words = sum(e for e, _ in counts), sum(w for _, w in counts)
    return 100 * errors / words if words else float("nan")


def bootstrap(counts, baseline, resamples, seed):
    """95 % interval of the difference of rates, clips drawn with replacement, in pairs."""
    draw = random.Random(seed)
    clips = [i for i, (_, words) in enumerate(counts) if words]
    differences = []
    for _ in range(resamples):
        chosen = draw.choices(clips, k=len(clips))
        differences.append(rate([counts[i] for i in chosen]) -
                           rate([baseline[i] for i in chosen]))
    differences.sort()
    return differences[int(0.025 * resamples)], differences[int(0.975 * resamples)]


def group_of(file):
    parts = Path(file).parts
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0] if len(parts) > 1 else "clips"


def print_groups(name, files, counts):
    groups = {}
    for file, counted in zip(files, counts):
        groups.setdefault(group_of(file), []).append(counted)
    groups["all"] = counts
    for group, members in groups.items():
        errors, words = sum(e for e, _ in members), sum(w for _, w in members)
        print(f"{name:28} {group:34} {len(members):5} {words:7} {errors:6} {rate(members):7.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--clips", default="", help="only clips whose path contains this")
    parser.add_argument("--only-present", action="store_true",
                        help="leave out clips that a hypothesis lacks")
    parser.add_argument("--limit", type=float, help="highest rate allowed, percent")
    parser.add_argument("--worst", type=int, default=0, help="print that many of the worst clips")
    parser.add_argument("--bootstrap", type=int, default=0, metavar="N",
                        help="compare with the first hypothesis by N resamples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("hypothesis", type=Path, nargs="+")
    arguments = parser.parse_args()

    references = {f: r for f, r in read_references(arguments.reference).items()
                  if arguments.clips in f}
    hypotheses = [read_hypotheses(path, references) for path in arguments.hypothesis]
    files = [f for f in references
             if not arguments.only_present or all(f in h for h in hypotheses)]
    failed = not files
    print(f"{'hypothesis':28} {'clips of':34} {'clips':>5} {'words':>7} {'errors':>6} {'rate %':>7}")
    baseline = None
    for path, hypothesis in zip(arguments.hypothesis, hypotheses):
        missing = [f for f in files if f not in hypothesis]
        if missing:
            failed = True
            print(f"{path}: {len(missing)} clips are missing, the first is {missing[0]}")
        counts = []
        for file in files:
            language, text = references[file]
            counts.append(count(normalise(text, language),
                                normalise(hypothesis.get(file, ""), language)))
        print_groups(path.stem, files, counts)
        for (errors, words), file in sorted(zip(counts, files), reverse=True)[:arguments.worst]:
            print(f"  {errors:4} of {words:5}  {file}")
        if arguments.limit is not None and not rate(counts) <= arguments.limit:
            failed = True
            print(f"{path}: more than the {arguments.limit} % allowed")
        if baseline is None:
            baseline = counts
        elif arguments.bootstrap:
            low, high = bootstrap(counts, baseline, arguments.bootstrap, arguments.seed)
            print(f"{path.stem} - {arguments.hypothesis[0].stem}: "
                  f"{rate(counts) - rate(baseline):+.2f} points, 95 % in [{low:+.2f}, {high:+.2f}]")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
