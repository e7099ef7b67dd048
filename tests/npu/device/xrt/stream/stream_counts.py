# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what the budget of the overlay counts for the operations of Whisper: a line for each, `kind rows
inputs outputs` and the descriptors of A, B and C of a shim; of attention, inputs and outputs are its heads'."""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(sys.argv[1])))

import streams  # noqa: E402
from design import design  # noqa: E402
from hardware import TARGETS  # noqa: E402
from layout import read_layout  # noqa: E402


def main():
    for operation in streams.whisper(streams.Sizes.of(design(TARGETS['npu1'], read_layout()))):
        kind = next((kind for kind in ('attention', 'vocabulary') if kind in operation.name), 'product')
        shape = operation.name.rsplit(': ', 1)[1].replace(',', '')
        sizes = re.findall(r'\d+', shape)
        if kind == 'attention':
            sizes = [sizes[0], str(64 * int(sizes[1])), str(64 * int(sizes[1]))]
        counts = [sum(len(task.bds) for task in operation.streams[name]) for name in 'ABC']
        print(kind, *sizes, *counts)


main()
