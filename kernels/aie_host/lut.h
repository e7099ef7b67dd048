// SPDX-License-Identifier: LGPL-2.1-or-later
// aie::lut and aie::linear_approx on the host, for 16-bit tables.
#pragma once

#include "aie_host/accum.h"

namespace aie {

// Groups of four (slope, offset) pairs, 128 bits, each stored twice in `ab`, and the same in `cd`.
template <unsigned Parallel, typename Offset, typename Slope = Offset>
class lut {
  static_assert(Parallel == 4 && sizeof(Offset) == 2 && sizeof(Slope) == 2);

 public:
  lut(unsigned entries, const void* ab, const void* cd) : entries_(entries) {
    const int16_t* first = static_cast<const int16_t*>(ab);
    aie_host::check_load(ab, entries * size_t{8}, vector_decl_align);
    aie_host::check_load(cd, entries * size_t{8}, vector_decl_align);
    if (entries % 4 != 0) aie_host::report("table of an odd size");
    bool same = std::memcmp(ab, cd, entries * size_t{8}) == 0;
    for (unsigned group = 0; group < entries / 4; ++group) {
      same &= std::memcmp(first + group * 16, first + group * 16 + 8, 16) == 0;
    }
    if (!same) aie_host::report("the four copies of a table differ");
    pairs_ = first;
  }
  unsigned entries() const { return entries_; }
  int16_t slope(unsigned i) const { return pairs_[i / 4 * 16 + i % 4 * 2]; }
  int16_t offset(unsigned i) const { return pairs_[i / 4 * 16 + i % 4 * 2 + 1]; }

 private:
  unsigned entries_;
  const int16_t* pairs_;
};

// slope[i] * (x & (2^step_bits - 1)) + (offset[i] << shift_offset), i = (x >> step_bits) + bias,
// clamped. The index is made with the rounding mode of the core: only floor gives the segment of x.
template <typename T, typename Lut>
class linear_approx {
  static_assert(sizeof(T) == 2);

 public:
  linear_approx(const Lut& table, unsigned step_bits, int bias, int shift_offset)
      : table_(table), step_bits_(step_bits), bias_(bias), shift_offset_(shift_offset) {
    if (step_bits < 3) aie_host::report("step bits below 3");
  }
  accum<acc64, 16> compute(const vector<T, 16>& x) const {
    if (aie_host::core_state().rounding != kernels::RoundingMode::kFloor) {
      aie_host::report("table index while rounding is not floor");
    }
    accum<acc64, 16> out;
    for (unsigned lane = 0; lane < 16; ++lane) {
      const int64_t value = x.get(lane);
      const int64_t most = int64_t{table_.entries()} - 1;
      const int64_t wanted = (value >> step_bits_) + bias_;
      const unsigned i = static_cast<unsigned>(wanted < 0 ? 0 : wanted > most ? most : wanted);
      const int64_t rest = value & ((int64_t{1} << step_bits_) - 1);
      out.host_lanes()[lane] =
          table_.slope(i) * rest + int64_t{table_.offset(i)} * (int64_t{1} << shift_offset_);
    }
    out.host_written() = aie_host::first_lanes(16);
    return out;
  }

 private:
  Lut table_;
  unsigned step_bits_;
  int bias_;
  int shift_offset_;
};

}  // namespace aie
