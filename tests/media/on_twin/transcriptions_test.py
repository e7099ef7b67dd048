#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whole pipelines with device=npu on the twin give, byte for byte, what precision=npu gives on the CPU: text,
times, probabilities. Run by on_twin.py."""
import os
import time
import wave

import media

PROPERTIES = os.environ["NPUWHISPER_TEST_PROPERTIES"]
ON = {"npu": PROPERTIES, "cpu": PROPERTIES.replace("device=npu", "device=cpu")}
WORDS = "output-mode=words ! application/x-json"


class OnTwin(media.MediaTest):
    def outputs(self, description):
        """What a pipeline writes on both devices; {} stands for the element."""
        found = {}
        for device, properties in ON.items():
            out = self.folder / device
            began = time.monotonic()
            media.launch(f"{description.format(f'npuwhisper {properties}')} ! filesink location={out}",
                         timeout=600)
            found[device] = out.read_bytes()
            print(f"{device}: {time.monotonic() - began:.1f} s, {len(found[device])} bytes")
        return found

    def assert_same(self, description):
        found = self.outputs(description)
        self.assertTrue(found["cpu"])
        self.assertEqual(found["npu"], found["cpu"])

    def assert_same_words(self, options=""):
        self.assert_same(f"filesrc location={media.jfk_wav()} ! wavparse ! "
                         f"{{}} language-code=en {options} {WORDS}")


class Decoding(OnTwin):
    def test_greedy(self):
        self.assert_same_words()

    def test_five_beams(self):
        self.assert_same_words("beam-size=5")

    def test_sampling(self):
        self.assert_same_words("temperature=0.8 best-of=3 seed=7")

    def test_an_unknown_language(self):
        self.assert_same_words("language-code=auto")

    def test_fewer_encoder_positions(self):
        self.assert_same_words("encoder-positions=fitting max-tokens=4")


class Streams(OnTwin):
    def long_wav(self):
        """JFK thrice, with silence behind each: more than a window."""
        path = self.folder / "long.wav"
        with wave.open(str(media.jfk_wav())) as clip:
            parameters, frames = clip.getparams(), clip.readframes(clip.getnframes())
        with wave.open(str(path), "wb") as out:
            out.setparams(parameters)
            out.writeframes((frames + bytes(2 * 2 * parameters.framerate)) * 3)
        return path

    def test_windows_in_sequence(self):
        self.assert_same(f"filesrc location={self.long_wav()} ! wavparse ! "
                         f"{{}} language-code=en max-tokens=4 ! srtenc")

    def test_a_batch_of_chunks(self):
        self.assert_same(f"filesrc location={self.long_wav()} ! wavparse ! "
                         f"{{}} language-code=en max-tokens=4 mode=batch {WORDS}")

    def test_cues_of_a_matroska_file(self):
        path = self.folder / "in.mkv"
        media.launch(f"filesrc location={media.jfk_wav()} ! wavparse ! flacenc ! matroskamux ! "
                     f"filesink location={path}")
        self.assert_same(f"filesrc location={path} ! decodebin ! {{}} language-code=en ! webvttenc")

    def test_text_and_its_translation(self):
        self.assert_same(f"filesrc location={media.jfk_wav()} ! wavparse ! {{}} name=w language-code=de "
                         "max-tokens=4  w.src ! fakesink  w.translate_src_0 ! srtenc")


class Files(OnTwin):
    def test_npusubtitle_on_two_files_at_once(self):
        written = {}
        for device, properties in ON.items():
            settings = dict(word.split("=", 1) for word in properties.split())
            model = settings.pop("model")
            folder = self.folder / device
            folder.mkdir()
            clips = [folder / "a.wav", folder / "b.wav"]
            for clip in clips:
                clip.symlink_to(media.jfk_wav())
            done = media.npusubtitle("-q", "-l", "en", "-j", "2", "-m", model,
                                     *(f"--set={name}={value}" for name, value in settings.items()),
                                     *clips, model=False, timeout=600)
            self.assertEqual(done.returncode, 0, done.stderr)
            written[device] = [clip.with_suffix(".srt").read_bytes() for clip in clips]
        self.assertTrue(written["cpu"][0])
        self.assertEqual(written["npu"], written["cpu"])


if __name__ == "__main__":
    media.main()
