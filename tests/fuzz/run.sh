#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs every fuzz target for some seconds: tests/fuzz/run.sh BUILD SECONDS
# BUILD is made with: CC=clang CXX=clang++ meson setup BUILD -Dfuzz=true \
#   -Db_sanitize=address,undefined -Db_lundef=false
# Inputs that fail are left in BUILD/fuzz/<target>-*; the exit code is then not 0.
set -eu

here=$(dirname "$0")
build=${1:?usage: run.sh BUILD SECONDS}
seconds=${2:?usage: run.sh BUILD SECONDS}
targets='ctranslate2 ggml safetensors tokenizer_json'

for target in $targets; do set -- "$@" "tests/fuzz/fuzz_$target"; done
shift 2
ninja -C "$build" "$@"
python3 "$here/make_seeds.py" "$build/fuzz/seeds"

for target in $targets; do
  mkdir -p "$build/fuzz/corpus/$target"
  echo "== $target, $seconds s"
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/tests/fuzz/fuzz_$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=131072 \
    -print_final_stats=1 -artifact_prefix="$build/fuzz/$target-" \
    "$build/fuzz/corpus/$target" "$build/fuzz/seeds/$target"
done
