#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what the overlay needs of each tile and fails if a limit of the hardware is broken.

usage: budget.py [--target npu1|npu2] [--a N] [--b N] [--c N] [--core-input N] [--core-output N]
Prints the budget table; each broken limit goes to stderr, and the exit status is 1. N: depth of a
fifo, see Depths in design.py.

How objectFifos are lowered (Xilinx/mlir-aie, AIEObjectFifoStatefulTransform.cpp): one descriptor for
each buffer and direction, and where several fifos are joined one for each part of each buffer going
out; two locks for each fifo's end that has buffers, the two ends of a link sharing theirs.
"""
import argparse
import collections
import dataclasses
import sys

from design import Depths, design
from hardware import FIRST_CORE_ROW, MEMORY_ROW, TARGETS, Tile
from layout import LayoutError, read_layout
from streams import Sizes, whisper

S2MM, MM2S = 'S2MM', 'MM2S'

DATA, PROGRAM = 'data memory, bytes', 'program memory, bytes (estimate)'
INPUTS, OUTPUTS = 'channels in (S2MM)', 'channels out (MM2S)'
BDS, EVEN, ODD = 'descriptors', 'descriptors of even channels', 'descriptors of odd channels'
LOCKS, LOCK_VALUE = 'locks', 'deepest fifo (value of a lock)'
BD_WORDS = 'longest descriptor, words'
WIRES, ALL_WIRES = 'streams down from core row 2', 'streams down from core row 2, all columns'
RUN_BUFFERS = 'buffers of a run'
OP_BDS, OP_TASKS = 'descriptors of an operation', 'tasks of an operation on a channel'
OP_WRAP, OP_STEP = 'inner dimension of a descriptor', 'step of a descriptor, words'
OP_ITERATION, OP_REPEATS = 'iterations of a descriptor', 'repeats of a task'

ADVICE = {
    DATA: 'make a buffer smaller or a fifo shallower',
    PROGRAM: 'take kernels out, or make encoder and decoder two programs',
    INPUTS: 'bring the data in band, in a stream that is there',
    OUTPUTS: 'send it in band, in a stream that is there',
    BDS: 'make a fifo shallower',
    EVEN: 'make a fifo shallower or pin it to an odd channel',
    ODD: 'make a fifo shallower or pin it to an even channel',
    LOCKS: 'use fewer fifos',
    LOCK_VALUE: 'make the fifo shallower',
    BD_WORDS: 'use smaller objects',
    WIRES: 'a core has one output; no second one and no trace can be routed',
    ALL_WIRES: 'a core has one output; no second one and no trace can be routed',
    RUN_BUFFERS: 'put several arrays into one buffer',
    OP_BDS: 'cut the operation by rows',
    OP_TASKS: 'cut the operation by columns, or wait for tokens between its tasks',
    OP_WRAP: 'split the dimension in two',
    OP_STEP: 'cut the operation by columns',
    OP_ITERATION: 'make two tasks of it',
    OP_REPEATS: 'make two tasks of it',
}


@dataclasses.dataclass(frozen=True)
class Line:
    place: str  # a tile, a column or the array
    kind: str  # of place: lines of one kind and one `what` are compared
    what: str
    used: int
    limit: int
    parts: str

    def fault(self):
        if self.used <= self.limit:
            return None
        return (f'{self.place}: {self.what}: expected at most {self.limit:,}, found {self.used:,} '
                f'({self.parts}): {ADVICE[self.what]}')


@dataclasses.dataclass(frozen=True)
class Use:
    """One end of one fifo, as its tile sees it."""
    fifo: object
    end: object
    direction: str
    bds: int
    locks: int
    data_bytes: int


def plural(parts):
    return ' + '.join(parts) if parts else 'nothing'


def uses_by_tile(overlay):
    """{tile: [Use]} of all fifos' ends."""
    target_of = {source: link for link in overlay.links for source in link.sources}
    link_into = {link.target: link for link in overlay.links}
    uses = collections.defaultdict(list)
    for fifo in overlay.fifos:
        link = link_into.get(fifo.name)
        producer = fifo.producer
        in_shim = producer.tile.kind == 'shim'
        parts = len(link.sources) if link else 1
        uses[producer.tile].append(Use(
            fifo, producer, MM2S,
            bds=0 if in_shim else producer.depth * parts,
            locks=0 if in_shim or link else 2,
            data_bytes=0 if in_shim else producer.depth * fifo.object_bytes))
        for end in fifo.consumers:
            in_shim = end.tile.kind == 'shim'
            linked = fifo.name in target_of and end.tile.kind == 'memory tile'
            uses[end.tile].append(Use(
                fifo, end, S2MM,
                bds=0 if in_shim else end.depth,
                locks=0 if in_shim else 2,
                data_bytes=0 if in_shim or linked else end.depth * fifo.object_bytes))
    return uses


def assign_channels(uses, direction):
    """[(Use, channel)]: pinned ones first, the others first-free in the order of their names."""
    mine = [use for use in uses if use.direction == direction]
    taken = {use.end.channel for use in mine if use.end.channel is not None}
    assigned = []
    for use in sorted(mine, key=lambda use: use.fifo.name):
        channel = use.end.channel
        if channel is None:
            channel = next(n for n in range(len(mine) + len(taken) + 1) if n not in taken)
            taken.add(channel)
        assigned.append((use, channel))
    return assigned


def bd_lines(place, kind, uses, limits):
    """Descriptors as a whole, and by parity of the channel where the tile splits them."""
    channels = assign_channels(uses, S2MM) + assign_channels(uses, MM2S)

    def line(what, parity, limit):
        parts = [(use, channel) for use, channel in channels if parity is None or channel % 2 == parity]
        shown = plural([f'{use.fifo.name} {use.direction} {channel}: {use.bds}' for use, channel in parts])
        return Line(place, kind, what, sum(use.bds for use, _ in parts), limit, shown)

    yield line(BDS, None, limits.bds)
    if limits.bds_per_parity < limits.bds:
        yield line(EVEN, 0, limits.bds_per_parity)
        yield line(ODD, 1, limits.bds_per_parity)


def longest_bd(uses, links):
    """(words, fifo name) of the longest transfer: a joined object goes out in its parts."""
    def words(use):
        link = next((link for link in links if link.target == use.fifo.name), None)
        parts = len(link.sources) if link and use.direction == MM2S else 1
        return use.fifo.object_bytes // parts // 4
    longest = max(uses, key=words)
    return words(longest), longest.fifo.name


def channel_lines(place, kind, uses, limits):
    for what, direction, limit in ((INPUTS, S2MM, limits.s2mm), (OUTPUTS, MM2S, limits.mm2s)):
        names = [use.fifo.name for use, _ in assign_channels(uses, direction)]
        yield Line(place, kind, what, len(names), limit, plural(names))


def tile_lines(tile, overlay, uses):
    target, place, kind = overlay.target, str(tile), tile.kind
    limits = target.limits(kind)
    yield from channel_lines(place, kind, uses, limits)
    if kind == 'shim':  # its descriptors belong to the instruction stream
        return
    core = next((core for core in overlay.cores if core.tile == tile), None)
    memory = [(use.fifo.name, use.data_bytes, f'{use.end.depth} x {use.fifo.object_bytes:,}')
              for use in uses if use.data_bytes]
    memory += [(buffer.name, buffer.object_bytes, f'{buffer.object_bytes:,}')
               for buffer in overlay.buffers if buffer.tile == tile]
    if core:
        memory.append(('stack', core.stack_bytes, f'{core.stack_bytes:,}'))
    yield Line(place, kind, DATA, sum(size for _, size, _ in memory), limits.data_bytes,
               plural([f'{name} {shown}' for name, _, shown in memory]))
    if core:
        yield Line(place, kind, PROGRAM, overlay.program_bytes, target.program_bytes,
                   'kernels/layout/program.h')
    yield from bd_lines(place, kind, uses, limits)
    yield Line(place, kind, LOCKS, sum(use.locks for use in uses), limits.locks,
               plural([f'{use.fifo.name} {use.locks}' for use in uses if use.locks]))
    words, name = longest_bd(uses, overlay.links)
    yield Line(place, kind, BD_WORDS, words, limits.bd_words, name)
    deepest = max(uses, key=lambda use: use.end.depth)
    yield Line(place, kind, LOCK_VALUE, deepest.end.depth, target.lock_value, deepest.fifo.name)


def wire_lines(overlay):
    """A memory tile's switch is reached from above alone, a shim's through its memory tile."""
    streams = collections.defaultdict(list)
    for fifo in overlay.fifos:
        if fifo.producer.tile.row >= FIRST_CORE_ROW:
            for column in {end.tile.column for end in fifo.consumers if end.tile.row <= MEMORY_ROW}:
                streams[column].append(fifo.name)
    wires = overlay.target.south_wires
    for column in range(overlay.target.columns):
        names = streams[column]
        yield Line(f'column {column}', 'column', WIRES, len(names), wires, plural(names))
    total = sum(len(names) for names in streams.values())
    yield Line('array', 'array', ALL_WIRES, total, wires * overlay.target.columns,
               f'{overlay.target.columns} columns')


def stream_lines(overlay):
    """What one shim needs for the operation of Whisper that needs most of it."""
    target = overlay.target
    operations = whisper(Sizes.of(overlay))
    counts = (
        (OP_BDS, target.shim.bds, lambda op: len(op.bds())),
        (OP_TASKS, target.queued_tasks, lambda op: max(map(len, op.streams.values()))),
        (OP_WRAP, target.shim.bd_wrap, lambda op: max(max(bd.wraps, default=0) for bd in op.bds())),
        (OP_STEP, target.shim.bd_step, lambda op: max(max(bd.steps) for bd in op.bds())),
        (OP_ITERATION, target.shim.bd_iteration, lambda op: max(bd.iteration for bd in op.bds())),
        (OP_REPEATS, target.task_repeats, lambda op: max(task.repeats for task in op.tasks())))
    for what, limit, count in counts:
        worst = max(operations, key=count)
        yield Line('each shim', 'stream', what, count(worst), limit, worst.name)


def budget(overlay):
    """[Line] of every tile in use, of every column, of the array and of the streams."""
    uses = uses_by_tile(overlay)
    lines = [line for tile in sorted(uses) for line in tile_lines(tile, overlay, uses[tile])]
    lines += wire_lines(overlay)
    lines.append(Line('array', 'array', RUN_BUFFERS, overlay.run_buffers, overlay.target.run_buffers,
                      'arguments of the xclbin\'s kernel'))
    return lines + list(stream_lines(overlay))


def link_faults(overlay):
    for link in overlay.links:
        target = overlay.fifo(link.target)
        sources = [overlay.fifo(name) for name in link.sources]
        for source in sources:
            if [end.tile for end in source.consumers] != [target.producer.tile]:
                yield f'link {source.name} to {target.name}: expected them to meet in {target.producer.tile}'
            elif source.consumers[0].depth != target.producer.depth:
                yield (f'{target.producer.tile}: {source.name} and {target.name} share their buffers: expected '
                       f'one depth, found {source.consumers[0].depth} and {target.producer.depth}')
        starts = [sum(source.object_bytes for source in sources[:n]) for n in range(len(sources))]
        size = sum(source.object_bytes for source in sources)
        if size != target.object_bytes or link.offsets not in ((), tuple(starts)):
            yield (f'{link.target}: expected its sources one behind the other in {size:,} bytes, found '
                   f'{target.object_bytes:,} bytes and offsets {list(link.offsets)}')


def pin_faults(overlay):
    for tile, uses in sorted(uses_by_tile(overlay).items()):
        limits = overlay.target.limits(tile.kind)
        for direction, count in ((S2MM, limits.s2mm), (MM2S, limits.mm2s)):
            pins = [use.end.channel for use in uses
                    if use.direction == direction and use.end.channel is not None]
            for channel in sorted(set(pins)):
                if channel >= count or pins.count(channel) > 1:
                    yield (f'{tile}: {direction} {channel} is pinned {pins.count(channel)} times: expected '
                           f'once, and a channel below {count}')


def core_faults(overlay):
    """Each core is the consumer of its A and B and the producer of its C; each tile is of the array."""
    target = overlay.target
    for core in overlay.cores:
        for name in (core.a, core.b):
            if core.tile not in [end.tile for end in overlay.fifo(name).consumers]:
                yield f'{core.tile}: expected it to consume {name}'
        if overlay.fifo(core.c).producer.tile != core.tile:
            yield f'{core.tile}: expected it to produce {core.c}'
    last = Tile(target.columns - 1, FIRST_CORE_ROW + target.core_rows - 1)
    for tile in sorted(uses_by_tile(overlay)):
        if tile.column > last.column or tile.row > last.row:
            yield f'{tile}: {target.name} ends at {last}'


def size_faults(overlay):
    sizes = [(f'fifo {fifo.name}', fifo.object_bytes) for fifo in overlay.fifos]
    sizes += [(f'buffer {buffer.name}', buffer.object_bytes) for buffer in overlay.buffers]
    sizes += [(f'{core.tile}: stack', core.stack_bytes) for core in overlay.cores]
    for name, size in sizes:
        if size % overlay.target.vector_bytes:
            yield (f'{name}: expected a multiple of {overlay.target.vector_bytes} bytes, so that the next '
                   f'buffer stays aligned, found {size:,}')


def limit_faults(overlay):
    """One for each kind of place and limit; it names the fullest place."""
    groups = collections.defaultdict(list)
    for line in budget(overlay):
        if line.fault():
            groups[line.kind, line.what].append(line)
    for lines in groups.values():
        others = f'; so do {len(lines) - 1} more' if len(lines) > 1 else ''
        yield max(lines, key=lambda line: line.used).fault() + others


def faults(overlay):
    """[str]: every limit that the overlay breaks; empty: it fits."""
    checks = (limit_faults, link_faults, pin_faults, core_faults, size_faults)
    return [fault for check in checks for fault in check(overlay)]


def fullest(lines):
    """Of all lines of one kind and one `what` the one with the greatest use, and how many there are."""
    groups = collections.defaultdict(list)
    for line in lines:
        groups[line.kind, line.what].append(line)
    return [(max(group, key=lambda line: line.used), len(group), len({line.used for line in group}) == 1)
            for group in groups.values()]


def table(overlay):
    """The budget as a Markdown table, of each kind of tile the fullest."""
    order = ['core', 'memory tile', 'shim', 'stream', 'column', 'array']
    rows = ['| tile | what | used | there | of what |', '|---|---|---|---|---|']
    for line, count, alike in sorted(fullest(budget(overlay)), key=lambda row: order.index(row[0].kind)):
        tiles = line.place if count == 1 or not alike else f'{line.kind}, {count} alike'
        rows.append(f'| {tiles} | {line.what} | {line.used:,} | {line.limit:,} | {line.parts} |')
    return '\n'.join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--target', choices=sorted(TARGETS), default='npu1')
    for field in dataclasses.fields(Depths):
        parser.add_argument(f'--{field.name.replace("_", "-")}', type=int, default=field.default,
                            help=f'depth; default {field.default}')
    options = vars(parser.parse_args())
    try:
        layout = read_layout()
    except LayoutError as error:
        print(error, file=sys.stderr)
        return 1
    overlay = design(TARGETS[options.pop('target')], layout, Depths(**options))
    print(table(overlay))
    broken = faults(overlay)
    for fault in broken:
        print(fault, file=sys.stderr)
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
