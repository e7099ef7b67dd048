// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/json_alignment_heads.h"

namespace npu {
namespace {

constexpr int64_t kLimit = 10000;  // any index; check_alignment_heads() compares with the sizes

bool is_index(const nlohmann::json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= static_cast<uint64_t>(kLimit);
}

}  // namespace

Result<std::optional<AlignmentHeads>> json_alignment_heads(const std::string& file,
                                                           const nlohmann::json& object,
                                                           const ModelDims& dims) {
  if (!object.is_object())
    return Error{ErrorCode::kBadModel,
                 text(file, ": expected a JSON object, found ", json_excerpt(object))};
  const auto list = object.find("alignment_heads");
  if (list == object.end() || list->is_null()) return std::optional<AlignmentHeads>();
  if (!list->is_array())
    return Error{ErrorCode::kBadModel,
                 text(file, ": alignment_heads: expected a list, found ", json_excerpt(*list))};
  if (list->empty()) return std::optional<AlignmentHeads>();
  AlignmentHeads heads;
  for (const nlohmann::json& pair : *list) {
    if (!pair.is_array() || pair.size() != 2 || !is_index(pair[0]) || !is_index(pair[1]))
      return Error{
          ErrorCode::kBadModel,
          text(file, ": alignment_heads: expected [layer, head], found ", json_excerpt(pair))};
    heads.emplace_back(pair[0].get<int>(), pair[1].get<int>());
  }
  NPU_TRY_ASSIGN(heads, check_alignment_heads(file, dims, std::move(heads)));
  return std::optional<AlignmentHeads>(std::move(heads));
}

}  // namespace npu
