// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations of the array one by one, each a command of its own, on the CPU's inputs.
#pragma once

#include <map>

#include "device/xrt/image/host_values.h"
#include "device/xrt/program.h"
#include "device/xrt/row_chunks.h"
#include "device/xrt/self_test/comparison.h"
#include "device/xrt/stream/transfers.h"

namespace npu::array {

class OperationChecks {
 public:
  // kCpu: nothing is checked, and what the CPU makes is put where the NPU would put it.
  enum class Where { kCpu, kNpu };

  // Borrows all; `program` and `expected` are of the same lists and limits. Checks are appended to
  // `report`. Errors: kOutOfMemory, kDeviceLost.
  static Result<std::unique_ptr<OperationChecks>> create(const ArrayProgram& program,
                                                         ExpectedValues& expected,
                                                         const ContextLimits& limits,
                                                         NpuReport& report);

  // Features [2 x positions][bands]: the encoder on the CPU, then on the NPU.
  Result<void> encode(std::span<const float> features, Where where);
  // Cross K, V of what was encoded last, into a slot.
  Result<void> store(int slot, Where where);
  // A step of at most 16 rows; their slots have been filled.
  Result<void> step(SelfTestList list, std::span<const Row> rows);

 private:
  // A list that runs now.
  struct Turn {
    size_t list = 0;
    std::string name;
    std::span<const Row> rows;
    int store_slot = 0;
    LoweredList lowered;
  };

  OperationChecks(const ArrayProgram& program, ExpectedValues& expected,
                  const ContextLimits& limits, NpuReport& report)
      : program_(program), expected_(expected), limits_(limits), report_(report) {}
  Result<void> make_buffers();
  Result<void> lower(Turn& turn) const;
  void put_rows(const Turn& turn);
  void check_embedding(const Turn& turn);

  Place place_of(const Turn& turn, const BufferPlace& place) const;
  std::byte* host_of(const Turn& turn, const BufferPlace& place);

  Result<void> check_all(const Turn& turn);
  Result<void> check(const Turn& turn, const Operation& operation);
  Result<double> execute(const Turn& turn, const Operation& operation);
  std::vector<WantedMatrix> wanted(const Turn& turn, const Operation& operation,
                                   std::string& remark);
  void spoil_scores(const Operation& operation);
  void compare_scores(const Turn& turn, const Operation& operation, Comparison& comparison);
  void compare_alignment(const Turn& turn, const Tiles& scores, Comparison& comparison);
  Result<void> to_device(const Operation& operation);
  Result<void> from_device(const Operation& operation);

  const ArrayProgram& program_;
  ExpectedValues& expected_;
  const ContextLimits limits_;
  NpuReport& report_;
  std::map<Buffer, DeviceBuffer> buffers_;  // those that are written
  std::map<Buffer, uint64_t> bytes_;
  uint64_t waste_ = 0, cross_bytes_ = 0, self_bytes_ = 0;  // of a slot
  std::vector<size_t> stored_;                             // positions in each cross slot
  RowChunk chunk_;
  Traffic traffic_;
};

}  // namespace npu::array
