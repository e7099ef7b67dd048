// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention of the integer path: the arithmetic of kernels/attention, key block by key block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "device/cpu/aligned.h"
#include "device/cpu/integer/activation.h"
#include "device/cpu/mixed/dot.h"
#include "numerics/linear_table.h"

namespace npu::cpu::integer {

inline constexpr size_t kHeadSize = 64;
inline constexpr size_t kKeyBlock = 64;
inline constexpr size_t kQueryRows = 56;  // that attend() takes at a time

// Keys and values of one head, in blocks of 64: keys as the dot products take them for scores,
// values for sums over keys.
class KeyValues {
 public:
  KeyValues() = default;
  // Room for that many keys. Throws std::bad_alloc.
  explicit KeyValues(size_t most_keys);

  // Where key `index` comes from: 64 int8 each.
  template <typename Find>
  void pack(size_t count, const Find& find) {
    count_ = count;
    for (size_t key = 0; key < (count + kKeyBlock - 1) / kKeyBlock * kKeyBlock; ++key) {
      if (key < count) {
        const auto [k, v] = find(key);
        put(key, k, v);
      } else {
        put(key, nullptr, nullptr);
      }
    }
  }

  size_t count() const { return count_; }
  const int8_t* keys(size_t block) const { return keys_.data() + block * kKeyBlock * kHeadSize; }
  const int8_t* values(size_t block) const {
    return values_.data() + block * kKeyBlock * kHeadSize;
  }
  // What kOffset adds to the scores of a block's keys.
  const int32_t* offsets(size_t block) const { return offsets_.data() + block * kKeyBlock; }
  size_t blocks() const { return (count_ + kKeyBlock - 1) / kKeyBlock; }

 private:
  void put(size_t key, const int8_t* k, const int8_t* v);

  size_t count_ = 0;
  AlignedArray<int8_t> keys_, values_;
  AlignedArray<int32_t> offsets_;
};

// Factors of one head.
struct Head {
  int16_t mult;
  unsigned shift;
  unsigned gain;
};

// 64 columns of `q`, from `column` on, against the first limits[row] of the keys, to the same
// columns of `out`. At most kQueryRows rows.
void attend(const DotVariant& dot, const kernels::LinearTable& exp2, const Head& head,
            const KeyValues& keys, std::span<const size_t> limits, const View& q, const View& out,
            size_t column);

// The exponents (base 2, 8 fraction bits) of one row of q and the keys of a block, before any
// maximum. Returns how many keys there are.
size_t score_keys(const DotVariant& dot, const Head& head, const KeyValues& keys, size_t block,
                  const uint8_t* q, int16_t exponents[kKeyBlock]);

}  // namespace npu::cpu::integer
