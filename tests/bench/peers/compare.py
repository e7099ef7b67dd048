#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npuwhisper beside its peers on the same clips, CPUs and threads: runs that take turns, medians,
ratios and word error rates.

  setup_venv.sh FOLDER
  FOLDER/bin/python compare.py --build BUILD --corpus CORPUS [TASK...]

Peers: faster-whisper (int8, as it is and with AVX-512 forced) and whisper.cpp (pywhispercpp) from
PyPI; a whisper.cpp command of one's own with --whisper-cli. Tasks: stages, short, long, batch, beam,
cold; all of them without a choice. Every process has the first --threads CPUs to itself as far as
the machine leaves them. "real time" is seconds of audio per second, loading not included; wall and
CPU seconds are the whole process's.
"""
import argparse
import csv
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "score"))
from contenders import CannotDo, NpuWhisper, Task, WhisperCli, Worker  # noqa: E402
from score import count, normalise, rate, read_references  # noqa: E402

SHORT_SECONDS = (5, 10)
LONG_CLIP = "en-long/librispeech-5639-40744-joined.flac"
BEAM_CLIP = "en-long/librispeech-237-134493-joined.flac"


def clips(corpus):
    """{path below speech/: seconds} of the manifest."""
    csv.field_size_limit(1 << 24)
    with open(corpus / "speech" / "manifest.tsv", encoding="utf-8", newline="") as table:
        return {row["file"]: float(row["seconds"]) for row in csv.DictReader(table, delimiter="\t")}


def tasks(corpus, seconds):
    speech = corpus / "speech"
    short = [str(speech / file) for file, length in seconds.items()
             if "librispeech-test-clean" in file and SHORT_SECONDS[0] <= length <= SHORT_SECONDS[1]]
    long, beam = str(speech / LONG_CLIP), str(speech / BEAM_CLIP)
    return {task.name: task for task in (
        Task("stages", [beam], stages=True),
        Task("short", short),
        Task("long", [long]),
        Task("batch", [long], batch=16),
        Task("beam", [beam], beams=5),
        Task("cold", [min(short, key=lambda file: seconds[str(Path(file).relative_to(speech))])]))}


def contenders(arguments):
    build, threads, model = arguments.build, arguments.threads, str(arguments.model)
    plain = ["--set=output-mode=segments"]
    found = [NpuWhisper("npuwhisper int8", build, model, threads, ["--precision=int8", *plain]),
             NpuWhisper("npuwhisper f32", build, model, threads, ["--precision=f32", *plain]),
             Worker("faster-whisper", "faster_whisper_worker.py", model, threads, batched=True),
             Worker("faster-whisper avx512", "faster_whisper_worker.py", model, threads,
                    {"CT2_FORCE_CPU_ISA": "AVX512"}, batched=True),
             Worker("pywhispercpp q5_1", "whisper_cpp_worker.py",
                    str(arguments.corpus / "models" / "ggml-base-q5_1.bin"), threads)]
    if arguments.whisper_cli:
        found.append(WhisperCli("whisper-cli", arguments.whisper_cli, arguments.whisper_cli_model, threads))
    if arguments.only:
        found = [one for one in found if any(part in one.name for part in arguments.only)]
    return found


def measure(task, runners, rounds):
    """{contender: [outcomes]}, one run of each per round."""
    outcomes = {}
    for number in range(rounds):
        for runner in list(runners):
            try:
                outcomes.setdefault(runner.name, []).append(runner.run(task))
            except CannotDo:
                runners.remove(runner)
        print(f"  {task.name}: round {number + 1} of {rounds}", file=sys.stderr)
    return {name: found for name, found in outcomes.items() if found}


def medians(outcomes, key):
    return {name: statistics.median(getattr(outcome, key) for outcome in found)
            for name, found in outcomes.items()}


def print_table(task, outcomes, audio_s, reference, errors):
    keys = {"encoder_ms": "encoder ms", "token_ms": "ms/token"} if task.stages else \
        {"wall_s": "wall s"} if task.name == "cold" else {"seconds": "seconds"}
    print(f"\n{task.name}: {len(task.files)} files, {audio_s:.1f} s" +
          (f", {task.beams} beams" if task.beams > 1 else "") +
          (f", batches of {task.batch}" if task.batch else ""))
    head = f"{'':24}" + "".join(f"{label:>12}{'ratio':>8}" for label in keys.values())
    if not task.stages:
        head += f"{'real time':>11}{'WER %':>8}"
    print(head + f"{'CPU s':>9}{'peak MB':>9}")
    for name in outcomes:
        line = f"{name:24}"
        for key in keys:
            found = medians(outcomes, key)
            against = found.get(reference, 0)
            line += f"{found[name]:12.3f}{found[name] / against if against else float('nan'):8.3f}"
        if not task.stages:
            line += f"{audio_s / medians(outcomes, 'seconds')[name]:10.1f}x{errors[name]:8.2f}"
        print(line + f"{medians(outcomes, 'cpu_s')[name]:9.2f}{medians(outcomes, 'peak_mb')[name]:9.1f}")


def word_errors(task, outcomes, runners, references, corpus):
    """{contender: percent}, pooled over the files of the task."""
    rates = {}
    for runner in runners:
        texts = outcomes[runner.name][-1].texts or runner.transcribe(task)
        counts = []
        for file in task.files:
            language, text = references[str(Path(file).relative_to(corpus / "speech"))]
            counts.append(count(normalise(text, language), normalise(texts[file], language)))
        rates[runner.name] = rate(counts)
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="a release build of the project")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="Whisper base in CTranslate2's format",
                        default=Path.home() / ".local/share/npuwhisper/models/base")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whisper-cli", type=Path, help="a whisper.cpp command, to be compared too")
    parser.add_argument("--whisper-cli-model", type=Path, help="and its model")
    parser.add_argument("--only", nargs="*", help="contenders whose names contain one of these")
    parser.add_argument("--reference", default="faster-whisper", help="what ratios are to")
    parser.add_argument("task", nargs="*")
    arguments = parser.parse_args()

    seconds = clips(arguments.corpus)
    known = tasks(arguments.corpus, seconds)
    unknown = [name for name in arguments.task if name not in known]
    if unknown:
        parser.error(f"expected tasks of {', '.join(known)}, found {unknown[0]}")
    references = read_references(arguments.corpus / "speech" / "manifest.tsv")
    for name in arguments.task or known:
        task, runners = known[name], contenders(arguments)
        outcomes = measure(task, runners, arguments.rounds)
        audio_s = sum(seconds[str(Path(file).relative_to(arguments.corpus / "speech"))]
                      for file in task.files)
        errors = {} if task.stages else word_errors(task, outcomes, runners, references, arguments.corpus)
        print_table(task, outcomes, audio_s, arguments.reference, errors)


if __name__ == "__main__":
    main()
