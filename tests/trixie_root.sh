#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the project in Debian 13 (gcc 14, GStreamer 1.26) and runs its tests there.
#   tests/trixie_root.sh [--root DIR] [--corpus DIR] [TEST...]
# --root    keeps the root in DIR and uses it again; default: one below $TMPDIR, removed afterwards
# --corpus  the full corpus, as for tools/check.sh; read only
# TEST      names or globs of `meson test`; default: the suites npu, gst and media
# Needs root and debootstrap, and takes an hour on two cores. What git does not track is left out;
# the working tree's last commit is built. Whisper base is the host's, if it is there.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
root=
corpus=
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --corpus) corpus=$(cd "${2:?--corpus needs a folder}" && pwd); shift 2 ;;
    -*) echo "trixie_root.sh: unknown option '$1'" >&2; exit 2 ;;
    *) break ;;
  esac
done
keep=$root
[ -n "$root" ] || root=$(mktemp -d "${TMPDIR:-/tmp}/trixie-root.XXXXXX")
mkdir -p "$root"
models=${XDG_DATA_HOME:-$HOME/.local/share}/npuwhisper/models

cleanup() {
  local place
  for place in proc dev corpus models; do
    mountpoint -q "$root/$place" && umount "$root/$place"
  done
  # Never remove a root into which something of the host is still mounted.
  if [ -z "$keep" ] && ! grep -q " $root/" /proc/mounts; then rm -rf "$root"; fi
}
trap cleanup EXIT

[ -f "$root/etc/debian_version" ] || debootstrap --variant=minbase trixie "$root" >/dev/null
mkdir -p "$root/corpus" "$root/models"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
[ -n "$corpus" ] && mount --bind -o ro "$corpus" "$root/corpus"
[ -d "$models/base" ] && mount --bind -o ro "$models" "$root/models"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# A network that signs with certificates of its own: the root must know them, as its host does.
mkdir -p "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/host.crt"
[ -f "$root/etc/ssl/certs/ca-certificates.crt" ] ||
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

if [ -d "$root/src/.git" ]; then
  git -C "$root/src" fetch -q "$here" HEAD
  git -C "$root/src" checkout -q --detach FETCH_HEAD
else
  git clone -q --no-local "$here" "$root/src"
fi

enter() {
  chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 ${PIP_CERT:+PIP_CERT=/etc/ssl/certs/host.crt} bash -c "cd /src && $1"
}

enter 'tools/setup.sh --tests'
enter 'g++ --version | head -1; gst-launch-1.0 --version | tail -2 | head -1'
options="-Dwerror=true -Dbuildtype=release -Db_ndebug=false"
[ -n "$corpus" ] && options="$options -Dcorpus=/corpus"
if [ -d "$models/base" ]; then options="$options -Dmodel=/models/base"; fi
enter "[ -f build/build.ninja ] || meson setup build $options >/dev/null"
enter 'ninja -C build'
[ -d "$models/base" ] || enter 'build/gst/models/npuwhisper-models fetch base'
tests="--suite npu --suite gst --suite media"
[ $# -gt 0 ] && tests=$*
enter "meson test -C build --no-rebuild --print-errorlogs --num-processes 2 $tests"
