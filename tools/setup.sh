#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs the Debian or Ubuntu packages that npuwhisper needs. As root, or through sudo.
#   tools/setup.sh          to build, fetch models and subtitle files
#   tools/setup.sh --tests  the same, and what the tests use
# Installs only what is missing; does nothing (and needs no network) when all is there.
set -eu

packages=(
  g++ meson ninja-build pkgconf ccache
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libhwy-dev libicu-dev libpcre2-dev nlohmann-json3-dev zlib1g-dev
  libcurl4-openssl-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-x gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
  ca-certificates python3 python3-pip
)
test_packages=(
  git libgtest-dev libsndfile1-dev uuid-dev ffmpeg python3-venv procps
  python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 xvfb
  clang libclang-rt-dev clang-format lld man-db python3-jsonschema
)

# To compile for AArch64 and run that (tools/aarch64_root.sh). Without them, those tests are skipped.
cross_packages=(g++-aarch64-linux-gnu qemu-user)
cross=

for argument in "$@"; do
  case $argument in
    --tests)
      packages+=("${test_packages[@]}")
      cross=yes
      ;;
    *)
      echo "setup.sh: unknown option '$argument'; the only one is --tests" >&2
      exit 2
      ;;
  esac
done

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: this script knows Debian and Ubuntu only (apt-get was not found);" \
    "install the equivalents of: ${packages[*]}" >&2
  exit 1
fi

[ "$(dpkg --print-architecture)" = amd64 ] || cross=

# missing_of PACKAGE...: those that are not installed, one a line.
missing_of() {
  local package state
  for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || echo "$package"
  done
}

mapfile -t missing < <(missing_of "${packages[@]}")
missing_cross=()
[ -n "$cross" ] && mapfile -t missing_cross < <(missing_of "${cross_packages[@]}")
[ $((${#missing[@]} + ${#missing_cross[@]})) -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: these packages are missing, and neither root nor sudo is at hand:" \
      "${missing[*]} ${missing_cross[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
# A machine that has just started may be upgrading itself: wait for it.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
install() {
  echo "Installing $# packages: $*"
  "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null
}
"${apt[@]}" update
[ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
[ ${#missing_cross[@]} -eq 0 ] || install "${missing_cross[@]}" ||
  echo "setup.sh: ${missing_cross[*]} could not be installed; the tests for AArch64 will be skipped" >&2
