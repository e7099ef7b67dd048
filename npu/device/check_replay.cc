// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "device/check.h"

namespace npu {
namespace {

constexpr int kMostRows = 1 << 16;
constexpr int kMostSlots = 1 << 12;
constexpr int kMostPositions = 1 << 16;

template <typename... What>
Error invalid(const What&... what) {
  return Error{ErrorCode::kInvalidArgument, text(what...)};
}

template <typename... What>
Result<void> within(int value, int end, const What&... what) {
  if (value >= 0 && value < end) return {};
  return invalid(what..., ": expected 0..", end - 1, ", found ", value);
}

// What a list does with a replay.
struct Uses {
  const Embed* embed = nullptr;
  const Score* score = nullptr;
  bool rows = false, self = false, cross = false, store = false;
  size_t alignment_heads = 0;
};

Uses uses_of(const OpList& list) {
  Uses uses;
  for (const Op& op : list.ops) {
    if (const auto* embed = std::get_if<Embed>(&op)) uses.embed = embed;
    if (const auto* score = std::get_if<Score>(&op)) uses.score = score;
    if (const auto* scores = std::get_if<AlignmentScores>(&op))
      uses.alignment_heads += scores->chosen.size();
    uses.self |= std::holds_alternative<SelfAttention>(op);
    uses.cross |=
        std::holds_alternative<CrossAttention>(op) || std::holds_alternative<AlignmentScores>(op);
    uses.store |= std::holds_alternative<StoreCross>(op);
  }
  for (const Value& value : list.values) uses.rows |= value.rows == kTableRows;
  return uses;
}

Result<void> check_parents(const ContextLimits& limits, std::span<const int> parents) {
  if (parents.size() > static_cast<size_t>(limits.self_slots))
    return invalid("beam permutation: expected at most ", limits.self_slots, " slots, found ",
                   parents.size());
  for (size_t slot = 0; slot < parents.size(); ++slot)
    NPU_TRY(within(parents[slot], limits.self_slots, "beam permutation, parent of slot ", slot));
  return {};
}

// The position that row `index` must have at most, or exactly if the slot has an earlier row.
Result<void> check_position(const Replay& replay, size_t index, std::span<const int> histories) {
  const Row& row = replay.rows[index];
  for (size_t before = index; before-- > 0;) {
    if (replay.rows[before].self_slot != row.self_slot) continue;
    if (replay.rows[before].position + 1 == row.position) return {};
    return invalid("row ", index, ": expected position ", replay.rows[before].position + 1,
                   " after the row before in slot ", row.self_slot, ", found ", row.position);
  }
  auto slot = static_cast<size_t>(row.self_slot);
  if (slot < replay.self_parents.size()) slot = static_cast<size_t>(replay.self_parents[slot]);
  if (row.position <= histories[slot]) return {};
  return invalid("row ", index, ": expected a position up to ", histories[slot],
                 ", the end of the history of slot ", row.self_slot, ", found ", row.position);
}

Result<void> check_rows(const Uses& uses, const ContextLimits& limits, const Replay& replay,
                        std::span<const int> histories) {
  if (replay.rows.empty() || replay.rows.size() > static_cast<size_t>(limits.max_rows))
    return invalid("row table: expected 1..", limits.max_rows, " rows, found ", replay.rows.size());
  for (size_t index = 0; index < replay.rows.size(); ++index) {
    const Row& row = replay.rows[index];
    int positions = limits.self_positions;
    if (uses.embed) {
      NPU_TRY(within(row.token, static_cast<int>(uses.embed->tokens.shape[0]), "row ", index,
                     ", token"));
      positions = std::min(positions, static_cast<int>(uses.embed->positions.shape[0]));
    }
    NPU_TRY(within(row.position, positions, "row ", index, ", position"));
    if (uses.cross)
      NPU_TRY(within(row.cross_slot, limits.cross_slots, "row ", index, ", cross slot"));
    if (!uses.self) continue;
    NPU_TRY(within(row.self_slot, limits.self_slots, "row ", index, ", self slot"));
    NPU_TRY(check_position(replay, index, histories));
  }
  return {};
}

Result<void> check_request(const ScoreRequest& request, size_t index, size_t rows, int vocabulary) {
  NPU_TRY(within(request.row, static_cast<int>(rows), "score request ", index, ", row"));
  for (const IdRange& range : request.ranges)
    if (range.begin < range.end && (range.begin < 0 || range.end > vocabulary))
      return invalid("score request ", index, ": expected a range within 0..", vocabulary,
                     ", found ", range.begin, "..", range.end);
  const IdRange &a = request.ranges[0], &b = request.ranges[1];
  if (a.begin < a.end && b.begin < b.end && a.begin < b.end && b.begin < a.end)
    return invalid("score request ", index, ": expected ranges apart, found ", a.begin, "..", a.end,
                   " and ", b.begin, "..", b.end);
  NPU_TRY(within(request.top_k, vocabulary + 1, "score request ", index, ", top_k"));
  for (const int id : request.named)
    NPU_TRY(within(id, vocabulary, "score request ", index, ", named id"));
  if (request.mask && request.mask->words().size() < (static_cast<size_t>(vocabulary) + 63) / 64)
    return invalid("score request ", index, ": expected a mask of ", vocabulary, " ids, found ",
                   request.mask->words().size() * 64);
  return {};
}

Result<void> check_scores(const Uses& uses, const Replay& replay) {
  if (replay.score.size() != replay.results.size())
    return invalid("scores: expected ", replay.score.size(), " results, found ",
                   replay.results.size());
  if (replay.score.empty()) return {};
  if (!uses.score) return invalid("scores were asked of a list that has none");
  const auto vocabulary = static_cast<int>(uses.score->tokens.shape[0]);
  for (size_t index = 0; index < replay.score.size(); ++index)
    NPU_TRY(check_request(replay.score[index], index, replay.rows.size(), vocabulary));
  return {};
}

}  // namespace

Result<void> check_limits(std::span<const OpList> lists, const ContextLimits& limits) {
  const auto positive = [](const char* what, int value, int most) -> Result<void> {
    if (value >= 1 && value <= most) return {};
    return invalid("context limits, ", what, ": expected 1..", most, ", found ", value);
  };
  NPU_TRY(positive("rows", limits.max_rows, kMostRows));
  NPU_TRY(positive("self slots", limits.self_slots, kMostSlots));
  NPU_TRY(positive("cross slots", limits.cross_slots, kMostSlots));
  NPU_TRY(positive("self positions", limits.self_positions, kMostPositions));
  NPU_TRY(positive("cross positions", limits.cross_positions, kMostPositions));
  for (const OpList& list : lists)
    for (const Op& op : list.ops)
      if (const auto* store = std::get_if<StoreCross>(&op)) {
        const int rows = list.values[static_cast<size_t>(store->k)].rows;
        if (rows > limits.cross_positions)
          return invalid("context limits, cross positions: expected ", rows, " as list ", list.name,
                         " stores, found ", limits.cross_positions);
      }
  return {};
}

Result<void> check_replay(const OpList& list, const ContextLimits& limits, const Replay& replay,
                          std::span<const int> histories) {
  const Uses uses = uses_of(list);
  NPU_TRY(check_parents(limits, replay.self_parents));
  if (uses.rows) NPU_TRY(check_rows(uses, limits, replay, histories));
  if (uses.store) NPU_TRY(within(replay.store_slot, limits.cross_slots, "store slot"));
  NPU_TRY(check_scores(uses, replay));
  const size_t alignment =
      uses.alignment_heads * replay.rows.size() * static_cast<size_t>(limits.cross_positions);
  if (uses.alignment_heads > 0 && replay.alignment.size() != alignment)
    return invalid("alignment scores: expected room for ", alignment, " floats, found ",
                   replay.alignment.size());
  return {};
}

Result<void> check_buffer(bool exists, std::string_view name, size_t rows, size_t cols,
                          size_t size) {
  if (!exists) return invalid("there is no buffer '", name, "'");
  if (size != rows * cols)
    return invalid("buffer '", name, "': expected ", rows, " x ", cols, " floats, found ", size);
  return {};
}

}  // namespace npu
