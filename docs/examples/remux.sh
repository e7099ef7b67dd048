#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows how to add a subtitle track without encoding anything again; the track carries its language and
# a title. Each branch beside npuwhisper waits in a queue without limits for the text.
#   remux.sh IN.mp4 OUT.mkv|OUT.mp4 [MODEL]       (H.264 and AAC in)
set -eu
Q="queue max-size-time=0 max-size-bytes=0 max-size-buffers=0"
case $2 in
  *.mp4) muxer=mp4mux ;;
  *) muxer=matroskamux ;;
esac
exec gst-launch-1.0 -q filesrc location="$1" ! qtdemux name=d \
  $muxer name=m ! filesink location="$2" \
  d.video_0 ! h264parse ! $Q ! m.video_0 \
  d.audio_0 ! aacparse ! tee name=t \
  t. ! $Q ! m.audio_0 \
  t. ! queue ! avdec_aac ! npuwhisper model="${3:-base}" ! m.subtitle_0
