// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/name_map.h"

#include <algorithm>

namespace npu {
namespace {

bool remove_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// A canonical name with its layer number, if any, replaced by '*'.
struct Pattern {
  std::string name;
  std::string layer;
};

Pattern pattern(std::string_view name) {
  constexpr std::string_view kBlocks = ".blocks.";
  const size_t found = name.find(kBlocks);
  if (found == std::string_view::npos) return {std::string(name), ""};
  const size_t begin = found + kBlocks.size();
  const size_t end = std::min(name.find('.', begin), name.size());
  return {std::string(name.substr(0, begin)) + "*" + std::string(name.substr(end)),
          std::string(name.substr(begin, end - begin))};
}

}  // namespace

std::optional<StoredName> stored_name(std::span<const ModuleRule> rules, const Suffixes& suffixes,
                                      std::string_view canonical) {
  const Pattern whole = pattern(canonical);
  std::string_view module = whole.name;
  const bool weight = remove_suffix(module, ".weight");
  const bool bias = !weight && remove_suffix(module, ".bias");
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const ModuleRule& candidate) {
    return candidate.canonical ==
           (candidate.kind == ModuleKind::kTable ? std::string_view(whole.name) : module);
  });
  if (rule == rules.end()) return std::nullopt;
  if (rule->kind != ModuleKind::kTable && !weight && !bias) return std::nullopt;
  std::string name(rule->stored);
  const size_t star = name.find('*');
  if (star != std::string::npos) name.replace(star, 1, whole.layer);
  if (rule->kind == ModuleKind::kLinear)
    name += weight ? suffixes.linear_weight : suffixes.linear_bias;
  if (rule->kind == ModuleKind::kNorm) name += weight ? suffixes.norm_weight : suffixes.norm_bias;
  return StoredName{std::move(name), rule->part, rule->parts};
}

}  // namespace npu
