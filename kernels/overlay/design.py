# SPDX-License-Identifier: LGPL-2.1-or-later
"""The overlay as plain data: tiles, fifos, links, buffers, cores.

overlay.py builds the IRON program from this description and budget.py counts what it needs, so that
the two cannot drift apart. Nothing here needs mlir-aie.

A of core row r enters in one column and is broadcast from its memory tile to all cores of the row;
B of column c from memory tile c to all cores of the column; C of a column's cores is joined in its
memory tile. Every object has one size and cores loop for ever: what is computed is said in band, by
a descriptor that comes as a B object.
"""
import dataclasses

from hardware import FIRST_CORE_ROW, MEMORY_ROW, SHIM_ROW, Tile


@dataclasses.dataclass(frozen=True)
class End:
    """Where a fifo begins or arrives. depth: buffers there (a shim has none); channel: pinned DMA channel."""
    tile: Tile
    depth: int
    channel: int | None = None


@dataclasses.dataclass(frozen=True)
class Fifo:
    name: str
    object_bytes: int
    producer: End
    consumers: tuple


@dataclasses.dataclass(frozen=True)
class Link:
    """Fifos that meet in a memory tile and share its buffers. offsets: where each of several sources goes."""
    sources: tuple
    target: str
    offsets: tuple = ()


@dataclasses.dataclass(frozen=True)
class Buffer:
    name: str
    tile: Tile
    object_bytes: int


@dataclasses.dataclass(frozen=True)
class Core:
    tile: Tile
    a: str
    b: str
    c: str
    stack_bytes: int


@dataclasses.dataclass(frozen=True)
class Overlay:
    target: object
    fifos: tuple
    links: tuple
    buffers: tuple
    cores: tuple
    program_bytes: int
    # Buffer objects of a run: weights, caches, activations, input and output, and room for what moves.
    run_buffers: int = 8

    def fifo(self, name):
        return next(fifo for fifo in self.fifos if fifo.name == name)


@dataclasses.dataclass(frozen=True)
class Depths:
    a: int = 2  # in the memory tile
    b: int = 12  # the most that the parity of the descriptors allows
    c: int = 2  # joined
    core_input: int = 2
    core_output: int = 1  # the next tile is written 8,000 cycles later at the earliest


# Pinned, because the descriptors of a memory tile are split between even and odd channels: first-free
# assignment in the order of the names would end at a B depth of 10.
A_IN, B_IN = 0, 1
A_OUT, C_OUT, B_OUT = 0, 1, 2


def c_in_channel(row, rows):
    """Channels 2 to 5, alternately of both parities: 2, 4, 3, 5."""
    half = (rows + 1) // 2
    return 2 + (2 * row if row < half else 2 * (row - half) + 1)


def a_column(row, target):
    """The column where A of a row enters: spread over all of them."""
    return row * target.columns // target.core_rows


def core_tile(column, row):
    return Tile(column, FIRST_CORE_ROW + row)


def a_fifos(row, target, layout, depths):
    column = a_column(row, target)
    memory = Tile(column, MEMORY_ROW)
    cores = tuple(End(core_tile(c, row), depths.core_input) for c in range(target.columns))
    return (
        Fifo(f'A_in{row}', layout.object_bytes, End(Tile(column, SHIM_ROW), 2),
             (End(memory, depths.a, A_IN),)),
        Fifo(f'A_out{row}', layout.object_bytes, End(memory, depths.a, A_OUT), cores))


def b_fifos(column, target, layout, depths):
    memory = Tile(column, MEMORY_ROW)
    cores = tuple(End(core_tile(column, r), depths.core_input) for r in range(target.core_rows))
    return (
        Fifo(f'B_in{column}', layout.object_bytes, End(Tile(column, SHIM_ROW), 2),
             (End(memory, depths.b, B_IN),)),
        Fifo(f'B_out{column}', layout.object_bytes, End(memory, depths.b, B_OUT), cores))


def c_fifos(column, target, layout, depths):
    memory = Tile(column, MEMORY_ROW)
    rows = target.core_rows
    parts = tuple(
        Fifo(f'C{column}{row}', layout.tile_bytes, End(core_tile(column, row), depths.core_output),
             (End(memory, depths.c, c_in_channel(row, rows)),))
        for row in range(rows))
    joined = Fifo(f'C_out{column}', rows * layout.tile_bytes, End(memory, depths.c, C_OUT),
                  (End(Tile(column, SHIM_ROW), 2),))
    return parts + (joined,)


def design(target, layout, depths=Depths()):
    rows, columns = range(target.core_rows), range(target.columns)
    fifos, links = [], []
    for row in rows:
        fifos += a_fifos(row, target, layout, depths)
        links.append(Link((f'A_in{row}',), f'A_out{row}'))
    for column in columns:
        fifos += b_fifos(column, target, layout, depths)
        links.append(Link((f'B_in{column}',), f'B_out{column}'))
    for column in columns:
        fifos += c_fifos(column, target, layout, depths)
        links.append(Link(tuple(f'C{column}{row}' for row in rows), f'C_out{column}',
                          tuple(row * layout.tile_bytes for row in rows)))
    cores = tuple(Core(core_tile(column, row), f'A_out{row}', f'B_out{column}', f'C{column}{row}',
                       layout.stack_bytes) for column in columns for row in rows)
    buffers = tuple(Buffer(f'{name}{core.tile.column}{core.tile.row - FIRST_CORE_ROW}', core.tile, size)
                    for core in cores for name, size in layout.buffers)
    return Overlay(target, tuple(fifos), tuple(links), buffers, cores, layout.program_estimate)
