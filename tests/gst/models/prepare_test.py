#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npuwhisper-models prepare and prepared: prepare_test.py COMMAND. With a model of random weights,
if the corpus is there."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import wave

import tap

COMMAND = sys.argv[1]
DONE, FAILED, USAGE, WRONG_SUM = 0, 1, 2, 3
SPEECH = pathlib.Path(os.environ["NPUWHISPER_TEST_DATA"]) / "speech"
CORPUS = os.environ.get("NPUWHISPER_TEST_CORPUS", "")
RANDOM_MODEL = pathlib.Path(CORPUS) / "models" / "random" / "ggml-multilingual-f16.bin"
BUNDLED = pathlib.Path(COMMAND).parent / "calibration"


class PrepareTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="npuwhisper-prepare-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.prepared = self.root / ".local" / "share" / "npuwhisper" / "prepared"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8",
            "NPUWHISPER_MODELS": str(self.root / "models"), "GST_REGISTRY": str(self.root / "registry"),
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value

    def start(self, *arguments):
        return subprocess.Popen([COMMAND, *map(str, arguments)], env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_command(self, *arguments, code=DONE):
        process = self.start(*arguments)
        self.out, self.err = process.communicate(timeout=480)
        self.assertEqual(process.returncode, code, self.out + self.err)

    def fails(self, *arguments, code, message):
        self.run_command(*arguments, code=code)
        self.assertEqual(self.err.splitlines()[-1].removesuffix(" (see --help)"),
                         f"npuwhisper-models: {message}")
        self.assertEqual(self.out, "")
        self.assertFalse(self.prepared.exists())

    def silence(self, seconds):
        path = self.root / f"silence-{seconds}.wav"
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, 16000, 0, "NONE", ""))
            out.writeframes(bytes(int(seconds * 16000) * 2))
        return path

    def model(self):
        if not CORPUS or not RANDOM_MODEL.exists():
            self.skipTest("the corpus is not there (-Dcorpus=PATH)")
        models = self.root / "models"
        models.mkdir(exist_ok=True)
        shutil.copy(RANDOM_MODEL, models / "small-one")
        return models / "small-one"

    def prepare(self):
        model = self.model()
        self.run_command("prepare", "small-one", "--speech", f"{SPEECH / 'jfk.wav'}:en")
        return model

    def rows(self):
        self.run_command("prepared", "--json")
        return json.loads(self.out)


class Prepare(PrepareTest):
    def test_writes_one_file_and_says_where_and_how_large(self):
        self.prepare()
        (file,) = self.prepared.iterdir()
        self.assertRegex(self.out, rf"^small-one: prepared in {file} \(7\.\d\d MB\), "
                                   r"from 0:11 of speech in 1 language\n$")
        lines = self.err.splitlines()
        self.assertEqual((lines[0], lines[-1]), ("small-one: hearing: 0:11 of speech",
                                                 "small-one: quantising"))

    def test_hears_the_bundled_speech_if_there_is_no_other(self):
        self.model()
        self.run_command("prepare", "small-one", "-q", "--threads", "1")
        self.assertRegex(self.out, r"from 6:\d\d of speech in 9 languages\n$")
        self.assertEqual(self.err, "")

    def test_takes_a_path_several_files_and_their_languages(self):
        model = self.model()
        self.run_command("prepare", model, "--language", "en", "--speech", SPEECH / "jfk.wav",
                         f"{SPEECH / 'fleurs-es.ogg'}:Spanish")
        self.assertRegex(self.out, r"of speech in 2 languages\n$")

    def test_is_the_same_whenever_it_is_done(self):
        self.prepare()
        (file,) = self.prepared.iterdir()
        first = file.read_bytes()
        self.run_command("prepare", "small-one", "--speech", f"{SPEECH / 'jfk.wav'}:en")
        self.assertEqual(file.read_bytes(), first)

    def test_an_interrupt_leaves_nothing_behind(self):
        self.model()
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("prepare", "small-one", "--threads", "1")
            line = process.stderr.readline()
            process.send_signal(number)
            _, rest = process.communicate(timeout=60)
            self.assertIn("hearing", line)
            self.assertEqual(process.returncode, FAILED, rest)
            self.assertEqual(rest.splitlines()[-1], "npuwhisper-models: interrupted; "
                                                    "nothing was prepared of small-one")
            self.assertFalse(self.prepared.exists())


class Refuses(PrepareTest):
    def test_what_it_does_not_understand(self):
        self.fails("prepare", code=USAGE, message="prepare: expected the name or the path of a model")
        self.fails("prepare", "base", "tiny", code=USAGE,
                   message='prepare: expected one model, or recordings with --speech; found "tiny"')
        self.fails("prepare", "base", "--language", "en", code=USAGE,
                   message="prepare: --language goes with --speech only")
        self.fails("prepared", "frobnicate", code=USAGE,
                   message='prepared: expected nothing more, or clear; found "frobnicate"')

    def test_a_model_that_is_not_there(self):
        self.fails("prepare", "nonesuch", code=FAILED,
                   message='cannot prepare nonesuch: model "nonesuch" not found: expected it at '
                           f"{self.root / 'models' / 'nonesuch'}; fetch it with: npuwhisper-models "
                           "fetch nonesuch")

    def test_what_is_no_model(self):
        broken = self.root / "broken.bin"
        broken.write_bytes(b"nothing")
        self.run_command("prepare", broken, "--speech", f"{SPEECH / 'jfk.wav'}:en", code=WRONG_SUM)
        self.assertIn(f"cannot prepare {broken}: ", self.err)

    def test_recordings_that_cannot_be_heard(self):
        self.model()
        absent, text = self.root / "absent.wav", self.root / "text.txt"
        text.write_text("not a recording\n")
        self.fails("prepare", "small-one", "--speech", absent, code=FAILED,
                   message=f"cannot prepare small-one: {absent}: no such file")
        self.run_command("prepare", "small-one", "--speech", text, code=FAILED)
        self.assertIn(f"cannot prepare small-one: {text}: cannot decode it: ", self.err)
        self.fails("prepare", "small-one", "--speech", f"{SPEECH / 'jfk.wav'}:klingon", code=USAGE,
                   message="cannot prepare small-one: --speech: expected a language that Whisper knows "
                           '("en", "pt-BR"), found "klingon"')
        for seconds in (0.01, 2):
            self.fails("prepare", "small-one", "--speech", self.silence(seconds), code=FAILED,
                       message="cannot prepare small-one: no speech was heard: expected recordings of "
                               "some minutes in which people speak")

    def test_a_folder_without_the_bundled_speech(self):
        self.model()
        self.environment["NPUWHISPER_CALIBRATION"] = str(self.root)
        self.run_command("prepare", "small-one", code=FAILED)
        self.assertIn(str(self.root / "manifest.tsv"), self.err)
        self.assertIn("--speech", self.err)
        (self.root / "manifest.tsv").write_text("file\tlanguage\n../up.opus\ten\n")
        self.run_command("prepare", "small-one", code=WRONG_SUM)
        self.assertIn("expected a plain file name and a language", self.err)

    def test_a_folder_that_cannot_be_written(self):
        self.model()
        self.environment["NPUWHISPER_PREPARED"] = "/proc/nowhere"
        self.run_command("prepare", "small-one", "--speech", f"{SPEECH / 'jfk.wav'}:en", code=FAILED)
        self.assertIn("/proc/nowhere", self.err)


class Prepared(PrepareTest):
    def test_of_nothing(self):
        self.run_command("prepared")
        self.assertEqual(self.out, f"nothing is prepared in {self.prepared}\n")
        self.assertEqual(self.rows(), [])
        self.run_command("prepared", "clear")
        self.assertEqual(self.out, "freed 0 bytes\n")
        self.run_command("prepared", "clear", "base", code=FAILED)
        self.assertIn("base: not prepared", self.err)

    def test_shows_size_and_whether_the_model_is_as_it_was(self):
        model = self.prepare()
        (row,) = self.rows()
        file = pathlib.Path(row["file"])
        self.assertEqual((row["model"], row["state"], row["size"]),
                         (str(model.resolve()), "current", file.stat().st_size))
        self.run_command("prepared")
        self.assertIn(str(file), self.out)
        model.write_bytes(model.read_bytes())
        self.assertEqual(self.rows()[0]["state"], "outdated")

    def test_is_shown_with_the_models(self):
        model = self.prepare()
        named = model.with_suffix(".bin")
        shutil.copy(model, named)
        self.run_command("list", "--json")
        self.assertIsNone({row["name"]: row for row in json.loads(self.out)}[named.name]["prepared"])
        self.run_command("prepare", named.name, "--speech", f"{SPEECH / 'jfk.wav'}:en")
        self.run_command("list", "--json")
        row = {row["name"]: row for row in json.loads(self.out)}[named.name]
        self.assertEqual(row["prepared"], "current")
        self.run_command("list")
        below = self.out.split("\nprepared for the NPU's arithmetic:\n")[1]
        self.assertEqual(below.count("current"), 2)
        self.assertIn(str(self.prepared), below)

    def test_is_cleared_by_name_also_of_a_model_that_is_gone(self):
        model = self.prepare()
        other = self.root / "other.bin"
        shutil.copy(model, other)
        self.run_command("prepare", other, "--speech", f"{SPEECH / 'jfk.wav'}:en")
        self.run_command("prepared", "clear", "small-one", "nonesuch", code=FAILED)
        self.assertEqual(len(self.rows()), 2)
        model.unlink()
        self.run_command("prepared", "clear", "small-one")
        self.assertEqual([row["model"] for row in self.rows()], [str(other.resolve())])
        self.run_command("prepared", "clear")
        self.assertRegex(self.out, r"^freed 7\.\d\d MB\n$")
        self.assertEqual(list(self.prepared.iterdir()), [])


class Bundled(unittest.TestCase):
    def test_every_file_is_in_the_manifest_with_a_licence_and_all_of_it_is_small(self):
        rows = [line.split("\t") for line in (BUNDLED / "manifest.tsv").read_text().splitlines()[1:]]
        files = {path.name: path.stat().st_size for path in BUNDLED.glob("*.opus")}
        self.assertEqual(sorted(row[0] for row in rows), sorted(files))
        for _, _, licence, source in rows:
            self.assertIn(licence, ("CC-BY-4.0", "CC-BY-3.0"))
            self.assertTrue(source)
        self.assertLess(sum(files.values()), 1_200_000)


if __name__ == "__main__":
    tap.main()
