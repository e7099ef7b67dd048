// SPDX-License-Identifier: LGPL-2.1-or-later
// An executor that has another one run each stream once: the array is deterministic, and a sweep of
// faults has it do the same again and again.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "executor.h"

namespace npu::testing {

// Keeps, for the words and the buffers' contents of a stream, what it wrote. Not for streams that
// find out about addresses: buffers may lie elsewhere the next time.
class RememberingExecutor : public xrt_double::Executor {
 public:
  explicit RememberingExecutor(std::shared_ptr<xrt_double::Executor> executor)
      : executor_(std::move(executor)) {}

  xrt_double::Outcome run(const xrt_double::Stream& stream) override {
    const Key key = key_of(stream);
    const auto known = effects_.find(key);
    if (known != effects_.end()) {
      ++remembered_;
      for (const Written& written : known->second) apply(written, stream);
      return {};
    }
    std::vector<std::vector<std::byte>> before;
    std::vector<std::vector<bool>> known_before;
    for (const xrt_double::DeviceBuffer& buffer : stream.buffers) {
      before.emplace_back(buffer.bytes.begin(), buffer.bytes.end());
      known_before.push_back(known_words(buffer));
    }
    const xrt_double::Outcome outcome = executor_->run(stream);
    if (outcome.kind != xrt_double::Outcome::Kind::kDone) return outcome;
    std::vector<Written>& effects = effects_[key];
    for (size_t i = 0; i < stream.buffers.size(); ++i)
      note(i, stream.buffers[i], before[i], known_before[i], effects);
    return outcome;
  }
  void reset() override { executor_->reset(); }

  // Streams that were not run.
  size_t remembered() const { return remembered_; }

 private:
  using Key = std::pair<uint64_t, uint64_t>;
  struct Written {
    size_t buffer, word;
    std::vector<std::byte> bytes;
  };

  static uint64_t mixed(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 29;
  }
  // Four sums side by side, since each is a chain of multiplications.
  static void mix(const void* data, size_t bytes, Key& key) {
    constexpr size_t kLanes = 4;
    const auto* from = static_cast<const char*>(data);
    uint64_t sums[kLanes] = {key.first, key.second, ~key.first, ~key.second};
    for (size_t at = 0; at < bytes; at += kLanes * sizeof(uint64_t)) {
      uint64_t words[kLanes] = {};
      std::memcpy(words, from + at, std::min(sizeof words, bytes - at));
      for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] = mixed(sums[lane], words[lane]);
    }
    key.first = mixed(mixed(sums[0], sums[1]), sums[2]);
    key.second = mixed(mixed(sums[3], sums[2]), sums[1]);
  }
  static Key key_of(const xrt_double::Stream& stream) {
    Key key{stream.words.size(), stream.buffers.size()};
    mix(stream.words.data(), stream.words.size_bytes(), key);
    for (const xrt_double::DeviceBuffer& buffer : stream.buffers) {
      const uint64_t size = buffer.bytes.size();
      mix(&size, sizeof size, key);
      mix(buffer.bytes.data(), buffer.bytes.size(), key);
    }
    return key;
  }
  static std::vector<bool> known_words(const xrt_double::DeviceBuffer& buffer) {
    std::vector<bool> known(buffer.words ? buffer.bytes.size() / 4 : 0);
    for (size_t word = 0; word < known.size(); ++word) known[word] = buffer.knows(word);
    return known;
  }
  static void apply(const Written& written, const xrt_double::Stream& stream) {
    xrt_double::DeviceBuffer& buffer = stream.buffers[written.buffer];
    std::memcpy(buffer.bytes.data() + written.word * 4, written.bytes.data(), written.bytes.size());
    buffer.mark(written.word, written.bytes.size() / 4);
  }
  // Runs of words that are others, or known now.
  static void note(size_t index, const xrt_double::DeviceBuffer& buffer,
                   const std::vector<std::byte>& before, const std::vector<bool>& known_before,
                   std::vector<Written>& effects) {
    const auto is_written = [&](size_t word) {
      return std::memcmp(buffer.bytes.data() + word * 4, before.data() + word * 4, 4) != 0 ||
             (!known_before[word] && buffer.knows(word));
    };
    for (size_t word = 0; word < known_before.size(); ++word) {
      if (!is_written(word)) continue;
      size_t end = word;
      while (end < known_before.size() && is_written(end)) ++end;
      effects.push_back({index,
                         word,
                         {buffer.bytes.begin() + static_cast<std::ptrdiff_t>(word * 4),
                          buffer.bytes.begin() + static_cast<std::ptrdiff_t>(end * 4)}});
      word = end;
    }
  }

  std::shared_ptr<xrt_double::Executor> executor_;
  std::map<Key, std::vector<Written>> effects_;
  size_t remembered_ = 0;
};

}  // namespace npu::testing
