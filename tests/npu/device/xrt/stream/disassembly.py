# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorded instruction streams as XRT's own disassembler reads them.

disassembly.py RECORD_STREAMS GOLDEN.hex...

Records streams (record_streams.cc), wraps each into an ELF file with aiebu-asm, has aiebu-dump print it, and compares
  - the header: version, generation, rows, columns, bytes, number of operations;
  - every operation: opcode, register, values, mask, argument, offset, channel;
  - what the printed operations mean, with what the writer was told to start: of every channel its tasks, in order,
    each with repeats, token and the fields of its descriptors as they stand when it is started; and a wait for each
    token.
Exit status 77 where the tools are not installed (Debian 13's backports: libxrt-utils-npu).
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

UNTRANSLATED = 0x80000000  # from buffer argument 5 on
VALUE = re.compile(r"XAIE_IO_BLOCKWRITE\.(\d+) +0x([0-9a-f]+)")
LINES = [
    ("write", re.compile(r"XAIE_IO_WRITE +@0x([0-9a-f]+), 0x([0-9a-f]+)"), (16, 16)),
    ("block", re.compile(r"XAIE_IO_BLOCKWRITE +@0x([0-9a-f]+), \[(\d+)\]"), (16, 10)),
    ("mask", re.compile(r"XAIE_IO_MASKWRITE +@0x([0-9a-f]+), 0x([0-9a-f]+)\(\), 0x([0-9a-f]+)"), (16, 16, 16)),
    ("patch", re.compile(r"XAIE_IO_CUSTOM_OP_DDR_PATCH +@0x([0-9a-f]+), #(\d+), \+0x([0-9a-f]+)"), (16, 10, 16)),
]
WAIT = re.compile(r"XAIE_IO_CUSTOM_OP_TCT +R\[0\]\+1, C\[(\d+)\]\+1, #DMA_(S2MM|MM2S), (\d+)")


class Wrong(Exception):
    pass


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    # aiebu-asm and aiebu-dump end with 0 after an error, and say it.
    if done.returncode != 0 or "rror" in done.stderr:
        raise Wrong(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def operation_of(line):
    for name, pattern, bases in LINES:
        match = pattern.fullmatch(line)
        if match:
            return [name] + [int(text, base) for text, base in zip(match.groups(), bases)]
    match = WAIT.fullmatch(line)
    if match:
        return ["wait", int(match[1]), match[2], int(match[3])]
    raise Wrong(f"expected an operation, aiebu-dump printed: {line}")


def disassembled(text):
    """The operations that aiebu-dump -d prints."""
    operations = []
    for line in text.splitlines():
        line = line.strip()
        value = VALUE.fullmatch(line)
        if value:
            if len(operations[-1]) - 3 != int(value[1]):
                raise Wrong(f"values of a block are not in order: {line}")
            operations[-1].append(int(value[2], 16))
        elif line.startswith("XAIE_IO"):
            operations.append(operation_of(line))
        elif line and not line.startswith(("Section[", ".attach_to_group")):
            raise Wrong(f"expected an operation, aiebu-dump printed: {line}")
    return operations


def recorded(path):
    """Lines of NAME.ops."""
    return [[int(x) if x.isdigit() else x for x in line.split()] for line in path.read_text().splitlines()]


def expect(what, wanted, found):
    if wanted != found:
        show = lambda x: x if isinstance(x, (str, int)) else " ".join(hex(i) if isinstance(i, int) else str(i) for i in x)
        raise Wrong(f"{what}: expected {show(wanted)}, aiebu-dump printed {show(found)}")


def check_operations(wanted, found):
    for i, (a, b) in enumerate(zip(wanted, found)):
        if a[0] == "block":
            # The assembler takes the address out of a descriptor and makes it a relocation; the patch has it.
            a = a[:4] + [0] + a[5:]
        expect(f"operation {i}", a, b)
    expect("number of operations", len(wanted), len(found))


def check_header(path, operations, printed):
    size = path.stat().st_size
    for line in ("v0.1, gen3", "6x4 M1", f"{size}B, {operations}ops"):
        if line not in printed.splitlines():
            raise Wrong(f"header: expected '{line}', aiebu-dump printed:\n{printed}")


def tasks_of(path):
    """Of each channel what was started: repeats, token and descriptors, from NAME.tasks."""
    channels = {}
    for line in path.read_text().splitlines():
        kind, *rest = line.split()
        if kind == "task":
            column, direction, index, repeats, token, _ = rest
            task = (int(repeats), int(token), [])
            channels.setdefault((int(column), direction, int(index)), []).append(task)
        else:
            task[2].append([int(x) for x in rest])
    return channels


def step(value):
    return value - 1 if value else 0


def encoded(bd, follows):
    """Words of a descriptor, but for its address and the number of the next one."""
    _, _, length, wrap0, step0, wrap1, step1, step2, iterations, iteration = bd
    return [length, wrap0 << 20 | step(step0), 2 << 30 | wrap1 << 20 | step(step1), 2 << 24 | step(step2),
            step(iterations) << 20 | step(iteration), follows << 26 | 1 << 25]


class Shims:
    """What the printed operations do."""

    def __init__(self):
        self.words, self.addresses, self.controllers = {}, {}, {}
        self.started, self.waits = {}, {}

    def execute(self, operation):
        kind, *rest = operation
        if kind == "wait":
            self.waits[tuple(rest)] = self.waits.get(tuple(rest), 0) + 1
            return
        column, register = rest[0] >> 25, rest[0] & 0x1FFFFFF
        if kind == "block":
            self.words[column, (register - 0x1D000) // 0x20] = rest[2:]
        elif kind == "patch":
            self.addresses[column, (register - 0x1D004) // 0x20] = rest[1:]
        else:
            number = (register - 0x1D200) // 8
            channel = (column, "S2MM" if number < 2 else "MM2S", number % 2)
            if kind == "mask":
                self.controllers[channel] = rest[2]
            else:
                self.started.setdefault(channel, []).append(self.task(channel, rest[1]))

    def task(self, channel, word):
        chain, bd = [], word & 15
        while True:
            words = self.words[channel[0], bd]
            chain.append((words, self.addresses[channel[0], bd]))
            if not words[7] >> 26 & 1:
                break
            bd = words[7] >> 27 & 15
        if word >> 31 and channel not in self.controllers:
            raise Wrong(f"{channel}: a token without a controller's id")
        return (word >> 16 & 0xFF) + 1, word >> 31, chain


def check_tasks(wanted, operations):
    shims = Shims()
    for operation in operations:
        shims.execute(operation)
    expect("channels with tasks", sorted(wanted), sorted(shims.started))
    count = 0
    for channel, tasks in wanted.items():
        expect(f"{channel}: tasks", len(tasks), len(shims.started[channel]))
        expect(f"{channel}: waits", sum(token for _, token, _ in tasks), shims.waits.get(channel, 0))
        for i, (task, found) in enumerate(zip(tasks, shims.started[channel])):
            where = f"{channel}: task {i}"
            expect(f"{where}: repeats, token, descriptors", [*task[:2], len(task[2])], [*found[:2], len(found[2])])
            for j, (bd, (words, (argument, offset))) in enumerate(zip(task[2], found[2])):
                untranslated = UNTRANSLATED if bd[0] >= 5 else 0
                expect(f"{where}, descriptor {j}: address", [bd[0], bd[1] + untranslated], [argument, offset])
                kept = words[:1] + words[3:7] + [words[7] & ~(15 << 27)]
                expect(f"{where}, descriptor {j}: words", encoded(bd, int(j + 1 < len(task[2]))), kept)
            count += 1
    return count


def check(path):
    name = path.stem
    try:
        elf = path.with_suffix(".elf")
        run("aiebu-asm", "-t", "aie2txn", "-c", str(path), "-o", str(elf))
        found = disassembled(run("aiebu-dump", "-d", str(elf)))
        wanted = recorded(path.with_suffix(".ops"))
        check_header(path, len(wanted), run("aiebu-dump", "-p", str(elf)))
        check_operations(wanted, found)
        tasks = path.with_suffix(".tasks")
        count = check_tasks(tasks_of(tasks), found) if tasks.exists() else None
        return True, f"{name}: {len(found)} operations" + (f", {count} tasks" if count is not None else "")
    except Wrong as wrong:
        return False, f"{name}: {wrong}"


def main():
    for tool in ("aiebu-asm", "aiebu-dump"):
        if shutil.which(tool) is None:
            print(f"{tool} was not found; the package libxrt-utils-npu of Debian 13's backports has it")
            return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder, *sys.argv[2:]], check=True)
        streams = sorted(pathlib.Path(folder).glob("*.bin"))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(check, streams))
    for _, line in results:
        print(line)
    failed = sum(not ok for ok, _ in results)
    print(f"{len(results)} streams, {failed} with differences")
    return 1 if failed or not results else 0


sys.exit(main())
