# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the array of a Ryzen AI NPU offers, tile by tile.

Figures: Xilinx/mlir-aie, AIETargetModel.h and the register database of AIE2. Strix has more columns
and another vector alignment; its tiles are those of Phoenix and Hawk Point.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class TileLimits:
    data_bytes: int
    s2mm: int  # DMA channels from a stream into memory
    mm2s: int  # and from memory into a stream
    bds: int  # buffer descriptors
    bds_per_parity: int  # of them for even and for odd channels; bds: any channel takes any
    locks: int
    bd_words: int  # greatest length of one descriptor, in words of 32 bits
    bd_wrap: int = 1023  # greatest count of the inner dimensions of a descriptor
    bd_step: int = 2**20  # greatest step of a dimension and of the iteration, in words
    bd_iteration: int = 64


@dataclasses.dataclass(frozen=True)
class Target:
    name: str  # of aie.device, which aiecc reads
    iron_name: str  # of aie.iron.device.from_name
    triple: str  # of the compiler for cores
    columns: int
    vector_bytes: int  # alignment of a vector in a core's memory
    core_rows: int = 4
    program_bytes: int = 16384
    south_wires: int = 4  # streams from a core's switch to the one below
    lock_value: int = 63  # greatest
    queued_tasks: int = 4  # of a shim's channel; a fifth is dropped in silence
    task_repeats: int = 256
    run_buffers: int = 12  # with more, 24 runs do not fit into one chain of commands
    core: TileLimits = TileLimits(65536, 2, 2, 16, 16, 16, 2**14 - 1, bd_wrap=255, bd_step=2**13)
    memory: TileLimits = TileLimits(524288, 6, 6, 48, 24, 64, 2**17 - 1, bd_step=2**17)
    shim: TileLimits = TileLimits(0, 2, 2, 16, 16, 16, 2**32 - 1)

    def limits(self, kind):
        return {'core': self.core, 'memory tile': self.memory, 'shim': self.shim}[kind]


TARGETS = {
    'npu1': Target('npu1', 'npu', 'aie2-none-unknown-elf', columns=4, vector_bytes=32),
    'npu2': Target('npu2', 'npu2', 'aie2p-none-unknown-elf', columns=8, vector_bytes=64),
}

SHIM_ROW, MEMORY_ROW, FIRST_CORE_ROW = 0, 1, 2


@dataclasses.dataclass(frozen=True, order=True)
class Tile:
    column: int
    row: int

    @property
    def kind(self):
        return {SHIM_ROW: 'shim', MEMORY_ROW: 'memory tile'}.get(self.row, 'core')

    def __str__(self):
        return f'{self.kind} ({self.column},{self.row})'
