# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packer and the stream builder with one line changed, again and again.

mutate_sources.py BUILD STREAMS_TEST CORES_TEST WORDS_TEST TRANSFERS_TEST [--only TEXT] [--jobs N]

For each mutant of source_mutants.txt the changed file is compiled as the build compiles it, the test that the mutant
names is linked with it, and run: STREAMS_TEST is xrt_twin_test, whose streams the twin executes and whose results are
compared byte by byte with those of the cores alone; CORES_TEST is array_small_network_test, whose results are compared
with precision=npu on the CPU; WORDS_TEST is xrt_golden_streams_test, which compares streams word by word with
mlir-aie's; TRANSFERS_TEST is xrt_transfers_test, which looks at the tasks of single operations of any width. Neither
the sources nor the build folder change. Prints a table, and ends with 1 if a mutant lives, does not compile, or has no place in the sources any more.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SOURCES = pathlib.Path(__file__).resolve().parent.parent.parent
# Enough of each test, in seconds.
FILTERS = {
    "streams": "*",
    "cores": "*EncodesAndDecodesAsTheFastPath:*SeveralSlotsAsTheFastPath",
    "words": "*",
    "transfers": "*",
}
TIMEOUT_S = 240


class Mutant:
    def __init__(self, file, test, what, old, new):
        self.file, self.test, self.what, self.old, self.new = file, test, what, old, new


def mutants():
    found, file, test, what, old = [], None, None, None, None
    for number, line in enumerate((SOURCES / "tests/mutations/source_mutants.txt").read_text().splitlines(), 1):
        key, _, rest = line.partition(" ")
        rest = rest.replace("\\n", "\n")
        if not line or key == "#" or line.startswith("#"):
            continue
        if key == "file":
            file = rest
        elif key == "test":
            test = rest
        elif key == "is":
            what = rest
        elif key == "-":
            old = rest
        elif key == "+":
            found.append(Mutant(file, test, what, old, rest))
        else:
            sys.exit(f"source_mutants.txt:{number}: expected file, test, is, - or +, found '{key}'")
    return found


def mutated(mutant):
    source = (SOURCES / mutant.file).read_text()
    count = source.count(mutant.old)
    if count != 1:
        raise ValueError(f"{mutant.file}: expected '{mutant.old}' once, found it {count} times")
    return source.replace(mutant.old, mutant.new)


class Build:
    """How the build compiles a file and links the tests."""

    def __init__(self, folder, tests):
        self.folder = pathlib.Path(folder).resolve()
        self.compile = {}
        for entry in json.loads((self.folder / "compile_commands.json").read_text()):
            path = (self.folder / entry["file"]).resolve()
            if entry["output"].startswith("npu/libnpu"):
                self.compile[path] = shlex.split(entry["command"])
        self.tests = tests
        self.link = {name: self.link_command(path) for name, path in tests.items()}
        self.environment = {**os.environ, "NPUWHISPER_TEST_DATA": str(SOURCES / "tests/data")}

    def link_command(self, program):
        target = os.path.relpath(program, self.folder)
        lines = subprocess.run(["ninja", "-C", str(self.folder), "-t", "commands", "-s", target], check=True,
                               capture_output=True, text=True).stdout.splitlines()
        return shlex.split([line for line in lines if f"-o {target} " in line][-1])

    def run(self, command):
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_S,
                              env=self.environment)

    def run_test(self, name, program):
        return self.run([str(program), "--gtest_filter=" + FILTERS[name], "--gtest_brief=1"])

    def program(self, mutant, folder):
        """The test with the mutant in it. Raises ValueError."""
        source = folder / pathlib.Path(mutant.file).name
        source.write_text(mutated(mutant))
        compiled = folder / "mutant.o"
        original = SOURCES / mutant.file
        command = list(self.compile[original])
        command[command.index("-o") + 1] = str(compiled)
        command[command.index("-c") + 1] = str(source)
        command += ["-iquote", str(original.parent), "-MF", str(folder / "mutant.d"), "-Wno-error"]
        done = self.run(command)
        if done.returncode != 0:
            raise ValueError("does not compile: " + done.stderr.strip()[:2000])
        program = folder / "test"
        command = list(self.link[mutant.test])
        command[command.index("-o") + 1] = str(program)
        # Before the library, which then has nothing to give for it.
        command.insert(command.index("-o") + 2, str(compiled))
        done = self.run(command)
        if done.returncode != 0:
            raise ValueError("does not link: " + done.stderr.strip()[-2000:])
        return program


def first_failure(output):
    """What a failed test says."""
    lines = [line.strip() for line in output.splitlines()]
    for i, line in enumerate(lines):
        if re.search(r"Failure$", line):
            return " ".join(lines[i + 1:i + 5])[:220]
    return " ".join(lines[-3:])[:220]


def caught_by(text):
    if "report.fault" in text:
        return "twin"
    if "difference" in text or "wanted[i]" in text:
        return "bytes"
    return "test"


def judge(build, mutant):
    with tempfile.TemporaryDirectory() as name:
        try:
            program = build.program(mutant, pathlib.Path(name))
            done = build.run_test(mutant.test, program)
        except ValueError as error:
            return "BROKEN", str(error)
        except subprocess.TimeoutExpired:
            return "time-out", f"after {TIMEOUT_S} s"
        if done.returncode == 0:
            return "LIVES", ""
        if done.returncode < 0:
            return f"signal {-done.returncode}", (done.stderr or done.stdout).strip()[-200:]
        failure = first_failure(done.stdout)
        return caught_by(failure), failure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("streams_test")
    parser.add_argument("cores_test")
    parser.add_argument("words_test")
    parser.add_argument("transfers_test")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    build = Build(options.build, {"streams": options.streams_test, "cores": options.cores_test,
                                  "words": options.words_test, "transfers": options.transfers_test})
    chosen = [m for m in mutants() if options.only in m.file or options.only in m.what]
    for name in sorted({mutant.test for mutant in chosen}):
        done = build.run_test(name, pathlib.Path(build.tests[name]).resolve())
        if done.returncode != 0:
            sys.exit(f"{build.tests[name]} fails as it is: {first_failure(done.stdout)}")
    bad = 0
    print("mutation | caught by; message")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for mutant, (by, message) in zip(chosen, pool.map(lambda m: judge(build, m), chosen)):
            bad += by in ("LIVES", "BROKEN")
            print(f"{pathlib.Path(mutant.file).name}: {mutant.what} | {by}; {' '.join(message.split())[:200]}", flush=True)
    print(f"{len(chosen)} mutants, {bad} not caught")
    return 1 if bad or not chosen else 0


sys.exit(main())
