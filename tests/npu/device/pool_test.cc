// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace npu::cpu {
namespace {

// More threads than the machine has cores, so that some come late.
constexpr int kThreads = 16;

TEST(Pool, EveryUnitOfManySmallPiecesIsDoneOnceBeforeItReturns) {
  Pool pool(kThreads);
  const CancelToken cancel;
  Turn turn(pool, cancel, {});
  ASSERT_TRUE(turn.take());
  for (size_t piece = 0; piece < 5000; ++piece) {
    const size_t units = 2 + piece % 40;
    std::vector<size_t> done(units, 0);  // written by whichever thread has the unit
    ASSERT_TRUE(turn.run(units, [&](size_t unit, size_t) { done[unit] += piece + 1; }));
    ASSERT_EQ(done, std::vector<size_t>(units, piece + 1));
  }
}

TEST(Pool, ThreadsHaveNumbersOfTheirOwn) {
  Pool pool(kThreads);
  const CancelToken cancel;
  Turn turn(pool, cancel, {});
  ASSERT_TRUE(turn.take());
  std::vector<std::atomic<int>> inside(kThreads);
  std::atomic<bool> shared{false};
  for (int piece = 0; piece < 1000; ++piece)
    turn.run(64, [&](size_t, size_t thread) {
      if (inside[thread].fetch_add(1) != 0) shared = true;
      inside[thread].fetch_sub(1);
    });
  EXPECT_FALSE(shared);
}

TEST(Pool, WhatIsLeftAfterACancelStaysUndone) {
  Pool pool(kThreads);
  CancelSource source;
  const CancelToken cancel = source.token();
  Turn turn(pool, cancel, {});
  ASSERT_TRUE(turn.take());
  std::atomic<size_t> done{0};
  // Units after the tenth wait for the cancel, so that its thread may be late.
  EXPECT_FALSE(turn.run(100000, [&](size_t, size_t) {
    const size_t before = done.fetch_add(1);
    if (before == 10) source.cancel();
    while (before > 10 && !cancel.cancelled()) std::this_thread::yield();
  }));
  EXPECT_GT(done, 10U);
  EXPECT_LE(done, 11U + kThreads);
}

TEST(Pool, WorkersThatSleptComeBack) {
  Pool pool(2);
  const CancelToken cancel;
  Turn turn(pool, cancel, {});
  ASSERT_TRUE(turn.take());
  // A unit that waits for the other one needs both threads, however long they have slept.
  for (int piece = 0; piece < 100; ++piece) {
    std::atomic<int> arrived{0};
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    turn.run(2, [&](size_t, size_t) {
      ++arrived;
      while (arrived < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    });
    ASSERT_EQ(arrived, 2);
  }
}

std::atomic<int> rests{0};

TEST(Pool, ThreadsRestBeforeTheySleepAndWhenTheirTurnEnds) {
  rests = 0;
  Pool pool(2, [] { ++rests; });
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto wait_for = [&](int count) {
    while (rests < count && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    return rests.load();
  };
  EXPECT_EQ(wait_for(1), 1) << "the worker has nothing to do";
  const CancelToken cancel;
  {
    Turn turn(pool, cancel, {});
    ASSERT_TRUE(turn.take());
    ASSERT_TRUE(turn.run(2, [](size_t, size_t) {}));
    EXPECT_EQ(wait_for(2), 2) << "the worker again";
  }
  EXPECT_EQ(rests, 3);
}

}  // namespace
}  // namespace npu::cpu
