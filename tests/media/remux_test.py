#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""npusubtitle --embed and --burn: what the written videos hold, judged from their bytes and by
other people's software."""
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import media
from media import npusubtitle
from parsers import matroska, mp4, srt

OK, USAGE, INPUT, DECODER, OUTPUT = 0, 2, 3, 5, 8
MS = 1_000_000
PICTURE = "testsrc=s=96x64:r=10:d=11"


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def probe(path, *words):
    done = subprocess.run(["ffprobe", "-v", "error", *words, "-of", "json", str(path)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def packets(path, stream):
    """[(time in s, digest)] of a stream, in the file's order."""
    found = probe(path, "-select_streams", stream, "-show_packets", "-show_data_hash", "md5")
    return [(float(packet["pts_time"]), packet["data_hash"]) for packet in found["packets"]]


class RemuxTest(media.MediaTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("ffmpeg"):
            self.skipTest("needs ffmpeg to write and to read videos")
        self.needs("matroskamux", "mp4mux", "x264enc", "textoverlay")

    def video(self, name, picture=PICTURE, *codecs):
        path = self.folder / name
        ffmpeg("-f", "lavfi", "-i", picture, "-i", media.jfk_wav(), "-c:v", "libx264", "-pix_fmt",
               "yuv420p", *(codecs or ("-c:a", "aac")), path)
        return path

    def rich(self, kind, text_codec):
        """Two audio tracks, a French subtitle track, chapters, a title."""
        plain = self.video("plain.mkv")
        (self.folder / "fr.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nTom & <i>Jerry</i>\n\n"
                                            "2\n00:00:03,000 --> 00:00:04,000\nA < B & C\n")
        (self.folder / "meta").write_text(
            ";FFMETADATA1\ntitle=My Film\n"
            "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=5000\ntitle=One\n"
            "[CHAPTER]\nTIMEBASE=1/1000\nSTART=5000\nEND=11000\ntitle=Two\n")
        path = self.folder / f"rich.{kind}"
        ffmpeg("-i", plain, "-i", self.folder / "fr.srt", "-i", self.folder / "meta", "-map", "0:v",
               "-map", "0:a", "-map", "0:a", "-map", "1", "-map_metadata", "2", "-map_chapters", "2",
               "-c", "copy", "-c:s", text_codec, "-metadata:s:s:0", "language=fre",
               "-metadata:s:s:0", "title=Version francaise", "-metadata:s:a:1", "language=ger", path)
        return path

    def run_command(self, *words):
        done = npusubtitle("-l", "en", *words)
        self.assertEqual(done.returncode, OK, done.stderr)
        return done

    def cues_of_srt(self, path):
        return srt.parse(path.read_bytes())

    def assert_streams_are_kept(self, source, target, stream, delta_s=0.0015):
        before, after = packets(source, stream), packets(target, stream)
        self.assertEqual(len(before), len(after))
        # A parser may write the first picture's headers anew.
        self.assertEqual([digest for _, digest in before][1:], [digest for _, digest in after][1:])
        for (expected, _), (found, _) in list(zip(before, after))[2:]:
            self.assertAlmostEqual(found, expected, delta=delta_s)

    def assert_what_is_shown_is_kept(self, source, target, stream):
        """The same for MP4, where the source's edit list hides the encoder's first and last frame."""
        before, after = packets(source, stream), packets(target, stream)
        self.assertGreaterEqual(len(after), len(before) - 2)
        digests = [digest for _, digest in before]
        wanted = [digest for _, digest in after][1:]
        places = [at for at in range(1, 4) if digests[at:at + len(wanted)] == wanted]
        self.assertTrue(places, "packets are missing or changed")
        for (time, _), (expected, _) in zip(after[1:], before[places[0]:]):
            self.assertAlmostEqual(time, expected, delta=0.0015)

    def assert_same_cues(self, found, expected):
        self.assertEqual([cue.text for cue in found], [cue.text for cue in expected])
        for ours, theirs in zip(found, expected):
            self.assertLessEqual(abs(ours.start - theirs.start), MS)
            self.assertLessEqual(abs(ours.end - theirs.end), MS)


class Embedding(RemuxTest):
    def test_matroska_keeps_everything_and_gains_a_track(self):
        source = self.rich("mkv", "srt")
        done = self.run_command("--embed", "-f", "srt", source)
        target = self.folder / "rich.subtitled.mkv"
        self.assertNotIn("left out", done.stderr)
        tracks = matroska.parse(target.read_bytes())
        self.assertEqual([track.type for track in tracks], [1, 2, 2, 17, 17])
        french, ours = tracks[3:]
        self.assertEqual((french.language, french.name), ("fre", "Version francaise"))
        self.assertEqual([cue.text for cue in french.cues()], ["Tom & <i>Jerry</i>", "A < B & C"])
        self.assertEqual((ours.codec, ours.language, ours.name),
                         ("S_TEXT/UTF8", "eng", "Auto-generated (English)"))
        self.assert_same_cues(ours.cues(), self.cues_of_srt(self.folder / "rich.srt"))
        self.assertEqual(tracks[2].language, "ger")
        for stream in ("v:0", "a:0", "a:1"):
            self.assert_streams_are_kept(source, target, stream)
        found = probe(target, "-show_chapters", "-show_format", "-show_streams")
        self.assertEqual([chapter["tags"]["title"] for chapter in found["chapters"]], ["One", "Two"])
        self.assertEqual(found["format"]["tags"]["TITLE"], "My Film")
        self.assertEqual([stream["tags"]["TITLE"] for stream in found["streams"][3:]],
                         ["Version francaise", "Auto-generated (English)"])

    def test_mp4_keeps_everything_it_can_and_gains_a_track(self):
        source = self.rich("mp4", "mov_text")
        self.run_command("--embed", "-f", "srt", source)
        target = self.folder / "rich.subtitled.mp4"
        tracks = mp4.parse(target.read_bytes())
        self.assertEqual([track.handler for track in tracks][:3], ["vide", "soun", "soun"])
        french, ours = [track for track in tracks if track.format == "tx3g"]
        self.assertEqual((french.language, ours.language), ("fra", "eng"))
        self.assertEqual([cue.text for cue in french.cues()], ["Tom & Jerry", "A < B & C"])
        self.assert_same_cues(ours.cues(), self.cues_of_srt(self.folder / "rich.srt"))
        self.assertTrue(all(sample.duration > 0 for sample in ours.samples), ours.samples)
        for stream in ("v:0", "a:0", "a:1"):
            self.assert_what_is_shown_is_kept(source, target, stream)

    def test_styled_subtitles_stay_styled_or_are_named(self):
        source = self.rich("mkv", "ass")
        self.run_command("--embed", source)
        tracks = matroska.parse((self.folder / "rich.subtitled.mkv").read_bytes())
        self.assertEqual([track.codec for track in tracks[3:]], ["S_TEXT/ASS", "S_TEXT/UTF8"])
        self.assertIn(rb"{\i1}Jerry", tracks[3].blocks[0].payload)
        done = self.run_command("--embed", "--container=mp4", source)
        self.assertIn("left out: subtitle track", done.stderr)
        self.assertIn("mp4 cannot hold", done.stderr)
        self.assertIn("left out: chapters", done.stderr)
        tracks = mp4.parse((self.folder / "rich.subtitled.mp4").read_bytes())
        self.assertEqual([track.format for track in tracks], ["avc1", "mp4a", "mp4a", "tx3g"])

    def test_late_audio_has_its_captions_where_it_is_heard(self):
        for kind in media.LATE_KINDS:
            with self.subTest(kind=kind):
                source = self.late_jfk(kind)
                self.run_command("--embed", "-f", "srt", source)
                expected = self.cues_of_srt(source.with_suffix(".srt"))
                self.assertGreater(expected[0].start, 4900 * MS)
                suffix = "mp4" if kind == "mp4" else "mkv"
                parser = mp4 if kind == "mp4" else matroska
                target = source.with_suffix(f".subtitled.{suffix}")
                (ours,) = parser.subtitles(target.read_bytes())
                self.assert_same_cues(ours.cues(), expected)
                starts = {}
                for path in (source, target):
                    times = [packets(path, stream) for stream in ("v", "a")]
                    starts[path] = min(t for t, _ in times[1]) - min(t for t, _ in times[0])
                self.assertAlmostEqual(starts[source], starts[target], delta=0.06)

    def test_transport_streams_and_webm_become_matroska(self):
        for source in (self.video("talk.ts"), self.video("talk.webm", PICTURE, "-c:v", "libvpx",
                                                         "-c:a", "libopus")):
            with self.subTest(source=source.name):
                self.run_command("--embed", "--force", "-f", "srt", source)
                tracks = matroska.parse((self.folder / "talk.subtitled.mkv").read_bytes())
                self.assertEqual([track.type for track in tracks], [1, 2, 17])
                self.assert_same_cues(tracks[2].cues(), self.cues_of_srt(self.folder / "talk.srt"))

    def test_words_become_cues_of_their_own(self):
        source = self.video("talk.mp4")
        self.run_command("--embed", "--words", "-f", "srt", source)
        (ours,) = mp4.subtitles((self.folder / "talk.subtitled.mp4").read_bytes())
        self.assertEqual(len(ours.cues()), len(media.JFK.split()))
        self.assertTrue(all(sample.duration > 0 for sample in ours.samples))

    def test_nothing_said_gives_a_copy_without_a_track(self):
        source = self.video("talk.mkv")
        done = self.run_command("--embed", "--from=60", source)
        self.assertIn("no subtitle track is added", done.stderr)
        tracks = matroska.parse((self.folder / "talk.subtitled.mkv").read_bytes())
        self.assertEqual([track.type for track in tracks], [1, 2])
        self.assert_streams_are_kept(source, self.folder / "talk.subtitled.mkv", "a")

    def test_real_clips_keep_their_streams(self):
        clips = media.CORPUS and media.CORPUS / "speech" / "video"
        if not clips or not clips.exists():
            self.skipTest("needs the corpus (-Dcorpus)")
        for name in ("friday.mp4", "jfk-vp9-opus.webm", "jfk-offset5s.mkv"):
            with self.subTest(name=name):
                source = clips / name
                self.run_command("--embed", "-o", f"{self.folder}/out/", source)
                target = next((self.folder / "out").glob(source.stem + ".*"))
                for stream in ("v", "a"):
                    self.assert_streams_are_kept(source, target, stream)


class Burning(RemuxTest):
    def brightness(self, path, size):
        """The mean of the lower half of each frame, 0 to 255."""
        width, height = size
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt",
                              "gray", "-"], check=True, capture_output=True).stdout
        frame = width * height
        self.assertEqual(len(raw) % frame, 0)
        return [sum(raw[at + frame // 2:at + frame]) / (frame // 2) for at in range(0, len(raw), frame)]

    def test_text_is_in_the_picture_while_it_is_said(self):
        source = self.video("talk.mp4", "color=black:s=320x180:r=10:d=14")
        self.run_command("--burn", "-f", "srt", source)
        target = self.folder / "talk.burned.mp4"
        cues = self.cues_of_srt(self.folder / "talk.srt")
        self.assertEqual([track.format for track in mp4.parse(target.read_bytes())], ["avc1", "mp4a"])
        self.assertEqual(mp4.parse(target.read_bytes())[0].language, "und")
        self.assert_what_is_shown_is_kept(source, target, "a")
        frames = self.brightness(target, (320, 180))
        self.assertEqual(len(frames), 140)
        dark = min(frames)
        seen = set()
        for number, light in enumerate(frames):
            time = number * 100 * MS
            inside = any(cue.start <= time < cue.end for cue in cues)
            near = any(abs(time - edge) < 100 * MS for cue in cues for edge in (cue.start, cue.end))
            if not near:
                self.assertEqual(light > dark + 1, inside, f"frame {number}: {light}")
                seen.add(inside)
        self.assertEqual(seen, {True, False})

    def test_quality_and_font_have_an_effect(self):
        source = self.video("talk.mkv", "testsrc2=s=320x180:r=10:d=11")
        sizes = {}
        for name, words in {"fine": ["--quality=10"], "coarse": ["--quality=45"],
                            "large": ["--quality=10", "--font=Sans Bold 40"]}.items():
            target = self.folder / f"{name}.mkv"
            self.run_command("-q", "--burn", *words, "-o", target, source)
            sizes[name] = target.stat().st_size
        self.assertGreater(sizes["fine"], 2 * sizes["coarse"])
        self.assertNotEqual(sizes["fine"], sizes["large"])

    def test_a_picture_to_be_turned_is_turned(self):
        plain = self.video("plain.mp4", "color=black:s=160x96:r=10:d=11")
        source = self.folder / "turned.mp4"
        ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v", "rotate=90", source)
        (stream,) = probe(source, "-select_streams", "v", "-show_streams")["streams"]
        if not stream.get("side_data_list"):
            self.skipTest("this ffmpeg does not write a rotation")
        self.run_command("--burn", source)
        (stream,) = probe(self.folder / "turned.burned.mp4", "-select_streams", "v",
                          "-show_streams")["streams"]
        self.assertEqual((stream["width"], stream["height"]), (96, 160))
        self.assertFalse(stream.get("side_data_list"))

    def test_both_from_one_transcription(self):
        source = self.video("talk.mp4")
        done = self.run_command("--embed", "--burn", source)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["talk.burned.mp4", "talk.mp4", "talk.subtitled.mp4"])
        self.assertEqual(done.stderr.count("talk.mp4: English"), 1)


class Failures(RemuxTest):
    def entries(self):
        return sorted(path.name for path in self.folder.iterdir())

    def assert_fails(self, done, code, *parts):
        self.assertEqual(done.returncode, code, done.stderr)
        reasons = [line for line in done.stderr.splitlines() if line.startswith("npusubtitle: ")]
        self.assertEqual(len(reasons), 1, done.stderr)
        for part in parts:
            self.assertIn(part, reasons[0])

    def test_existing_videos_are_kept(self):
        source = self.video("talk.mp4")
        (self.folder / "talk.subtitled.mp4").write_text("mine")
        self.assert_fails(npusubtitle("--embed", source), OUTPUT, "talk.subtitled.mp4 exists", "--force")
        self.assertEqual((self.folder / "talk.subtitled.mp4").read_text(), "mine")
        self.assert_fails(npusubtitle("--embed", "--force", "-o", source, source), OUTPUT,
                          "file to be read")

    def test_no_picture_to_burn_into(self):
        clip = self.folder / "talk.wav"
        shutil.copyfile(media.jfk_wav(), clip)
        self.assert_fails(npusubtitle("-l", "en", "--burn", clip), INPUT, "no picture")
        self.assert_fails(npusubtitle("-l", "en", "--embed", "--container=mp4", clip), INPUT,
                          "mp4 can hold no stream")
        self.assertEqual(self.entries(), ["talk.wav"])

    def test_a_missing_encoder_is_named(self):
        source = self.video("talk.mp4")
        env = dict(os.environ, GST_PLUGIN_FEATURE_RANK="")
        empty = self.folder / "plugins"
        empty.mkdir()
        # A registry of its own in which x264enc is not: every plugin file but that one.
        system = next(Path("/usr/lib").glob("*/gstreamer-1.0"))
        for plugin in system.glob("*.so"):
            if "x264" not in plugin.name:
                (empty / plugin.name).symlink_to(plugin)
        env.update(GST_PLUGIN_SYSTEM_PATH_1_0=str(empty), GST_REGISTRY=str(self.folder / "registry"))
        self.assert_fails(npusubtitle("-l", "en", "--burn", source, env=env), DECODER, "x264enc",
                          "gstreamer1.0-plugins-ugly")

    def test_a_file_system_that_is_full(self):
        source = self.video("talk.mp4", "testsrc2=s=640x360:r=25:d=11", "-c:a", "flac", "-strict",
                            "-2", "-b:v", "2M")
        limit = source.stat().st_size // 2
        for words in (["--embed"], ["--burn", "--quality=5"]):
            with self.subTest(words=words):
                done = npusubtitle("-l", "en", *words, source, preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (limit, limit)))
                self.assert_fails(done, OUTPUT, "cannot write", "File too large")
                self.assertEqual(self.entries(), ["talk.mp4"])
        small = Path(tempfile.mkdtemp(dir=self.folder))
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={limit}", "tmpfs", str(small)],
                capture_output=True).returncode != 0:
            self.skipTest("a small file system needs root")
        try:
            done = npusubtitle("-l", "en", "--embed", "-o", f"{small}/", source)
            self.assert_fails(done, OUTPUT, "cannot write", "No space left on device")
            self.assertEqual(list(small.iterdir()), [])
        finally:
            subprocess.run(["umount", str(small)], check=True)

    def test_a_folder_that_may_not_be_written_to(self):
        source = self.video("talk.mp4")
        self.folder.chmod(0o755)
        words = {} if os.geteuid() != 0 else {"user": 65534}
        if not words:
            self.folder.chmod(0o555)
            self.addCleanup(self.folder.chmod, 0o755)
        for option in ("--embed", "--burn", "--format=srt"):
            self.assert_fails(npusubtitle(option, source, **words), OUTPUT, "cannot write to the folder",
                              "Permission denied")
        self.assertEqual(self.entries(), ["talk.mp4"])

    def test_interruption_leaves_nothing_at_any_stage(self):
        source = self.video("talk.mp4", "testsrc2=s=1280x720:r=25:d=11")
        other = self.folder / "other.mp4"
        shutil.copyfile(source, other)
        for words, stage in ((["--embed"], "Loaded"), (["--burn", "--quality=0"], "burning"),
                             (["--burn", "--embed", "-j2", other], "burning")):
            with self.subTest(words=words):
                process = subprocess.Popen(
                    [media.NPUSUBTITLE, "--model", str(media.MODEL), "-l", "en", *map(str, words),
                     str(source)], stderr=subprocess.PIPE, text=True)
                while stage not in (line := process.stderr.readline()):
                    self.assertTrue(line, "it ended before")
                process.send_signal(signal.SIGINT)
                _, rest = process.communicate(timeout=media.TIMEOUT_S)
                self.assertEqual(process.returncode, 130, rest)
                self.assertEqual(self.entries(), ["other.mp4", "talk.mp4"])


if __name__ == "__main__":
    media.require_model()
    media.main()
