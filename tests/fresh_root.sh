#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs both commands of the README in bare roots of a distribution, with nothing else done by hand:
# as root without sudo, then tools/quickstart.sh in another one as a user with sudo.
#   tests/fresh_root.sh [--corpus DIR] [SUITE [quickstart|check|sudo]...]
# SUITE: a debootstrap suite; default: bookworm, all three parts. --corpus: the full corpus, for check.
# Needs root and debootstrap. The roots are made below $TMPDIR and removed afterwards.
set -eu
corpus=
if [ "${1:-}" = --corpus ]; then
  corpus=$(cd "${2:?--corpus needs a folder}" && pwd)
  shift 2
fi
suite=${1:-bookworm}
shift || true
parts=("$@")
[ $# -gt 0 ] || parts=(quickstart check sudo)
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/fresh-root.XXXXXX")

cleanup() {
  local mounts
  # The innermost first; those that something still uses stay, and the root with them: what is removed
  # must never reach through a mount into the host.
  mounts=$(grep -o " $work/[^ ]*" /proc/mounts | sort -r || true)
  for mount in $mounts; do umount "$mount" || true; done
  if grep -q " $work/" /proc/mounts; then
    echo "fresh_root.sh: $work is still in use, and was left" >&2
  else
    rm -rf --one-file-system "$work"
  fi
}
trap cleanup EXIT

# prepare ROOT [PACKAGE...]: a bare root with the clone, which leaves out what git does not track.
prepare() {
  local root=$1
  shift
  debootstrap --variant=minbase ${1:+--include="$(IFS=,; echo "$*")"} "$suite" "$root" >/dev/null
  mount --bind /dev "$root/dev"
  mount --bind /dev/pts "$root/dev/pts"
  mount -t proc proc "$root/proc"
  if [ -n "$corpus" ]; then
    mkdir "$root/corpus"
    mount --bind -o ro "$corpus" "$root/corpus"
  fi
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # A network that signs with certificates of its own: the root must know them, as its host does.
  mkdir -p "$root/usr/local/share/ca-certificates" "$root/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/host.crt"
  git clone -q "$here" "$root/src"
}

# enter ROOT USER COMMAND
enter() {
  chroot "$1" /sbin/runuser -u "$2" -- /usr/bin/env -i \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$(chroot "$1" bash -c "echo ~$2")" \
    LANG=C.UTF-8 ${PIP_CERT:+PIP_CERT=/etc/ssl/certs/host.crt} bash -c "cd /src && $3"
}

for part in "${parts[@]}"; do
  case $part in
    quickstart | check)
      [ -d "$work/as-root" ] || prepare "$work/as-root"
      command=tools/$part.sh
      [ "$part" = check ] && [ -n "$corpus" ] && command="$command --corpus /corpus"
      echo "== as root: $command"
      enter "$work/as-root" root "$command"
      ;;
    sudo)
      prepare "$work/as-user" sudo
      chroot "$work/as-user" useradd --create-home viewer
      echo 'viewer ALL=(ALL) NOPASSWD: ALL' >"$work/as-user/etc/sudoers.d/viewer"
      chroot "$work/as-user" chown -R viewer: /src
      echo "== as a user with sudo: tools/quickstart.sh"
      enter "$work/as-user" viewer tools/quickstart.sh
      ;;
    *)
      echo "fresh_root.sh: unknown part '$part'" >&2
      exit 2
      ;;
  esac
done
