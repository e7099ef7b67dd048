// SPDX-License-Identifier: LGPL-2.1-or-later
// A context of a mixed program: buffers, caches and the replay of lists.
#pragma once

#include <algorithm>
#include <vector>

#include "device/cpu/buffers.h"
#include "device/cpu/cache.h"
#include "device/cpu/mixed/heads.h"
#include "device/cpu/mixed/program.h"
#include "device/cpu/score.h"

namespace npu::cpu {

// One layer of one cross-cache slot: keys and values in the element type of the program.
struct CrossLayer {
  // Takes a shape and makes room for it. Throws std::bad_alloc, unless there is room already.
  void reserve(Element element, size_t position_count, size_t cols, size_t head_count) {
    if (element == Element::kInt8)
      int8.reserve(position_count, cols, head_count);
    else
      bf16.reserve(position_count, cols, head_count);
  }
  size_t heads() const { return std::max(int8.heads, bf16.heads); }
  size_t positions() const { return std::max(int8.positions, bf16.positions); }

  Int8Heads int8;
  Bf16Heads bf16;
};

// Keys and values of one layer of the self cache in bfloat16, one row each per storage row.
struct Bf16SelfLayer {
  AlignedArray<uint16_t> keys;
  AlignedArray<uint16_t> values;
  size_t stride = 0;
};

// Neighbouring rows of the table that attend to one cross-cache slot.
struct RowGroup {
  size_t first, rows, slot;
};

class MixedContext : public Context {
 public:
  // `limits` have been checked. Throws std::bad_alloc.
  MixedContext(const MixedProgram& program, const ContextLimits& limits);

  Result<void> write(std::string_view buffer, std::span<const float> data) override {
    return buffers_.write(buffer, data);
  }
  Result<void> read(std::string_view buffer, std::span<float> data) override {
    return buffers_.read(buffer, data);
  }
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

 private:
  friend class MixedReplayer;

  void place_lists();
  void make_caches(const OpList& list);
  void make_cross(int layer, size_t cols, int heads);
  void make_scratch();
  void begin_rows(const OpList& list, const Replay& replay);
  void take_shapes(const OpList& list, const Replay& replay);

  const MixedProgram& program_;
  ContextLimits limits_;
  Buffers buffers_;
  FloatArray arena_;                         // temporaries of whichever list runs
  std::vector<std::vector<Matrix>> values_;  // of each list, by ValueId
  Histories histories_;
  std::vector<Bf16SelfLayer> self_;             // by layer
  std::vector<std::vector<CrossLayer>> cross_;  // by slot, layer
  Bf16Queries queries_;                         // of an Attention
  Bf16Heads attended_;
  Bf16Queries cross_queries_;            // of what reads them, for bfloat16 caches
  AlignedArray<uint8_t> prepared_data_;  // rows of the table, prepared
  std::vector<RowScale> prepared_scale_;
  std::vector<RowGroup> groups_;   // of the row table
  std::vector<int> storage_rows_;  // by row of the table
  size_t widest_ = 0;              // columns of a value
  ScoreScratch score_;
  FloatArray logit_row_;
  std::vector<FloatArray> scratch_;  // by thread
};

}  // namespace npu::cpu
