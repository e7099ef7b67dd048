// SPDX-License-Identifier: LGPL-2.1-or-later
// What the CPU device promises beyond the contract: the same bits whatever the number of threads,
// the history and the company of a row; and no allocation once it runs.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "rig.h"
#include "sanitizers.h"
#include "whisper/network.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

}  // namespace

#if !NPU_TEST_ADDRESS_SANITIZER && !NPU_TEST_THREAD_SANITIZER
extern "C" {

// glibc's own allocator under malloc, calloc, aligned_alloc and operator new.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  if (counting) ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  if (counting) ++allocations;
  return __libc_calloc(count, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  if (counting) ++allocations;
  return __libc_memalign(alignment, size);
}
}
#endif

namespace npu::testing {
namespace {

constexpr ModelDims kDims{80, 192, 3, 2, 2, 5000, 768};
constexpr int kSlots = 16;

std::vector<OpList> network() {
  return whisper_lists(kDims, {{1, 0}});
}

// A stream: encodes a window, then steps with scores.
class Stream {
 public:
  Stream(int threads, Precision precision)
      : rig_({"",
              threads == 1   ? make_cpu<1>
              : threads == 2 ? make_cpu<2>
                             : make_cpu<5>,
              precision},
             network(), limits()),
        requests_(kSlots),
        results_(kSlots) {
    for (int i = 0; i < kSlots; ++i) {
      requests_[size(i)].row = i;
      requests_[size(i)].ranges[kText] = {0, 4000};
      requests_[size(i)].ranges[kTimestamps] = {4100, 5000};
      requests_[size(i)].top_k = 5;
      requests_[size(i)].raw_log_sum_exp = true;
    }
  }

  void encode(uint64_t seed) {
    mel_ = random_floats(3000 * 80, seed);
    encode_again();
  }
  void encode_again() {
    EXPECT_TRUE(rig_.context->write(kMelBuffer, mel_));
    EXPECT_TRUE(rig_.context->run(kEncoder, {}, {}, {}));
    EXPECT_TRUE(rig_.context->run(kCrossKv, {}, {}, {}));
  }
  std::vector<float> encoded() {
    std::vector<float> out(1500 * 192);
    EXPECT_TRUE(rig_.context->read(kEncodedBuffer, out));
    return out;
  }
  std::span<const ScoreResult> step(std::span<const Row> rows, std::span<const int> parents = {}) {
    Replay replay;
    replay.rows = rows;
    replay.self_parents = parents;
    replay.score = std::span(requests_).first(std::min<size_t>(rows.size(), kSlots));
    replay.results = std::span(results_).first(replay.score.size());
    const auto ran = rig_.context->run(kDecodeStep, replay, {}, {});
    EXPECT_TRUE(ran);
    return replay.results;
  }

 private:
  static ContextLimits limits() {
    ContextLimits limits;
    limits.max_rows = 64;
    limits.self_slots = kSlots;
    return limits;
  }

  Rig rig_;
  std::vector<ScoreRequest> requests_;
  std::vector<ScoreResult> results_;
  std::vector<float> mel_;
};

class CpuDevice : public ::testing::TestWithParam<Precision> {};

void expect_same(const ScoreResult& a, const ScoreResult& b) {
  EXPECT_EQ(a.raw_log_sum_exp, b.raw_log_sum_exp);
  for (size_t group = 0; group < kScoreGroups; ++group) {
    EXPECT_EQ(a.groups[group].log_sum_exp, b.groups[group].log_sum_exp);
    ASSERT_EQ(a.groups[group].top.size(), b.groups[group].top.size());
    for (size_t i = 0; i < a.groups[group].top.size(); ++i) {
      EXPECT_EQ(a.groups[group].top[i].id, b.groups[group].top[i].id);
      EXPECT_EQ(a.groups[group].top[i].logit, b.groups[group].top[i].logit);
    }
  }
}

TEST_P(CpuDevice, GivesTheSameBitsForAnyNumberOfThreads) {
  Stream one(1, GetParam()), two(2, GetParam()), five(5, GetParam());
  for (Stream* stream : {&one, &two, &five}) stream->encode(1);
  EXPECT_EQ(one.encoded(), two.encoded());
  EXPECT_EQ(one.encoded(), five.encoded());
  const Row rows[] = {{4258, 0, 0, 0}, {4259, 1, 0, 0}, {7, 0, 1, 0}};
  const auto a = one.step(rows), b = two.step(rows), c = five.step(rows);
  for (size_t i = 0; i < a.size(); ++i) {
    expect_same(a[i], b[i]);
    expect_same(a[i], c[i]);
  }
}

TEST_P(CpuDevice, GivesTheSameBitsHoweverOftenItRan) {
  Stream fresh(2, GetParam()), used(2, GetParam());
  used.encode(5);
  for (int position = 0; position < 100; ++position) {
    const Row row{position, position, 3, 0};
    used.step({&row, 1});
  }
  fresh.encode(1);
  used.encode(1);
  EXPECT_EQ(fresh.encoded(), used.encoded());
  const Row rows[] = {{4258, 0, 0, 0}, {4259, 1, 0, 0}};
  const auto a = fresh.step(rows), b = used.step(rows);
  for (size_t i = 0; i < a.size(); ++i) expect_same(a[i], b[i]);
}

TEST_P(CpuDevice, ARowDoesNotDependOnTheRowsBesideIt) {
  Stream together(2, GetParam()), alone(2, GetParam());
  together.encode(1);
  alone.encode(1);
  for (int count = 1; count <= kSlots; ++count) {
    std::vector<Row> rows;
    for (int slot = 0; slot < count; ++slot) rows.push_back({slot * 300 + count, 0, slot, 0});
    const auto all = together.step(rows);
    for (int slot = 0; slot < count; ++slot) {
      const auto single = alone.step({&rows[size(slot)], 1});
      expect_same(all[size(slot)], single[0]);
    }
  }
}

TEST_P(CpuDevice, APromptAtOnceIsAPromptRowByRow) {
  Stream at_once(2, GetParam()), by_row(2, GetParam());
  at_once.encode(1);
  by_row.encode(1);
  std::vector<Row> rows;
  for (int position = 0; position < kSlots; ++position)
    rows.push_back({position * 99, position, 0, 0});
  const auto all = at_once.step(rows);
  for (size_t i = 0; i < rows.size(); ++i) expect_same(all[i], by_row.step({&rows[i], 1})[0]);
}

TEST_P(CpuDevice, AllocatesNothingInTheSteadyState) {
#if NPU_TEST_ADDRESS_SANITIZER || NPU_TEST_THREAD_SANITIZER
  GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
  Stream stream(2, GetParam());
  stream.encode(1);
  Row rows[kSlots];
  const int parents[] = {0, 0, 1, 2};
  const auto steps = [&](int begin, int end) {
    for (int position = begin; position < end; ++position) {
      for (int slot = 0; slot < kSlots; ++slot) rows[slot] = {slot, position, slot, 0};
      stream.step(rows, parents);
    }
  };
  steps(0, 3);
  allocations = 0;
  counting = true;
  std::free(std::malloc(1));  // the counter counts
  stream.encode_again();
  steps(3, 20);
  counting = false;
  EXPECT_EQ(allocations, 1);
}

INSTANTIATE_TEST_SUITE_P(Precisions, CpuDevice,
                         ::testing::Values(Precision::kF32, Precision::kInt8, Precision::kBf16),
                         [](const auto& test) { return std::string(precision_name(test.param)); });

}  // namespace
}  // namespace npu::testing
