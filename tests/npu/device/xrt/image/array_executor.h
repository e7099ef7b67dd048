// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs operations on the cores' own program: 16 cores, whose objects come from and go to memory as
// objects.h says.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "array_memory.h"
#include "core/core.h"
#include "device/xrt/image/objects.h"

namespace npu::testing {

class ArrayExecutor {
 public:
  // Borrows `memory`.
  explicit ArrayExecutor(ArrayMemory& memory);

  // "" or what went wrong: a place outside its buffer, a core that stopped, objects left over or
  // missing, results that overwrite what is read. Cores keep their state from one to the next.
  std::string run(const array::Operation& operation, std::span<const array::AppendedRow> rows);

  // Cores begin anew.
  void restart();

  using Key = std::tuple<int, uint8_t, uint64_t>;  // buffer, slot, offset

 private:
  // What a core has, all of it of no meaning at the start.
  struct Core {
    explicit Core(unsigned row);
    cpu::AlignedArray<int8_t> scratch{kernels::CoreMemory::kScratch};
    cpu::AlignedArray<int8_t> parameters{kernels::CoreMemory::kParameters};
    cpu::AlignedArray<int8_t> table{kernels::CoreMemory::kTable};
    kernels::CoreState state;
  };

  std::string run_core(const array::Operation& operation, unsigned column, unsigned row,
                       std::span<const array::AppendedRow> rows);
  std::string write_results();

  struct Result {
    array::BufferPlace place;
    std::vector<std::byte> bytes;
  };

  ArrayMemory& memory_;
  std::vector<Core> cores_;  // [column][row]
  std::vector<Result> results_;
  std::map<Key, size_t> read_;  // bytes of A's pieces
};

}  // namespace npu::testing
