#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every operation of Whisper can be streamed through one shim: fields of its descriptors, their number,
tasks and repeats. Shapes and limits are changed by one."""
import dataclasses
import pathlib
import sys
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'kernels' / 'overlay'))

import budget  # noqa: E402
import streams  # noqa: E402
from design import design  # noqa: E402
from hardware import TARGETS  # noqa: E402
from layout import read_layout  # noqa: E402

NPU1 = TARGETS['npu1']
SIZES = streams.Sizes.of(design(NPU1, read_layout()))


def faults(target=NPU1, operation=None, **changes):
    """What the budget says of a target, and of one operation instead of Whisper's."""
    overlay = dataclasses.replace(design(target, read_layout()), **changes)
    if operation is None:
        return budget.faults(overlay)
    with mock.patch.object(budget, 'whisper', lambda _: [operation]):
        return budget.faults(overlay)


class Streams(unittest.TestCase):
    def assert_broken(self, found, *words):
        self.assertTrue(any(all(word in fault for word in words) for fault in found), found)

    def product(self, m, k, n):
        return streams.product('product', m, k, n, SIZES)

    def test_a_product_of_1536_rows_needs_9_descriptors_and_one_task_of_each_channel(self):
        operation = self.product(1536, 512, 512)
        self.assertEqual({name: [len(task.bds) for task in tasks] for name, tasks in operation.streams.items()},
                         {'A': [1], 'B': [7], 'C': [1]})

    def test_a_decode_step_needs_4(self):
        self.assertEqual(len(self.product(16, 512, 2048).bds()), 4)

    def test_every_word_of_a_product_is_streamed(self):
        for m, k, n in ((1536, 512, 512), (3072, 256, 384), (64, 1280, 51866)):
            operation = self.product(m, k, n)
            rounds, tiles = -(-m // 256), -(-n // 256)

            def words(name):
                return sum(bd.words * task.repeats for task in operation.streams[name] for bd in task.bds)
            self.assertEqual(words('A') * 4, rounds * 64 * k * tiles)
            self.assertEqual(words('B') * 4, (8192 + rounds * 64 * k) * tiles)
            self.assertEqual(words('C') * 4, m * 64 * tiles)

    def test_13_rounds_of_rows_are_one_stream_and_14_are_not(self):
        self.assertEqual(faults(operation=self.product(13 * 256, 512, 512)), [])
        self.assert_broken(faults(operation=self.product(13 * 256 + 1, 512, 512)), budget.OP_BDS,
                           'at most 16, found 17', 'product, 3,329 x 512 x 512')

    def test_columns_end_where_a_step_does(self):
        self.assertEqual(faults(operation=self.product(64, 512, 65536)), [])
        self.assert_broken(faults(operation=self.product(64, 512, 65537)), budget.OP_STEP, 'found 1,049,600')

    def test_256_columns_more_are_a_fifth_task(self):
        self.assert_broken(faults(operation=self.product(16, 512, 65536 + 256)), budget.OP_TASKS,
                           'at most 4, found 5')
        self.assert_broken(faults(operation=self.product(16, 512, 65536 + 256)), budget.OP_REPEATS,
                           'at most 256, found 257')

    def test_inputs_end_where_the_step_from_n_tile_to_n_tile_does(self):
        self.assertEqual(faults(operation=self.product(512, 16256, 256)), [])
        self.assert_broken(faults(operation=self.product(512, 16256 + 128, 256)), budget.OP_STEP, 'found 1,056,768')

    def test_an_inner_dimension_of_1024_is_refused(self):
        found = faults(operation=self.product(256, 64 * 512, 256))
        self.assert_broken(found, budget.OP_WRAP, 'at most 1,023, found 1,024')
        self.assertNotIn(budget.OP_WRAP, ''.join(faults(operation=self.product(256, 64 * 511, 256))))

    def test_a_run_has_12_buffers(self):
        self.assertEqual(faults(run_buffers=12), [])
        self.assert_broken(faults(run_buffers=13), 'array', budget.RUN_BUFFERS, 'at most 12, found 13')

    def test_each_limit_holds_what_is_needed_and_not_one_less(self):
        used = {line.what: line.used for line in budget.budget(design(NPU1, read_layout()))}

        def shim(**fields):
            return dataclasses.replace(NPU1, shim=dataclasses.replace(NPU1.shim, **fields))
        for what, changed in (
                (budget.OP_BDS, lambda limit: shim(bds=limit, bds_per_parity=limit)),
                (budget.OP_WRAP, lambda limit: shim(bd_wrap=limit)),
                (budget.OP_STEP, lambda limit: shim(bd_step=limit)),
                (budget.OP_TASKS, lambda limit: dataclasses.replace(NPU1, queued_tasks=limit)),
                (budget.OP_REPEATS, lambda limit: dataclasses.replace(NPU1, task_repeats=limit)),
                (budget.RUN_BUFFERS, lambda limit: dataclasses.replace(NPU1, run_buffers=limit))):
            with self.subTest(what):
                self.assertEqual(faults(changed(used[what])), [])
                self.assert_broken(faults(changed(used[what] - 1)), what)

    def test_fewer_iterations_make_more_tasks(self):
        fewer = dataclasses.replace(NPU1, shim=dataclasses.replace(NPU1.shim, bd_iteration=50))
        self.assert_broken(faults(fewer), budget.OP_TASKS, 'at most 4, found 5', 'vocabulary')

    def test_a_descriptor_of_too_many_iterations_is_refused(self):
        operation = self.product(256, 512, 512)
        long = dataclasses.replace(operation.streams['C'][0].bds[0], iteration=65)
        operation.streams['C'] = [streams.Task((long,), 65)]
        self.assert_broken(faults(operation=operation), budget.OP_ITERATION, 'at most 64, found 65')


if __name__ == '__main__':
    unittest.main()
