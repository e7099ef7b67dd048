// SPDX-License-Identifier: LGPL-2.1-or-later
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

uint32_t shim_register(unsigned column, uint32_t offset) {
  return column << 25 | offset;
}

uint32_t control(const Channel& channel) {
  const uint32_t base = channel.direction == Direction::kS2mm ? 0x1D200 : 0x1D210;
  return shim_register(channel.column, base + 8 * channel.number);
}

}  // namespace

std::array<uint32_t, 8> encode(const TestBd& bd) {
  const uint32_t next = bd.next < 0 ? 0 : static_cast<uint32_t>(bd.next) << 27 | 1u << 26;
  return {bd.length,
          0,
          0,
          bd.wrap0 << 20 | (bd.step0 - 1),
          2u << 30 | bd.wrap1 << 20 | (bd.step1 - 1),
          2u << 24 | (bd.step2 - 1),
          (bd.iterations - 1) << 20 | (bd.iteration_step - 1),
          next | 1u << 25};
}

void TestStream::operation(std::initializer_list<uint32_t> words) {
  starts_.push_back(body_.size());
  body_.insert(body_.end(), words);
}

void TestStream::raw_bd(unsigned column, unsigned number, const std::array<uint32_t, 8>& words) {
  operation({1, 0, shim_register(column, 0x1D000 + 0x20 * number), 48});
  body_.insert(body_.end(), words.begin(), words.end());
}

void TestStream::patch(unsigned column, unsigned number, uint32_t argument, uint32_t offset) {
  operation({0x81, 48, 0, 0, 0, 0, shim_register(column, 0x1D004 + 0x20 * number), 0, argument, 0,
             offset, 0});
}

void TestStream::controller(const Channel& channel, uint32_t id) {
  operation({3, 0, control(channel), 0, id << 8, 0x1F00, 28});
}

void TestStream::push(const Channel& channel, unsigned bd, uint32_t repeats, bool token) {
  operation({0, 0, control(channel) + 4, 0, uint32_t{token} << 31 | (repeats - 1) << 16 | bd, 24});
}

void TestStream::wait(const Channel& channel) {
  const uint32_t direction = channel.direction == Direction::kMm2s;
  operation({0x80, 16, direction | channel.column << 16, 0x0001'0100 | channel.number << 24});
}

void TestStream::task(const Channel& channel, unsigned number, const TestBd& fields,
                      uint32_t argument, uint32_t offset, uint32_t repeats) {
  const bool token = channel.direction == Direction::kS2mm;
  bd(channel.column, number, fields);
  patch(channel.column, number, argument, offset);
  if (token) controller(channel);
  push(channel, number, repeats, token);
}

std::vector<uint32_t> TestStream::words() const {
  std::vector<uint32_t> all = {0x0603'0100, 0x0104, static_cast<uint32_t>(starts_.size()),
                               static_cast<uint32_t>(16 + 4 * body_.size())};
  all.insert(all.end(), body_.begin(), body_.end());
  return all;
}

uint32_t TestMemory::add(size_t bytes) {
  blocks_.push_back(std::make_unique<Block>(
      Block{std::vector<std::byte>(bytes, std::byte{0xA5}), WordMap(bytes / 4)}));
  const uint64_t address = 0x1'0000'0000 + (uint64_t{buffers_.size()} << 28);
  buffers_.push_back({blocks_.back()->bytes, address, &blocks_.back()->written});
  return static_cast<uint32_t>(buffers_.size() - 1);
}

void TestMemory::sync(uint32_t argument) {
  blocks_[argument]->written.set(0, blocks_[argument]->written.words());
}

}  // namespace npu::twin::testing
