#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a command in a root that tools/trixie_root.sh made, in this folder:
#   tools/in_trixie.sh DIR COMMAND [ARGUMENT...]
# The command sees the sources, the fetched models and the compiler's cache under their own names. They
# are mounted in a name space that ends with the command, so nothing is left behind. Needs root.
# Exit status 77, with the reason, where this machine does not allow that; else that of the command.
set -eu
root=$(cd "${1:?usage: in_trixie.sh DIR COMMAND [ARGUMENT...]}" && pwd)
shift
sources=$(cd "$(dirname "$0")/.." && pwd)

if ! unshare --mount true 2>/dev/null; then
  echo "in_trixie.sh: this machine lets nobody mount folders, so $root cannot be used" >&2
  exit 77
fi
exec unshare --mount bash -eu -c '
  root=$1 folder=$2
  shift 2
  while [ "$1" != -- ]; do
    mkdir -p "$1" "$root$1"
    mount --bind "$1" "$root$1"
    shift
  done
  shift
  mount --rbind /dev "$root/dev"
  mount --bind /proc "$root/proc"
  exec chroot "$root" env --chdir="$folder" "$@"
' in_trixie "$root" "$PWD" "$sources" "${XDG_DATA_HOME:-$HOME/.local/share}/npuwhisper" \
  "${CCACHE_DIR:-$HOME/.cache/ccache}" -- "$@"
