// SPDX-License-Identifier: LGPL-2.1-or-later
// Loops as descriptors, against the loops themselves.
#include "device/xrt/stream/nest.h"

#include <gtest/gtest.h>

#include <random>

#include "shims.h"

namespace npu::testing {
namespace {

using namespace array;

constexpr unsigned kNoWaste = 99;

// All of an access, by the definition of its loops, outermost first.
void visit(const Access& access, size_t loops, uint64_t first, Ranges& to) {
  if (loops == 0) return to.add(access.place.argument, first, access.run_words * 4ull);
  const Loop& loop = access.loops[loops - 1];
  for (uint32_t i = 0; i < loop.count; ++i)
    visit(access, loops - 1, first + i * loop.step_bytes, to);
}

Ranges wanted(const Nest& nest) {
  Ranges all(kNoWaste);
  for (uint32_t outer = 0; outer < nest.outer; ++outer) {
    for (uint32_t inner = 0; inner < nest.inner; ++inner) {
      for (const Access& access : nest.body) {
        visit(access, access.loops.size(),
              access.place.offset_bytes + outer * access.outer_step_bytes +
                  inner * access.inner_step_bytes,
              all);
      }
    }
  }
  return all;
}

// The ranges of the nest's tasks, as a stream that waits after each.
std::vector<Range> transferred(const Nest& nest) {
  StreamWriter writer;
  for (Task task : tasks_of(a_channel(2), nest)) {
    task.token = true;
    const Result<TaskId> started = writer.start(task);
    EXPECT_TRUE(started) << started.error().message;
    if (!started) return {};
    EXPECT_TRUE(writer.await(a_channel(2)));
  }
  Shims shims(kNoWaste);
  shims.execute(*writer.finish());
  return shims.ranges(2, 2);
}

size_t descriptors(const Nest& nest) {
  size_t count = 0;
  for (const Task& task : tasks_of(a_channel(0), nest)) count += task.chain.size();
  return count;
}

TEST(Nest, OneDescriptorHoldsARunTwoLoopsAndAnIteration) {
  // Rows of a product: neighbouring tiles, a round's rows apart, again for each N tile.
  const Nest rows{7, 6, {{{0, 64}, 1024, {{8, 4096}}, 131072, 0}}};
  EXPECT_EQ(transferred(rows), wanted(rows).all());
  const std::vector<Task> tasks = tasks_of(a_channel(0), rows);
  ASSERT_EQ(tasks.size(), 1u);
  const ShimBd bd{{0, 64}, 6 * 8192, {512, 1}, {16, 512}, 32768, {}};
  EXPECT_EQ(tasks[0], (Task{a_channel(0), {bd}, 7, false}));
}

TEST(Nest, NeighbouringWordsNeedNoDimensions) {
  const std::vector<Task> tasks = tasks_of(a_channel(0), {1, 4, {{{0, 0}, 64, {{2, 256}}, 512}}});
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].chain, (std::vector<ShimBd>{{.place = {0, 0}, .length = 512}}));
}

TEST(Nest, WhatMovesWithTheOuterLoopTooIsATaskForEach) {
  // A product's input, the same for each N tile, and the residual tiles of this one.
  const Nest nest{3, 6, {{{0, 0}, 4096, {}, 65536, 0}, {{1, 0}, 8192, {}, 262144, 32768}}};
  EXPECT_EQ(transferred(nest), wanted(nest).all());
  EXPECT_EQ(tasks_of(a_channel(0), nest).size(), 3u);
  EXPECT_EQ(descriptors(nest), 6u);
}

TEST(Nest, TheSameAgainIsRepeatsOrStandsInTheChain) {
  const Nest once{1, 12, {{{0, 0}, 4096, {}, 0, 8192}}};
  EXPECT_EQ(tasks_of(a_channel(0), once).at(0).repeats, 12u);
  const Nest twice{6, 2, {{{0, 0}, 4096, {}, 0, 32768}}};
  EXPECT_EQ(transferred(twice), wanted(twice).all());
  EXPECT_EQ(descriptors(twice), 2u);
}

TEST(Nest, MoreThan64IterationsAndMoreThan256RepeatsAreMoreTasks) {
  const Nest moving{203, 1, {{{0, 0}, 2048, {}, 0, 40960}}};
  EXPECT_EQ(transferred(moving), wanted(moving).all());
  EXPECT_EQ(tasks_of(a_channel(0), moving).size(), 4u);
  const Nest still{300, 1, {{{0, 0}, 2048}}};
  EXPECT_EQ(transferred(still), wanted(still).all());
  EXPECT_EQ(tasks_of(a_channel(0), still).size(), 2u);
  const Nest both{100, 6, {{{0, 0}, 8, {}, 64, 0}, {{1, 0}, 8, {}, 128, 0}}};
  EXPECT_EQ(transferred(both), wanted(both).all());
  EXPECT_EQ(tasks_of(a_channel(0), both).size(), 3u);  // 42 rounds of 6 in 256 repeats
}

TEST(Nest, AnyLoops) {
  std::mt19937 random(11);
  const auto number = [&](uint32_t least, uint32_t most) {
    return std::uniform_int_distribution<uint32_t>(least, most)(random);
  };
  const uint32_t runs[] = {1, 2, 16, 256, 512, 1024, 2048, 6144};
  int whole = 0;
  for (int i = 0; i < 3000; ++i) {
    Nest nest{number(1, 5), number(1, 5), {}};
    if (number(0, 9) == 0) nest.outer = number(60, 300);
    for (uint32_t accesses = number(1, 3); accesses > 0; --accesses) {
      Access access{{number(0, 7), number(0, 1000) * 4}, runs[number(0, 7)]};
      const auto step = [&](uint64_t inside) {
        return number(0, 2) == 0 ? inside : number(0, 9) * number(1, 5000) * 4ull;
      };
      uint64_t inside = access.run_words * 4ull;
      for (uint32_t loops = number(0, 3); loops > 0; --loops) {
        access.loops.push_back({number(1, 3), step(inside)});
        inside = access.loops.back().count * access.loops.back().step_bytes;
      }
      access.inner_step_bytes = step(inside);
      access.outer_step_bytes = step(inside * nest.inner);
      nest.body.push_back(access);
    }
    const std::vector<Task> tasks = tasks_of(a_channel(0), nest);
    const bool fits = std::all_of(tasks.begin(), tasks.end(),
                                  [](const Task& task) { return task.chain.size() <= kShimBds; });
    if (!fits) continue;
    ++whole;
    ASSERT_EQ(transferred(nest), wanted(nest).all()) << "nest " << i;
  }
  EXPECT_GT(whole, 1500);
}

}  // namespace
}  // namespace npu::testing
