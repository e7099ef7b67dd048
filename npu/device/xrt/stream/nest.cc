// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/nest.h"

#include <algorithm>

namespace npu::array {
namespace {

constexpr uint64_t kWord = sizeof(uint32_t);
constexpr uint32_t kRun = 512;  // a tile has 1,024 words, one more than a dimension counts

// Too great a step stays one.
uint32_t words(uint64_t bytes) {
  return static_cast<uint32_t>(std::min<uint64_t>(bytes / kWord, UINT32_MAX));
}

// Loops that go on where the run or the loop inside ends are one with it.
void merge(Access& access) {
  std::vector<Loop> merged;
  for (const Loop& loop : access.loops) {
    if (loop.count == 1) continue;
    if (merged.empty() && loop.step_bytes == access.run_words * kWord) {
      access.run_words *= loop.count;
    } else if (!merged.empty() &&
               loop.step_bytes == merged.back().count * merged.back().step_bytes) {
      merged.back().count *= loop.count;
    } else {
      merged.push_back(loop);
    }
  }
  access.loops = std::move(merged);
}

// Whether dimensions hold the loops beside the run; the last of them may end by the length.
bool fits(const Access& merged) {
  const auto stands_still = [](const Loop& loop) { return loop.step_bytes == 0; };
  if (std::any_of(merged.loops.begin(), merged.loops.end(), stands_still)) return false;
  if (merged.loops.empty()) return true;
  if (merged.run_words > kMostWrap)
    return merged.loops.size() == 1 && merged.run_words % kRun == 0 &&
           merged.run_words / kRun <= kMostWrap;
  return merged.loops.size() == 1 ||
         (merged.loops.size() == 2 && merged.loops[0].count <= kMostWrap);
}

ShimBd descriptor(const Access& merged) {
  ShimBd bd{.place = merged.place, .length = merged.run_words};
  for (const Loop& loop : merged.loops) bd.length *= loop.count;
  if (merged.loops.empty()) return bd;
  if (merged.run_words > kMostWrap) {
    bd.d0 = {kRun, 1};
    bd.d1 = {merged.run_words / kRun, kRun};
    bd.d2_step = words(merged.loops[0].step_bytes);
    return bd;
  }
  bd.d0 = {merged.run_words, 1};
  bd.d1 = {merged.loops[0].count, words(merged.loops[0].step_bytes)};
  if (merged.loops.size() == 2) bd.d2_step = words(merged.loops[1].step_bytes);
  return bd;
}

// A descriptor and how it moves.
struct Moving {
  ShimBd bd;
  uint64_t inner_step_bytes, outer_step_bytes;
};

// The access as descriptors: outer loops that do not fit are written out.
void append(const Access& access, std::vector<Moving>& to) {
  Access merged = access;
  merge(merged);
  if (fits(merged)) {
    to.push_back({descriptor(merged), access.inner_step_bytes, access.outer_step_bytes});
    return;
  }
  const Loop last = merged.loops.back();
  merged.loops.pop_back();
  for (uint32_t i = 0; i < last.count; ++i) {
    append(merged, to);
    merged.place = merged.place + last.step_bytes;
  }
}

// The chain, moved on `times` times, as often repeated: tasks of at most `most` repeats each.
void repeat(const Channel& channel, std::vector<ShimBd> chain, const std::vector<uint64_t>& steps,
            uint32_t times, std::vector<Task>& to) {
  const bool moves =
      std::any_of(steps.begin(), steps.end(), [](uint64_t step) { return step > 0; });
  const uint32_t most = moves ? kMostIterations : kMostRepeats;
  for (uint32_t begin = 0; begin < times; begin += most) {
    const uint32_t here = std::min(most, times - begin);
    Task task{channel, chain, here, false};
    for (size_t i = 0; i < chain.size(); ++i) {
      task.chain[i].place = chain[i].place + begin * steps[i];
      if (here > 1 && steps[i] > 0) task.chain[i].iteration = {here, words(steps[i])};
    }
    to.push_back(std::move(task));
  }
}

// The chain moves `inner` times by inner steps, begins again, and all of that `outer` times.
void repeat_all(const Channel& channel, const std::vector<Moving>& body, uint32_t inner,
                uint32_t outer, std::vector<Task>& to) {
  const bool begins_again = std::all_of(
      body.begin(), body.end(), [](const Moving& moving) { return moving.outer_step_bytes == 0; });
  const bool moves = std::any_of(body.begin(), body.end(),
                                 [](const Moving& moving) { return moving.inner_step_bytes > 0; });
  std::vector<ShimBd> chain;
  std::vector<uint64_t> inner_steps, outer_steps;
  for (const Moving& moving : body) {
    chain.push_back(moving.bd);
    inner_steps.push_back(moving.inner_step_bytes);
    outer_steps.push_back(moving.outer_step_bytes);
  }
  if (inner == 1) return repeat(channel, chain, outer_steps, outer, to);
  if (begins_again && !moves) return repeat(channel, chain, inner_steps, inner * outer, to);
  if (begins_again && inner <= kMostIterations) {
    // Iterations end where the chain begins again.
    const uint32_t most = kMostRepeats / inner;
    for (uint32_t begin = 0; begin < outer; begin += most) {
      repeat(channel, chain, inner_steps, inner, to);
      to.back().repeats = inner * std::min(most, outer - begin);
    }
    return;
  }
  for (uint32_t i = 0; i < outer; ++i) {
    repeat(channel, chain, inner_steps, inner, to);
    for (size_t bd = 0; bd < chain.size(); ++bd)
      chain[bd].place = chain[bd].place + outer_steps[bd];
  }
}

}  // namespace

std::vector<Task> tasks_of(const Channel& channel, const Nest& nest) {
  std::vector<Task> tasks;
  if (nest.outer == 0 || nest.inner == 0 || nest.body.empty()) return tasks;
  std::vector<Moving> body;
  uint32_t inner = nest.inner;
  if (nest.body.size() == 1) {
    Access all = nest.body[0];
    all.loops.push_back({nest.inner, all.inner_step_bytes});
    merge(all);
    if (fits(all)) {
      body.push_back({descriptor(all), 0, all.outer_step_bytes});
      inner = 1;
    }
  }
  if (body.empty()) {
    for (const Access& access : nest.body) append(access, body);
    const auto stands_still = [](const Moving& moving) { return moving.inner_step_bytes == 0; };
    const auto goes_on = [](const Moving& moving) { return moving.outer_step_bytes > 0; };
    // What is the same again and then goes on has its turns in the chain.
    if (inner > 1 && nest.outer > 1 && std::all_of(body.begin(), body.end(), stands_still) &&
        std::any_of(body.begin(), body.end(), goes_on)) {
      const std::vector<Moving> once = body;
      for (uint32_t i = 1; i < inner; ++i) body.insert(body.end(), once.begin(), once.end());
      inner = 1;
    }
  }
  repeat_all(channel, body, inner, nest.outer, tasks);
  return tasks;
}

}  // namespace npu::array
