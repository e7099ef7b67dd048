#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows how to render captions into the picture: the overlay holds a frame until it knows whether text
# belongs on it, so the picture waits in a queue without limits while Whisper hears its window of 30 s.
# The queue holds compressed video: decoding comes after it.
#   burn_in.sh IN.mp4 OUT.mkv [MODEL]       (H.264 and AAC in)
set -eu
Q="queue max-size-time=0 max-size-bytes=0 max-size-buffers=0"
exec gst-launch-1.0 -q filesrc location="$1" ! qtdemux name=d \
  matroskamux name=m ! filesink location="$2" \
  d.video_0 ! $Q ! h264parse ! avdec_h264 ! videoconvert ! o.video_sink \
  textoverlay name=o ! videoconvert ! x264enc ! h264parse ! $Q ! m.video_0 \
  d.audio_0 ! aacparse ! tee name=t \
  t. ! $Q ! m.audio_0 \
  t. ! queue ! avdec_aac ! npuwhisper model="${3:-base}" ! o.text_sink
