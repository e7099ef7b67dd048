// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/quantised_blocks.h"

#include <cassert>
#include <cstdint>
#include <cstring>

#include "half.h"

namespace npu {
namespace {

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float load_half(const std::byte* from) {
  return half_to_float(load<uint16_t>(from));
}

// The 32 integers of a block: four bits each, plus `high` bit i as fifth bit of value i.
void unpack(const std::byte* nibbles, uint32_t high, int values[kBlockValues]) {
  for (size_t i = 0; i < 16; ++i) {
    const int byte = std::to_integer<int>(nibbles[i]);
    values[i] = (byte & 15) | static_cast<int>(high >> i & 1) << 4;
    values[i + 16] = byte >> 4 | static_cast<int>(high >> (i + 16) & 1) << 4;
  }
}

// Runs `block(bytes, out)` over all blocks of `block_bytes`.
template <typename Block>
void for_blocks(std::span<const std::byte> blocks, size_t block_bytes, std::span<float> out,
                Block block) {
  assert(out.size() % kBlockValues == 0);
  assert(blocks.size() == out.size() / kBlockValues * block_bytes);
  for (size_t i = 0; i < out.size() / kBlockValues; ++i)
    block(blocks.data() + i * block_bytes, out.data() + i * kBlockValues);
}

}  // namespace

void dequantise_q4_0(std::span<const std::byte> blocks, std::span<float> out) {
  for_blocks(blocks, 18, out, [](const std::byte* block, float* values) {
    const float scale = load_half(block);
    int quants[kBlockValues];
    unpack(block + 2, 0, quants);
    for (size_t i = 0; i < kBlockValues; ++i) values[i] = static_cast<float>(quants[i] - 8) * scale;
  });
}

void dequantise_q4_1(std::span<const std::byte> blocks, std::span<float> out) {
  for_blocks(blocks, 20, out, [](const std::byte* block, float* values) {
    const float scale = load_half(block);
    const float minimum = load_half(block + 2);
    int quants[kBlockValues];
    unpack(block + 4, 0, quants);
    for (size_t i = 0; i < kBlockValues; ++i)
      values[i] = static_cast<float>(quants[i]) * scale + minimum;
  });
}

void dequantise_q5_0(std::span<const std::byte> blocks, std::span<float> out) {
  for_blocks(blocks, 22, out, [](const std::byte* block, float* values) {
    const float scale = load_half(block);
    int quants[kBlockValues];
    unpack(block + 6, load<uint32_t>(block + 2), quants);
    for (size_t i = 0; i < kBlockValues; ++i)
      values[i] = static_cast<float>(quants[i] - 16) * scale;
  });
}

void dequantise_q5_1(std::span<const std::byte> blocks, std::span<float> out) {
  for_blocks(blocks, 24, out, [](const std::byte* block, float* values) {
    const float scale = load_half(block);
    const float minimum = load_half(block + 2);
    int quants[kBlockValues];
    unpack(block + 8, load<uint32_t>(block + 4), quants);
    for (size_t i = 0; i < kBlockValues; ++i)
      values[i] = static_cast<float>(quants[i]) * scale + minimum;
  });
}

void dequantise_q8_0(std::span<const std::byte> blocks, std::span<float> out) {
  for_blocks(blocks, 34, out, [](const std::byte* block, float* values) {
    const float scale = load_half(block);
    for (size_t i = 0; i < kBlockValues; ++i)
      values[i] = static_cast<float>(load<int8_t>(block + 2 + i)) * scale;
  });
}

}  // namespace npu
