# SPDX-License-Identifier: LGPL-2.1-or-later
"""Parsers of what subtitles are written into, strict where a player may be.

They judge the plugin's output from the files' own bytes, because the usual tools hide the defects
looked for: ffprobe leaves out empty Matroska blocks and shortens the last cue of an MP4 file that
begins with an empty edit, and `qtdemux ! srtenc` shows such a file's cues early.
"""
