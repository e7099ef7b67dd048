#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The overlay is the dataflow that mlir-aie accepted for npu1: golden/npu/overlay.mlir of the corpus.

Fifos, depths, pinned channels, links, buffers, cores and stacks are read from the file into the same
plain data and must be equal, except for the size of the parameters, which the kernels have raised.
Skipped without the corpus.
"""
import dataclasses
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'kernels' / 'overlay'))

import budget  # noqa: E402
import streams  # noqa: E402
from design import Buffer, Core, End, Fifo, Link, Overlay, design  # noqa: E402
from hardware import TARGETS, Tile  # noqa: E402
from layout import read_layout  # noqa: E402

GOLDEN = pathlib.Path(os.environ.get('NPUWHISPER_TEST_CORPUS', '')) / 'golden' / 'npu' / 'overlay.mlir'

TILE = re.compile(r'%(\w+) = aie\.tile\((\d+), (\d+)\)')
FIFO = re.compile(r'aie\.objectfifo @(\w+) ?\(%(\w+), \{([^}]*)\}, (\[[^\]]*\]|\d+) ?(?:: i32)?\) ?(\{[^}]*\})? '
                  r': !aie\.objectfifo<memref<(\d+)xi8>>')
LINK = re.compile(r'aie\.objectfifo\.link \[([^\]]*)\] -> \[@(\w+)\] \(\[([^\]]*)\] \[\]\)')
BUFFER = re.compile(r'aie\.buffer\(%(\w+)\) \{sym_name = "(\w+)"\} : memref<(\d+)xi(\d+)>')
CORE = re.compile(r'aie\.core\(%(\w+)\) \{(.*?)\} \{stack_size = (\d+) : i32\}', re.S)
USE = re.compile(r'aie\.objectfifo\.(acquire|release) @(\w+)\((Consume|Produce), 1\)')


def numbers(text):
    return [int(number) for number in re.findall(r'\d+', text.replace('i32', ''))]


def parse_fifo(found, tiles):
    name, producer, consumers, depths, attributes, size = found.groups()
    ends = [tiles[producer]] + [tiles[tile.strip()[1:]] for tile in consumers.split(',')]
    depth = numbers(depths)
    depth = depth * len(ends) if len(depth) == 1 else depth
    pins = dict(re.findall(r'(\w+) = ((?:array<i32: [^>]*>)|\d+)', attributes or ''))
    out = int(pins['prod_dma_channel']) if 'prod_dma_channel' in pins else None
    into = numbers(pins['cons_dma_channels']) if 'cons_dma_channels' in pins else [None] * (len(ends) - 1)
    return Fifo(name, int(size), End(ends[0], depth[0], out),
                tuple(End(tile, depth[n + 1], into[n]) for n, tile in enumerate(ends[1:])))


def parse_core(found, tiles):
    tile, body, stack = found.groups()
    ends = {}
    for _, name, port in USE.findall(body):
        ends.setdefault(port, []).append(name)
    a, = {name for name in ends['Consume'] if name.startswith('A')}
    b, = {name for name in ends['Consume'] if name.startswith('B')}
    c, = set(ends['Produce'])
    return Core(tiles[tile], a, b, c, int(stack))


def parse(text):
    target = TARGETS[re.search(r'aie\.device\((\w+)\)', text)[1]]
    tiles = {name: Tile(int(column), int(row)) for name, column, row in TILE.findall(text)}
    fifos = tuple(parse_fifo(found, tiles) for found in FIFO.finditer(text))
    links = tuple(Link(tuple(name.strip()[1:] for name in sources.split(',')), into, tuple(numbers(offsets)))
                  for sources, into, offsets in LINK.findall(text))
    buffers = tuple(Buffer(name, tiles[tile], int(count) * int(bits) // 8)
                    for tile, name, count, bits in BUFFER.findall(text))
    cores = tuple(parse_core(found, tiles) for found in CORE.finditer(text))
    return Overlay(target, fifos, links, buffers, cores, program_bytes=0)


TASK = re.compile(r'dma_configure_task_for @(\w+) \{(.*?)\} \{([^{}]*)\}', re.S)
BD = re.compile(r'aie\.dma_bd\([^)]*len = (\d+) sizes = \[([^\]]*)\] strides = \[([^\]]*)\]\)')


def parse_bd(words, sizes, strides):
    """sizes and strides come outermost first; a fourth dimension is the iteration."""
    sizes, strides = numbers(sizes)[::-1], numbers(strides)[::-1]
    iteration = sizes[3] if len(sizes) == 4 else 1
    inner = sizes[1] > 1
    steps = tuple(strides if inner else strides[3:])
    return streams.Bd(int(words), tuple(sizes[:2]) if inner else (), steps, iteration)


def parse_tasks(text):
    """{fifo: Task} of the runtime sequence."""
    return {name: streams.Task(tuple(parse_bd(*bd) for bd in BD.findall(body)),
                               int(re.search(r'repeat_count = (\d+)', attributes)[1]) + 1)
            for name, body, attributes in TASK.findall(text)}


def by_name(things):
    return {thing.name: thing for thing in things}


class AcceptedDesign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.golden = parse(GOLDEN.read_text(encoding='utf-8'))
        layout = dataclasses.replace(
            read_layout(), buffers=(('acc', 16384), ('par', 1024), ('tab', 4096)), program_estimate=0)
        cls.ours = design(TARGETS['npu1'], layout)

    def test_holds_what_the_brief_counts(self):
        self.assertEqual([len(things) for things in (self.golden.fifos, self.golden.links, self.golden.buffers,
                                                     self.golden.cores)], [36, 12, 48, 16])

    def test_has_the_same_fifos_depths_and_channels(self):
        self.assertEqual(by_name(self.ours.fifos), by_name(self.golden.fifos))

    def test_has_the_same_links(self):
        self.assertEqual({link.target: link for link in self.ours.links},
                         {link.target: link for link in self.golden.links})

    def test_has_the_same_buffers(self):
        self.assertEqual(by_name(self.ours.buffers), by_name(self.golden.buffers))

    def test_has_the_same_cores_on_the_same_streams(self):
        self.assertEqual({core.tile: core for core in self.ours.cores},
                         {core.tile: core for core in self.golden.cores})

    def test_fits_and_needs_the_same(self):
        self.assertEqual(budget.faults(self.golden), [])
        self.assertEqual([dataclasses.replace(line, parts='') for line in budget.budget(self.golden)],
                         [dataclasses.replace(line, parts='') for line in budget.budget(self.ours)])

    def test_streams_a_product_with_the_same_descriptors(self):
        tasks = parse_tasks(GOLDEN.read_text(encoding='utf-8'))
        ours = streams.product('', 1536, 512, 512, streams.Sizes.of(self.ours)).streams
        self.assertEqual(len(tasks), 12)
        for name, task in tasks.items():
            self.assertEqual([task], ours[name[0]], name)

    def test_streams_the_queries_of_attention_with_the_same_descriptor(self):
        tasks = parse_tasks((GOLDEN.parent / 'attention.sequence.mlir').read_text(encoding='utf-8'))
        ours = streams.attention('', 1536, 512, streams.Sizes.of(self.ours)).streams
        self.assertEqual([tasks['A_in1']], ours['A'])

    def test_differs_from_what_is_built_in_the_local_buffers_alone(self):
        built = design(TARGETS['npu1'], read_layout())
        self.assertEqual(by_name(built.fifos), by_name(self.golden.fifos))
        self.assertEqual(built.links, self.ours.links)
        self.assertEqual(built.cores, self.ours.cores)


if __name__ == '__main__':
    if not GOLDEN.is_file():
        print(f'{GOLDEN}: not there; -Dcorpus names the full corpus')
        sys.exit(77)
    unittest.main()
