#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""build.sh says what is missing, and gives the tools the command lines they are documented to take.

The tools are stand-ins that write down their arguments: that the real ones accept these is not shown.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(__file__).resolve().parents[3] / 'kernels' / 'overlay' / 'build.sh'

# Answers the questions of build.sh about packages, runs budget.py, and stands in for the scripts whose
# input the other stand-ins do not make.
PYTHON = '''#!/bin/sh
case "$1 $2" in
  -c*'version("mlir_aie")'*) [ -n "$FAKE_VERSION" ] && echo "$FAKE_VERSION" ;;
  -c*parents*) [ -n "$FAKE_VERSION" ] && echo "$FAKE_ROOT/mlir_aie" ;;
  -c*llvm-aie*) exit 1 ;;
  *places.py*) for last; do :; done; cat "$last" ;;
  *overlay.py*) echo "overlay.py $*" >> "$FAKE_ROOT/log"; echo "module {}" ;;
  *) exec {python} "$@" ;;
esac
'''.replace('{python}', sys.executable)
CLANG = '''#!/bin/sh
echo "clang++ $*" >> "$FAKE_ROOT/log"
for last; do :; done
echo object > "$last"
'''
LLD = CLANG.replace('clang++', 'ld.lld')
AIECC = '''#!/bin/sh
echo "aiecc $*" >> "$FAKE_ROOT/log"
for last; do :; done
[ -f core.o ] && [ -f "$last" ] || exit 1
case "$*" in *--output-dir=*/places\ *) out=places ;; *) out=out ;; esac
mkdir -p $out
echo "$FAKE_PLACES" > $out/input_with_addresses.mlir
case "$*" in *--get-xclbin*) ;; *) exit 0 ;; esac
[ -z "$FAKE_MOVES" ] || echo moved > $out/input_with_addresses.mlir
echo xclbin > out/overlay.xclbin
n=0
while [ "$n" -lt "$FAKE_CORES" ]; do echo elf > "out/core_$n.elf"; n=$((n + 1)); done
'''
SIZE = '''#!/bin/sh
echo "$2  :"
echo "section size addr"
echo ".text $FAKE_SIZE 0"
echo ".data 999999 0"
'''


class Build(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in (('python', PYTHON), ('mlir_aie/bin/aiecc', AIECC), ('peano/bin/clang++', CLANG), ('peano/bin/ld.lld', LLD),
                           ('peano/bin/llvm-size', SIZE), ('xclbinutil', '#!/bin/sh\n')):
            self.tool(path, text)

    def tool(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding='utf-8')
        (self.root / path).chmod(0o755)

    def run_build(self, *arguments, **changes):
        return self.run_with_tools(BUILD, *arguments, **changes)

    def run_with_tools(self, *arguments, **changes):
        environment = {**os.environ, 'FAKE_ROOT': str(self.root), 'FAKE_VERSION': '1.4.2', 'FAKE_CORES': '16', 'FAKE_PLACES': '{}', 'FAKE_MOVES': '',
                       'FAKE_SIZE': '16384', 'AIE_PYTHON': str(self.root / 'python'),
                       'PEANO_INSTALL_DIR': str(self.root / 'peano'),
                       'AIE_XCLBINUTIL': str(self.root / 'xclbinutil'), 'PYTHONDONTWRITEBYTECODE': '1', **changes}
        return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)

    def build(self, target='npu1', program='loopback', **changes):
        return self.run_build(target, program, str(self.root / 'made.xclbin'), str(self.root / 'work'), **changes)

    def log(self, tool):
        """The arguments of each call, in their order."""
        lines = (self.root / 'log').read_text(encoding='utf-8').splitlines()
        return [line.split()[1:] for line in lines if line.startswith(tool + ' ')]

    def assert_refused(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_check_is_silent_when_all_is_there(self):
        result = self.run_build('--check')
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, '', ''))

    def test_check_names_each_tool_that_is_missing_and_how_to_get_it(self):
        install = 'pip install mlir_aie==1.4.2 -f https://'
        self.assert_refused(self.run_build('--check', FAKE_VERSION=''), 'mlir-aie', 'found none', install)
        self.assert_refused(self.run_build('--check', FAKE_VERSION='1.3.1'), 'release 1.4.2', 'found 1.3.1', install)
        self.assert_refused(self.run_build('--check', PEANO_INSTALL_DIR=''), 'Peano', 'peano-requirements.txt')
        self.assert_refused(self.run_build('--check', PEANO_INSTALL_DIR='/nowhere'), 'clang++', '/nowhere/bin')
        self.assert_refused(self.run_build('--check', AIE_XCLBINUTIL='no-such-tool'), 'xclbinutil', 'libxrt-utils')
        (self.root / 'mlir_aie/bin/aiecc').unlink()
        self.assert_refused(self.run_build('--check'), 'aiecc', str(self.root / 'mlir_aie/bin/aiecc'))

    def test_compiles_the_cores_program_for_their_kind(self):
        for target, cores, triple in (('npu1', '16', 'aie2-none-unknown-elf'),
                                      ('npu2', '32', 'aie2p-none-unknown-elf')):
            with self.subTest(target):
                (self.root / 'log').unlink(missing_ok=True)
                result = self.build(target, FAKE_CORES=cores)
                self.assertEqual(result.returncode, 0, result.stderr)
                arguments, = self.log('clang++')
                for argument in (f'--target={triple}', '-O2', '-std=c++20', '-DNDEBUG', '-D__AIE_API_AIE_ADF_HPP__',
                                 f'-I{self.root}/mlir_aie/include', f'-I{BUILD.parents[1]}'):
                    self.assertIn(argument, arguments)
                self.assertEqual(self.log('ld.lld'), [['-r', 'loopback_entry.o', '-o', 'core.o']])

    def test_each_kernel_of_the_array_is_in_a_program_but_for_log_mel(self):
        text = (BUILD.parents[1] / 'meson.build').read_text(encoding='utf-8')
        listed = re.findall(r"'([^']+\.cc)'", re.search(r'aie2_sources = files\((.*?)\n\)', text, re.S)[1])
        compiled = {}
        for program in ('encoder', 'decoder', 'whisper'):
            (self.root / 'log').unlink(missing_ok=True)
            self.assertEqual(self.build(program=program).returncode, 0)
            sources = [call[call.index('-c') + 1] for call in self.log('clang++')]
            compiled[program] = {str(pathlib.Path(source).relative_to(BUILD.parents[1])) for source in sources}
            self.assertIn(f'overlay/{program}_entry.cc', compiled[program])
            (linked,) = self.log('ld.lld')
            self.assertEqual(len(linked), len(sources) + 3)
        self.assertEqual({source for sources in compiled.values() for source in sources} -
                         {'overlay/encoder_entry.cc', 'overlay/decoder_entry.cc', 'overlay/whisper_entry.cc'},
                         {source for source in listed if not source.startswith('log_mel/')})

    def test_asks_aiecc_for_places_and_then_for_xclbin_and_programs(self):
        self.assertEqual(self.build().returncode, 0)
        first, second = self.log('aiecc')
        for arguments in (first, second):
            for argument in ('--get-input-with-addresses', '--alloc-scheme=basic-sequential',
                             f'--peano={self.root}/peano'):
                self.assertIn(argument, arguments)
        self.assertEqual((first[-1], second[-1]), ('places.mlir', 'overlay.mlir'))
        for argument in ('--get-xclbin', '--get-npu-insts', '--get-core-elfs', '--xclbin-kernel-name=MLIR_AIE',
                         '--npu-insts-name=insts_{0}.bin'):
            self.assertIn(argument, second)
            self.assertNotIn(argument, first)

    def test_tells_the_cores_the_places_that_were_found(self):
        self.assertEqual(self.build().returncode, 0)
        first, second = [call[1:] for call in self.log('overlay.py')]
        self.assertEqual(first, ['--target', 'npu1', '--object', 'core.o'])
        self.assertEqual(second, first + ['--places', 'places.json'])

    def test_refuses_a_build_that_moved_what_the_cores_were_told(self):
        self.assert_refused(self.build(FAKE_MOVES='1'), 'places.json', 'out.json')

    def test_leaves_the_xclbin_and_nothing_of_an_earlier_build(self):
        self.tool('work/out.prj/stale.o', 'old')
        self.assertEqual(self.build().returncode, 0)
        self.assertEqual((self.root / 'made.xclbin').read_text(encoding='utf-8'), 'xclbin\n')
        self.assertFalse((self.root / 'work/out.prj/stale.o').exists())

    def test_refuses_a_program_that_a_core_cannot_hold(self):
        self.assert_refused(self.build(FAKE_SIZE='16385'), 'core_0.elf', 'expected 1 to 16384', 'found 16385')
        self.assert_refused(self.build(FAKE_SIZE='0'), 'found 0')
        self.assertFalse((self.root / 'made.xclbin').exists())

    def test_refuses_a_build_that_lacks_a_core(self):
        self.assert_refused(self.build(FAKE_CORES='15'), 'programs of 16 cores, found 15')

    def test_refuses_an_unknown_target_or_program(self):
        self.assert_refused(self.build('npu3'), 'expected npu1 or npu2, found npu3')
        self.assert_refused(self.run_build('npu1', 'other', 'xclbin', str(self.root / 'work')), 'found other')

    def test_the_one_that_device_npu_takes_is_installed_where_it_looks(self):
        folder = self.root / 'build'
        done = self.run_with_tools('meson', 'setup', str(folder), str(BUILD.parents[2]), '--prefix=/opt/npu',
                                   '--libdir=lib/here', '-Daie=enabled', '-Delement=false', '-Dtests=false', '-Dxrt=disabled')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        plan = json.loads((folder / 'meson-info/intro-install_plan.json').read_text(encoding='utf-8'))
        installed = [entry['destination'] for files in plan.values() for path, entry in files.items()
                     if path.endswith('.xclbin')]
        self.assertEqual(installed, ['{libdir}/npuwhisper/overlay_whisper_npu1.xclbin'])
        config = (folder / 'npu/device/xrt/module_config.h').read_text(encoding='utf-8')
        expected, = re.findall(r'#define NPUWHISPER_OVERLAY_FILE "(.*)"', config)
        self.assertEqual(installed[0].replace('{libdir}', '/opt/npu/lib/here'), expected)


if __name__ == '__main__':
    unittest.main()
