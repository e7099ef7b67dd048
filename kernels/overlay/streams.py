# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors and tasks that a shim needs for one operation of Whisper, as the host's instruction
streams will write them. Units are words of 32 bits; sizes those of the layouts in kernels/layout.

A product [M x K] x [K x N], tiles of 64: R rounds of all core rows, J of all columns.
  A  one descriptor: R times the K / 64 tiles of a row, repeated J times
  B  a chain: the operation's descriptor, then R times the objects of an N tile (R = 1: one piece); J
     N tiles by iteration
  C  one descriptor: M / 64 tiles, a row of tiles apart; J N tiles by iteration. Of 16 rows four pieces to
     an object, and a descriptor that takes what the other core rows give; a last object that is not
     full is a task of its own
Attention, column = head: A the queries of a row block (heads of a last round that is not full: a task of its
own), B a descriptor and R times a head's blocks of keys, C as of a product. The vocabulary gives one object of
candidates. More than 64 iterations are several tasks with descriptors of their own.
"""
import dataclasses

RUN = 512  # a tile has 1,024 words, one more than an inner dimension counts


@dataclasses.dataclass(frozen=True)
class Bd:
    words: int
    wraps: tuple = ()  # of the dimensions 0 and 1
    steps: tuple = (1,)  # of all dimensions and of the iteration
    iteration: int = 1


@dataclasses.dataclass(frozen=True)
class Task:
    bds: tuple
    repeats: int


@dataclasses.dataclass(frozen=True)
class Operation:
    name: str
    streams: dict  # {'A': [Task], 'B': ..., 'C': ...} of one shim

    def tasks(self):
        return [task for tasks in self.streams.values() for task in tasks]

    def bds(self):
        return [bd for task in self.tasks() for bd in task.bds]


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Tile and object in words, rows and columns of the array, and the iterations of one task."""
    tile: int
    object: int
    rows: int
    columns: int
    iterations: int

    @classmethod
    def of(cls, overlay):
        core, target = overlay.cores[0], overlay.target
        return cls(overlay.fifo(core.c).object_bytes // 4, overlay.fifo(core.b).object_bytes // 4,
                   target.core_rows, target.columns, target.shim.bd_iteration)


def up(value, step):
    return -(-value // step)


def in_tasks(count, most):
    """count cut into pieces of at most `most`."""
    return [min(most, count - start) for start in range(0, count, most)]


def rows_of_tiles(words, tiles, step, sizes):
    """A descriptor over rows of so many neighbouring tiles, the rows a step apart."""
    return Bd(words, wraps=(RUN, tiles * sizes.tile // RUN), steps=(1, RUN, step))


def b_tasks(rounds, tiles, objects, sizes):
    """J N tiles (or heads) of a column, each its descriptor and then its objects for every round."""
    step = sizes.columns * (1 + objects) * sizes.object
    tasks = []
    for count in in_tasks(tiles, sizes.iterations):
        if rounds == 1:
            tasks.append(Task((Bd((1 + objects) * sizes.object, steps=(step,), iteration=count),), count))
            continue
        chain = [Bd(sizes.object, steps=(step,), iteration=count)]
        chain += [Bd(objects * sizes.object, steps=(step,), iteration=count)] * rounds
        tasks.append(Task(tuple(chain), count))
    return tasks


def c_tasks(m, n, tiles, sizes):
    step = up(n, 64) * sizes.tile
    return [Task((dataclasses.replace(
        rows_of_tiles(up(m, 64) * sizes.tile, 1, step, sizes),
        steps=(1, RUN, step, sizes.columns * sizes.tile), iteration=count),), count)
        for count in in_tasks(tiles, sizes.iterations)]


def piece_tasks(tiles, sizes):
    """Tiles of 16 rows: a quarter of core row 0's object each."""
    piece = sizes.tile // 4
    full, rest = divmod(tiles, 4)
    tasks = [(4, count) for count in in_tasks(full, sizes.iterations)] + [(rest, 1)] * (rest > 0)
    steps = (1, sizes.columns * piece, 4 * sizes.columns * piece)
    return [Task((Bd(pieces * piece, wraps=(piece, pieces), steps=steps, iteration=count),
                  Bd(sizes.rows * sizes.tile - pieces * piece)), count) for pieces, count in tasks]


def product(name, m, k, n, sizes):
    rounds, tiles = up(m, 64 * sizes.rows), up(n, 64 * sizes.columns)
    c = piece_tasks(tiles, sizes) if m <= DECODE_ROWS else c_tasks(m, n, tiles, sizes)
    a_step = sizes.rows * (k // 64) * sizes.tile
    a = Task((rows_of_tiles(rounds * (k // 64) * sizes.tile, k // 64, a_step, sizes),), tiles)
    return Operation(f'{name}, {m:,} x {k:,} x {n:,}', {
        'A': [a], 'B': b_tasks(rounds, tiles, k // 128, sizes), 'C': c})


def vocabulary(name, k, n, sizes):
    operation = product(name, DECODE_ROWS, k, n, sizes)
    operation.streams['C'] = [Task((Bd(sizes.tile), Bd((sizes.rows - 1) * sizes.tile)), 1)]
    return operation


def attention(name, m, d, sizes):
    """Self attention of the encoder: m queries and m keys, heads of 64."""
    rounds, heads = up(m, 64 * sizes.rows), up(d // 64, sizes.columns)
    a_step = sizes.rows * (d // 64) * sizes.tile
    full, rest = divmod(d // 64, sizes.columns)
    a = [dataclasses.replace(rows_of_tiles(rounds * tiles * sizes.tile, tiles, a_step, sizes),
                             steps=(1, RUN, a_step, sizes.columns * sizes.tile), iteration=count)
         for tiles, count in ((sizes.columns, full), (rest, 1)) if tiles * count > 0]
    return Operation(f'{name}, {m:,} rows, {d // 64} heads', {
        'A': [Task((bd,), bd.iteration) for bd in a], 'B': b_tasks(rounds, heads, m // 64, sizes),
        'C': c_tasks(m, d, heads, sizes)})


WIDTHS = {'tiny': 384, 'base': 512, 'small': 768, 'medium': 1024, 'large': 1280}
POSITIONS = 1536  # 1,500 and padding
VOCABULARY = 51866
DECODE_ROWS = 16


def whisper(sizes):
    """[Operation]: the products of int8 and the attention of every size of Whisper."""
    operations = []
    for size, d in WIDTHS.items():
        mel = 384 if size == 'large' else 256  # 3 x 128 or 3 x 80 bands, padded
        shapes = {
            'first convolution': (2 * POSITIONS, mel, d), 'second convolution': (POSITIONS, 3 * d, d),
            'Q, K, V': (POSITIONS, d, 3 * d), 'first linear': (POSITIONS, d, 4 * d),
            'second linear': (POSITIONS, 4 * d, d), 'cross K, V of a layer': (POSITIONS, d, 2 * d),
            'a decode step\'s first linear': (DECODE_ROWS, d, 4 * d)}
        operations += [product(f'{size}: {name}', *shape, sizes) for name, shape in shapes.items()]
        operations.append(vocabulary(f'{size}: vocabulary', d, VOCABULARY, sizes))
        operations.append(attention(f'{size}: attention', POSITIONS, d, sizes))
    return operations
