#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npusubtitle from outside: files, formats, errors and exit codes, interruption, progress."""
import json
import os
import pty
import re
import select
import shutil
import signal
import statistics
import subprocess
import time
import unittest
import wave
from pathlib import Path

import media
from media import npusubtitle, read_srt

OK, USAGE, INPUT, NO_AUDIO, DECODER, MODEL, DEVICE, OUTPUT = 0, 2, 3, 4, 5, 6, 7, 8


class Command(media.MediaTest):
    def setUp(self):
        super().setUp()
        self.clip = self.folder / "talk.wav"
        shutil.copyfile(media.jfk_wav(), self.clip)

    def entries(self):
        return sorted(path.name for path in self.folder.iterdir())

    def assert_fails(self, done, code, *parts):
        self.assertEqual(done.returncode, code, done.stderr)
        # The file's name may be shown before; the reason is one line.
        reasons = [line for line in done.stderr.splitlines() if line.startswith("npusubtitle: ")]
        self.assertEqual(len(reasons), 1, done.stderr)
        for part in parts:
            self.assertIn(part, reasons[0])


class Files(Command):
    def test_writes_srt_beside_the_medium_and_never_overwrites(self):
        done = npusubtitle(self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(self.entries(), ["talk.srt", "talk.wav"])
        self.assert_says(read_srt(self.folder / "talk.srt"), media.JFK)
        self.assertRegex(done.stderr, r"talk\.wav: English \(detected, \d+ %\)")
        self.assertNotIn("\r", done.stderr)
        before = (self.folder / "talk.srt").read_bytes()
        self.assert_fails(npusubtitle(self.clip), OUTPUT, "exists", "--force")
        done = npusubtitle("--force", "-q", "-l", "en", self.clip)
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertEqual((self.folder / "talk.srt").read_bytes(), before)

    def test_formats(self):
        done = npusubtitle("-q", "-f", "json", "--word-timestamps", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        document = json.loads((self.folder / "talk.json").read_text(encoding="utf-8"))
        self.assertEqual(document["language"], "en")
        self.assertEqual(document["source"], "talk.wav")
        self.assertEqual(media.words_of(document["text"]), media.words_of(media.JFK))
        words = [word for segment in document["segments"] for word in segment["words"]]
        self.assertEqual(len(words), len(media.JFK.split()))
        self.assertLessEqual(words[0]["start"], words[0]["end"])

        done = npusubtitle("-q", "-l", "en", "-o", self.folder / "x.vtt", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertRegex((self.folder / "x.vtt").read_text(), r"^WEBVTT\n\n00:00:00\.\d{3} -->")

        done = npusubtitle("-q", "-l", "en", "-f", "txt", "-o", "-", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(media.words_of(done.stdout), media.words_of(media.JFK))

    def test_several_files_share_a_model_and_a_bad_one_does_not_stop_the_rest(self):
        out = self.folder / "out"
        out.mkdir()
        (self.folder / "bad.wav").write_text("no sound")
        other = self.folder / "other.wav"
        shutil.copyfile(self.clip, other)
        done = npusubtitle("-q", "-l", "en", "-o", out, self.clip, self.folder / "bad.wav", other)
        self.assert_fails(done, INPUT, "bad.wav")
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["other.srt", "talk.srt"])
        self.assertEqual((out / "other.srt").read_bytes(), (out / "talk.srt").read_bytes())

    def test_a_folder_at_two_files_at_once_gives_what_one_by_one_gives(self):
        for name in ("1089-134686-0006.flac", "121-123859-0002.flac"):
            shutil.copyfile(media.DATA / "speech" / name, self.folder / name)
        (self.folder / "notes.txt").write_text("no medium")
        texts = {}
        for jobs in ("1", "2"):
            out = self.folder / f"by{jobs}"
            done = npusubtitle("-l", "en", "-j", jobs, "-f", "srt,json", "-o", f"{out}/", self.folder)
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertIn("3 files: 3 written", done.stderr)
            # One model for all.
            self.assertEqual(done.stderr.count("Loaded "), 1, done.stderr)
            texts[jobs] = {path.name: path.read_bytes() for path in out.iterdir()}
        self.assertEqual(len(texts["1"]), 6)
        self.assertEqual(texts["1"], texts["2"])

    def test_existing_files_are_skipped_if_asked(self):
        (self.folder / "talk.srt").write_text("mine")
        done = npusubtitle("--skip-existing", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("skipped", done.stderr)
        self.assertNotIn("Loaded", done.stderr)
        done = npusubtitle("-q", "-l", "en", "--skip-existing", "-f", "srt,txt", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual((self.folder / "talk.srt").read_text(), "mine")
        self.assertIn("Americans", (self.folder / "talk.txt").read_text())

    def test_word_times_are_marked_in_webvtt(self):
        done = npusubtitle("-q", "-l", "en", "--word-timestamps", "-f", "vtt", "-o", "-", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        marks = [media.seconds(mark) for mark in re.findall(r"<([\d:.]+)>", done.stdout)]
        self.assertEqual(marks, sorted(set(marks)))
        # One per word, but for the first of each caption.
        self.assertEqual(len(marks) + done.stdout.count("-->"), len(media.JFK.split()))
        self.assertEqual(media.words_of(re.sub(r"<[^>]*>|WEBVTT|.*-->.*", "", done.stdout)),
                         media.words_of(media.JFK))

    def test_a_property_of_the_element_can_be_set(self):
        done = npusubtitle("-q", "--set", "language-code=en", "--set", "max-tokens=4", "-f", "txt",
                           "-o", "-", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertLess(len(done.stdout), len(media.JFK))
        self.assert_fails(npusubtitle("--set", "nonesuch=1", self.clip), USAGE, "--set=nonesuch",
                          "no property nonesuch")

    def test_exact_agrees_on_lossless_audio(self):
        for name, options in {"a": ["--set=mode=file"], "b": ["--exact"]}.items():
            done = npusubtitle("-q", "-l", "en", "-o", self.folder / f"{name}.srt", *options,
                               self.clip)
            self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual((self.folder / "a.srt").read_bytes(), (self.folder / "b.srt").read_bytes())

    def test_batches_hear_every_chunk_in_its_place(self):
        with wave.open(str(self.clip)) as once:
            setup, samples = once.getparams(), once.readframes(once.getnframes())
        pause = bytes(5 * setup.framerate * setup.nchannels * setup.sampwidth)
        with wave.open(str(self.clip), "wb") as often:
            often.setparams(setup)
            for _ in range(3):
                often.writeframes(samples + pause)
        done = npusubtitle("-q", "-l", "en", "-f", "json", "-o", "-", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        segments = json.loads(done.stdout)["segments"]
        self.assertEqual(media.words_of(" ".join(s["text"] for s in segments)),
                         3 * media.words_of(media.JFK))
        starts = [s["start"] for s in segments]
        self.assertEqual(starts, sorted(starts))
        for turn in range(3):
            self.assertTrue(any(16 * turn - 0.1 <= start <= 16 * turn + 1 for start in starts))

    def test_audio_without_samples_gives_an_empty_file(self):
        with wave.open(str(self.clip), "wb") as empty:
            empty.setparams((1, 2, 16000, 0, "NONE", ""))
        done = npusubtitle("-q", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual((self.folder / "talk.srt").read_bytes(), b"")

    def test_header_without_samples_behind_it_ends(self):
        self.clip.write_bytes(media.jfk_wav().read_bytes()[:44])
        done = npusubtitle("-q", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual((self.folder / "talk.srt").read_bytes(), b"")

    def test_the_chosen_track_is_heard(self):
        video = media.CORPUS and media.CORPUS / "speech/video/two-audio-tracks-en-de.mkv"
        if not video or not video.exists():
            self.skipTest("needs the corpus (-Dcorpus)")
        self.assert_fails(npusubtitle("-t", "3", "-o", "-", video), NO_AUDIO, "no audio track 3",
                          "1: en", "2: de")
        done = npusubtitle("-q", "-t", "2", "-f", "json", "-o", "-", video)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(json.loads(done.stdout)["language"], "de")


class Ranges(Command):
    """--from and --to, on media whose audio begins 5 s after the picture."""

    def words(self, *arguments):
        done = npusubtitle("-q", "-l", "en", "-f", "json", "--word-timestamps", "-o", "-", *arguments)
        self.assertEqual(done.returncode, OK, done.stderr)
        return [word for segment in json.loads(done.stdout)["segments"] for word in segment["words"]]

    def assert_same_times(self, found, expected, shift=0.0):
        """Word by word; single ones move with the codec and with what else is in the window."""
        self.assertEqual([media.words_of(word["word"]) for word in found],
                         [media.words_of(word["word"]) for word in expected])
        moves = [ours[at] - theirs[at] for ours, theirs in zip(found, expected)
                 for at in ("start", "end")]
        self.assertAlmostEqual(statistics.median(moves), shift, delta=0.03)

    def test_late_audio_is_subtitled_where_it_is_heard(self):
        early = self.words(self.clip)
        for kind in media.LATE_KINDS:
            with self.subTest(kind=kind):
                self.assert_same_times(self.words(self.late_jfk(kind)), early, 5.0)

    def test_a_range_is_exact_in_every_container(self):
        tail = "ask what you can do for your country".split()  # said from 5 s + 7.9 s on
        for kind in media.LATE_KINDS:
            with self.subTest(kind=kind):
                medium = self.late_jfk(kind)
                heard = self.words("--from=12.9", medium)
                self.assert_same_times(heard, self.words(medium)[-len(tail):])
                self.assertGreaterEqual(heard[0]["start"], 12.9 - 0.001)
                middle = self.words("--from=0:05", "--to=0:08.2", medium)
                self.assertTrue(all(word["end"] <= 8.2 + 0.001 for word in middle), middle)
                self.assertEqual(media.words_of(middle[0]["word"]), ["and"])

    def test_a_range_that_begins_in_the_silence_before_counts_it(self):
        for kind in media.LATE_KINDS:
            with self.subTest(kind=kind):
                medium = self.late_jfk(kind)
                self.assert_same_times(self.words("--from=2", medium), self.words(medium))

    def test_a_range_beyond_the_end_gives_nothing(self):
        done = npusubtitle("-q", "-l", "en", "--from=100", "-o", "-", self.clip)
        self.assertEqual((done.returncode, done.stdout), (OK, ""), done.stderr)


class Errors(Command):
    def test_inputs(self):
        (self.folder / "empty.mp4").touch()
        (self.folder / "text.mp4").write_text("no media")
        self.assert_fails(npusubtitle(self.folder / "no.mp4"), INPUT, "No such file")
        (self.folder / "folder").mkdir()
        self.assert_fails(npusubtitle(self.folder / "folder"), INPUT, "no media in this folder")
        (self.folder / "folder").rmdir()
        self.assert_fails(npusubtitle(self.folder / "empty.mp4"), INPUT, "is empty")
        self.assert_fails(npusubtitle(self.folder / "text.mp4"), INPUT, "text.mp4")
        self.assertEqual(self.entries(), ["empty.mp4", "talk.wav", "text.mp4"])

    def test_no_audio_track(self):
        self.needs("theoraenc", "oggmux")
        video = self.folder / "silent.ogv"
        media.launch(f"videotestsrc num-buffers=20 ! theoraenc ! oggmux ! filesink location={video}")
        self.assert_fails(npusubtitle(video), NO_AUDIO, "has no audio track")
        self.assertEqual(self.entries(), ["silent.ogv", "talk.wav"])

    def test_missing_decoder_is_named(self):
        self.needs("flacenc")
        flac = self.folder / "talk.flac"
        media.launch(f"filesrc location={self.clip} ! wavparse ! flacenc ! filesink location={flac}")
        env = dict(os.environ, GST_PLUGIN_FEATURE_RANK="flacdec:NONE,avdec_flac:NONE")
        self.assert_fails(npusubtitle(flac, env=env), DECODER, "FLAC", "gstreamer1.0-plugins-good")

    def test_models_and_devices(self):
        self.assert_fails(npusubtitle("-m", "nonesuch", self.clip, model=False), MODEL, "nonesuch",
                          "npuwhisper-models fetch nonesuch")
        self.assert_fails(npusubtitle("-m", self.clip, self.clip, model=False), MODEL, "talk.wav")
        self.assert_fails(npusubtitle("-d", "npu", self.clip), DEVICE, "npu")
        self.assertEqual(self.entries(), ["talk.wav"])

    def test_values(self):
        for wrong in (["--beam-size=1000"], ["--temperature=7"], ["--language=klingon"],
                      ["--device=gpu"], ["--colour"]):
            with self.subTest(options=wrong):
                self.assert_fails(npusubtitle(*wrong, self.clip), USAGE)

    def test_outputs(self):
        self.assert_fails(npusubtitle("-o", self.folder / "no" / "x.srt", self.clip), OUTPUT)
        self.assert_fails(npusubtitle("-l", "en", "-o", "/dev/full", self.clip), OUTPUT,
                          "No space left")
        self.assert_fails(npusubtitle("--force", "-o", self.clip, self.clip), OUTPUT,
                          "file to be read")


class Interruption(Command):
    def test_signals_leave_nothing_behind(self):
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=sent.name):
                process = subprocess.Popen(
                    [media.NPUSUBTITLE, "--model", str(media.MODEL), "--beam-size=8", str(self.clip)],
                    stderr=subprocess.PIPE, text=True)
                # Audio has been waiting for the model, so inference begins now.
                while "Loaded" not in process.stderr.readline():
                    self.assertIsNone(process.poll())
                began = time.monotonic()
                process.send_signal(sent)
                _, rest = process.communicate(timeout=media.TIMEOUT_S)
                print(f"{sent.name}: ended after {time.monotonic() - began:.2f} s")
                self.assertEqual(process.returncode, code, rest)
                self.assertEqual(self.entries(), ["talk.wav"])


class Terminal(Command):
    def test_a_terminal_gets_a_bar(self):
        primary, secondary = pty.openpty()
        process = subprocess.Popen(
            [media.NPUSUBTITLE, "--model", str(media.MODEL), str(self.clip)], stderr=secondary)
        os.close(secondary)
        shown = b""
        while True:
            select.select([primary], [], [], media.TIMEOUT_S)
            try:
                part = os.read(primary, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(primary)
        self.assertEqual(process.wait(timeout=media.TIMEOUT_S), OK, shown)
        text = shown.decode()
        self.assertIn("loading the model", text)
        self.assertRegex(text, r"\r[ \d]{3} % \[[#-]+\] 0:\d\d / 0:11")
        self.assertIn("talk.srt: 3 captions", text)


class Documentation(unittest.TestCase):
    def test_every_option_is_in_the_help_the_manual_and_the_completion(self):
        help_text = npusubtitle("--help", model=False).stdout
        options = set(re.findall(r"--[a-z][a-z-]+", help_text))
        self.assertGreater(len(options), 30)
        root = Path(__file__).resolve().parents[2]
        manual = (root / "docs/man/npusubtitle.1").read_text().replace("\\-", "-")
        completion = (root / "gst/subtitle/npusubtitle.bash").read_text()
        for name, text in (("manual", manual), ("completion", completion)):
            found = set(re.findall(r"--[a-z][a-z-]+", text))
            self.assertEqual(options - found, set(), name)
            self.assertEqual(found - options - {"--option"}, set(), name)


class Profile(Command):
    def test_figures(self):
        done = npusubtitle("--profile", "--json", "-q", "-l", "en", "--precision=f32", self.clip)
        self.assertEqual(done.returncode, OK, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["audio_s"], 11.0)
        self.assertEqual(figures["windows"], 1)
        self.assertEqual(figures["device"], "cpu")
        self.assertRegex(figures["arithmetic"], "^f32 on CPU, ")
        for name in ("mel_s", "encoder_s", "cross_kv_s", "decode_s", "tokens", "ms_per_token",
                     "total_s", "realtime_factor", "peak_memory_mb", "load_s"):
            self.assertGreater(figures[name], 0, name)
        done = npusubtitle("--profile", "-q", "-l", "en", "--precision=int8", self.clip)
        for row in ("int8 on CPU, ", "mel", "encoder", "cross K,V", "decode", "total", "speed", "peak memory"):
            self.assertIn(row, done.stdout)
        self.assertEqual(self.entries(), ["talk.wav"])

    def test_self_test(self):
        done = npusubtitle("--self-test", "--device", "cpu")
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        for shape in ("[3000, 80]", "[1500, 512]", "[1, 512]", "[1, 51865]"):
            self.assertIn(shape, done.stdout)


if __name__ == "__main__":
    media.require_model()
    media.main()
