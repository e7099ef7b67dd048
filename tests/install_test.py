#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` lays down is where a distribution expects it, and works from there.

Usage: install_test.py BUILD_FOLDER
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop())
EXPECTED = [
    "bin/npusubtitle",
    "bin/npuwhisper-models",
    "share/bash-completion/completions/npusubtitle",
    "share/doc/npuwhisper/LICENSE",
    "share/doc/npuwhisper/README.md",
    "share/doc/npuwhisper/architecture.md",
    "share/doc/npuwhisper/elements.md",
    "share/npuwhisper/calibration/README.md",
    "share/npuwhisper/calibration/en.opus",
    "share/npuwhisper/calibration/manifest.tsv",
    "share/man/man1/npusubtitle.1",
    "share/man/man1/npuwhisper-models.1",
]


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.TemporaryDirectory(prefix="npuwhisper-install-")
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.root.name],
                       check=True, stdout=subprocess.DEVNULL)
        plugins = list(Path(cls.root.name).rglob("gstreamer-1.0/libgstnpuwhisper.so"))
        cls.plugin = plugins[0] if len(plugins) == 1 else None
        cls.prefix = next(Path(cls.root.name).rglob("bin/npusubtitle")).parent.parent

    @classmethod
    def tearDownClass(cls):
        cls.root.cleanup()

    def run_installed(self, *command):
        environment = dict(os.environ, GST_PLUGIN_PATH=str(self.plugin.parent),
                           GST_REGISTRY=self.root.name + "/registry.bin")
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def test_every_file_is_where_a_distribution_has_it(self):
        self.assertEqual([name for name in EXPECTED if not (self.prefix / name).is_file()], [])

    def test_nothing_of_the_build_is_installed(self):
        others = [path for path in self.prefix.rglob("*")
                  if path.suffix in (".a", ".h", ".pc") or "test" in path.name]
        self.assertEqual(others, [])

    def test_the_plugin_lies_in_the_folder_of_gstreamer_and_loads(self):
        self.assertIsNotNone(self.plugin)
        shown = self.run_installed("gst-inspect-1.0", "npuwhisper")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn(str(self.plugin), shown.stdout)

    def test_the_commands_run(self):
        for name in ("npusubtitle", "npuwhisper-models"):
            shown = self.run_installed(self.prefix / "bin" / name, "--version")
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertIn(name, shown.stdout)

    def test_man_pages_are_valid(self):
        for page in (self.prefix / "share/man/man1").iterdir():
            shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page],
                                   capture_output=True, text=True, env=dict(os.environ, MANWIDTH="80"))
            self.assertEqual((shown.returncode, shown.stderr), (0, ""), page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
