// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/mixed/dot.h"

#include <hwy/highway.h>

#include <cstdlib>

#include "log.h"

namespace npu::cpu {

Result<const DotVariant*> choose_dot_variant(const char* name) {
  const bool any = !name || !*name;
  std::string supported;
  for (const DotVariant& variant : dot_variants()) {
    if (!variant.supported()) continue;
    if (any || variant.name == std::string_view(name)) return &variant;
    supported += (supported.empty() ? "" : ", ") + std::string(variant.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               text("NPUWHISPER_CPU: expected one that this CPU supports (", supported,
                    "), found '", name, "'")};
}

Result<const DotVariant*> dot_variant() {
  static const auto chosen = [] {
    const char* name = std::getenv("NPUWHISPER_CPU");
    auto variant = choose_dot_variant(name);
    if (variant && name && *name) hwy::DisableTargets((*variant)->disabled_targets);
    if (variant) log(LogLevel::kDebug, text("device cpu: dot products: ", (*variant)->name));
    return variant;
  }();
  return chosen;
}

}  // namespace npu::cpu
