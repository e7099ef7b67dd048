#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the compiler has put the buffers and locks of the cores' fifos.

usage: places.py [--target npu1|npu2] INPUT_WITH_ADDRESSES.mlir
Prints for each core, in JSON, what npu_core_main takes: addresses of the buffers and numbers of the
locks of A, B and C. The file is aiecc's; overlay.py puts the numbers into the design, so that the
program of a core can work its fifos itself.
"""
import argparse
import json
import re
import sys

from design import design
from hardware import TARGETS, Tile
from layout import read_layout

TILE = re.compile(r'%(\w+) = aie\.tile\((\d+), (\d+)\)')
BUFFER = re.compile(r'aie\.buffer\(%(\w+)\) \{[^}]*?address = (\d+) : i32[^}]*?sym_name = "(\w+)"')
LOCK = re.compile(r'aie\.lock\(%(\w+), (\d+)\) \{[^}]*?sym_name = "(\w+)"')

# Buffers of each stream in a core, as npu_core_main takes them.
DEPTHS = {'a': 2, 'b': 2, 'c': 1}


class PlacesError(Exception):
    pass


def by_tile(pattern, text, tiles):
    """{tile: {name: number}} of buffers or locks."""
    found = {}
    for match in pattern.finditer(text):
        groups = dict(zip(('tile', 'number', 'name'), match.groups()))
        found.setdefault(tiles[groups['tile']], {})[groups['name']] = int(groups['number'])
    return found


def numbers_of(names, fifo, what, count, tile):
    """The numbers of a fifo's buffers or of one of its locks in a core, in their order.

    A fifo with one consumer has its name, one with several a number behind it: A_out0_2_cons_buff_1.
    """
    pattern = re.compile(rf'{fifo}(_\d+)?(_cons)?_{what}(?:_(\d+))?$')
    matches = sorted((int(found[3] or 0), number) for name, number in names.items()
                     if (found := pattern.match(name)))
    if [index for index, _ in matches] != list(range(count)):
        raise PlacesError(f'{tile}: expected {count} of {fifo}_{what}, found {len(matches)}')
    return [number for _, number in matches]


def read_places(text, overlay):
    """{tile: [a0, a1, a_full, a_free, b0, b1, b_full, b_free, c0, c_full, c_free]}."""
    tiles = {name: Tile(int(column), int(row)) for name, column, row in TILE.findall(text)}
    buffers, locks = by_tile(BUFFER, text, tiles), by_tile(LOCK, text, tiles)
    places = {}
    for core in overlay.cores:
        numbers = places[core.tile] = []
        for stream, depth in DEPTHS.items():
            fifo, tile = getattr(core, stream), core.tile
            numbers += numbers_of(buffers.get(tile, {}), fifo, 'buff', depth, tile)
            # The lock of consumers counts full buffers, that of producers free ones.
            for what in ('cons_lock', 'prod_lock'):
                numbers += numbers_of(locks.get(tile, {}), fifo, what, 1, tile)
    return places


def to_json(places):
    lines = ',\n'.join(f'  "{tile.column},{tile.row}": {numbers}' for tile, numbers in sorted(places.items()))
    return '{\n' + lines + '\n}'


def from_json(text):
    return {Tile(*map(int, key.split(','))): numbers for key, numbers in json.loads(text).items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--target', choices=sorted(TARGETS), default='npu1')
    parser.add_argument('mlir')
    options = parser.parse_args()
    with open(options.mlir, encoding='utf-8') as file:
        text = file.read()
    try:
        print(to_json(read_places(text, design(TARGETS[options.target], read_layout()))))
    except PlacesError as error:
        print(f'{options.mlir}: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
