#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""overlay.py makes of the description the calls of IRON that say the same, and the loop of a core takes
and gives every object that its streams hold.

mlir-aie is not here: fake_iron.py records the calls, from which the description is built anew.
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / 'kernels' / 'overlay'), str(pathlib.Path(__file__).parent)]

import core_loop  # noqa: E402
import fake_iron  # noqa: E402
import overlay as overlay_module  # noqa: E402
from design import Buffer, Core, End, Fifo, Link, Overlay, design  # noqa: E402
from hardware import TARGETS, Tile  # noqa: E402
from layout import read_layout  # noqa: E402


def build(target):
    fake_iron.install()
    return overlay_module.Builder(design(target, read_layout()), 'core.o').program()


def end_of(handle):
    return End(Tile(*handle.endpoint), handle.depth, handle.channel)


def core_of(worker):
    streams = [handle.fifo.name for handle in worker.fn_args[:3]]
    return Core(Tile(*worker.tile.place), *streams, worker.stack_size)


def buffers_of(worker):
    return [Buffer(argument.name, Tile(*worker.tile.place), argument.type.bytes)
            for argument in worker.fn_args if isinstance(argument, fake_iron.Buffer)]


def recorded(program, target):
    """The description that the calls amount to."""
    fifos = tuple(Fifo(fifo.name, fifo.obj_type.bytes, end_of(fifo.producer),
                       tuple(end_of(handle) for handle in fifo.consumers)) for fifo in fake_iron.ObjectFifo.made)
    links = tuple(Link(tuple(handle.fifo.name for handle in link.srcs), link.dsts[0].fifo.name,
                       tuple(link.src_offsets)) for link in fake_iron.ObjectFifoLink.made)
    workers = program.workers
    return Overlay(target, fifos, links, tuple(buffer for worker in workers for buffer in buffers_of(worker)),
                   tuple(core_of(worker) for worker in workers), read_layout().program_estimate)


class IronProgram(unittest.TestCase):
    def test_says_what_the_description_says(self):
        for target in TARGETS.values():
            with self.subTest(target.name):
                self.assertEqual(recorded(build(target), target), design(target, read_layout()))

    def test_of_strix_differs_in_name_and_columns(self):
        self.assertEqual(build(TARGETS['npu1']).device, ('npu', 4))
        self.assertEqual(build(TARGETS['npu2']).device, ('npu2', 8))

    def test_all_cores_link_one_object_file_and_know_their_place(self):
        for worker in build(TARGETS['npu1']).workers:
            kernels = [argument for argument in worker.fn_args if isinstance(argument, fake_iron.Kernel)]
            self.assertEqual([kernel.name for kernel in kernels],
                             [f'npu_core_{step}' for step in ('begin', 'pass', 'a', 'ab', 'ac', 'c')])
            self.assertEqual({kernel.object_file_name for kernel in kernels}, {'core.o'})

    def test_declares_8_host_buffers_and_moves_nothing_itself(self):
        runtime = build(TARGETS['npu1']).runtime
        host = [argument for argument in runtime.fn_args if isinstance(argument, fake_iron.Sized)]
        self.assertEqual((len(host), len(runtime.fn_args) - len(host)), (8, 12))
        self.assertIsNone(runtime.seq_fn(*runtime.fn_args))


class Stream:
    """A fifo's end in a core: counts what is acquired, refuses what is not released."""

    def __init__(self, name, log):
        self.name, self.log, self.taken, self.held = name, log, 0, False

    def acquire(self, count):
        assert count == 1 and not self.held, f'{self.name} is held'
        self.held, self.taken = True, self.taken + 1
        return f'{self.name}{self.taken}'

    def release(self, count):
        assert count == 1 and self.held, f'{self.name} is not held'
        self.held = False


class Plan:
    """Steps of a core that ask for the objects of a given operation.

    passes: [(inputs, outputs, B per input, {input: C that it gives})].
    """

    def __init__(self, passes):
        self.passes, self.log, self.counts = passes, [], [None] * core_loop.COUNT_WORDS
        self.at = self.input = None

    def begin(self, b, row, column, *_):
        self.log.append(('begin', b, row, column))
        self.counts[core_loop.PASSES], self.at = len(self.passes), -1

    def pass_(self, *_):
        self.at, self.input = self.at + 1, -1
        inputs, outputs, _, _ = self.passes[self.at]
        self.counts[core_loop.INPUTS], self.counts[core_loop.OUTPUTS] = inputs, outputs

    def a(self, a, *_):
        self.input += 1
        _, _, per_input, giving = self.passes[self.at]
        self.log.append(('a', a))
        self.counts[core_loop.B_PER_INPUT] = per_input
        self.counts[core_loop.C_PER_INPUT] = giving.get(self.input, 0)

    def run(self, row=1, column=2):
        """(A, B, C) objects used by one trip of the loop that overlay.py gave to the core's worker."""
        streams = [Stream(name, self.log) for name in 'ABC']
        worker = next(worker for worker in build(TARGETS['npu1']).workers
                      if worker.tile.place == (column, row + 2))
        steps = [self.begin, self.pass_, self.a] + [
            lambda *objects, name=name: self.log.append((name, *[o for o in objects if isinstance(o, str)]))
            for name in ('ab', 'ac', 'c')]
        buffers = worker.fn_args[-len(read_layout().buffers):]
        counts = next(buffer for buffer in buffers if buffer.name.startswith('parameters'))
        type(counts).__getitem__ = lambda _, index: self.counts[index]
        try:
            worker.core_fn(*streams, *steps, *buffers)
        finally:
            del type(counts).__getitem__
        assert not any(stream.held for stream in streams), 'an object is held at the end'
        return tuple(stream.taken for stream in streams)


class CoreLoop(unittest.TestCase):
    def test_a_core_learns_its_row_and_column(self):
        plan = Plan([])
        self.assertEqual(plan.run(row=3, column=1), (0, 1, 0))
        self.assertEqual(plan.log, [('begin', 'B1', 3, 1)])

    def test_a_product_takes_a_and_b_in_pairs(self):
        plan = Plan([(4, 1, 1, {})] * 6)  # K = 512, 6 tiles
        self.assertEqual(plan.run(), (24, 1 + 24, 6))
        self.assertEqual(plan.log[:6], [('begin', 'B1', 1, 2), ('a', 'A1'), ('ab', 'A1', 'B2'),
                                        ('a', 'A2'), ('ab', 'A2', 'B3'), ('a', 'A3')])
        self.assertEqual(plan.log[9], ('c', 'C1'))

    def test_a_residual_add_gives_two_tiles_of_the_columns_own_input(self):
        plan = Plan([(4, 0, 1, {}), (4, 0, 0, {2: 2})])
        self.assertEqual(plan.run(), (8, 5, 2))
        self.assertEqual(plan.log[-4:], [('a', 'A7'), ('ac', 'A7', 'C1'), ('ac', 'A7', 'C2'), ('a', 'A8')])

    def test_layer_norm_reads_its_rows_twice_and_no_b(self):
        self.assertEqual(Plan([(8, 0, 0, {}), (8, 0, 0, {2: 1, 6: 1})]).run(), (16, 1, 2))

    def test_attention_keeps_the_queries_while_keys_come(self):
        plan = Plan([(1, 1, 24, {})])
        self.assertEqual(plan.run(), (1, 25, 1))
        self.assertEqual({entry[1] for entry in plan.log if entry[0] == 'ab'}, {'A1'})
        self.assertEqual(plan.log[-1], ('c', 'C1'))

    def test_an_operation_without_output_leaves_c_alone(self):
        self.assertEqual(Plan([(4, 0, 1, {})]).run(), (4, 5, 0))


class Contract(unittest.TestCase):
    """core_steps.h declares what overlay.py calls."""

    HEADER = (ROOT / 'kernels' / 'overlay' / 'core_steps.h').read_text(encoding='utf-8')

    def test_counts_are_the_words_that_the_loop_reads(self):
        body = re.search(r'struct LoopCounts \{(.*?)\};', self.HEADER, re.S)[1]
        names = [name.upper() for name in re.findall(r'int32_t (\w+);', body)]
        self.assertEqual([getattr(core_loop, name) for name in names], list(range(5)))
        self.assertIn(f'int32_t unused[{core_loop.COUNT_WORDS - len(names)}];', body)

    def test_steps_take_the_same_arguments_in_the_same_order(self):
        declared = dict(re.findall(r'void npu_core_(\w+)\(([^)]*)\);', self.HEADER))
        names = {step: [argument.split()[-1] for argument in arguments.split(',')]
                 for step, arguments in declared.items()}
        buffers = [name for name, _ in read_layout().buffers]
        self.assertEqual(names, {step: list(streams) + buffers for step, streams in core_loop.STEPS.items()})


class Dump(unittest.TestCase):
    def test_names_each_fifo_once_and_each_core(self):
        built = design(TARGETS['npu1'], read_layout())
        lines = overlay_module.dump(built).splitlines()
        self.assertEqual(sum(line.startswith('fifo ') for line in lines), 36)
        self.assertEqual(sum(line.startswith('core ') for line in lines), 16)
        self.assertIn('  to memory tile (0,1) depth 12 channel 1', lines)


if __name__ == '__main__':
    unittest.main()
