// SPDX-License-Identifier: LGPL-2.1-or-later
// A program of Whisper's operations in a core: its 64 KB at their address, its buffers as the
// overlay has them, its DMA. Included behind the program's entry.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "core_streams.h"
#include "dma_model.h"

namespace dma_model {

// Addresses in a core, one behind the other as basic-sequential lays them.
struct Address {
  static constexpr int32_t kA0 = CoreMemory::kStack;
  static constexpr int32_t kA1 = kA0 + kernels::kObjectBytes;
  static constexpr int32_t kB0 = kA1 + kernels::kObjectBytes;
  static constexpr int32_t kB1 = kB0 + kernels::kObjectBytes;
  static constexpr int32_t kC0 = kB1 + kernels::kObjectBytes;
  static constexpr int32_t kScratch = kC0 + CoreMemory::kOutput;
  static constexpr int32_t kParameters = kScratch + CoreMemory::kScratch;
  static constexpr int32_t kTable = kParameters + CoreMemory::kParameters;
  static constexpr int32_t kEnd = kTable + CoreMemory::kTable;
};
static_assert(Address::kEnd == CoreMemory::kTotal);

class WhisperEntry : public testing::Test {
 protected:
  void SetUp() override {
    if (!core_.there()) GTEST_SKIP() << "the address of a core's memory is not to be had";
  }

  // Runs a core until it waits for more, and compares what it gave. Nothing else of its memory may
  // have changed: not the place of its stack, which is elsewhere here, and not what is free.
  void expect_run(unsigned row, const core_streams::Streams& streams) {
    int8_t* memory = kernels::own_memory(0);
    std::fill_n(memory, CoreMemory::kData, kPoison);
    Dma dma;
    dma.a.assign(streams.a.begin(), streams.a.end());
    dma.b.assign(streams.b.begin(), streams.b.end());
    dma.a_buffers[0] = memory + Address::kA0, dma.a_buffers[1] = memory + Address::kA1;
    dma.b_buffers[0] = memory + Address::kB0, dma.b_buffers[1] = memory + Address::kB1;
    dma.c_buffer = memory + Address::kC0;
    EXPECT_THROW(npu_core_main(static_cast<int32_t>(row), Address::kA0, Address::kA1, kAFull,
                               kAFree, Address::kB0, Address::kB1, kBFull, kBFree, Address::kC0,
                               kCFull, kCFree, memory + Address::kScratch,
                               memory + Address::kParameters, memory + Address::kTable),
                 Starved);
    EXPECT_TRUE(dma.a.empty() && dma.locks[kAFull] == 0) << "A objects are left";
    EXPECT_TRUE(dma.b.empty() && dma.locks[kBFull] == 0) << "B objects are left";
    expect_outputs(dma.c, streams.c);
    EXPECT_TRUE(poisoned(memory, memory + CoreMemory::kStack));
    EXPECT_TRUE(poisoned(memory + Address::kEnd, memory + CoreMemory::kData));
  }

 private:
  static constexpr int8_t kPoison = -91;

  static bool poisoned(const int8_t* first, const int8_t* last) {
    return std::all_of(first, last, [](int8_t byte) { return byte == kPoison; });
  }

  static void expect_outputs(const std::vector<Object>& found,
                             const std::vector<core_streams::Wanted>& wanted) {
    ASSERT_EQ(found.size(), wanted.size()) << "C objects";
    for (size_t i = 0; i < wanted.size(); i++) {
      for (size_t at = 0; at < wanted[i].size(); at++) {
        if (wanted[i][at] == core_streams::kAny) continue;
        ASSERT_EQ(found[i][at], wanted[i][at]) << "C object " << i << " byte " << at;
      }
    }
  }

  CoreData core_;
};

}  // namespace dma_model
