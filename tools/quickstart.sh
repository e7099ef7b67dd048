#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# From a fresh clone on Debian or Ubuntu to a subtitle file, in one command: installs the packages,
# builds, fetches Whisper base and subtitles FILE (default: a clip of the repository).
#   tools/quickstart.sh [FILE [npusubtitle options]]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
build=$here/build

if [ $# -eq 0 ]; then
  cp "$here/tests/data/speech/jfk.wav" ./jfk.wav
  set -- jfk.wav --force
fi
if [ ! -r "$1" ]; then
  echo "quickstart.sh: cannot read '$1'" >&2
  exit 1
fi

"$here/tools/setup.sh"
[ -f "$build/build.ninja" ] ||
  meson setup "$build" "$here" -Dbuildtype=release -Dtests=false >/dev/null
ninja -C "$build" --quiet
"$build/gst/models/npuwhisper-models" fetch base
"$build/gst/models/npuwhisper-models" fetch silero-vad ||
  echo "quickstart.sh: going on without voice activity detection" >&2

export GST_PLUGIN_PATH=$build/gst GST_REGISTRY=$build/registry.bin
"$build/gst/subtitle/npusubtitle" "$@"

case $1 in
  */*) written=${1%.*}.srt ;;
  *) written=./${1%.*}.srt ;;
esac
if [ -f "$written" ]; then
  echo
  echo "$written:"
  head -n 12 "$written"
fi
