#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sets a Debian or Ubuntu machine up and passes the tests, in one command.
#   tools/check.sh [--corpus DIR]   quick and representative, under 40 minutes on two cores
#   tools/check.sh --full ...       adds the long suites
#   tools/check.sh --minutes N ...  begins no step after N minutes (60, with --full as many as it takes): a machine
#                                   too slow for all says what it left out
# Without --corpus, tests/data alone is used. Ends with one line: N passed, N failed, N skipped.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here" || exit 1

corpus=
full=
minutes=60
while [ $# -gt 0 ]; do
  case $1 in
    --corpus) corpus=$(cd "${2:?--corpus needs a folder}" && pwd) || exit 2; shift 2 ;;
    --full) full=yes minutes=; shift ;;
    --minutes) minutes=${2:?--minutes needs a number}; shift 2 ;;
    *) echo "check.sh: unknown option '$1'" >&2; exit 2 ;;
  esac
done

# What was compiled in another clone is not compiled again; its folder is no part of what ccache compares.
export CCACHE_BASEDIR=$here CCACHE_NOHASHDIR=yes

logs=$here/build-check/logs
rm -rf "$here/build-check/logs"
mkdir -p "$logs"
failed_steps=()
failed_suites=()
skipped_steps=()
started=$(date +%s)

# Runs one step, keeps its output, and goes on after a failure, so that one run shows everything.
# Exit status 77 means that this machine cannot run it; the last line of its output says why.
step() {
  local name=$1
  shift
  local begin status=0
  begin=$(date +%s)
  if [ -n "$minutes" ] && [ $((begin - started)) -ge $((minutes * 60)) ]; then
    echo "skip  $name: the $minutes minutes of this check are over"
    skipped_steps+=("$name")
    return
  fi
  "$@" >"$logs/$name.log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    echo "ok    $name ($(($(date +%s) - begin)) s)"
  elif [ "$status" = 77 ]; then
    echo "skip  $name: $(tail -n 1 "$logs/$name.log")"
    skipped_steps+=("$name")
  else
    echo "FAIL  $name ($(($(date +%s) - begin)) s); the end of its output:"
    tail -n 60 "$logs/$name.log" | sed 's/^/      /'
    case $name in
      tests-*) failed_suites+=("$name") ;;
      *) failed_steps+=("$name") ;;
    esac
  fi
}

# configure DIR [meson options]: makes or keeps a build folder.
configure() {
  local dir=$here/build-check/$1
  shift
  [ -f "$dir/build.ninja" ] && return 0
  meson setup "$dir" "$here" -Dwerror=true -Dcorpus="$corpus" "$@"
}

# XRT's headers, with which the tests run on a double of its library.
xrt_headers=$here/build-check/xrt-headers
with_xrt_headers() {
  local options=(-Dxrt=disabled)
  [ -f "$xrt_headers/complete" ] && options=(-Dxrt_headers="$xrt_headers/usr/include")
  "$@" "${options[@]}"
}

# suites DIR SUITE...: runs suites and keeps the JUnit file that the last line is counted from.
suites() {
  local dir=$1 flags=()
  shift
  for suite in "$@"; do flags+=(--suite "$suite"); done
  run_tests "$dir" "$(IFS=-; echo "$*")" "${flags[@]}"
}

# run_tests DIR LOGBASE [meson test arguments]: builds what the tests need, and runs them.
run_tests() {
  local dir=$1 logbase=$2
  shift 2
  meson test -C "$here/build-check/$dir" --print-errorlogs --num-processes 2 \
    --logbase "$logbase" "$@"
}

step setup tools/setup.sh --tests
step format tools/format.sh --check

step xrt-headers tools/trixie_root.sh --headers "$xrt_headers"
step configure with_xrt_headers configure release -Dbuildtype=release -Db_ndebug=false
step build ninja -C build-check/release
step fetch-model build-check/release/gst/models/npuwhisper-models fetch base silero-vad

step tests-kernels suites release kernels
step tests-npu suites release npu
step tests-gst suites release gst
step tests-media suites release media
[ -n "$full" ] && step tests-full suites release full

# From here on most builds have only what computes optimised, for they take longer than what runs in them.

# The engine for AArch64, and in QEMU the tests of its arithmetic that take seconds there. The contract
# suite leaves out two tests that run the encoder again and again.
aarch64=build-check/aarch64-root
aarch64_tests=(device_dots device_mixed_rows device_matrix_ops device_attention_ops
  device_attention_ops_neon-dotprod device_attention_ops_neon device_score device_pool features)
aarch64_programs() {
  local test
  for test in dots mixed_rows matrix_ops attention_ops score pool contract; do
    echo "tests/npu/device/device_${test}_test"
  done
  echo tests/npu/whisper/features_test
}
build_aarch64() {
  mapfile -t programs < <(aarch64_programs)
  configure aarch64 --cross-file "$aarch64/complete.ini" --cross-file tools/aarch64.ini \
    -Delement=false -Dbuildtype=plain -Doptimization=0 -Db_ndebug=false &&
    ninja -C build-check/aarch64 npu/libnpu.a "${programs[@]}"
}
contract_aarch64() {
  GTEST_FILTER='*/CpuWithTwoThreads:*/CpuInt8WithTwoThreads:-*SideBySide*:*InAnyCompany*' \
    run_tests aarch64 contract device_contract
}
# On a CPU without any extension, where the variants that need one must not be chosen.
baseline_aarch64() {
  QEMU_CPU=cortex-a53 run_tests aarch64 baseline device_dots device_attention_ops
}
step root-aarch64 tools/aarch64_root.sh "$aarch64"
if [ -f "$aarch64/complete.ini" ]; then
  step build-aarch64 build_aarch64
  step tests-aarch64 run_tests aarch64 aarch64 "${aarch64_tests[@]}"
  step tests-aarch64-contract contract_aarch64
  step tests-aarch64-baseline baseline_aarch64
fi

# Debian 13 with GStreamer 1.26 and the genuine XRT: the plugin and its module for the NPU. What is compared there
# is the double with the genuine library, and instruction streams with what XRT's disassembler reads; what runs is
# a machine without an NPU, where device=npu says so and device=auto transcribes.
trixie=build-check/trixie-root
in_trixie() { tools/in_trixie.sh "$trixie" "$@"; }
build_trixie() {
  [ -f build-check/trixie/build.ninja ] ||
    in_trixie meson setup build-check/trixie -Dxrt=enabled -Dwerror=true -Db_ndebug=false \
      -Dbuildtype=plain -Doptimization=0 || return
  in_trixie ninja -C build-check/trixie npu/npuwhisper-xrt.so gst/libgstnpuwhisper.so \
    tests/xrt_double/{libxrt_coreutil.so.2,xclbin_facts} tests/npu/device/xrt/xrt_genuine_test \
    tests/npu/device/xrt/stream/record_streams
}
drift_trixie() {
  in_trixie tests/xrt_double/drift.sh build-check/trixie/tests/xrt_double/libxrt_coreutil.so.2 \
    /usr/lib/x86_64-linux-gnu/libxrt_coreutil.so.2 build-check/trixie/tests/xrt_double/xclbin_facts
}
genuine_trixie() {
  in_trixie meson test -C build-check/trixie --no-rebuild --print-errorlogs xrt_genuine xrt_disassembly
}
launch_trixie() {
  in_trixie env GST_PLUGIN_PATH=build-check/trixie/gst GST_REGISTRY=build-check/trixie/registry.bin \
    NPUWHISPER_XRT_MODULE=build-check/trixie/npu/npuwhisper-xrt.so \
    gst-launch-1.0 -q filesrc location=tests/data/speech/jfk.wav ! wavparse ! npuwhisper model=base "$1" ! fdsink 2>&1
}
without_npu_trixie() {
  local text reason
  text=$(launch_trixie device=auto)
  reason=$(launch_trixie device=npu)
  printf '%s\n' "$text" "$reason"
  grep -qi "what you can do for your country" <<<"$text" &&
    grep -q "device npu: expected an AMD NPU .* found none" <<<"$reason"
}
step root-trixie tools/trixie_root.sh "$trixie"
if [ -f "$trixie/complete" ]; then
  step build-trixie build_trixie
  step drift-trixie drift_trixie
  step tests-trixie genuine_trixie
  step without-npu-trixie without_npu_trixie
fi

# Sanitizers, where only what the tests need is built. clang takes half of gcc's time for AddressSanitizer, which comes
# last because it takes longest.
configure_asan() {
  CC='ccache clang' CXX='ccache clang++' CXX_LD=lld with_xrt_headers configure asan \
    -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=0 -Dcpp_args=-g1
}
configure_tsan() {
  with_xrt_headers configure tsan -Db_sanitize=thread -Db_lundef=false -Doptimization=1 -Dcpp_args=-g1
}
configure_fuzz() {
  CC='ccache clang' CXX='ccache clang++' configure fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
}
# The device that only tests have takes longer there than all others: its contract only with --full.
tests_tsan() {
  local filter='-*/Tiled'
  [ -n "$full" ] && filter='*'
  GTEST_FILTER=$filter run_tests tsan tsan --timeout-multiplier 4 element device_contract shared_cache stream \
    blocked_device blocked_batch shared_batch shared_threads twin_refusal
}
step configure-tsan configure_tsan
step tests-tsan tests_tsan
step configure-fuzz configure_fuzz
step fuzz tests/fuzz/run.sh build-check/fuzz 15
step configure-asan configure_asan
# What moves memory, reads files and crosses borders between modules; with --full all but the longest.
memory_tests=(kernel_attention kernel_core kernel_matmul device_attention_ops device_contract device_dots
  device_kept_weights device_matrix_ops device_mixed_rows device_open device_packed_file device_pool device_score
  integer_attention integer_product twin_array twin_operations twin_refusal twin_stream xrt_double_faults
  xrt_double_rules xrt_discovery xrt_device corrupt_ctranslate2 corrupt_ggml corrupt_hugging_face corrupt_vad
  corrupt_vocabulary element captions models_parts npusubtitle-parts npusubtitle-remux)
[ -n "$full" ] && memory_tests=(--suite kernels --suite npu --suite gst --no-suite model --no-suite forced
  --no-suite plain)
step tests-asan run_tests asan asan --timeout-multiplier 4 "${memory_tests[@]}"

echo "took $((($(date +%s) - started) / 60)) minutes"
python3 tools/count_tests.py build-check --failed-steps "${#failed_steps[@]}" \
  --failed-suites "${#failed_suites[@]}" --skipped-steps "${#skipped_steps[@]}"
