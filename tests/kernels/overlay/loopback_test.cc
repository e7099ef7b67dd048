// SPDX-License-Identifier: LGPL-2.1-or-later
// A core's fifos over locks, and the loopback program, against a model of the core's DMA: a wait
// runs the model, and a wait that nothing can end throws.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <deque>
#include <stdexcept>
#include <vector>

namespace {

using Object = std::vector<int8_t>;

class Dma;
Dma* dma = nullptr;  // of the running test

}  // namespace

// What the compiler of cores has.
void acquire_greater_equal(unsigned id, unsigned value);
void release(unsigned id, unsigned value);

#include "overlay/loopback_entry.cc"

namespace {

using kernels::CoreMemory;
using kernels::LoopbackDescriptor;
using kernels::LoopbackReport;

struct Starved : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The numbers are those that aiecc gives, but for being mixed.
enum Lock : unsigned { kAFree = 3, kAFull = 1, kBFree = 0, kBFull = 2, kCFree = 5, kCFull = 4 };

class Dma {
 public:
  Dma() { dma = this; }
  ~Dma() { dma = nullptr; }

  void take(unsigned lock, unsigned value) {
    while (locks[lock] < static_cast<int>(value)) {
      if (!step()) throw Starved("lock " + std::to_string(lock));
    }
    locks[lock] -= static_cast<int>(value);
  }
  void give(unsigned lock, unsigned value) { locks[lock] += static_cast<int>(value); }

  int locks[16] = {};
  std::deque<Object> a, b;
  std::vector<Object> c;
  // In the test's memory, or in that of a core.
  int8_t* a_buffers[2] = {memory_, memory_ + kernels::kObjectBytes};
  int8_t* b_buffers[2] = {a_buffers[1] + kernels::kObjectBytes,
                          a_buffers[1] + 2 * kernels::kObjectBytes};
  int8_t* c_buffer = b_buffers[1] + kernels::kObjectBytes;

 private:
  bool step() {
    return fill(a, a_buffers, &a_at_, kAFree, kAFull) + fill(b, b_buffers, &b_at_, kBFree, kBFull) +
               drain() >
           0;
  }

  int fill(std::deque<Object>& from, int8_t* const (&buffers)[2], int* at, Lock free, Lock full) {
    if (from.empty() || locks[free] == 0) return 0;
    std::memcpy(buffers[(*at)++ % 2], from.front().data(), kernels::kObjectBytes);
    from.pop_front();
    locks[free]--;
    locks[full]++;
    return 1;
  }

  int drain() {
    if (locks[kCFull] == 0) return 0;
    c.emplace_back(c_buffer, c_buffer + CoreMemory::kOutput);
    locks[kCFull]--;
    locks[kCFree]++;
    return 1;
  }

  int a_at_ = 0, b_at_ = 0;
  alignas(32) int8_t memory_[4 * kernels::kObjectBytes + CoreMemory::kOutput] = {};
};

Object object(int32_t first_word) {
  Object made(kernels::kObjectBytes, static_cast<int8_t>(first_word));
  std::memcpy(made.data(), &first_word, sizeof first_word);
  return made;
}

class LoopbackTest : public testing::Test {
 protected:
  LoopbackTest() {
    dma_.locks[kAFree] = dma_.locks[kBFree] = 2;
    dma_.locks[kCFree] = 1;
    for (int i = 0; i < 100; i++) dma_.a.push_back(object(100 + i));
  }

  // The descriptor, and B objects whose first words count from 1000.
  void operation(const LoopbackDescriptor& descriptor, int b_objects) {
    Object first(kernels::kObjectBytes, 7);
    std::memcpy(first.data(), &descriptor, sizeof descriptor);
    dma_.b.push_back(first);
    for (int i = 0; i < b_objects; i++) dma_.b.push_back(object(1000 + i));
  }

  // Until the core waits for an object that never comes.
  void run() {
    kernels::Loopback loopback(a_, b_, c_, 2);
    EXPECT_THROW(for (;;) loopback.operation(), Starved);
    EXPECT_EQ(dma_.locks[kCFull], 0) << "the last output has left";
  }

  LoopbackReport report(size_t output) const {
    LoopbackReport report;
    std::memcpy(&report, dma_.c.at(output).data(), sizeof report);
    return report;
  }

  int a_taken() const { return 100 - static_cast<int>(dma_.a.size()) - dma_.locks[kAFull]; }

  Dma dma_;
  kernels::DeviceInput a_{{dma_.a_buffers[0], dma_.a_buffers[1]}, kAFull, kAFree};
  kernels::DeviceInput b_{{dma_.b_buffers[0], dma_.b_buffers[1]}, kBFull, kBFree};
  kernels::DeviceOutput c_{{dma_.c_buffer}, kCFree, kCFull};
};

TEST_F(LoopbackTest, TakesAndGivesWhatItsDescriptorSays) {
  operation({LoopbackDescriptor::kMagic, 3, 4, 2, 1, 0}, 12);
  run();
  EXPECT_EQ(a_taken(), 12);
  EXPECT_TRUE(dma_.b.empty());
  EXPECT_EQ(dma_.c.size(), 6u);
}

TEST_F(LoopbackTest, RepeatsTheFirstHalfOfAnInput) {
  operation({LoopbackDescriptor::kMagic, 1, 5, 0, 0, 1}, 0);
  run();
  ASSERT_EQ(dma_.c.size(), 5u);
  for (int n = 0; n < 5; n++) {
    const Object whole = object(100 + n);
    EXPECT_EQ(dma_.c[n], Object(whole.begin(), whole.begin() + CoreMemory::kOutput)) << n;
  }
}

TEST_F(LoopbackTest, ReportsItsRowAndWhatItTook) {
  operation({LoopbackDescriptor::kMagic, 2, 1, 1, 2, 0}, 4);
  run();
  ASSERT_EQ(dma_.c.size(), 2u);
  EXPECT_EQ(report(1).row, 2);
  EXPECT_EQ(report(1).a_objects, 2);
  EXPECT_EQ(report(1).b_objects, 4);
  EXPECT_EQ(report(1).a_words, 100 ^ 101);
  EXPECT_EQ(report(1).b_words, 1000 ^ 1001 ^ 1002 ^ 1003);
  for (size_t i = sizeof(LoopbackReport); i < CoreMemory::kOutput; i++) {
    ASSERT_EQ(dma_.c[1][i], 0) << i;
  }
}

TEST_F(LoopbackTest, CountsAnewFromEachDescriptor) {
  operation({LoopbackDescriptor::kMagic, 1, 5, 0, 0, 0}, 0);
  operation({LoopbackDescriptor::kMagic, 1, 1, 1, 0, 0}, 0);
  run();
  EXPECT_EQ(report(0).a_objects, 1);
  EXPECT_EQ(report(0).a_words, 105);
}

TEST_F(LoopbackTest, IgnoresAnObjectThatIsNoDescriptor) {
  operation({0, 3, 4, 2, 1, 0}, 0);
  run();
  EXPECT_EQ(a_taken(), 0);
  EXPECT_TRUE(dma_.c.empty());
}

TEST_F(LoopbackTest, WaitsForAnInputThatIsMissing) {
  dma_.a.clear();
  operation({LoopbackDescriptor::kMagic, 1, 1, 1, 0, 0}, 0);
  run();
  EXPECT_TRUE(dma_.c.empty());
}

// A core's memory at the address where a core sees it.
class CoreData {
 public:
  CoreData()
      : data_(mmap(reinterpret_cast<void*>(uintptr_t{kernels::kOwnMemory}), CoreMemory::kData,
                   PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                   0)) {}
  ~CoreData() {
    if (data_ != MAP_FAILED) munmap(data_, CoreMemory::kData);
  }
  bool there() const { return data_ == reinterpret_cast<void*>(uintptr_t{kernels::kOwnMemory}); }

 private:
  void* data_;
};

TEST_F(LoopbackTest, EntryFindsItsFifosByTheirPlaces) {
  const CoreData core;
  if (!core.there()) GTEST_SKIP() << "the address of a core's memory is not to be had";
  const int32_t a[] = {3328, 40960}, b[] = {16384, 53248}, c = 12288;
  for (int i = 0; i < 2; i++) dma_.a_buffers[i] = kernels::own_memory(a[i]);
  for (int i = 0; i < 2; i++) dma_.b_buffers[i] = kernels::own_memory(b[i]);
  dma_.c_buffer = kernels::own_memory(c);
  operation({LoopbackDescriptor::kMagic, 2, 3, 1, 1, 1}, 6);
  EXPECT_THROW(npu_core_main(3, a[0], a[1], kAFull, kAFree, b[0], b[1], kBFull, kBFree, c, kCFull,
                             kCFree, nullptr, nullptr, nullptr),
               Starved);
  ASSERT_EQ(dma_.c.size(), 8u);
  EXPECT_EQ(report(7).row, 3);
  EXPECT_EQ(report(7).a_objects, 6);
  EXPECT_EQ(report(7).b_objects, 6);
}

}  // namespace

// A core's own locks begin at 48.
void acquire_greater_equal(unsigned id, unsigned value) {
  dma->take(id - 48, value);
}
void release(unsigned id, unsigned value) {
  dma->give(id - 48, value);
}
