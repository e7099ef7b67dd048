# SPDX-License-Identifier: LGPL-2.1-or-later
"""How each contender is run, and what is read from it."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


class CannotDo(Exception):
    """A contender has no such task."""


@dataclass
class Task:
    """What all contenders do in one round."""
    name: str
    files: list
    language: str = "en"
    beams: int = 1
    batch: int = 0  # windows decoded together; 0: one after the other
    stages: bool = False  # times of encoder and token instead of whole files


@dataclass
class Outcome:
    """What one run took. Loading is in wall_s and cpu_s alone."""
    seconds: float = 0  # of all files
    wall_s: float = 0  # of the process
    cpu_s: float = 0  # of the process
    peak_mb: float = 0
    encoder_ms: float = 0
    token_ms: float = 0
    texts: dict = field(default_factory=dict)  # by file


def run(command, threads, environment=None):
    """(stdout, stderr, wall seconds, CPU seconds, peak MB) of a command on the first CPUs."""
    cpus = sorted(os.sched_getaffinity(0))[:threads]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors,
                                   env={**os.environ, **(environment or {})},
                                   preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        texts = output.read().decode(), errors.read().decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\nended with {process.returncode}:\n{texts[1][-2000:]}")
    return (*texts, wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


class NpuWhisper:
    """The project's own tool: the element in a pipeline."""

    def __init__(self, name, build, model, threads, options):
        self.name, self.model, self.threads, self.options = name, model, threads, options
        self.tool = build / "gst" / "subtitle" / "npusubtitle"
        plugins = [str(build / "gst"), os.environ.get("GST_PLUGIN_PATH", "")]
        self.environment = {"GST_PLUGIN_PATH": ":".join(filter(None, plugins))}

    def command(self, task):
        command = [self.tool, "--model", self.model, "--device=cpu", f"--threads={self.threads}",
                   "-l", task.language, *self.options]
        if task.beams > 1:
            command.append(f"--beam-size={task.beams}")
        if task.stages:  # tokens alone: a peer's do not include the prompt of the text before
            command.append("--set=condition-on-previous-text=false")
        # As the peers do it: windows one after the other know no voice activity, batches are cut by it.
        command += ([f"--set=batch-size={task.batch}"] if task.batch else
                    ["--set=mode=file", "--vad=off"])
        return command

    def run(self, task):
        output, _, *usage = run([*self.command(task), "--profile", "--json", *task.files], self.threads,
                                self.environment)
        outcome = Outcome(0, *usage)
        profiles = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        if len(profiles) != len(task.files):
            raise RuntimeError(f"{self.name}: {len(profiles)} profiles of {len(task.files)} files")

        def total(key):
            return sum(profile[key] for profile in profiles)

        outcome.seconds = total("total_s")
        # Keys and values of cross-attention are part of the window's cost, wherever a peer has them.
        outcome.encoder_ms = 1000 * (total("encoder_s") + total("cross_kv_s")) / max(1, total("encoder_runs"))
        outcome.token_ms = 1000 * total("decode_s") / max(1, total("tokens"))
        return outcome

    def transcribe(self, task):
        """{file: text}, untimed."""
        with tempfile.TemporaryDirectory() as folder:
            texts = {}
            for index, file in enumerate(task.files):
                target = Path(folder) / f"{index}.txt"
                run([*self.command(task), "-q", "-f", "txt", "-o", target, file], self.threads,
                    self.environment)
                texts[file] = target.read_text(encoding="utf-8")
            return texts


class Worker:
    """A peer behind a Python script that prints JSON lines."""

    def __init__(self, name, script, model, threads, environment=None, batched=False):
        self.name, self.script, self.model, self.threads, self.environment, self.batched = (
            name, script, model, threads, environment, batched)

    def run(self, task):
        command = [sys.executable, HERE / self.script, "--model", self.model, "--threads",
                   str(self.threads), "--language", task.language, "--beams", str(task.beams)]
        if task.batch and not self.batched or task.stages and not self.batched:
            raise CannotDo("not offered")
        if task.batch:
            command += ["--batch", str(task.batch)]
        if task.stages:
            command.append("--stages")
        output, _, *usage = run([*command, *task.files], self.threads,
                                {"OMP_NUM_THREADS": str(self.threads), **(self.environment or {})})
        outcome = Outcome(0, *usage)
        for line in output.splitlines():
            document = json.loads(line) if line.startswith("{") else {}
            outcome.seconds += document.get("seconds", 0)
            outcome.encoder_ms = document.get("encoder_ms", outcome.encoder_ms)
            outcome.token_ms = document.get("token_ms", outcome.token_ms)
            if "file" in document:
                outcome.texts[document["file"]] = document["text"]
        return outcome


class WhisperCli:
    """whisper.cpp's own command, whose timings are its own too."""

    TIMING = re.compile(r"(\w+) time\s*=\s*([\d.]+) ms(?:\s*/\s*(\d+) runs)?")

    def __init__(self, name, tool, model, threads):
        self.name, self.tool, self.model, self.threads = name, tool, model, threads

    def run(self, task):
        if task.batch:
            raise CannotDo("not offered")
        total = Outcome()
        encoder, tokens = [], []
        for file in task.files:
            command = [self.tool, "-m", self.model, "-f", file, "-t", str(self.threads), "-l",
                       task.language, "-bs", str(task.beams), "-nt"]
            output, errors, wall_s, cpu_s, peak_mb = run(command, self.threads)
            timings = {name: (float(ms), int(runs or 1))
                       for name, ms, runs in self.TIMING.findall(output + errors)}
            total.seconds += (timings["total"][0] - timings["load"][0]) / 1000
            encoder.append(timings["encode"])
            tokens += [timings[name] for name in ("decode", "batchd") if name in timings]
            total.texts[file] = " ".join(line for line in output.splitlines() if "time =" not in line)
            total.wall_s += wall_s
            total.cpu_s += cpu_s
            total.peak_mb = max(total.peak_mb, peak_mb)
        total.encoder_ms = sum(ms for ms, _ in encoder) / max(1, sum(runs for _, runs in encoder))
        total.token_ms = sum(ms for ms, _ in tokens) / max(1, sum(runs for _, runs in tokens))
        return total
