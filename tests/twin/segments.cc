// SPDX-License-Identifier: LGPL-2.1-or-later
#include "segments.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "shim_bd.h"

namespace npu::twin {
namespace {

// Index of a channel in Segment::words.
size_t index_of(const Channel& channel) {
  const bool writes = channel.direction == Direction::kS2mm;
  return channel.column * 3 + (writes ? 2 : channel.number);
}

class Counter {
 public:
  explicit Counter(const Target& target) : target_(target) {}

  std::vector<Segment> count(std::span<const Operation> operations) {
    for (size_t first = 0; first < operations.size();) {
      const size_t end = end_of(operations, first);
      segment(operations.subspan(first, end - first));
      first = end;
    }
    return std::move(segments_);
  }

 private:
  static size_t end_of(std::span<const Operation> operations, size_t at) {
    while (at < operations.size() && operations[at].code != OpCode::kWait) ++at;
    while (at < operations.size() && operations[at].code == OpCode::kWait) ++at;
    return at;
  }

  static bool starts(const Operation& operation) {
    return operation.code == OpCode::kWrite && operation.target.kind == RegisterKind::kQueue;
  }
  static bool is_b(const Operation& operation) {
    const Channel& of = operation.target.channel;
    return of.direction == Direction::kMm2s && of.number == 1;
  }

  void segment(std::span<const Operation> operations) {
    Segment now{};
    now.first = operations.front().index;
    now.end = operations.back().index + 1;
    now.words = std::exchange(words_, std::vector<uint64_t>(3 * target_.columns));
    now.words.resize(3 * target_.columns);
    for (unsigned column = 0; column < target_.columns; ++column)
      now.early_b.push_back(now.words[column * 3 + 1]);
    const auto last = std::find_if(operations.rbegin(), operations.rend(),
                                   [](const Operation& of) { return starts(of) && !is_b(of); });
    const size_t middle = last == operations.rend() ? now.end : last->index + 1;
    const bool has_a = std::any_of(operations.begin(), operations.end(), [](const Operation& of) {
      return starts(of) && !is_b(of) && of.target.channel.direction == Direction::kMm2s;
    });
    for (const Operation& operation : operations) {
      const bool is_before = operation.index < middle;
      add(operation, is_before ? now.before : now.beside);
      now.waits += operation.code == OpCode::kWait;
      if (!starts(operation)) continue;
      // A's own B may also be started behind it; each column has some.
      const size_t channel = index_of(operation.target.channel);
      const bool is_own = is_before || (has_a && now.words[channel] == 0);
      (is_own ? now.words : words_)[channel] += words_of(operation);
    }
    segments_.push_back(std::move(now));
  }

  void add(const Operation& operation, ControllerWork& to) {
    switch (operation.code) {
      case OpCode::kBlockWrite:
        for (size_t i = 0; i < operation.values.size() / kBdWords; ++i) {
          auto& words = bds_[{operation.target.column, operation.target.bd + i}];
          std::copy_n(operation.values.begin() + static_cast<ptrdiff_t>(i * kBdWords), kBdWords,
                      words.begin());
          ++to.bds;
        }
        break;
      case OpCode::kPatch:
        ++to.patches;
        break;
      case OpCode::kMaskWrite:
        ++to.mask_writes;
        break;
      case OpCode::kWrite:
        if (starts(operation)) {
          ++to.tasks;
        } else {
          bds_[{operation.target.column, operation.target.bd}][operation.target.bd_word] =
              operation.values[0];
          ++to.writes;
        }
        break;
      case OpCode::kWait:
        break;
    }
  }

  // Of a task.
  uint64_t words_of(const Operation& operation) {
    const uint32_t word = operation.values[0];
    uint64_t words = 0;
    size_t bd = word & 0xF;
    for (size_t links = 0; links < kBds; ++links) {
      const ShimBd fields = decode_bd(bds_[{operation.target.column, bd}]);
      words += fields.length;
      if (!fields.use_next) break;
      bd = fields.next;
    }
    return words * ((word >> 16 & 0xFF) + 1);
  }

  const Target& target_;
  std::map<std::pair<unsigned, size_t>, std::array<uint32_t, kBdWords>> bds_;
  std::vector<uint64_t> words_;  // started early, of the next segment
  std::vector<Segment> segments_;
};

}  // namespace

std::vector<Segment> segments_of(std::span<const Operation> operations, const Target& target) {
  return Counter(target).count(operations);
}

}  // namespace npu::twin
