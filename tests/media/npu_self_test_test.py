#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npusubtitle --self-test --device npu, on a library of XRT whose NPU is the twin, and the commands that the page
about the NPU shows. usage: npu_self_test_test.py NPUSUBTITLE MODULE XRT_LIBRARY WRITE_OVERLAY PAGE"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

NPUSUBTITLE, MODULE, LIBRARY, WRITE_OVERLAY, PAGE = (pathlib.Path(path).resolve() for path in sys.argv[1:])
OK, FAILED, NO_MODEL, NO_DEVICE = 0, 1, 6, 7


class SelfTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='npuwhisper-self-test-')
        cls.overlay = pathlib.Path(cls.folder.name) / 'overlay.xclbin'
        subprocess.run([WRITE_OVERLAY, cls.overlay], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def environment(self, **variables):
        path = f'{NPUSUBTITLE.parent}:{os.environ["PATH"]}'
        return dict(os.environ, NPUWHISPER_XRT_MODULE=str(MODULE), NPUWHISPER_OVERLAY=str(self.overlay),
                    LD_LIBRARY_PATH=str(LIBRARY.parent), NPUWHISPER_MODELS=self.folder.name,
                    NPUWHISPER_PREPARED=self.folder.name, PATH=path, **variables)

    def run_it(self, *options, **variables):
        return subprocess.run([NPUSUBTITLE, '--self-test', *options], env=self.environment(**variables), text=True,
                              capture_output=True)

    def test_the_commands_of_the_page_print_what_it_shows(self):
        blocks = re.findall(r'^ *```(sh|console) run\n(.*?)^ *```', PAGE.read_text(encoding='utf-8'), re.M | re.S)
        self.assertGreaterEqual(len(blocks), 2)
        for kind, block in blocks:
            lines = [line.strip() for line in block.splitlines()]
            commands = [line[2:] for line in lines if line.startswith('$ ')] if kind == 'console' else lines
            # A violation of XRT's rules ends the process.
            done = subprocess.run(['bash', '-c', '\n'.join(commands)], cwd=self.folder.name, text=True,
                                  env=self.environment(XRT_DOUBLE_STRICT='1'), capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            if kind == 'console':
                self.assertEqual(done.stdout.splitlines(), [line for line in lines if not line.startswith('$ ')])
        self.look_at((pathlib.Path(self.folder.name) / 'report.txt').read_text(encoding='utf-8'))

    def look_at(self, report):
        """What was compared, on what."""
        lines = report.splitlines()
        for name in ('NPU', 'PCI', 'driver', 'firmware', 'XRT', 'overlay', 'npuwhisper'):
            self.assertTrue(any(line.startswith(name + ' ') for line in lines), name)
        self.assertRegex(report, r'overlay +\S+overlay.xclbin, [0-9a-f-]{36}\n')
        self.assertRegex(report, r'PASS  layer norm +512 x 192 +73728 bytes, 0 differ +[0-9.]+ ms  '
                                 r'encoder.blocks.0.attn_ln\n')

    def test_a_command_that_fails_is_named_and_says_what_to_report(self):
        done = self.run_it('--device=npu', XRT_DOUBLE_FAULTS='command@4=error')
        self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r'ended early: encoder, layer norm, encoder.blocks.0.attn_ln: .*ERROR')
        self.assertIn('not all was run\nPlease report all of this output', done.stdout)
        self.assertTrue(done.stdout.endswith('self-test FAILED\n'))

    def test_without_an_npu_it_says_so(self):
        for variables in ({'XRT_DOUBLE_DEVICES': '0'}, {'XRT_DOUBLE_FAULTS': 'context@1+=exhausted'}):
            done = self.run_it('--device=npu', **variables)
            self.assertEqual((done.returncode, done.stdout), (NO_DEVICE, ''), done.stderr)
            self.assertTrue(done.stderr.startswith('npusubtitle: device npu: '), done.stderr)

    def test_auto_takes_the_cpu_where_there_is_no_npu(self):
        done = self.run_it('--device=auto', '--model=none-of-that-name', XRT_DOUBLE_DEVICES='0')
        self.assertEqual(done.returncode, NO_MODEL, done.stderr)
        self.assertIn('no NPU, so the CPU is tested: device npu: ', done.stderr)

    def test_a_model_that_is_not_there_is_an_error_after_the_built_in_network(self):
        done = self.run_it('--device=npu', '--model=none-of-that-name')
        self.assertEqual(done.returncode, NO_MODEL, done.stderr)
        self.assertIn('self-test passed', done.stdout)
        self.assertIn('none-of-that-name', done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
