#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real speech with Whisper base through real pipelines: every output against the cues that went in.

Arguments: the clips of the corpus, below speech/; a film as it is, sound with a picture made for it.
Without a corpus, jfk.wav with a picture.
"""
import subprocess
import sys

import downstream
import media
from downstream import Q
from parsers import matroska, mp4, srt, webvtt

FPS = 10
WHISPER = "npuwhisper name=w temperature-increment-on-fallback=0"
FILMS = (".mp4", ".mkv", ".webm")


def seconds_of(path):
    done = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of",
                           "csv=p=0", str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout)


class Speech(downstream.DownstreamTest):
    scripted = False
    clips = []

    def whisper(self):
        return f"{WHISPER} model={media.MODEL}"

    def film(self, clip):
        """The clip as MP4 with H.264 and AAC, as `video_0` and `audio_0` of qtdemux."""
        if clip.suffix == ".mp4":
            return clip
        film = self.folder / "film.mp4"
        if clip.suffix in FILMS:
            picture = "d. ! video/x-raw ! videoconvert ! videorate ! video/x-raw,format=I420,framerate=10/1"
        else:
            frames = int(seconds_of(clip) * FPS) + 1
            picture = (f"videotestsrc pattern=black num-buffers={frames} ! "
                       f"video/x-raw,format=I420,width=480,height=270,framerate={FPS}/1")
        media.launch(f"mp4mux name=m ! filesink location={film}  {picture} ! {Q} ! "
                     f"x264enc speed-preset=ultrafast tune=zerolatency ! h264parse ! {Q} ! m.  "
                     f"filesrc location={clip} ! decodebin name=d  d. ! audio/x-raw ! audioconvert ! "
                     f"audioresample ! audio/x-raw,channels=1 ! avenc_aac ! {Q} ! m.")
        return film

    def check_all(self, clip):
        """One inference; its cues into SRT, WebVTT, Matroska, MP4 and the picture at once."""
        film = self.film(clip)
        out = {name: self.folder / f"out.{name}" for name in ("srt", "vtt", "mkv", "mp4")}
        timeout_s = 120 + 2 * seconds_of(film)
        seen = self.probe(
            f"filesrc location={film} ! qtdemux name=d  "
            f"d.audio_0 ! {Q} ! aacparse ! tee name=sound ! {Q} ! avdec_aac ! {self.whisper()} ! "
            f"tee name=text  "
            f"d.video_0 ! {Q} ! tee name=video ! {Q} ! mkv.video_0  "
            f"text. ! {Q} ! srtenc ! filesink location={out['srt']}  "
            f"text. ! {Q} ! webvttenc ! filesink location={out['vtt']}  "
            f"text. ! {Q} ! mkv.subtitle_0  sound. ! {Q} ! mkv.audio_0  "
            f"matroskamux name=mkv ! filesink location={out['mkv']}  "
            f"video. ! {Q} ! mp4.video_0  sound. ! {Q} ! mp4.audio_0  text. ! {Q} ! mp4.subtitle_0  "
            f"mp4mux name=mp4 ! filesink location={out['mp4']}  "
            f"video. ! {Q} ! avdec_h264 ! o.video_sink  text. ! {Q} ! o.text_sink  "
            f"textoverlay name=o ! fakesink name=frames sync=false", timeout_s=timeout_s)
        running, stream = seen.cues(time="running"), seen.cues(time="stream")
        self.assert_same_cues(stream, srt.parse(out["srt"].read_bytes()))
        self.assert_same_cues(stream, webvtt.parse(out["vtt"].read_bytes()))
        self.check_matroska(out["mkv"], running)
        (text,) = mp4.subtitles(out["mp4"].read_bytes())
        self.assert_same_cues(running, text.cues())
        self.check_pictures(seen, running, film)
        self.check_timeline(seen)
        print(f"{clip.name}: {len(stream)} cues of {sum(len(c.text) for c in stream)} characters, "
              f"{len(seen.frames())} frames")

    def check_matroska(self, path, cues):
        (text,) = matroska.subtitles(path.read_bytes())
        self.assertEqual([block for block in text.blocks if not block.payload.strip()], [])
        # Matroska counts from the first frame, whichever stream has it.
        self.assert_same_cues(cues, text.cues())
        self.assertNotEqual(text.language, "")
        self.assertTrue(text.name.startswith("Auto-generated"), text.name)

    def check_pictures(self, seen, cues, film):
        """Text changes the frames inside of cues, and no others; all of them come."""
        plain = self.probe(f"filesrc location={film} ! qtdemux ! avdec_h264 ! "
                           f"fakesink name=frames sync=false").frames()
        frames = seen.frames()
        self.assertEqual([f["running"] for f in frames], [f["running"] for f in plain])
        for before, frame in zip(plain, frames):
            if frame["duration"] == 0:
                continue  # seen for no time
            start = frame["running"]
            end = start + (frame["duration"] or 10**9 // FPS)
            if any(cue.start <= start and end <= cue.end for cue in cues):
                self.assertNotEqual(frame["bright"], before["bright"], f"no text at {start}")
            elif not any(cue.start < end and start < cue.end + 10**9 // FPS for cue in cues):
                self.assertEqual(frame["bright"], before["bright"], f"text at {start}")

    def check_timeline(self, seen):
        """Cues and gaps follow each other without holes, and no gap makes a muxer's block."""
        position = None
        for line in seen.lines:
            if line["kind"] not in ("cue", "gap"):
                continue
            self.assertTrue(line["kind"] == "cue" or line["missing-data"])
            if position is not None:
                self.assertEqual(line["pts"], position)
            position = line["pts"] + line["duration"]

    def test_clips(self):
        self.needs("textoverlay", "x264enc", "avenc_aac", "avdec_aac", "avdec_h264", "srtenc",
                   "webvttenc")
        for clip in self.clips:
            with self.subTest(clip=clip.name):
                self.check_all(clip)


if __name__ == "__main__":
    media.require_model()
    named = sys.argv[1:]
    if named and not media.CORPUS:
        media.skip("the full corpus is not there (-Dcorpus=PATH)")
    Speech.clips = [media.CORPUS / "speech" / name for name in named] or [media.jfk_wav()]
    media.unittest.main(verbosity=2, argv=sys.argv[:1])
