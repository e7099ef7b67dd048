#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same words from every container, codec, sample format, rate, channel count and buffer size."""
import wave

import media
from media import launch, read_srt

# name: encoder and muxer
CONTAINERS = {
    "wav": "wavenc",
    "flac": "flacenc",
    "mp3": "lamemp3enc bitrate=96 ! xingmux",
    "ogg": "vorbisenc ! oggmux",
    "opus": "opusenc ! oggmux",
    "mp4": "avenc_aac ! mp4mux",
    "mkv": "flacenc ! matroskamux",
    "webm": "opusenc ! webmmux",
    "ts": "avenc_aac ! mpegtsmux",
}
RAW = [
    ("S16LE", 8000, 1, 0.25),  # telephone quality costs words
    ("S16LE", 44100, 2, 0),
    ("S16LE", 48000, 6, 0),
    ("S24LE", 96000, 2, 0),
    ("F32LE", 48000, 1, 0),
    ("F64LE", 44100, 6, 0),
    ("U8", 48000, 2, 0.1),  # 8 bit
]
BUFFERS = {"one sample": "output-buffer-size=2", "7 ms": "output-buffer-duration=7/1000"}


class Formats(media.MediaTest):
    def whisper(self):
        return f"npuwhisper model={media.MODEL} language-code=en"

    def decoded(self, path, head="decodebin"):
        out = self.folder / "out.srt"
        launch(f"filesrc location={path} ! {head} ! {self.whisper()} ! srtenc ! "
               f"filesink location={out}")
        return read_srt(out)

    def test_containers_and_codecs(self):
        for name, encoder in CONTAINERS.items():
            with self.subTest(container=name):
                self.needs(*[w for w in encoder.split() if "=" not in w and w != "!"])
                path = self.folder / f"in.{name}"
                launch(f"filesrc location={media.jfk_wav()} ! wavparse ! audioconvert ! "
                       f"audioresample ! {encoder} ! filesink location={path}")
                cues = self.decoded(path)
                self.assert_says(cues, media.JFK)
                self.assertLess(cues[0][0], 0.5)
                self.assertAlmostEqual(cues[-1][1], 10.6, delta=0.5)

    def test_raw_formats_rates_and_channels(self):
        for form, rate, channels, most_errors in RAW:
            with self.subTest(format=form, rate=rate, channels=channels):
                out = self.folder / "out.srt"
                mask = ",channel-mask=(bitmask)0x3f" if channels == 6 else ""
                launch(f"filesrc location={media.jfk_wav()} ! wavparse ! audioconvert ! "
                       f"audioresample ! audioconvert ! audio/x-raw,format={form},rate={rate},"
                       f"channels={channels}{mask} ! {self.whisper()} ! srtenc ! "
                       f"filesink location={out}")
                self.assert_says(read_srt(out), media.JFK, most_errors)

    def test_buffer_sizes(self):
        self.needs("audiobuffersplit")
        for name, size in BUFFERS.items():
            with self.subTest(buffers=name):
                cues = self.decoded(media.jfk_wav(), f"wavparse ! audiobuffersplit {size}")
                self.assert_says(cues, media.JFK)

    def test_a_buffer_longer_than_a_window(self):
        self.needs("audiobuffersplit")
        path = self.folder / "long.wav"
        with wave.open(str(media.jfk_wav())) as clip:
            parameters, frames = clip.getparams(), clip.readframes(clip.getnframes())
        with wave.open(str(path), "wb") as four:
            four.setparams(parameters)
            four.writeframes(frames * 4)
        long_buffer = "audiobuffersplit output-buffer-duration=40/1"
        self.assertEqual(self.decoded(path, f"wavparse ! {long_buffer}"), self.decoded(path))


class LateAudio(media.MediaTest):
    """Audio that begins 5 s after the video: exact in npusubtitle's files."""

    def test_npusubtitle(self):
        early = self.folder / "early.srt"
        done = media.npusubtitle("-q", "-l", "en", "-o", early, media.jfk_wav())
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = read_srt(early)
        for kind in media.LATE_KINDS:
            with self.subTest(container=kind):
                path = self.late_jfk(kind)
                done = media.npusubtitle("-q", "-l", "en", path)
                self.assertEqual(done.returncode, 0, done.stderr)
                cues = read_srt(path.with_suffix(".srt"))
                self.assert_says(cues, media.JFK)
                # Whisper's times are multiples of 20 ms; AAC adds its priming to the file.
                self.assertAlmostEqual(cues[0][0], expected[0][0] + 5, delta=0.1)
                self.assertAlmostEqual(cues[-1][1], expected[-1][1] + 5, delta=0.3)

    def test_matroska_through_srtenc(self):
        out = self.folder / "out.srt"
        launch(f"filesrc location={self.late_jfk('mkv')} ! matroskademux name=d d.audio_0 ! decodebin ! "
               f"npuwhisper model={media.MODEL} language-code=en ! srtenc ! filesink location={out}")
        self.assertAlmostEqual(read_srt(out)[0][0], 5.0, delta=0.1)


if __name__ == "__main__":
    media.require_model()
    media.main()
