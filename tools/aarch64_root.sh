#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Puts the AArch64 libraries that the engine and its tests need into a folder, for tools/aarch64.ini:
#   tools/aarch64_root.sh DIR
# The packages are the distribution's own, unpacked with apt and dpkg but not installed: the system
# does not change, and root is not needed. Does nothing if DIR is complete.
# Exit status 77, with the reason, where this cannot be done (no compiler, no such packages).
set -eu
root=${1:?usage: aarch64_root.sh DIR}
packages=(libhwy-dev libgtest-dev libpcre2-dev nlohmann-json3-dev zlib1g-dev)

give_up() {
  echo "aarch64_root.sh: $*" >&2
  exit 77
}

for program in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v "$program" >/dev/null ||
    give_up "$program was not found; tools/setup.sh --tests installs it"
done
[ -f "$root/complete.ini" ] && exit 0

mkdir -p "$root"
root=$(cd "$root" && pwd)
state=$root/apt
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$state"
  -o Dir::State::status="$state/status" -o Dir::Cache="$state" -o Acquire::Languages=none
  -o APT::Sandbox::User="$(id -un)")

# A source of someone else's without arm64 is no reason to stop: what counts is that all is found.
timeout 60 "${apt[@]}" update || true
timeout 90 "${apt[@]}" install -y --no-install-recommends --download-only "${packages[@]}" ||
  give_up "the package sources of this machine do not serve ${packages[*]} for arm64"
for package in "$state"/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
# Since Debian 13 packages have nothing in /lib, which programs name their loader by.
[ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
rm -rf "$state"
printf "[constants]\nroot = '%s'\n" "$root" >"$root/complete.ini"
