#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The overlay as an IRON program: prints the MLIR that aiecc compiles.

usage: overlay.py [--target npu1|npu2] [--object core.o] [--dump]
--object: what the steps of core_loop.py are linked from. --dump: prints the description instead,
fifo by fifo, which needs no mlir-aie.

Written for the release of mlir-aie that build.sh names; the API of others differs.
"""
import argparse
import sys

from budget import faults
from core_loop import STEPS, SYMBOL, core_loop
from design import design
from hardware import FIRST_CORE_ROW, TARGETS
from layout import LayoutError, read_layout

# A buffer's elements are words where the loop reads them and where sums lie; streams are bytes.
WORD_BUFFERS = ('scratch', 'parameters')
COUNTS_IN = 'parameters'


def dump(overlay):
    """The description in lines of text: who produces, who consumes, how deep, on which channel."""
    def end(end_):
        channel = '' if end_.channel is None else f' channel {end_.channel}'
        return f'{end_.tile} depth {end_.depth}{channel}'
    lines = [f'device {overlay.target.name}']
    for fifo in overlay.fifos:
        lines.append(f'fifo {fifo.name}: {fifo.object_bytes} bytes, from {end(fifo.producer)}')
        lines += [f'  to {end(consumer)}' for consumer in fifo.consumers]
    for link in overlay.links:
        lines.append(f'link {" ".join(link.sources)} -> {link.target}')
    for core in overlay.cores:
        own = ' '.join(f'{buffer.name} {buffer.object_bytes}' for buffer in overlay.buffers
                       if buffer.tile == core.tile)
        lines.append(f'{core.tile}: {core.a} {core.b} -> {core.c}, stack {core.stack_bytes}, {own}')
    return '\n'.join(lines)


class Builder:
    """Makes IRON objects of a description; the modules of mlir-aie are loaded here and nowhere else."""

    def __init__(self, overlay, object_file):
        import numpy
        from aie import iron
        from aie.iron import controlflow, dataflow, device
        self.overlay, self.object_file = overlay, object_file
        self.numpy, self.iron, self.controlflow = numpy, iron, controlflow
        self.dataflow, self.device = dataflow, device
        self.fifos = {fifo.name: iron.ObjectFifo(self.array(fifo.object_bytes), depth=fifo.producer.depth,
                                                 name=fifo.name) for fifo in overlay.fifos}
        self.steps = self.make_steps()

    def array(self, size, word=False):
        element = self.numpy.int32 if word else self.numpy.int8
        return self.numpy.ndarray[(size // 4 if word else size,), self.numpy.dtype[element]]

    def tile(self, tile):
        return self.device.Tile(tile.column, tile.row)

    def core_buffers(self, tile):
        """[(name without the place, Buffer of the description)] of a core."""
        place = f'{tile.column}{tile.row - FIRST_CORE_ROW}'
        return [(buffer.name[:-len(place)], buffer) for buffer in self.overlay.buffers if buffer.tile == tile]

    def buffer_type(self, name, buffer):
        return self.array(buffer.object_bytes, name in WORD_BUFFERS)

    def make_steps(self):
        first = self.overlay.cores[0]
        types = {stream: self.array(self.overlay.fifo(getattr(first, stream)).object_bytes) for stream in 'abc'}
        types.update(row=self.numpy.int32, column=self.numpy.int32)
        buffers = [self.buffer_type(*buffer) for buffer in self.core_buffers(first.tile)]
        return {step: self.iron.Kernel(SYMBOL.format(step), self.object_file,
                                       [types[name] for name in arguments] + buffers)
                for step, arguments in STEPS.items()}

    def producer(self, name):
        end = self.overlay.fifo(name).producer
        tile = {'tile': self.tile(end.tile)} if end.tile.kind == 'shim' else {}
        return self.fifos[name].prod(depth=end.depth, channel=end.channel, **tile)

    def consumer(self, name, tile):
        end = next(end for end in self.overlay.fifo(name).consumers if end.tile == tile)
        where = {'tile': self.tile(tile)} if tile.kind == 'shim' else {}
        return self.fifos[name].cons(depth=end.depth, channel=end.channel, **where)

    def link(self, link):
        """By hand, because forward() and join() cannot pin what arrives in the memory tile."""
        tile = self.overlay.fifo(link.target).producer.tile
        sources = [self.consumer(name, tile) for name in link.sources]
        offsets = list(link.offsets) if len(sources) > 1 else []
        self.dataflow.ObjectFifoLink(sources, [self.producer(link.target)], self.tile(tile), offsets, [])

    def worker(self, core):
        named = self.core_buffers(core.tile)
        buffers = [self.iron.Buffer(self.buffer_type(name, buffer), name=buffer.name) for name, buffer in named]
        counts = buffers[[name for name, _ in named].index(COUNTS_IN)]
        place = (core.tile.row - FIRST_CORE_ROW, core.tile.column)
        steps, range_ = list(self.steps.values()), self.controlflow.range_

        def core_fn(a, b, c, *rest):
            kernels, own = rest[:len(steps)], rest[len(steps):]
            core_loop(a, b, c, dict(zip(STEPS, kernels)), place, own, counts, range_)

        streams = [self.consumer(core.a, core.tile), self.consumer(core.b, core.tile), self.producer(core.c)]
        return self.iron.Worker(core_fn, streams + steps + buffers, tile=self.tile(core.tile),
                                stack_size=core.stack_bytes)

    def shim_handles(self):
        for fifo in self.overlay.fifos:
            if fifo.producer.tile.kind == 'shim':
                yield self.producer(fifo.name)
            for end in fifo.consumers:
                if end.tile.kind == 'shim':
                    yield self.consumer(fifo.name, end.tile)

    def program(self):
        for link in self.overlay.links:
            self.link(link)
        workers = [self.worker(core) for core in self.overlay.cores]

        def sequence(*_):
            """Empty: the host writes the instruction stream of each list of operations itself."""

        host = [self.array(self.overlay.fifos[0].object_bytes)] * self.overlay.run_buffers
        runtime = self.iron.Runtime(sequence, host + list(self.shim_handles()))
        target = self.overlay.target
        return self.iron.Program(self.device.from_name(target.iron_name, n_cols=target.columns), runtime,
                                 workers=workers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--target', choices=sorted(TARGETS), default='npu1')
    parser.add_argument('--object', default='core.o', help='object file of the steps; default core.o')
    parser.add_argument('--dump', action='store_true', help='print the description; needs no mlir-aie')
    options = parser.parse_args()
    try:
        overlay = design(TARGETS[options.target], read_layout())
    except LayoutError as error:
        print(error, file=sys.stderr)
        return 1
    broken = faults(overlay)
    for fault in broken:
        print(fault, file=sys.stderr)
    if broken:
        return 1
    if options.dump:
        print(dump(overlay))
        return 0
    try:
        builder = Builder(overlay, options.object)
    except ImportError as error:
        print(f'overlay.py: expected mlir-aie and numpy in this Python, found none ({error}); '
              'kernels/overlay/README.md says how to install them', file=sys.stderr)
        return 1
    print(builder.program().resolve_program())
    return 0


if __name__ == '__main__':
    sys.exit(main())
