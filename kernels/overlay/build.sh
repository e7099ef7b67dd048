#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the overlay's xclbin, with mlir-aie and Peano. Meson calls it with -Daie=enabled.
#
# usage: build.sh --check                     says on stderr what is missing; exits 1 if anything is
#        build.sh npu1|npu2 XCLBIN WORK       compiles in the folder WORK, which is emptied
#
# AIE_PYTHON        Python with mlir-aie; default python3
# PEANO_INSTALL_DIR Peano; default: the llvm-aie package of that Python
# AIE_XCLBINUTIL    xclbinutil; default: the one in PATH
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$(dirname "$here")

# The one release that overlay.py and the flags below are written for. Its Peano is the one that
# utils/peano-requirements.txt of its tag names.
release=1.4.2
program_bytes=16384

python=${AIE_PYTHON:-python3}
export PYTHONDONTWRITEBYTECODE=1

ask() { "$python" -c "$1" 2>/dev/null || true; }

find_tools() {
  version=$(ask 'from importlib.metadata import version; print(version("mlir_aie"))')
  mlir_aie=$(ask 'import aie, pathlib; print(pathlib.Path(aie.__file__).resolve().parents[2])')
  aiecc=$mlir_aie/bin/aiecc
  peano=${PEANO_INSTALL_DIR:-$(ask 'from importlib.metadata import distribution
print(distribution("llvm-aie").locate_file("llvm-aie"))')}
  xclbinutil=$(command -v "${AIE_XCLBINUTIL:-xclbinutil}" || true)
}

missing() {
  wheels=https://github.com/Xilinx/mlir-aie/releases/expanded_assets/v$release
  if [ -z "$version" ]; then
    echo "mlir-aie: expected release $release in $python, found none: $python -m pip install mlir_aie==$release -f $wheels"
  elif [ "$version" != "$release" ]; then
    echo "mlir-aie: expected release $release in $python, found $version: $python -m pip install mlir_aie==$release -f $wheels"
  elif [ ! -x "$aiecc" ]; then
    echo "aiecc: expected it in $aiecc, found none: install mlir_aie anew"
  fi
  if [ -z "$peano" ] || [ ! -x "$peano/bin/clang++" ] || [ ! -x "$peano/bin/llvm-size" ]; then
    echo "Peano: expected clang++ and llvm-size in ${peano:-PEANO_INSTALL_DIR}/bin, found none: install the llvm-aie of" \
      "https://github.com/Xilinx/mlir-aie/blob/v$release/utils/peano-requirements.txt, or set PEANO_INSTALL_DIR"
  fi
  if [ -z "$xclbinutil" ]; then
    echo "xclbinutil: expected ${AIE_XCLBINUTIL:-it in PATH}, found none: install libxrt-utils (XRT 2.25), or set AIE_XCLBINUTIL"
  fi
}

check() {
  find_tools
  found=$(missing)
  [ -z "$found" ] && return
  echo "The overlay cannot be built:" >&2
  echo "$found" >&2
  exit 1
}

# Code of a core, in bytes: the loader refuses more than its program memory only at run time.
check_sizes() {
  count=0
  while IFS= read -r elf; do
    count=$((count + 1))
    bytes=$("$peano/bin/llvm-size" -A "$elf" | awk '$1 ~ /^\.text/ { sum += $2 } END { print sum + 0 }')
    echo "$(basename "$elf"): $bytes of $program_bytes bytes of program"
    if [ "$bytes" -eq 0 ] || [ "$bytes" -gt "$program_bytes" ]; then
      echo "$elf: expected 1 to $program_bytes bytes of program, found $bytes" >&2
      exit 1
    fi
  done < <(find "$1" -name '*.elf' | sort)
  if [ "$count" -ne "$2" ]; then
    echo "$1: expected the programs of $2 cores, found $count" >&2
    exit 1
  fi
}

build() {
  target=$1
  case $target in
    npu1) triple=aie2-none-unknown-elf cores=16 ;;
    npu2) triple=aie2p-none-unknown-elf cores=32 ;;
    *) echo "build.sh: expected npu1 or npu2, found $target" >&2; exit 1 ;;
  esac
  xclbin=$(realpath -m "$2")
  work=$(realpath -m "$3")
  # Objects of an earlier build would be used again.
  rm -rf "$work"
  mkdir -p "$work"
  cd "$work"
  "$python" "$here/budget.py" --target "$target" > budget.md
  "$peano/bin/clang++" --target=$triple -O2 -std=c++20 -DNDEBUG -D__AIE_API_AIE_ADF_HPP__ \
    -fno-exceptions -fno-rtti -Wno-parentheses -Wno-attributes -Wno-macro-redefined -Wno-empty-body \
    -Wno-missing-template-arg-list-after-template-kw -I"$kernels" -I"$mlir_aie/include" \
    -c "$here/loopback.cc" -o core.o
  "$python" "$here/overlay.py" --target "$target" --object core.o > overlay.mlir
  # One kernel name for all; the order of the buffers in memory is the order of their declaration.
  AIE_XCLBINUTIL=$xclbinutil "$aiecc" --get-xclbin --get-npu-insts --get-core-elfs --get-input-with-addresses \
    --peano="$peano" --alloc-scheme=basic-sequential --xclbin-kernel-name=MLIR_AIE --xclbin-name=overlay.xclbin \
    '--npu-insts-name=insts_{0}.bin' --tmpdir="$work/overlay.prj" --output-dir="$work/out" overlay.mlir
  check_sizes "$work/out" "$cores"
  cp "$work/out/overlay.xclbin" "$xclbin"
}

if [ "$#" -eq 1 ] && [ "$1" = --check ]; then
  check
elif [ "$#" -eq 3 ]; then
  check
  build "$@"
else
  sed -n '5,6s/^# //p' "$0" >&2
  exit 2
fi
