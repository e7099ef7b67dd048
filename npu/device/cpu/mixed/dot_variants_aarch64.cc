// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of AArch64 on Linux, whose kernel says what the CPU has.
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "device/cpu/mixed/dot_aarch64.h"
#include "device/cpu/mixed/dot_portable.h"

namespace npu::cpu {
namespace {

bool has_dotprod() {
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}
bool has_i8mm_bf16() {
  constexpr unsigned long kBoth = HWCAP2_I8MM | HWCAP2_BF16;
  return (getauxval(AT_HWCAP2) & kBoth) == kBoth;
}
bool always() {
  return true;
}

constexpr DotVariant kVariants[] = {
    {"neon-i8mm-bf16", has_i8mm_bf16, true, neon_i8mm_int8, neon_bf16_product, portable_softmax, 0},
    {"neon-dotprod", has_dotprod, true, neon_dotprod_int8, portable_bf16, portable_softmax, 0},
    {"neon", always, false, portable_int8, portable_bf16, portable_softmax, 0},
};

}  // namespace

std::span<const DotVariant> dot_variants() {
  return kVariants;
}

}  // namespace npu::cpu
