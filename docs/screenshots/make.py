#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the README's pictures with the build tree's command, from clips of the repository.

    meson devenv -C build ../docs/screenshots/make.py [FOLDER]      default: beside this script

caption.png   a frame of what `npusubtitle --burn` writes: the spectrum of what is said, and its caption
progress.png  npusubtitle at work in a terminal
Needs ffmpeg for the film, and the font DejaVu Sans Mono.
"""
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEECH = HERE.parent.parent / "tests" / "data" / "speech"
COLUMNS = 92


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


def caption(folder, out):
    film, burned = folder / "talk.mp4", folder / "talk.burned.mp4"
    spectrum = "[0:a]showspectrum=s=640x360:slide=scroll:color=magma:scale=log:overlap=0.7:fps=25,format=yuv420p"
    run("ffmpeg", "-v", "error", "-i", SPEECH / "jfk.wav", "-filter_complex", spectrum,
        "-map", "0:a", "-c:a", "aac", "-c:v", "libx264", film)
    run("npusubtitle", "--quiet", "--burn", film)
    few_colours = "split[a][b];[a]palettegen=max_colors=24[colours];[b][colours]paletteuse=dither=none"
    run("ffmpeg", "-v", "error", "-y", "-ss", "9", "-i", burned, "-vf", few_colours, "-frames:v", "1",
        out)


def talk(folder):
    """Some windows of speech: the English clips, one after another."""
    path = folder / "talk.wav"
    clips = [SPEECH / name for name in ("jfk.wav", "121-123859-0002.flac", "1089-134686-0006.flac")]
    inputs = [word for clip in clips * 4 for word in ("-i", str(clip))]
    run("ffmpeg", "-v", "error", *inputs, "-filter_complex", f"concat=n={len(clips) * 4}:v=0:a=1", path)
    return path


def read_screen(terminal, done):
    """What a terminal shows, line by line, as soon as its last line satisfies `done`."""
    lines = [""]
    while not done(lines[-1]):
        for character in os.read(terminal, 4096).decode("utf-8", "replace"):
            if character == "\n":
                lines.append("")
            elif character == "\r":
                # A bar draws its line anew.
                lines[-1] = lines[-1] + "\r"
            else:
                lines[-1] = character if lines[-1].endswith("\r") else lines[-1] + character
    return [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).strip("\r") for line in lines]


def watch(path):
    """The screen of a terminal in which npusubtitle is a good part through."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(path.parent)
        os.execvp("npusubtitle", ["npusubtitle", path.name])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    screen = read_screen(terminal, lambda line: re.search(r"[3-9]\d %.* left", line))
    os.kill(child, signal.SIGINT)
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        pass  # a terminal that nobody writes to any more
    os.waitpid(child, 0)
    home = os.path.expanduser("~")
    return ["$ npusubtitle " + path.name] + [line.replace(home, "~") for line in screen]


def draw(lines, folder, out):
    """Text on a dark ground."""
    wrapped = [line[at:at + COLUMNS] for line in lines for at in range(0, max(len(line), 1), COLUMNS)]
    (folder / "screen.txt").write_text("\n".join(wrapped), encoding="utf-8")
    text = (f"drawtext=textfile={folder}/screen.txt:expansion=none:font=DejaVu Sans Mono:fontsize=14:"
            "fontcolor=0xd8dee9:line_spacing=5:x=12:y=12")
    run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
        f"color=0x1e2227:s=810x{24 + 20 * len(wrapped)}", "-vf", text, "-frames:v", "1", out)


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for needed in ("npusubtitle", "ffmpeg"):
        if not shutil.which(needed):
            sys.exit(f"make.py: {needed} was not found")
    with tempfile.TemporaryDirectory(prefix="screenshots-") as name:
        folder = Path(name)
        caption(folder, out / "caption.png")
        draw(watch(talk(folder)), folder, out / "progress.png")


main()
