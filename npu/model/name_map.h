// SPDX-License-Identifier: LGPL-2.1-or-later
// How a file format's tensor names relate to the canonical ones: one table per format.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace npu {

// How a module's parameters are called.
enum class ModuleKind { kLinear, kNorm, kTable };

// One module: a canonical name and its name in the file. '*' stands for the layer's number. Where
// the file fuses several modules along axis 0, this one is number `part` of `parts` equal ones.
// kTable names are whole tensor names, the others have suffixes.
struct ModuleRule {
  std::string_view canonical;
  std::string_view stored;
  ModuleKind kind;
  int part = 0;
  int parts = 1;
};

// Suffixes of the format in place of ".weight" and ".bias".
struct Suffixes {
  std::string_view linear_weight, linear_bias;
  std::string_view norm_weight, norm_bias;
};

struct StoredName {
  std::string name;
  int part = 0;
  int parts = 1;
};

// The name under which the file has the canonical tensor; nullopt if no rule speaks of it.
std::optional<StoredName> stored_name(std::span<const ModuleRule> rules, const Suffixes& suffixes,
                                      std::string_view canonical);

}  // namespace npu
