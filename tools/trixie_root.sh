#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Puts Debian 13 with XRT 2.25 (from its backports) into a folder; tools/in_trixie.sh runs commands there.
#   tools/trixie_root.sh DIR             all that the project is built and run with; 190 MB to fetch
#   tools/trixie_root.sh --headers DIR   only XRT's headers, in DIR/usr/include; 4 MB. They suffice for the
#                                        tests that run on a double of the library, on any Debian
# The packages are unpacked with apt and dpkg but not installed: the system does not change, and their
# scripts, which this does not need, do not run. Does nothing if DIR is complete.
# Exit status 77, with the reason as the last line, where this cannot be done.
set -eu
usage="usage: trixie_root.sh [--headers] DIR"
headers=
[ "${1-}" = --headers ] && { headers=yes; shift; }
root=${1:?$usage}

xrt=(libxrt-dev libxrt2 libxrt-npu2 libxrt-utils libxrt-utils-npu)
packages=(
  uuid-dev libc-bin base-files bash dash coreutils sed grep findutils util-linux
  g++ meson ninja-build pkgconf ccache
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libhwy-dev libicu-dev libpcre2-dev nlohmann-json3-dev zlib1g-dev
  libcurl4-openssl-dev libgtest-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
)

give_up() {
  echo "trixie_root.sh: $*" >&2
  exit 77
}

[ -f "$root/complete" ] && exit 0
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] ||
  give_up "NPUs are in x86-64 machines only, and this is not a Debian for them"
[ -n "$headers" ] || [ "$(id -u)" = 0 ] || give_up "only root can run commands in a root of its own"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] || give_up "$keyring was not found; the package debian-archive-keyring has it"

# The mirror that this machine's own Debian comes from.
release=$(. /etc/os-release && echo "${ID-}:${VERSION_CODENAME-}")
mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
  sed -n "s/^${release#debian:} //p" | head -n 1)
[ -n "$mirror" ] || give_up "apt names no mirror of Debian on this machine ($release)"

# An earlier run may have been cut short; nobody else's folder is touched.
if [ -n "$(ls -A "$root" 2>/dev/null)" ] && [ ! -e "$root/begun" ]; then
  echo "trixie_root.sh: $root is neither empty nor made by this script" >&2
  exit 1
fi
rm -rf "$root"
mkdir -p "$root"
root=$(cd "$root" && pwd)
touch "$root/begun"
state=$root/apt
mkdir -p "$state/lists/partial" "$state/archives/partial"
: >"$state/status"
printf '%s\n' "Types: deb" "URIs: $mirror" "Suites: trixie trixie-backports" "Components: main" \
  "Signed-By: $keyring" >"$state/debian.sources"
apt=(apt-get -qq -o APT::Architecture=amd64 -o APT::Architectures=amd64
  -o Dir::Etc::sourcelist="$state/debian.sources" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
  -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state"
  -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  -o APT::Sandbox::User="$(id -un)")

timeout 60 "${apt[@]}" update || give_up "$mirror does not serve trixie and trixie-backports"
if [ -n "$headers" ]; then
  (cd "$state/archives" && timeout 60 "${apt[@]}" download libxrt-dev/trixie-backports) ||
    give_up "$mirror does not serve libxrt-dev of trixie-backports"
  dpkg-deb --fsys-tarfile "$state"/archives/libxrt-dev_*.deb | tar -x -C "$root" ./usr/include
else
  # Only XRT is of the backports: plain Debian 13 has other packages of the same names.
  timeout 150 "${apt[@]}" install -y --no-install-recommends --download-only "${packages[@]}" \
    "${xrt[@]/%//trixie-backports}" ||
    give_up "$mirror does not serve ${packages[*]} of trixie and ${xrt[*]} of trixie-backports"
  for package in "$state"/archives/*.deb; do dpkg-deb --fsys-tarfile "$package"; done |
    tar -x -i -C "$root" --exclude=./usr/share/{doc,man,locale,gtk-doc,icons}
  mkdir -p "$root"/{dev,proc,tmp}
  chroot "$root" g++ --version || give_up "what was unpacked does not run"
fi
rm -rf "$state"
touch "$root/complete"
