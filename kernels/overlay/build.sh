#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the overlay's xclbin, with mlir-aie and Peano. Meson calls it with -Daie=enabled.
#
# usage: build.sh --check                             says on stderr what is missing; exits 1 if anything is
#        build.sh npu1|npu2 PROGRAM XCLBIN WORK       compiles in the folder WORK, which is emptied
#
# PROGRAM           what the cores run: loopback, encoder or decoder
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
  if [ -z "$peano" ] || [ ! -x "$peano/bin/clang++" ] || [ ! -x "$peano/bin/ld.lld" ] || [ ! -x "$peano/bin/llvm-size" ]; then
    echo "Peano: expected clang++, ld.lld and llvm-size in ${peano:-PEANO_INSTALL_DIR}/bin, found none: install the llvm-aie of" \
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

# Sources of a program of the cores. What of them a program does not use is left out by the linker.
sources_of() {
  common='attention/attention.cc attention/attention_block.cc fine/fine.cc gelu/gelu.cc
    layer_norm/layer_norm.cc matmul/matmul.cc residual/residual.cc'
  case $1 in
    loopback) echo overlay/loopback_entry.cc ;;
    encoder) echo overlay/encoder_entry.cc $common ;;
    decoder) echo overlay/decoder_entry.cc $common kv_cache/kv_cache.cc logits/logits.cc topk/topk.cc ;;
    whisper) echo overlay/whisper_entry.cc $common kv_cache/kv_cache.cc logits/logits.cc ;;
    *) echo "build.sh: expected the program loopback, whisper, encoder or decoder, found $1" >&2; exit 1 ;;
  esac
}

compile_cores() {
  objects=()
  for source in $2; do
    object=$(basename "$source" .cc).o
    "$peano/bin/clang++" --target="$1" -O2 -std=c++20 -DNDEBUG -D__AIE_API_AIE_ADF_HPP__ \
      -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -Wno-parentheses -Wno-attributes -Wno-macro-redefined -Wno-empty-body \
      -Wno-missing-template-arg-list-after-template-kw -I"$kernels" -I"$mlir_aie/include" \
      -c "$kernels/$source" -o "$object"
    objects+=("$object")
  done
  "$peano/bin/ld.lld" -r "${objects[@]}" -o core.o
}

# aiecc DESIGN OUT FLAG...: buffers lie in memory in the order of their declaration.
run_aiecc() {
  design=$1 out=$2
  shift 2
  AIE_XCLBINUTIL=$xclbinutil "$aiecc" "$@" --get-input-with-addresses --peano="$peano" \
    --alloc-scheme=basic-sequential --tmpdir="$work/$out.prj" --output-dir="$work/$out" "$design"
  "$python" "$here/places.py" --target "$target" "$work/$out/input_with_addresses.mlir" > "$out.json"
}

build() {
  target=$1
  case $target in
    npu1) triple=aie2-none-unknown-elf cores=16 ;;
    npu2) triple=aie2p-none-unknown-elf cores=32 ;;
    *) echo "build.sh: expected npu1 or npu2, found $target" >&2; exit 1 ;;
  esac
  sources=$(sources_of "$2")
  xclbin=$(realpath -m "$3")
  work=$(realpath -m "$4")
  # Objects of an earlier build would be used again.
  rm -rf "$work"
  mkdir -p "$work"
  cd "$work"
  "$python" "$here/budget.py" --target "$target" > budget.md
  compile_cores $triple "$sources"
  # Twice: a core is told where its fifos are, which the compiler says first.
  "$python" "$here/overlay.py" --target "$target" --object core.o > places.mlir
  run_aiecc places.mlir places
  "$python" "$here/overlay.py" --target "$target" --object core.o --places places.json > overlay.mlir
  run_aiecc overlay.mlir out --get-xclbin --get-npu-insts --get-core-elfs --xclbin-kernel-name=MLIR_AIE \
    --xclbin-name=overlay.xclbin '--npu-insts-name=insts_{0}.bin'
  if ! cmp -s places.json out.json; then
    echo "$work: expected buffers and locks where places.json has them, found out.json" >&2
    exit 1
  fi
  check_sizes "$work/out" "$cores"
  cp "$work/out/overlay.xclbin" "$xclbin"
}

if [ "$#" -eq 1 ] && [ "$1" = --check ]; then
  check
elif [ "$#" -eq 4 ]; then
  check
  build "$@"
else
  sed -n '5,8s/^# //p' "$0" >&2
  exit 2
fi
