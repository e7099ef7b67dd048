#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""overlay.py makes of the description the calls of IRON that say the same, and tells each core where its
fifos are.

mlir-aie is not here: fake_iron.py records the calls, from which the description is built anew, and the
text with addresses is written by this test in the form that aiecc gives it.
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / 'kernels' / 'overlay'), str(pathlib.Path(__file__).parent)]

import fake_iron  # noqa: E402
import overlay as overlay_module  # noqa: E402
import places as places_module  # noqa: E402
from design import Buffer, Core, End, Fifo, Link, Overlay, design  # noqa: E402
from hardware import TARGETS, Tile  # noqa: E402
from layout import read_layout  # noqa: E402

NPU1 = TARGETS['npu1']


def build(target, places=None):
    fake_iron.install()
    return overlay_module.Builder(design(target, read_layout()), 'core.o', places).program()


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


def calls_of(worker):
    """What the core's function passes to the program, buffers by name."""
    calls = []
    streams, _, buffers = worker.fn_args[:3], worker.fn_args[3], worker.fn_args[4:]
    worker.core_fn(*streams, lambda *arguments: calls.append(arguments), *buffers)
    return [tuple(getattr(argument, 'name', argument) for argument in call) for call in calls]


class IronProgram(unittest.TestCase):
    def test_says_what_the_description_says(self):
        for target in TARGETS.values():
            with self.subTest(target.name):
                self.assertEqual(recorded(build(target), target), design(target, read_layout()))

    def test_of_strix_differs_in_name_and_columns(self):
        self.assertEqual(build(NPU1).device, ('npu', 4))
        self.assertEqual(build(TARGETS['npu2']).device, ('npu2', 8))

    def test_declares_8_host_buffers_and_moves_nothing_itself(self):
        runtime = build(NPU1).runtime
        host = [argument for argument in runtime.fn_args if isinstance(argument, fake_iron.Sized)]
        self.assertEqual((len(host), len(runtime.fn_args) - len(host)), (8, 12))
        self.assertIsNone(runtime.seq_fn(*runtime.fn_args))

    def test_a_core_runs_one_program_once(self):
        for worker in build(NPU1).workers:
            kernel = worker.fn_args[3]
            self.assertEqual((kernel.name, kernel.object_file_name), ('npu_core_main', 'core.o'))
            self.assertFalse(worker.while_true)
            self.assertEqual(len(calls_of(worker)), 1)

    def test_a_core_gets_its_row_its_places_and_its_buffers(self):
        overlay = design(NPU1, read_layout())
        places = {core.tile: list(range(n * 100, n * 100 + 11)) for n, core in enumerate(overlay.cores)}
        for worker in build(NPU1, places).workers:
            column, row = worker.tile.place
            own = [f'{name}{column}{row - 2}' for name, _ in read_layout().buffers]
            self.assertEqual(calls_of(worker), [(row - 2, *places[Tile(column, row)], *own)])

    def test_the_program_is_declared_as_it_is_called(self):
        header = (ROOT / 'kernels' / 'overlay' / 'device_fifo.h').read_text(encoding='utf-8')
        declared = re.search(r'void npu_core_main\(([^)]*)\);', header)[1].split(',')
        kinds = ['int32' if 'int32_t' in argument else 'pointer' for argument in declared]
        types = build(NPU1).workers[0].fn_args[3].arg_types
        self.assertEqual(kinds, ['pointer' if isinstance(type_, fake_iron.Sized) else type_ for type_ in types])
        names = [argument.split()[-1] for argument in declared]
        self.assertEqual(names[:1] + names[-3:], ['row'] + [name for name, _ in read_layout().buffers])


def with_addresses(overlay):
    """(text, places): a text as aiecc gives, of places that differ from core to core."""
    lines, places = ['module {'], {}
    for n, core in enumerate(overlay.cores):
        tile = f'tile_{core.tile.column}_{core.tile.row}'
        lines.append(f'  %{tile} = aie.tile({core.tile.column}, {core.tile.row}) {{controller_id = 1 : i32}}')
        places[core.tile] = []
        for at, (fifo, depth, cons) in enumerate(((core.a, 2, f'_{core.tile.column}_cons'),
                                                  (core.b, 2, '_1_cons'), (core.c, 1, ''))):
            addresses = [3328 + n * 32 + at * 16384 + i * 8192 for i in range(depth)]
            free, full = 2 * at, 2 * at + 1
            for i, address in enumerate(addresses):
                lines.append(f'  %b = aie.buffer(%{tile}) {{address = {address} : i32, mem_bank = 0 : i32, '
                             f'sym_name = "{fifo}{cons}_buff_{i}"}} : memref<8192xi8>')
            for what, number in (('prod', free), ('cons', full)):
                lines.append(f'  %l = aie.lock(%{tile}, {number}) {{init = 0 : i32, '
                             f'sym_name = "{fifo}{cons}_{what}_lock_0"}}')
            places[core.tile] += addresses + [full, free]
    lines += ['  %tile_0_1 = aie.tile(0, 1)',
              '  %m = aie.buffer(%tile_0_1) {address = 0 : i32, sym_name = "C00_cons_buff_0"} : memref<4096xi8>',
              '  %n = aie.lock(%tile_0_1, 9) {init = 2 : i32, sym_name = "C00_cons_prod_lock_0"}', '}']
    return '\n'.join(lines), places


class Places(unittest.TestCase):
    def setUp(self):
        self.overlay = design(NPU1, read_layout())
        self.text, self.places = with_addresses(self.overlay)

    def test_are_those_of_each_cores_own_buffers_and_locks(self):
        self.assertEqual(places_module.read_places(self.text, self.overlay), self.places)

    def test_survive_their_file(self):
        self.assertEqual(places_module.from_json(places_module.to_json(self.places)), self.places)

    def test_that_are_missing_are_named(self):
        for gone, message in (('B_out2_1_cons_buff_1', r'core \(2,2\): expected 2 of B_out2_buff, found 1'),
                              ('C31_prod_lock_0', r'core \(3,3\): expected 1 of C31_prod_lock, found 0')):
            with self.assertRaisesRegex(places_module.PlacesError, message):
                places_module.read_places(self.text.replace(gone, 'other', 1), self.overlay)


class Dump(unittest.TestCase):
    def test_names_each_fifo_once_and_each_core(self):
        lines = overlay_module.dump(design(NPU1, read_layout())).splitlines()
        self.assertEqual(sum(line.startswith('fifo ') for line in lines), 36)
        self.assertEqual(sum(line.startswith('core ') for line in lines), 16)
        self.assertIn('  to memory tile (0,1) depth 12 channel 1', lines)


if __name__ == '__main__':
    unittest.main()
