#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transcript and translation side by side: what one run gives on two pads, against two runs."""
import media
from media import launch, read_srt
from parsers import matroska

# What is said, and words that its English must have.
CLIPS = {"fleurs-es.ogg": ("esto parece tener sentido ya que en la tierra no se percibe su "
                           "movimiento cierto", ("earth", "movement"))}
MODES = {"as it comes": "", "segments of the reference": "output-mode=segments vad=off"}


class Translation(media.MediaTest):
    def clip(self, name):
        return media.DATA / "speech" / name

    def one_pad(self, clip, options):
        out = self.folder / "one.srt"
        launch(f"filesrc location={clip} ! decodebin ! npuwhisper model={media.MODEL} {options} ! "
               f"srtenc ! filesink location={out}")
        return read_srt(out)

    def both_pads(self, clip, options):
        out = [self.folder / "transcript.srt", self.folder / "translation.srt"]
        launch(f"filesrc location={clip} ! decodebin ! npuwhisper name=w model={media.MODEL} {options}  "
               f"w.src ! srtenc ! filesink location={out[0]}  "
               f"w.translate_src_0 ! srtenc ! filesink location={out[1]}")
        return [read_srt(path) for path in out]

    def test_texts_and_times_are_those_of_two_runs(self):
        for name, (said, meant) in CLIPS.items():
            for mode, options in MODES.items():
                with self.subTest(clip=name, mode=mode):
                    clip = self.clip(name)
                    transcript, translation = self.both_pads(clip, options)
                    self.assertEqual(transcript, self.one_pad(clip, options))
                    self.assertEqual(translation, self.one_pad(clip, f"{options} task=translate"))
                    self.assert_says(transcript, said, 0.2)
                    for word in meant:
                        self.assertIn(word, media.text_of(translation).lower())

    def test_two_tracks_of_a_file(self):
        self.needs("matroskamux", "flacenc")
        name = next(iter(CLIPS))
        out = self.folder / "two.mkv"
        deep = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0"
        launch(f"matroskamux name=m ! filesink location={out}  filesrc location={self.clip(name)} ! "
               f"decodebin ! tee name=t ! {deep} ! audioconvert ! flacenc ! m.audio_0  "
               f"t. ! queue ! npuwhisper name=w model={media.MODEL}  "
               f"w.src ! m.subtitle_0  w.translate_src_0 ! m.subtitle_1")
        tracks = matroska.subtitles(out.read_bytes())
        self.assertEqual(len(tracks), 2)
        for track, cues in zip(tracks, self.both_pads(self.clip(name), "")):
            self.assertEqual([cue.text.replace("\n", " ") for cue in track.cues()],
                             [text for _, _, text in cues])


if __name__ == "__main__":
    media.require_model()
    media.main()
