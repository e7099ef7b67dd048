// SPDX-License-Identifier: LGPL-2.1-or-later
// A context of the CPU device: buffers, caches and the replay of lists.
#pragma once

#include <vector>

#include "device/cpu/buffers.h"
#include "device/cpu/cache.h"
#include "device/cpu/plan.h"
#include "device/cpu/program.h"
#include "device/cpu/score.h"

namespace npu::cpu {

class CpuContext : public Context {
 public:
  // `limits` have been checked. Throws std::bad_alloc.
  CpuContext(const CpuProgram& program, const ContextLimits& limits);

  Result<void> write(std::string_view buffer, std::span<const float> data) override;
  Result<void> read(std::string_view buffer, std::span<float> data) override;
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

 private:
  friend class Replayer;

  std::vector<Matrix> views_of(const OpList& list, const Plan& plan);
  void make_caches(const OpList& list);
  void make_cross(size_t layer, size_t cols, size_t heads);

  const CpuProgram& program_;
  ContextLimits limits_;
  Buffers buffers_;
  FloatArray arena_;                         // temporaries of whichever list runs
  std::vector<std::vector<Matrix>> values_;  // of each list, by ValueId
  Histories histories_;
  std::vector<SelfLayer> self_;                 // by layer
  std::vector<std::vector<HeadPanels>> cross_;  // by slot, layer
  HeadPanels attention_;                        // keys and values of an Attention, packed
  ScoreScratch score_;
  FloatArray score_inputs_;
  std::vector<FloatArray> scratch_;  // by thread
  std::vector<int> storage_rows_;    // by row of the table
};

}  // namespace npu::cpu
