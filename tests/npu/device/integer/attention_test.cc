// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention of the fast path against the kernels: not a byte may differ. Run again with
// NPUWHISPER_CPU for each instruction set.
#include "device/cpu/integer/attention.h"

#include "array_ops.h"
#include "integer_test.h"
#include "numerics/make_tables.h"

namespace npu::testing {
namespace {

using cpu::integer::Head;
using cpu::integer::KeyValues;
using cpu::integer::kHeadSize;
using cpu::integer::kKeyBlock;
using quantised::Input;

class Attentions : public IntegerTest {
 protected:
  quantised::Attention parameters(Input output, size_t heads) {
    quantised::Attention made;
    made.output = output;
    made.gain = static_cast<uint8_t>(random_.number(0U, output == Input::kFine ? 12U : 8U));
    for (size_t head = 0; head < heads; ++head) {
      made.mult.push_back(random_.number<int16_t>(0, 32767));
      // From exponents beyond all limits to none at all.
      made.shift.push_back(static_cast<uint8_t>(random_.number(8U, 34U)));
    }
    return made;
  }
  KeyValues pack(const Rows& k, const Rows& v, size_t column) {
    const auto head = [&](const Rows& rows, size_t key, std::vector<int8_t>& to) {
      to.resize(kHeadSize);
      for (size_t d = 0; d < kHeadSize; ++d)
        to[d] = static_cast<int8_t>(rows.values[key * rows.cols + column + d]);
      return static_cast<const int8_t*>(to.data());
    };
    KeyValues packed(k.rows);
    std::vector<int8_t> of_k, of_v;
    packed.pack(k.rows,
                [&](size_t key) { return std::pair(head(k, key, of_k), head(v, key, of_v)); });
    return packed;
  }
  static Head head_of(const quantised::Attention& attention, size_t index) {
    return {attention.mult[index], attention.shift[index], attention.gain};
  }
  Rows fast(const quantised::Attention& attention, const Rows& q, const Rows& k, const Rows& v,
            const std::vector<int32_t>& limits) {
    const Stored from(q), out(cpu::integer::kind_of(attention.output), q.rows, q.cols);
    const std::vector<size_t> seen(limits.begin(), limits.end());
    for (size_t head = 0; head < attention.mult.size(); ++head)
      attend(*dot_, exp2_, head_of(attention, head), pack(k, v, head * kHeadSize), seen,
             from.view(), out.view(), head * kHeadSize);
    return out.rows();
  }
  // limit(row, keys)
  template <typename Limit>
  void compare(const Limit& limit) {
    for (const Input output : {Input::kInt8, Input::kFine})
      for (const size_t rows : {1, 5, 16, 56})
        for (const size_t keys : {1, 63, 64, 65, 200, 448})
          for (int round = 0; round < 8; ++round) {
            const auto made = parameters(output, 2);
            const Rows q = random_rows(Kind::kUnsigned, rows, 2 * kHeadSize);
            const Rows k = random_rows(Kind::kSigned, keys, 2 * kHeadSize);
            const Rows v = random_rows(Kind::kSigned, keys, 2 * kHeadSize);
            std::vector<int32_t> limits(rows);
            for (size_t r = 0; r < rows; ++r) limits[r] = limit(r, keys);
            expect_equal(fast(made, q, k, v, limits), array_attention(made, q, k, v, limits),
                         std::to_string(rows) + " rows, " + std::to_string(keys) + " keys");
          }
  }

  const kernels::LinearTable exp2_ = kernels::make_exp2_table();
};

TEST_F(Attentions, ToAllKeys) {
  compare([](size_t, size_t keys) { return static_cast<int32_t>(keys); });
}
TEST_F(Attentions, Causal) {
  compare([](size_t row, size_t keys) { return static_cast<int32_t>(std::min(row + 1, keys)); });
}
TEST_F(Attentions, WithLimitsOfEachRow) {
  compare(
      [&](size_t, size_t keys) { return random_.number<int32_t>(0, static_cast<int32_t>(keys)); });
}
TEST_F(Attentions, OfRowsThatSeeNoKey) {
  compare([](size_t row, size_t keys) { return row % 2 == 0 ? 0 : static_cast<int32_t>(keys); });
}

// As many keys as the cross cache has, with all weights at their greatest.
TEST_F(Attentions, TheGreatestSums) {
  for (const Input output : {Input::kInt8, Input::kFine}) {
    auto made = parameters(output, 1);
    made.mult = {0};
    const Rows q = random_rows(Kind::kUnsigned, 56, kHeadSize);
    const Rows k = random_rows(Kind::kSigned, 1500, kHeadSize);
    Rows v(Kind::kSigned, 1500, kHeadSize);
    for (size_t i = 0; i < v.values.size(); ++i) v.values[i] = i % 2 == 0 ? -128 : 127;
    const std::vector<int32_t> limits(56, 1500);
    expect_equal(fast(made, q, k, v, limits), array_attention(made, q, k, v, limits), "1500 keys");
  }
}

TEST_F(Attentions, ScoresOfAlignmentHeads) {
  for (const size_t rows : {1, 16, 20})
    for (const size_t keys : {1, 64, 100, 1500}) {
      const auto made = parameters(Input::kInt8, 2);
      const Rows q = random_rows(Kind::kUnsigned, rows, 2 * kHeadSize);
      const Rows k = random_rows(Kind::kSigned, keys, 2 * kHeadSize);
      const Stored from(q);
      for (size_t head = 0; head < 2; ++head) {
        const KeyValues packed = pack(k, k, head * kHeadSize);
        Rows scores(Kind::kResidual, rows, keys);
        for (size_t r = 0; r < rows; ++r)
          for (size_t block = 0; block < packed.blocks(); ++block) {
            int16_t exponents[kKeyBlock];
            const size_t found = score_keys(*dot_, head_of(made, head), packed, block,
                                            from.view().row(r) + head * kHeadSize, exponents);
            std::copy_n(
                exponents, found,
                scores.values.begin() + static_cast<std::ptrdiff_t>(r * keys + block * kKeyBlock));
          }
        expect_equal(scores, array_alignment(made, head, q, k), std::to_string(keys) + " keys");
      }
    }
}

}  // namespace
}  // namespace npu::testing
