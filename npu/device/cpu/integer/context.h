// SPDX-License-Identifier: LGPL-2.1-or-later
// A context of the integer path: buffers, int8 caches and the replay of lists.
#pragma once

#include <map>
#include <vector>

#include "device/cpu/cache.h"
#include "device/cpu/integer/attention.h"
#include "device/cpu/integer/program.h"
#include "device/cpu/plan.h"
#include "device/cpu/score.h"

namespace npu::cpu::integer {

// Keys and values of one layer of the self cache, a row for each storage row.
struct SelfLayer {
  AlignedArray<int8_t> keys, values;
};

class IntegerContext : public Context {
 public:
  // `limits` have been checked. Throws std::bad_alloc.
  IntegerContext(const IntegerProgram& program, const ContextLimits& limits);

  // Features are rounded to the steps of their channels, and the encoder's result is given in the
  // floats that its integers stand for; other buffers cannot be written or read.
  Result<void> write(std::string_view buffer, std::span<const float> data) override;
  Result<void> read(std::string_view buffer, std::span<float> data) override;
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

 private:
  friend class IntegerReplayer;

  struct Buffer {
    AlignedArray<uint8_t> data;
    View view;
  };

  void make_buffers(const OpList& list, const CompiledList& compiled);
  void make_caches(const OpList& list);
  void make_cross(size_t layer, size_t heads);
  Plan plan_of(const OpList& list, const CompiledList& compiled) const;
  std::vector<View> views_of(const OpList& list, const CompiledList& compiled, const Plan& plan);
  Result<View> find(std::string_view buffer, size_t size) const;

  const IntegerProgram& program_;
  ContextLimits limits_;
  std::map<std::string, Buffer, std::less<>> buffers_;
  std::vector<std::vector<View>> values_;  // of each list, by ValueId
  AlignedArray<uint8_t> arena_;            // temporaries of whichever list runs
  Histories histories_;
  std::vector<SelfLayer> self_;                             // by layer
  std::vector<std::vector<std::vector<KeyValues>>> cross_;  // by slot, layer, head
  std::vector<KeyValues> attention_;                        // by head
  std::vector<KeyValues> self_keys_;                        // by thread
  std::vector<AlignedArray<uint8_t>> scratch_;              // by thread
  std::vector<FloatArray> float_scratch_;                   // by thread, for scores
  ScoreScratch score_;
  std::vector<uint8_t> score_rows_;  // that a pass over the vocabulary reads
  std::vector<int> storage_rows_;    // by row of the table
};

}  // namespace npu::cpu::integer
