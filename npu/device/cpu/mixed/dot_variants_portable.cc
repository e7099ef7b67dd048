// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of all CPUs that have no table of their own: Highway chooses between its targets.
#include "device/cpu/mixed/dot_portable.h"

namespace npu::cpu {
namespace {

bool always() {
  return true;
}

constexpr DotVariant kVariants[] = {
    {"portable", always, false, portable_int8, portable_bf16, portable_softmax, 0}};

}  // namespace

std::span<const DotVariant> dot_variants() {
  return kVariants;
}

}  // namespace npu::cpu
