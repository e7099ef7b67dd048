// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/transaction.h"

namespace npu::array {
namespace {

enum : uint32_t {
  kWrite = 0,
  kBlockWrite = 1,
  kMaskWrite = 3,
  kWaitForToken = 0x80,
  kPatch = 0x81,
};

constexpr uint32_t kVersion = 0x0001;  // 0.1, minor and major
constexpr uint32_t kGeneration = 3;    // XDNA1
constexpr uint32_t kRows = 6;          // shim, memory tile, four cores
constexpr uint32_t kMemoryRows = 1;
constexpr size_t kHeaderWords = 4;

}  // namespace

Transaction::Transaction() : words_(kHeaderWords) {}

void Transaction::append(std::initializer_list<uint32_t> operation) {
  words_.insert(words_.end(), operation);
  ++operations_;
}

void Transaction::write(uint32_t address, uint32_t value) {
  append({kWrite, 0, address, 0, value, 24});
}

void Transaction::block_write(uint32_t address, std::span<const uint32_t> values) {
  append({kBlockWrite, 0, address, static_cast<uint32_t>(4 * (4 + values.size()))});
  words_.insert(words_.end(), values.begin(), values.end());
}

void Transaction::mask_write(uint32_t address, uint32_t value, uint32_t mask) {
  append({kMaskWrite, 0, address, 0, value, mask, 28});
}

void Transaction::wait(const Channel& channel) {
  const uint32_t one_tile = 1u << 8 | 1u << 16;
  append({kWaitForToken, 16, static_cast<uint32_t>(channel.direction) | channel.column << 16,
          one_tile | channel.index << 24});
}

void Transaction::patch(uint32_t address, unsigned argument, uint32_t offset_bytes) {
  append({kPatch, 48, 0, 0, 0, 0, address, 0, argument, 0, offset_bytes, 0});
}

std::vector<uint32_t> Transaction::words() const {
  std::vector<uint32_t> words = words_;
  words[0] = kRows << 24 | kGeneration << 16 | kVersion << 8;
  words[1] = kMemoryRows << 8 | kColumns;
  words[2] = operations_;
  words[3] = static_cast<uint32_t>(words.size() * sizeof(uint32_t));
  return words;
}

}  // namespace npu::array
