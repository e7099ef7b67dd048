#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs both commands of the README in a bare root of a distribution, with nothing else done by hand.
#   tests/fresh_root.sh [SUITE]      a debootstrap suite; default: bookworm
# Needs root and debootstrap. The root is made below $TMPDIR and removed afterwards.
set -eu
suite=${1:-bookworm}
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/fresh-root.XXXXXX")

cleanup() {
  umount "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf "$root"
}
trap cleanup EXIT

debootstrap --variant=minbase "$suite" "$root" >/dev/null
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# A network that signs with certificates of its own: the root must know them, as its host does.
mkdir -p "$root/usr/local/share/ca-certificates" "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
# The clone leaves out what git does not track.
git clone -q "$here" "$root/src"

enter() {
  chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root LANG=C.UTF-8 ${PIP_CERT:+PIP_CERT=/etc/ssl/certs/host.crt} bash -c "cd /src && $1"
}
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/host.crt"

echo "== tools/quickstart.sh"
enter tools/quickstart.sh
echo "== tools/check.sh"
enter tools/check.sh
