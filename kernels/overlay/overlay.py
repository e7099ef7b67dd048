#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The overlay as an IRON program: prints the MLIR that aiecc compiles.

usage: overlay.py [--target npu1|npu2] [--object core.o] [--places places.json] [--dump]
--object: what the cores run, one npu_core_main (device_fifo.h). --places: where the compiler has put the
cores' fifos (places.py); without it the program of the cores is not to be run, only to be allocated.
--dump: prints the description instead, fifo by fifo, which needs no mlir-aie.

Written for the release of mlir-aie that build.sh names; the API of others differs.
"""
import argparse
import sys

from budget import faults
from design import design
from hardware import FIRST_CORE_ROW, TARGETS
from layout import LayoutError, read_layout
from places import DEPTHS, from_json

ENTRY = 'npu_core_main'
PLACES = sum(DEPTHS.values()) + 2 * len(DEPTHS)  # numbers that it takes of the fifos


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

    def __init__(self, overlay, object_file, places=None):
        import numpy
        from aie import iron
        from aie.iron import dataflow, device
        self.overlay, self.places = overlay, places
        self.numpy, self.iron, self.dataflow, self.device = numpy, iron, dataflow, device
        self.fifos = {fifo.name: iron.ObjectFifo(self.array(fifo.object_bytes), depth=fifo.producer.depth,
                                                 name=fifo.name) for fifo in overlay.fifos}
        buffers = [self.array(buffer.object_bytes) for buffer in self.buffers_of(overlay.cores[0])]
        self.entry = iron.Kernel(ENTRY, object_file, [numpy.int32] * (1 + PLACES) + buffers)

    def array(self, size):
        return self.numpy.ndarray[(size,), self.numpy.dtype[self.numpy.int8]]

    def tile(self, tile):
        return self.device.Tile(tile.column, tile.row)

    def buffers_of(self, core):
        return [buffer for buffer in self.overlay.buffers if buffer.tile == core.tile]

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
        """The program works its fifos itself, through their locks; the handles bind them to this core.

        Called once: a program that returns has met what it does not know, and its streams stand still.
        """
        row = core.tile.row - FIRST_CORE_ROW
        places = self.places[core.tile] if self.places else [0] * PLACES
        buffers = [self.iron.Buffer(self.array(buffer.object_bytes), name=buffer.name)
                   for buffer in self.buffers_of(core)]

        def core_fn(_a, _b, _c, entry, *own):
            entry(row, *places, *own)

        streams = [self.consumer(core.a, core.tile), self.consumer(core.b, core.tile), self.producer(core.c)]
        return self.iron.Worker(core_fn, streams + [self.entry] + buffers, tile=self.tile(core.tile),
                                while_true=False, stack_size=core.stack_bytes)

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
    parser.add_argument('--places', help='JSON of places.py')
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
    places = None
    if options.places:
        with open(options.places, encoding='utf-8') as file:
            places = from_json(file.read())
    try:
        builder = Builder(overlay, options.object, places)
    except ImportError as error:
        print(f'overlay.py: expected mlir-aie and numpy in this Python, found none ({error}); '
              'kernels/overlay/README.md says how to install them', file=sys.stderr)
        return 1
    print(builder.program().resolve_program())
    return 0


if __name__ == '__main__':
    sys.exit(main())
