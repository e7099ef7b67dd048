#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The overlay fits the array, and what does not fit is refused: every limit and every parameter of the
design is changed by one, and the message must name what broke."""
import dataclasses
import itertools
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / 'kernels' / 'overlay'))

import budget  # noqa: E402
import layout as layout_module  # noqa: E402
from design import Buffer, Depths, End, Fifo, design  # noqa: E402
from hardware import TARGETS, Tile  # noqa: E402

NPU1 = TARGETS['npu1']
LAYOUT = layout_module.read_layout()
# The layout of the design that mlir-aie accepted: 1,024 bytes of parameters.
SMALL = dataclasses.replace(LAYOUT, buffers=(('scratch', 16384), ('parameters', 1024), ('table', 4096)))
MEMORY, CORE = Tile(0, 1), Tile(0, 2)


def overlay(layout=LAYOUT, target=NPU1, **depths):
    return design(target, layout, Depths(**depths))


def with_core_buffer(size, layout=LAYOUT):
    base = overlay(layout)
    more = tuple(Buffer(f'more{n}', core.tile, size) for n, core in enumerate(base.cores))
    return dataclasses.replace(base, buffers=base.buffers + more)


def with_fifo(name, size, producer, consumers):
    base = overlay()
    return dataclasses.replace(base, fifos=base.fifos + (Fifo(name, size, producer, consumers),))


def lines_of(design_, place):
    return {line.what: line for line in budget.budget(design_) if line.place == str(place)}


class Budget(unittest.TestCase):
    def assert_fits(self, design_):
        self.assertEqual(budget.faults(design_), [])

    def assert_broken(self, design_, *words):
        """Some fault holds all the words."""
        found = budget.faults(design_)
        self.assertTrue(any(all(word in fault for word in words) for fault in found),
                        f'expected a fault with {words}, found {found}')

    def test_the_design_fits_each_target(self):
        for target in TARGETS.values():
            with self.subTest(target.name):
                self.assert_fits(overlay(target=target))

    def test_a_enters_in_columns_that_are_spread_over_the_array(self):
        for target, columns in (('npu1', [0, 1, 2, 3]), ('npu2', [0, 2, 4, 6])):
            fifos = [overlay(target=TARGETS[target]).fifo(f'A_in{row}') for row in range(4)]
            self.assertEqual([fifo.producer.tile.column for fifo in fifos], columns)
            self.assertEqual([fifo.consumers[0].tile.column for fifo in fifos], columns)

    def test_figures_that_the_compiler_gave_for_this_design(self):
        memory, core = lines_of(overlay(SMALL), MEMORY), lines_of(overlay(SMALL), CORE)
        self.assertEqual(core[budget.DATA].used, 61696)
        self.assertEqual((core[budget.BDS].used, core[budget.LOCKS].used), (5, 6))
        self.assertEqual(memory[budget.DATA].used, 147456)
        self.assertEqual([memory[what].used for what in (budget.BDS, budget.EVEN, budget.ODD)], [44, 20, 24])
        self.assertEqual(memory[budget.LOCKS].used, 12)
        self.assertEqual(lines_of(overlay(SMALL, core_output=2), CORE)[budget.DATA].used, 65792)

    def test_sizes_are_those_the_kernels_are_compiled_with(self):
        core = lines_of(overlay(), CORE)
        self.assertEqual(core[budget.DATA].used, LAYOUT.core_bytes)
        self.assertEqual(core[budget.PROGRAM].used, LAYOUT.program_estimate)
        limits = layout_module.Header(layout_module.FOLDER / 'tile.h')
        self.assertEqual(limits.value('CoreMemory::kData'), NPU1.core.data_bytes)
        self.assertEqual(limits.value('CoreMemory::kProgram'), NPU1.program_bytes)

    def test_a_core_takes_what_is_free_and_not_a_byte_more(self):
        free = NPU1.core.data_bytes - LAYOUT.core_bytes
        self.assert_fits(with_core_buffer(free))
        self.assert_broken(with_core_buffer(free + 1), 'core (0,2)', budget.DATA, '65,537', '15 more')

    def test_3840_more_bytes_fit_the_design_the_compiler_accepted_and_3841_do_not(self):
        self.assert_fits(with_core_buffer(3840, SMALL))
        self.assert_broken(with_core_buffer(3841, SMALL), 'core (0,2)', budget.DATA, '65,537')

    def test_a_core_keeps_one_output_buffer(self):
        for layout, used in ((SMALL, '65,792'), (LAYOUT, '67,328')):
            self.assert_broken(overlay(layout, core_output=2), 'core', budget.DATA, used)

    def test_a_core_keeps_two_buffers_for_each_input(self):
        self.assert_broken(overlay(core_input=3), 'core', budget.DATA)

    def test_prefetch_of_b_ends_at_12(self):
        self.assert_fits(overlay(b=12))
        self.assert_broken(overlay(b=13), 'memory tile (0,1)', budget.ODD, 'at most 24, found 25', 'B_in0')

    def test_prefetch_of_a_beside_it_ends_at_4(self):
        self.assert_fits(overlay(a=4))
        self.assert_broken(overlay(a=5), 'memory tile (0,1)', budget.EVEN, 'at most 24, found 26')

    def test_c_is_joined_in_two_buffers(self):
        self.assert_fits(overlay(c=1))
        self.assert_broken(overlay(c=3), budget.ODD, 'C_out0 MM2S 1: 12')
        self.assert_broken(overlay(c=3), budget.BDS, 'at most 48, found 52')

    def test_a_joined_depth_of_1_leaves_b_18(self):
        self.assert_fits(overlay(c=1, b=18))
        self.assert_broken(overlay(c=1, b=19), budget.EVEN, 'found 25')
        self.assert_broken(overlay(c=1, b=19), budget.ODD, 'found 25')

    def test_a_fifo_is_no_deeper_than_a_lock_counts(self):
        self.assert_broken(overlay(b=64), 'memory tile', budget.LOCK_VALUE, 'at most 63, found 64')

    def test_a_core_has_no_third_input(self):
        design_ = with_fifo('D0', 32, End(Tile(1, 1), 1), (End(CORE, 1),))
        self.assert_broken(design_, 'core (0,2)', budget.INPUTS, 'at most 2, found 3', 'D0')

    def test_a_core_has_no_second_output_although_it_has_the_channel(self):
        design_ = with_fifo('D0', 32, End(CORE, 1), (End(Tile(0, 0), 2),))
        self.assertEqual(lines_of(design_, CORE)[budget.OUTPUTS].used, 2)
        self.assert_broken(design_, 'column 0', budget.WIRES, 'at most 4, found 5', 'D0')
        self.assert_broken(design_, 'array', budget.ALL_WIRES, 'at most 16, found 17')

    def test_a_memory_tile_takes_no_seventh_stream(self):
        design_ = with_fifo('D0', 32, End(Tile(0, 0), 2), (End(MEMORY, 1),))
        self.assert_broken(design_, 'memory tile (0,1)', budget.INPUTS, 'at most 6, found 7')
        self.assert_broken(design_, 'shim (0,0)', budget.OUTPUTS, 'at most 2, found 3')

    def test_a_shim_takes_one_stream_more(self):
        one = (End(Tile(0, 0), 2),)
        two = with_fifo('D0', 32, End(MEMORY, 1, channel=4), one)
        self.assert_fits(two)
        two = dataclasses.replace(two, fifos=two.fifos + (Fifo('D1', 32, End(MEMORY, 1), one),))
        self.assert_broken(two, 'shim (0,0)', budget.INPUTS, 'at most 2, found 3', 'D1')

    def test_npu1_has_no_fifth_column(self):
        self.assert_broken(dataclasses.replace(overlay(target=dataclasses.replace(NPU1, columns=5)), target=NPU1),
                           '(4,2)', 'npu1 ends at core (3,5)')

    def test_fifos_that_share_buffers_have_one_depth(self):
        base = overlay()
        fifos = tuple(dataclasses.replace(fifo, producer=dataclasses.replace(fifo.producer, depth=11))
                      if fifo.name == 'B_out0' else fifo for fifo in base.fifos)
        self.assert_broken(dataclasses.replace(base, fifos=fifos), 'B_in0', 'B_out0', 'found 12 and 11')

    def test_a_channel_is_pinned_once(self):
        base = overlay()
        fifos = tuple(dataclasses.replace(fifo, producer=dataclasses.replace(fifo.producer, channel=2))
                      if fifo.name == 'C_out0' else fifo for fifo in base.fifos)
        self.assert_broken(dataclasses.replace(base, fifos=fifos), 'memory tile (0,1)', 'MM2S 2 is pinned 2 times')

    def test_parts_lie_one_behind_the_other_in_the_joined_object(self):
        base = overlay()
        links = tuple(dataclasses.replace(link, offsets=(0, 4096, 8192, 12289)) if link.target == 'C_out0' else link
                      for link in base.links)
        self.assert_broken(dataclasses.replace(base, links=links), 'C_out0', '12289')

    def test_buffers_keep_vectors_aligned(self):
        odd = dataclasses.replace(LAYOUT, buffers=LAYOUT.buffers + (('odd', 33),))
        self.assert_broken(overlay(odd), 'buffer odd00', 'multiple of 32', 'found 33')


class EachLimit(unittest.TestCase):
    """With a limit at exactly what is used the design fits, with one less it does not."""

    def check(self, target, kind, what):
        exact, less = target
        self.assertEqual(budget.faults(design(exact, LAYOUT)), [])
        found = budget.faults(design(less, LAYOUT))
        self.assertTrue(any(kind in fault and what in fault for fault in found), found)

    def test_of_tiles(self):
        fields = {budget.INPUTS: 's2mm', budget.OUTPUTS: 'mm2s', budget.DATA: 'data_bytes', budget.BDS: 'bds',
                  budget.LOCKS: 'locks', budget.BD_WORDS: 'bd_words'}
        checked = set()
        for line in budget.budget(overlay()):
            field, kind = fields.get(line.what), line.kind
            if field is None or (kind, field) in checked:
                continue
            checked.add((kind, field))
            attribute = kind.split()[0]

            def changed(limit):
                limits = dataclasses.replace(getattr(NPU1, attribute), **{field: limit})
                if field == 'bds' and kind == 'core':  # any channel takes any descriptor
                    limits = dataclasses.replace(limits, bds_per_parity=limit)
                return dataclasses.replace(NPU1, **{attribute: limits})
            with self.subTest(f'{kind}: {field}'):
                self.check((changed(line.used), changed(line.used - 1)), kind, line.what)
        self.assertEqual(len(checked), 2 * 6 + 2, 'core and memory tile: all of them; shim: its channels')

    def test_of_parities(self):
        def changed(limit):
            return dataclasses.replace(NPU1, memory=dataclasses.replace(NPU1.memory, bds_per_parity=limit))
        self.check((changed(24), changed(23)), 'memory tile', budget.ODD)

    def test_of_the_array(self):
        for field, used, kind, what in (
                ('program_bytes', LAYOUT.program_estimate, 'core', budget.PROGRAM),
                ('south_wires', 4, 'column', budget.WIRES),
                ('lock_value', 12, 'memory tile', budget.LOCK_VALUE)):
            with self.subTest(field):
                self.check((dataclasses.replace(NPU1, **{field: used}),
                            dataclasses.replace(NPU1, **{field: used - 1})), kind, what)


class BestDepthOfB(unittest.TestCase):
    """The count of descriptors and their parity give the depths that the compiler found."""

    def with_channels(self, design_, channels):
        """The memory tile (0,1) with other pins; None: left to first-free assignment."""
        def moved(end, key):
            return dataclasses.replace(end, channel=channels and channels[key]) if end.tile == MEMORY else end
        return dataclasses.replace(design_, fifos=tuple(
            dataclasses.replace(fifo, producer=moved(fifo.producer, fifo.name),
                                consumers=tuple(moved(end, fifo.name) for end in fifo.consumers))
            for fifo in design_.fifos))

    def fits(self, design_):
        uses = budget.uses_by_tile(design_)[MEMORY]
        lines = budget.bd_lines('', '', uses, NPU1.memory)
        return all(line.fault() is None for line in lines)

    def deepest(self, assignments, **depths):
        return next(b for b in range(24, 0, -1) if any(
            self.fits(self.with_channels(overlay(b=b, **depths), channels)) for channels in assignments))

    def assignments(self):
        """One of each split of the channels between even and odd."""
        for a_in, b_in in ((0, 1), (1, 0), (0, 2), (1, 3)):
            left = [n for n in range(6) if n not in (a_in, b_in)]
            for parities in itertools.product((0, 1), repeat=3):
                free = {0: [0, 2, 4], 1: [1, 3, 5]}
                out = [free[parity].pop(0) for parity in parities]
                yield {'A_in0': a_in, 'B_in0': b_in, **{f'C0{row}': left[row] for row in range(4)},
                       'A_out0': out[0], 'B_out0': out[1], 'C_out0': out[2]}

    def test_in_the_best_assignment_of_channels(self):
        assignments = list(self.assignments())
        found = {a: self.deepest(assignments, a=a) for a in range(2, 9)}
        self.assertEqual(found, {2: 12, 3: 12, 4: 12, 5: 10, 6: 10, 7: 8, 8: 7})

    def test_without_pins_in_the_order_of_the_names(self):
        self.assertEqual(self.deepest([None]), 10)

    def test_with_b_before_a(self):
        first_free = {'B_in0': 0, 'A_in0': 1, **{f'C0{row}': 2 + row for row in range(4)},
                      'B_out0': 0, 'A_out0': 1, 'C_out0': 2}
        self.assertEqual(self.deepest([first_free]), 6)


class Headers(unittest.TestCase):
    def read(self, tile_h):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / 'tile.h').write_text(tile_h, encoding='utf-8')
            (path / 'program.h').write_text((layout_module.FOLDER / 'program.h').read_text(encoding='utf-8'),
                                            encoding='utf-8')
            return layout_module.read_layout(path)

    def tile_h(self, old='', new=''):
        text = (layout_module.FOLDER / 'tile.h').read_text(encoding='utf-8')
        self.assertIn(old, text)
        return text.replace(old, new, 1) if old else text

    def test_a_changed_size_is_followed(self):
        bigger = self.read(self.tile_h('kTable = 4096', 'kTable = 2 * 4096'))
        self.assertEqual(dict(bigger.buffers)['table'], 8192)
        self.assertEqual(bigger.core_bytes, LAYOUT.core_bytes + 4096)

    def test_a_new_buffer_is_followed(self):
        more = self.read(self.tile_h('  static constexpr size_t kTable',
                                     '  static constexpr size_t kMore = sizeof(int16_t) * 64;\n'
                                     '  static constexpr size_t kTable'))
        self.assertEqual(dict(more.buffers)['more'], 128)

    def test_what_is_missing_is_named(self):
        with self.assertRaisesRegex(layout_module.LayoutError, r'tile\.h: expected the constant CoreMemory::kStack'):
            self.read(self.tile_h('kStack', 'kDepth').replace('kStack', 'kDepth'))

    def test_what_cannot_be_read_is_named(self):
        with self.assertRaisesRegex(layout_module.LayoutError, r"CoreMemory::kStack: expected a sum .* 'size\(\)'"):
            self.read(self.tile_h('kStack = 0xD00', 'kStack = size()'))


class Documentation(unittest.TestCase):
    def test_the_table_in_docs_is_the_one_that_is_printed(self):
        lines = (ROOT / 'docs' / 'npu.md').read_text(encoding='utf-8').splitlines()
        printed = budget.table(overlay()).splitlines()
        start = lines.index(printed[0])
        self.assertEqual(lines[start:start + len(printed)], printed,
                         'put the output of kernels/overlay/budget.py into docs/npu.md')


if __name__ == '__main__':
    unittest.main()
