#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shows captions from Python: prints each cue of a file with its times, as it is found.

    captions.py FILE [MODEL]        needs python3-gi and gir1.2-gstreamer-1.0
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

Gst.init(None)
pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! npuwhisper name=whisper ! fakesink")
pipeline.get_by_name("file").set_property("location", sys.argv[1])
if len(sys.argv) > 2:
    pipeline.get_by_name("whisper").set_property("model", sys.argv[2])
pipeline.set_state(Gst.State.PLAYING)

status = None
while status is None:
    message = pipeline.get_bus().timed_pop(Gst.CLOCK_TIME_NONE)
    fields = message.get_structure()
    if message.type == Gst.MessageType.ELEMENT and fields.has_name("npuwhisper/cue"):
        start, duration = fields.get_value("stream-time"), fields.get_value("duration")
        text = fields.get_value("text").replace("\n", " ")
        print(f"{start / Gst.SECOND:.3f}\t{(start + duration) / Gst.SECOND:.3f}\t{text}", flush=True)
    elif message.type == Gst.MessageType.ERROR:
        status = f"{sys.argv[1]}: {message.parse_error().gerror.message}"
    elif message.type == Gst.MessageType.EOS:
        status = 0
pipeline.set_state(Gst.State.NULL)
sys.exit(status)
