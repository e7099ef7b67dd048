// SPDX-License-Identifier: LGPL-2.1-or-later
#include "attention/attention.h"

#include <algorithm>
#include <cmath>

#include "kernel_test.h"
#include "numerics/make_tables.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

constexpr size_t kGroupElements = kGroupRows * kTile;

// Rows, sums and table of a core, beside those of the reference.
struct State {
  explicit State(unsigned row_groups)
      : groups(row_groups), rows(groups * kGroupRows), weighted(groups * kGroupElements) {
    npu_attention_start(rows.data(), weighted.data(), groups);
    want_rows = rows;
    want_weighted.assign(groups * kGroupElements, 0);
  }
  unsigned groups;
  std::vector<AttentionRow> rows, want_rows;
  TileBuffer<int32_t> weighted;
  std::vector<int32_t> want_weighted;
};

class Attention : public KernelTest {
 protected:
  static std::vector<int16_t> laid_out() {
    std::vector<int16_t> memory(kLinearTableElements);
    lay_out(make_exp2_table(), memory.data());
    return memory;
  }
  void block(State& state, TileBuffer<int8_t>& q, const std::vector<int8_t>& keys,
             const AttentionBlock& of, const std::vector<int32_t>& limits) {
    TileBuffer<int8_t> kv(keys), scratch(kAttentionScratchBytes);
    npu_attention_block_i8(q.data(), kv.data(), &of, limits.data(), table_.data(), scratch.data(),
                           state.rows.data(), state.weighted.data(), state.groups);
    npu_attention_block_i8_ref(q.data(), kv.data(), &of, limits.data(), table_.data(),
                               state.want_rows.data(), state.want_weighted.data(), state.groups);
  }
  static void expect_equal(State& state, unsigned gain) {
    ASSERT_EQ(state.weighted.values(), state.want_weighted);
    for (size_t i = 0; i < state.rows.size(); ++i) {
      ASSERT_EQ(state.rows[i].sum, state.want_rows[i].sum) << "row " << i;
      if (state.rows[i].sum == 0) continue;
      ASSERT_EQ(state.rows[i].exponent, state.want_rows[i].exponent) << "row " << i;
    }
    TileBuffer<int8_t> out(state.groups * kGroupElements);
    std::vector<int8_t> want(state.groups * kGroupElements);
    npu_attention_finish_i8(state.rows.data(), state.weighted.data(), gain, out.data(),
                            state.groups);
    npu_attention_finish_i8_ref(state.want_rows.data(), state.want_weighted.data(), gain,
                                want.data(), state.groups);
    ASSERT_EQ(out.values(), want);
    expect_equal_fine(state, gain + 4);
  }
  // In the places where a core has the planes.
  static void expect_equal_fine(State& state, unsigned gain) {
    const size_t count = state.groups * kGroupElements;
    TileBuffer<int16_t> wide(count);
    std::vector<int16_t> want(count);
    npu_attention_finish_i16(state.rows.data(), state.weighted.data(), gain, wide.data(),
                             state.groups);
    npu_attention_finish_i16_ref(state.want_rows.data(), state.want_weighted.data(), gain,
                                 want.data(), state.groups);
    ASSERT_EQ(wide.values(), want);
    TileBuffer<int32_t> used_up(state.weighted.values());
    TileBuffer<int8_t> high(count);
    std::vector<int8_t> want_high(count), want_low(count);
    int8_t* low = reinterpret_cast<int8_t*>(used_up.data());
    npu_attention_finish_fine_i8(state.rows.data(), used_up.data(), gain, high.data(), low,
                                 state.groups);
    npu_attention_finish_fine_i8_ref(state.want_rows.data(), state.want_weighted.data(), gain,
                                     want_high.data(), want_low.data(), state.groups);
    ASSERT_EQ(high.values(), want_high);
    ASSERT_EQ(std::vector<int8_t>(low, low + count), want_low);
  }
  TileBuffer<int16_t> table_{laid_out()};
};

std::vector<int32_t> random_limits(Tiles& tiles, size_t rows, int32_t keys) {
  std::vector<int32_t> limits(rows, keys);
  switch (tiles.number(0, 3)) {
    case 0:
      break;  // all keys
    case 1:
      limits.assign(rows, tiles.number(0, keys));
      break;   // padded
    case 2: {  // causal
      const int32_t first = tiles.number(0, keys);
      for (size_t i = 0; i < rows; ++i) limits[i] = first + static_cast<int32_t>(i) + 1;
      break;
    }
    default:
      for (int32_t& limit : limits) limit = tiles.number(0, keys);  // rows of a step
  }
  return limits;
}

// From exponents that are all alike to ones that saturate at both ends.
AttentionBlock random_scale(Tiles& tiles) {
  return {tiles.number<int16_t>(0, 32767), tiles.number(14u, 32u), 0};
}

TEST_F(Attention, RandomBlocksEqualTheReference) {
  Tiles tiles(51);
  for (int round = 0; round < kRounds / 2; ++round) {
    State state(round % 32 == 0 ? 4 : 1);
    const int blocks = round % 32 == 1 ? 7 : 2;  // kRounds blocks in all, and more
    AttentionBlock of = random_scale(tiles);
    TileBuffer<int8_t> q(tiles.tile<int8_t>(kTileElements));
    const auto limits = random_limits(tiles, state.rows.size(), blocks * int32_t{kTile});
    for (int i = 0; i < blocks; ++i) {
      of.first_key = i * static_cast<int32_t>(kTile);
      block(state, q, tiles.tile<int8_t>(kObjectBytes), of, limits);
    }
    ASSERT_NO_FATAL_FAILURE(expect_equal(state, tiles.number(0u, 8u))) << "round " << round;
  }
}

// What rows do not see may hold anything.
TEST_F(Attention, KeysBeyondTheLimitHaveNoInfluence) {
  Tiles tiles(52);
  TileBuffer<int8_t> q(tiles.tile<int8_t>(kTileElements));
  const AttentionBlock of{20000, 24, 0};
  for (int32_t limit = 0; limit <= 64; ++limit) {
    const std::vector<int32_t> limits(kGroupRows, limit);
    std::vector<int8_t> keys = tiles.tile<int8_t>(kObjectBytes, -100, 100);
    State first(1), second(1);
    block(first, q, keys, of, limits);
    for (unsigned key = static_cast<unsigned>(limit); key < kTile; ++key) {
      for (unsigned i = 0; i < kTile; ++i) {
        keys[(i / 8 * 8 + key / 8) * 64 + i % 8 * 8 + key % 8] = 127;
        keys[kTileElements + (key / 8 * 8 + i / 8) * 64 + key % 8 * 8 + i % 8] = -128;
      }
    }
    block(second, q, keys, of, limits);
    ASSERT_EQ(first.weighted.values(), second.weighted.values()) << "limit " << limit;
    ASSERT_EQ(first.rows[3].sum, second.rows[3].sum);
    ASSERT_EQ(first.rows[3].sum == 0, limit == 0);
  }
}

TEST_F(Attention, CombinedPartsOf256KeysEqualTheReference) {
  Tiles tiles(53);
  for (int round = 0; round < kRounds; ++round) {
    State parts[2] = {State(1), State(1)};
    for (State& part : parts) {
      part.weighted.set(tiles.tile<int32_t>(kGroupElements, -(1 << 25), 1 << 25));
      for (AttentionRow& row : part.rows) {
        row = {tiles.number(-128, 127), tiles.number(0, 4) ? tiles.number(127, 255 * 256) : 0};
      }
      part.want_rows = part.rows;
      part.want_weighted = part.weighted.values();
    }
    State turned(1);
    turned.weighted.set(parts[1].weighted.values());
    turned.rows = parts[1].rows;
    // Rows without a key hold zeros, as npu_attention_start leaves them.
    for (State* part : {&parts[0], &parts[1], &turned}) {
      std::vector<int32_t> values = part->weighted.values();
      for (unsigned row = 0; row < kGroupRows; ++row) {
        for (unsigned i = 0; i < kTile && part->rows[row].sum == 0; ++i) {
          values[tile_index(row, i)] = 0;
        }
      }
      part->weighted.set(values);
      part->want_weighted = values;
    }
    npu_attention_combine(turned.rows.data(), turned.weighted.data(), parts[0].rows.data(),
                          parts[0].weighted.data(), 1);
    npu_attention_combine(parts[0].rows.data(), parts[0].weighted.data(), parts[1].rows.data(),
                          parts[1].weighted.data(), 1);
    npu_attention_combine_ref(parts[0].want_rows.data(), parts[0].want_weighted.data(),
                              parts[1].want_rows.data(), parts[1].want_weighted.data(), 1);
    ASSERT_NO_FATAL_FAILURE(expect_equal(parts[0], 0)) << "round " << round;
    ASSERT_EQ(turned.weighted.values(), parts[0].want_weighted) << "the other way round";
  }
}

TEST_F(Attention, AlignmentScoresEqualTheReference) {
  Tiles tiles(55);
  for (int round = 0; round < kRounds; ++round) {
    TileBuffer<int8_t> q(tiles.tile<int8_t>(kGroupElements)), kt(tiles.tile<int8_t>(kTileElements));
    const AttentionBlock of{tiles.number<int16_t>(0, 32767), tiles.number(0u, 32u),
                            tiles.number(0, 1536)};
    TileBuffer<int16_t> out(kGroupElements);
    std::vector<int16_t> want(kGroupElements);
    npu_alignment_scores_i16(q.data(), kt.data(), &of, out.data());
    npu_alignment_scores_i16_ref(q.data(), kt.data(), &of, want.data());
    ASSERT_EQ(out.values(), want) << "round " << round;
  }
}

// Against softmax in double. Exponents are rounded to 2^-9 (0.14 %), weights of at most 255 to
// 0.55, all under a sum of at least 127 times the true one; twice, for weighted and for sum.
TEST_F(Attention, IsWithinItsBoundOfDouble) {
  Tiles tiles(54);
  for (int round = 0; round < 50; ++round) {
    const int blocks = 6, keys = 370;
    State state(1);
    TileBuffer<int8_t> q(tiles.tile<int8_t>(kTileElements, -60, 60));
    const std::vector<int8_t> query = q.values();
    AttentionBlock of{16384, tiles.number(16u, 22u), 0};
    const std::vector<int32_t> limits(kGroupRows, keys);
    std::vector<std::vector<int8_t>> all;
    for (int i = 0; i < blocks; ++i) {
      all.push_back(tiles.tile<int8_t>(kObjectBytes, -90, 90));
      of.first_key = i * static_cast<int32_t>(kTile);
      block(state, q, all.back(), of, limits);
    }
    TileBuffer<int8_t> out(kGroupElements);
    npu_attention_finish_i8(state.rows.data(), state.weighted.data(), 0, out.data(), 1);
    const std::vector<int8_t> got = out.values();
    for (unsigned row = 0; row < kGroupRows; ++row) {
      std::vector<double> exponents;
      for (unsigned key = 0; key < static_cast<unsigned>(keys); ++key) {
        double score = 0;
        for (unsigned i = 0; i < kTile; ++i) {
          score += double(query[tile_index(row, i)]) *
                   all[key / 64][(i / 8 * 8 + key % 64 / 8) * 64 + i % 8 * 8 + key % 8];
        }
        exponents.push_back(
            std::min(127.0, std::max(-128.0, std::ldexp(score * of.mult, -int(of.shift) - 8))));
      }
      const double greatest = *std::max_element(exponents.begin(), exponents.end());
      double sum = 0;
      for (double& e : exponents) sum += e = std::exp2(e - greatest);
      const double bound = 2 * 128 * (0.55 * keys / (127 * sum) + 0.003) + 0.6;
      for (unsigned i = 0; i < kTile; ++i) {
        double want = 0;
        for (unsigned key = 0; key < exponents.size(); ++key) {
          want +=
              exponents[key] / sum *
              all[key / 64][kTileElements + (key % 64 / 8 * 8 + i / 8) * 64 + key % 8 * 8 + i % 8];
        }
        ASSERT_LE(want - bound, got[tile_index(row, i)]);
        ASSERT_LE(got[tile_index(row, i)], want + bound);
      }
    }
  }
}

// Half for the result, 0.03 for the line (255 ln2^2 / 16^2 / 16), 0.005 for its offset and slope.
TEST(Exp2Table, IsWithinItsBoundOfExp2) {
  const LinearTable table = make_exp2_table();
  for (int x = -32768; x <= -1; ++x) {
    const double want = 255 * std::exp2((x + 1) / 256.0);
    const double got = evaluate_exp2(table, static_cast<int16_t>(x));
    ASSERT_LE(want - 0.536, got) << x;
    ASSERT_LE(got, want + 0.536) << x;
  }
  EXPECT_EQ(evaluate_exp2(table, -1), 255);
  EXPECT_EQ(evaluate_exp2(table, kNoWeight), 0);
}

}  // namespace
