// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams and memory for tests of the twin: an encoder of its own, word by word.
#pragma once

#include <array>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "array.h"

namespace npu::twin::testing {

// Lengths and steps in words; a wrap of 0 and a step of 1 are unused dimensions.
struct TestBd {
  uint32_t length = 0;
  uint32_t wrap0 = 0, step0 = 1, wrap1 = 0, step1 = 1, step2 = 1;
  uint32_t iterations = 1, iteration_step = 1;
  int next = -1;
};
std::array<uint32_t, 8> encode(const TestBd& bd);

class TestStream {
 public:
  void bd(unsigned column, unsigned number, const TestBd& bd) {
    raw_bd(column, number, encode(bd));
  }
  void raw_bd(unsigned column, unsigned number, const std::array<uint32_t, 8>& words);
  void patch(unsigned column, unsigned number, uint32_t argument, uint32_t offset);
  void controller(const Channel& channel, uint32_t id = 15);
  void push(const Channel& channel, unsigned bd, uint32_t repeats = 1, bool token = false);
  void wait(const Channel& channel);
  void operation(std::initializer_list<uint32_t> words);  // any

  // A descriptor, its address in an argument, and a task of it. S2MM tasks have a token.
  void task(const Channel& channel, unsigned number, const TestBd& bd, uint32_t argument,
            uint32_t offset, uint32_t repeats = 1);

  size_t operations() const { return starts_.size(); }
  // First word of an operation, and the whole stream with its header.
  size_t start(size_t operation) const { return 4 + starts_[operation]; }
  std::vector<uint32_t> words() const;

 private:
  std::vector<uint32_t> body_;
  std::vector<size_t> starts_;
};

inline Channel a_in(unsigned column) {
  return {column, Direction::kMm2s, 0};
}
inline Channel b_in(unsigned column) {
  return {column, Direction::kMm2s, 1};
}
inline Channel c_out(unsigned column) {
  return {column, Direction::kS2mm, 0};
}

// Buffers of a run, filled with 0xA5 as the device finds them, far apart in its address space.
class TestMemory {
 public:
  uint32_t add(size_t bytes);  // the argument
  template <typename T>
  uint32_t add(const std::vector<T>& contents) {
    const uint32_t argument = add(contents.size() * sizeof(T));
    std::memcpy(bytes(argument), contents.data(), contents.size() * sizeof(T));
    sync(argument);
    return argument;
  }
  void sync(uint32_t argument);
  int8_t* bytes(uint32_t argument) {
    return reinterpret_cast<int8_t*>(blocks_[argument]->bytes.data());
  }
  WordMap& written(uint32_t argument) { return blocks_[argument]->written; }
  const std::vector<Buffer>& buffers() const { return buffers_; }

 private:
  struct Block {
    std::vector<std::byte> bytes;
    WordMap written;
  };
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Buffer> buffers_;
};

}  // namespace npu::twin::testing
