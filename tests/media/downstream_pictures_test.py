#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions in pictures: text on the frames inside cues, none outside, and every frame arrives."""
import downstream
import media
from downstream import Q

FPS = 10
FRAMES = downstream.DURATION_S * FPS
VIDEO = (f"videotestsrc pattern=black num-buffers={FRAMES} ! "
         f"video/x-raw,format=I420,width=480,height=270,framerate={FPS}/1")
FRAME_NS = 10**9 // FPS


class Pictures(downstream.DownstreamTest):
    def setUp(self):
        super().setUp()
        self.needs("textoverlay")

    def cues(self, options=""):
        return f"filesrc location={self.tones} ! wavparse ! npuwhisper {options}"

    def assert_text_is_where_the_cues_are(self, seen, frames=FRAMES, late_frames=1):
        """`late_frames`: how many frames a renderer may be late to show or to remove text."""
        cues, pictures = seen.cues(time="running"), seen.frames()
        self.assertEqual(len(pictures), frames)
        self.assertTrue(cues)
        self.assertEqual([p["running"] // FRAME_NS for p in pictures], list(range(frames)))
        shown = 0
        for picture in pictures:
            start = picture["running"]
            inside = [cue for cue in cues if cue.start + late_frames * FRAME_NS <= start and
                      start + FRAME_NS <= cue.end]
            near = [cue for cue in cues if cue.start < start + FRAME_NS and
                    start < cue.end + late_frames * FRAME_NS]
            if inside:
                self.assertGreater(picture["bright"], 20, f"no text at {start} ns in {inside}")
                shown += 1
            elif not near:
                self.assertEqual(picture["bright"], 0, f"text at {start} ns, outside of {cues}")
        self.assertGreater(shown, len(cues))

    def test_textoverlay(self):
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false "
                          f"{VIDEO} ! {Q} ! o.video_sink  {self.cues()} ! o.text_sink")
        self.assert_text_is_where_the_cues_are(seen)

    def test_textoverlay_takes_markup(self):
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false "
                          f"{VIDEO} ! {Q} ! o.video_sink  "
                          f"{self.cues()} ! text/x-raw,format=pango-markup ! o.text_sink")
        self.assert_text_is_where_the_cues_are(seen)

    def test_subtitleoverlay(self):
        """Its textoverlay does not wait for text, so it shows all of it only in real time, and only
        if the text is there in time: it has 4 s on a busy machine."""
        self.needs("subtitleoverlay")
        seconds = 9
        tones = downstream.write_tones(self.folder / "short.wav", [(4, 4.9), (5.2, 6), (7.2, 8)],
                                       seconds)
        seen = self.probe(f"subtitleoverlay name=o ! videoconvert ! video/x-raw,format=I420 ! "
                          f"fakesink name=frames sync=true "
                          f"{VIDEO.replace(str(FRAMES), str(seconds * FPS))} ! {Q} ! o.video_sink  "
                          f"filesrc location={tones} ! wavparse ! npuwhisper ! o.subtitle_sink")
        self.assert_text_is_where_the_cues_are(seen, seconds * FPS)

    def test_the_video_goes_on_through_silence_and_after_the_last_cue(self):
        """Without gaps an overlay holds the picture from the end of a cue to the next."""
        silence = downstream.write_tones(self.folder / "silence.wav", [(0.5, 1.0)])
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false "
                          f"{VIDEO} ! {Q} ! o.video_sink  "
                          f"filesrc location={silence} ! wavparse ! npuwhisper ! o.text_sink")
        self.assert_text_is_where_the_cues_are(seen)

    def test_lateness_moves_the_text_in_the_picture(self):
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false "
                          f"{VIDEO} ! {Q} ! o.video_sink  {self.cues('lateness=700')} ! o.text_sink")
        self.assert_text_is_where_the_cues_are(seen)
        first = min(frame["running"] for frame in seen.frames() if frame["bright"])
        self.assertGreaterEqual(first, int(1.7e9) - FRAME_NS)

    def test_burn_in_keeps_every_frame(self):
        self.needs("x264enc", "avdec_h264", "matroskamux")
        burnt = self.folder / "burnt.mkv"
        seen = self.probe(f"textoverlay name=o ! x264enc ! h264parse ! matroskamux ! "
                          f"filesink location={burnt}  "
                          f"{VIDEO} ! {Q} ! o.video_sink  {self.cues()} ! o.text_sink")
        again = self.probe(f"filesrc location={burnt} ! matroskademux ! h264parse ! avdec_h264 ! "
                           f"fakesink name=frames sync=false")
        again.lines += seen.lines
        self.assert_text_is_where_the_cues_are(again)

    def test_a_parallel_queue_that_is_too_small_stalls_the_pipeline(self):
        """Why docs/elements.md asks for deep queues: Whisper hears 30 s before it says anything. The
        default queue holds 1 s."""
        self.probe(f"textoverlay name=o ! fakesink sync=false  "
                   f"filesrc location={self.muxed()} ! matroskademux name=d "
                   f"d.video_0 ! jpegdec ! queue ! o.video_sink  "
                   f"d.audio_0 ! queue ! npuwhisper ! o.text_sink", status=3, timeout_s=4)
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false  "
                          f"filesrc location={self.muxed()} ! matroskademux name=d "
                          f"d.video_0 ! {Q} ! jpegdec ! o.video_sink  "
                          f"d.audio_0 ! queue ! npuwhisper ! o.text_sink")
        self.assertEqual(len(seen.frames()), FRAMES)

    def test_a_parallel_queue_of_twice_max_lag_and_five_seconds_is_large_enough(self):
        seen = self.probe(f"textoverlay name=o ! fakesink name=frames sync=false  "
                          f"filesrc location={self.muxed()} ! matroskademux name=d "
                          f"d.video_0 ! queue max-size-time=9000000000 max-size-bytes=0 "
                          f"max-size-buffers=0 ! jpegdec ! o.video_sink  "
                          f"d.audio_0 ! queue ! npuwhisper max-lag=2000 ! o.text_sink")
        self.assert_text_is_where_the_cues_are(seen)

    def muxed(self):
        path = self.folder / "in.mkv"
        if not path.exists():
            media.launch(f"matroskamux name=m ! filesink location={path} "
                         f"{VIDEO} ! jpegenc ! {Q} ! m. "
                         f"filesrc location={self.tones} ! wavparse ! {Q} ! m.")
        return path


if __name__ == "__main__":
    media.main()
