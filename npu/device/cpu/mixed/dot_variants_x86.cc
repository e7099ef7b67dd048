// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of x86.
#include <cpuid.h>
#include <hwy/highway.h>

#include "device/cpu/mixed/dot_portable.h"
#include "device/cpu/mixed/dot_x86.h"

namespace npu::cpu {
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool has_avx512_vnni() {
  return has_avx512() && __builtin_cpu_supports("avx512vnni");
}
bool has_avx512_vnni_bf16() {
  return has_avx512_vnni() && __builtin_cpu_supports("avx512bf16");
}
// AMX_BF16, AMX_TILE and AMX_INT8: bits 22, 24 and 25 of EDX of CPUID leaf 7.
bool has_amx() {
  constexpr unsigned kTiles = 1U << 22 | 1U << 24 | 1U << 25;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return has_avx512_vnni_bf16() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) &&
         (edx & kTiles) == kTiles && may_use_tiles();
}
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
// Not among the names that clang 14 knows: bit 4 of EAX of CPUID leaf 7, subleaf 1.
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return has_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & (1U << 4)) != 0;
}
bool has_sse4() {
  return __builtin_cpu_supports("sse4.2");
}
bool always() {
  return true;
}

// Highway numbers its targets so that better ones have lower bits.
constexpr int64_t kAboveAvx2 = HWY_AVX2 - 1, kAboveSse4 = HWY_SSE4 - 1;
constexpr int64_t kAll = HWY_SSE4 | kAboveSse4 | HWY_SSSE3;

constexpr DotVariant kVariants[] = {
    {"amx", has_amx, true, amx_int8, amx_bf16, avx512_bf16_softmax, 0, amx_rest, kAmxAhead},
    {"avx512-vnni-bf16", has_avx512_vnni_bf16, true, avx512_vnni_int8, avx512_bf16_product,
     avx512_bf16_softmax, 0},
    {"avx512-vnni", has_avx512_vnni, true, avx512_vnni_int8, portable_bf16, portable_softmax, 0},
    {"avx-vnni", has_avx_vnni, true, avx_vnni_int8, portable_bf16, portable_softmax, kAboveAvx2},
    {"avx512", has_avx512, true, portable_int8, portable_bf16, portable_softmax, 0},
    {"avx2", has_avx2, true, portable_int8, portable_bf16, portable_softmax, kAboveAvx2},
    {"sse4", has_sse4, true, portable_int8, portable_bf16, portable_softmax, kAboveSse4},
    {"baseline", always, false, portable_int8, portable_bf16, portable_softmax, kAll},
};

}  // namespace

std::span<const DotVariant> dot_variants() {
  return kVariants;
}

}  // namespace npu::cpu
