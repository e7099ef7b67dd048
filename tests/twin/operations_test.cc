// SPDX-License-Identifier: LGPL-2.1-or-later
// Operations on the whole array against the kernels' references, and what one leaves to the next.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "array.h"
#include "attention/attention.h"
#include "gelu/gelu.h"
#include "layer_norm/layer_norm.h"
#include "matmul/matmul.h"
#include "numerics/make_tables.h"
#include "test_product.h"
#include "test_stream.h"

namespace npu::twin::testing {
namespace {

using kernels::Descriptor;
using kernels::Op;

template <typename T>
std::vector<T> random_values(size_t count, int32_t least, int32_t most, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> values(count);
  for (T& value : values) {
    value = static_cast<T>(
        least + static_cast<int32_t>(random() % static_cast<uint32_t>(most - least + 1)));
  }
  return values;
}

// Groups of 16 rows with valid ones in core row `row` of an operation of one tile a core.
unsigned groups_of(unsigned rows, unsigned row) {
  return rows <= row * 64 ? 0 : std::min(4u, (rows - row * 64 + 15) / 16);
}

// C of a column: tile `column` of each row of `tiles` tiles, then those 4 further on.
TestBd tiles_of_column(uint32_t tiles, uint32_t count) {
  return {kRows * kTileWords, 512, 1, 2, 512, tiles * kTileWords, count, kColumns * kTileWords};
}

void expect_tile(const int8_t* found, const int8_t* wanted, unsigned groups, const char* what) {
  ASSERT_TRUE(std::equal(wanted, wanted + groups * 1024, found)) << what;
}

constexpr unsigned kWidth = 512, kWidthTiles = kWidth / 64;

TEST(Operations, LayerNormEqualsItsReference) {
  constexpr unsigned kValid = 100;
  const auto x = random_values<int16_t>(2 * 64 * kWidth, -20000, 20000, 1);
  const auto gamma = random_values<int16_t>(kWidth, -3000, 3000, 2);
  const auto beta = random_values<int32_t>(kWidth, -(1 << 20), 1 << 20, 3);
  TestMemory memory;
  TestStream stream;
  const uint32_t in = memory.add(x), out = memory.add(4 * 64 * kWidth);
  for (unsigned column = 0; column < kColumns; ++column) {
    Descriptor d = empty_descriptor(Op::kLayerNorm, kValid, 1, kWidthTiles);
    d.head.select = static_cast<uint8_t>(column);
    d.head.out_shift = 12;
    d.head.epsilon = 10;
    for (unsigned i = 0; i < kWidthTiles / kColumns; ++i) {
      const unsigned first = (i * kColumns + column) * 64;
      std::copy_n(gamma.begin() + first, 64, d.norm.gamma[i]);
      std::copy_n(beta.begin() + first, 64, d.norm.beta[i]);
    }
    std::vector<int8_t> b;
    append(&b, d);
    stream.task(c_out(column), 0, tiles_of_column(kWidthTiles, 2), out, column * 4096, 2);
    stream.task(b_in(column), 1, {kObjectWords}, memory.add(b), column == 3 ? 0x8000'0000 : 0);
  }
  // Each row's tiles twice.
  for (unsigned row = 0; row < 2; ++row) {
    stream.task(a_in(row), 2, {kWidthTiles * kObjectWords}, in, row * kWidthTiles * 8192, 2);
  }
  write_waits(&stream);
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  for (unsigned row = 0; row < 2; ++row) {
    std::vector<int8_t> wanted(64 * kWidth);
    kernels::npu_layer_norm_i8_ref(x.data() + row * 64 * kWidth, kWidth, 10, gamma.data(),
                                   beta.data(), 12, wanted.data(), groups_of(kValid, row));
    for (unsigned tile = 0; tile < kWidthTiles; ++tile) {
      expect_tile(memory.bytes(out) + (row * kWidthTiles + tile) * 4096, &wanted[tile * 4096],
                  groups_of(kValid, row), "a tile of layer norm");
    }
  }
}

TEST(Operations, AttentionEqualsItsReference) {
  constexpr unsigned kQueries = 150, kBlocks = 2, kHeads = 4;
  constexpr int32_t kKeys = 100;
  const auto q = random_values<int8_t>(3 * kHeads * 4096, -40, 40, 4);
  const auto kv = random_values<int8_t>(kHeads * kBlocks * 8192, -40, 40, 5);
  TestMemory memory;
  TestStream stream;
  Descriptor d = empty_descriptor(Op::kAttention, kQueries, 1, kBlocks);
  d.head.columns = kHeads / 2;
  d.head.flags = kernels::kHasTable | kernels::kCausal;
  d.head.key_count = kKeys;
  d.head.mask_base = 10;
  d.head.shift = 22;
  d.head.out_shift = 2;
  d.mult[0] = 20000;
  kernels::lay_out(kernels::make_exp2_table(), d.table);
  const uint32_t in = memory.add(q), out = memory.add(4 * kHeads * 4096);
  std::vector<int8_t> b;
  for (unsigned head = 0; head < kHeads; ++head) {
    d.head.select = static_cast<uint8_t>(head);
    append(&b, d);
    const auto first = kv.begin() + head * kBlocks * 8192;
    b.insert(b.end(), first, first + kBlocks * 8192);
  }
  const uint32_t keys = memory.add(b);
  for (unsigned head = 0; head < kHeads; ++head) {
    stream.task(c_out(head), 0, tiles_of_column(kHeads, 1), out, head * 4096);
    stream.task(b_in(head), 1, {(1 + kBlocks) * kObjectWords}, keys, head * (1 + kBlocks) * 8192);
  }
  for (unsigned row = 0; row < 3; ++row) {
    stream.task(a_in(row), 2, {kHeads * kTileWords}, in, row * kHeads * 4096);
  }
  write_waits(&stream);
  Array array({}, kernels::Program::kDecoder);
  const Report report = array.run(stream.words(), memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  for (unsigned row = 0; row < 3; ++row) {
    const unsigned groups = groups_of(kQueries, row);
    std::vector<int32_t> limits(64);
    for (int i = 0; i < 64; ++i)
      limits[static_cast<size_t>(i)] = std::min(kKeys, 10 + static_cast<int>(row) * 64 + i + 1);
    for (unsigned head = 0; head < kHeads; ++head) {
      std::vector<kernels::AttentionRow> rows(64, kernels::AttentionRow{0, 0});
      std::vector<int32_t> weighted(4096);
      kernels::AttentionBlock block{d.mult[0], d.head.shift, 0};
      for (unsigned i = 0; i < kBlocks; ++i, block.first_key += 64) {
        kernels::npu_attention_block_i8_ref(&q[(row * kHeads + head) * 4096],
                                            &kv[(head * kBlocks + i) * 8192], &block, limits.data(),
                                            d.table, rows.data(), weighted.data(), groups);
      }
      std::vector<int8_t> wanted(4096);
      kernels::npu_attention_finish_i8_ref(rows.data(), weighted.data(), d.head.out_shift,
                                           wanted.data(), groups);
      expect_tile(memory.bytes(out) + (row * kHeads + head) * 4096, wanted.data(), groups,
                  "a tile of attention");
    }
  }
}

// C of the first is A of the second, in one stream: descriptors are used again after the waits.
void expect_chain(Array* array, const RunOptions& options) {
  const Product first(256, 128, 256, 11), second(256, 256, 256, 12);
  TestMemory memory;
  const Arguments at = place(first, &memory);
  const uint32_t b = memory.add(second.b), c = memory.add(256 * 256);
  TestStream stream;
  write_tasks(first, at, &stream);
  write_waits(&stream);
  write_tasks(second, {at.c, b, c}, &stream);
  write_waits(&stream);
  const Report report = array->run(stream.words(), memory.buffers(), options);
  ASSERT_FALSE(report.fault) << report.fault->message;
  ASSERT_EQ(difference(first, memory.bytes(at.c)), "");
  for (unsigned i = 0; i < 4 * 4; ++i) {
    const unsigned row = i / 4, tile = i % 4;
    Descriptor d;
    const int8_t* objects = &second.b[second.b_offsets[tile]];
    std::memcpy(static_cast<void*>(&d), objects, sizeof(d));
    std::vector<int32_t> sums(4096);
    kernels::npu_matmul_start_i32_ref(d.bias, sums.data(), 4);
    for (unsigned k = 0; k < 2; ++k) {
      kernels::npu_matmul_i8_ref(memory.bytes(at.c) + (row * 2 + k) * 8192,
                                 objects + (1 + k) * 8192, sums.data(), 4);
    }
    std::vector<int8_t> wanted(4096);
    kernels::npu_requantise_i8_ref(sums.data(), d.mult, d.head.shift, wanted.data(), 4);
    expect_tile(memory.bytes(c) + i * 4096, wanted.data(), 4, "a tile");
  }
}

TEST(Operations, AProductTakesWhatTheOneBeforeGaveInAnyOrderOfSteps) {
  Array array({}, kernels::Program::kEncoder);
  for (uint32_t seed = 0; seed < 4; ++seed) {
    ASSERT_NO_FATAL_FAILURE(expect_chain(&array, {seed, seed > 0})) << "seed " << seed;
  }
}

// GELU of one tile on column 0.
struct Gelu {
  explicit Gelu(bool table) {
    Descriptor d = empty_descriptor(Op::kMatmul, 64, 1, 1);
    d.head.epilogue = kernels::Epilogue::kGelu;
    d.head.shift = 18;
    d.head.out_shift = 20;
    std::fill_n(d.mult, 64, int16_t{16000});
    std::fill_n(d.out_mult, 64, int16_t{16000});
    if (table) {
      d.head.flags = kernels::kHasTable;
      kernels::lay_out(kernels::make_gelu_table(1.0 / 2048), d.table);
    }
    append(&b, d);
    const auto object = random_values<int8_t>(8192, -128, 127, 6);
    b.insert(b.end(), object.begin(), object.end());
    b_argument = memory.add(b);
    a_argument = memory.add(object);
    c_argument = memory.add(4 * 4096);
    append(&pass, empty_descriptor(Op::kPass, 64, 1, 1));
    pass_argument = memory.add(pass);
  }
  void write(TestStream* to) const {
    to->task(c_out(0), 0, {kRows * kTileWords}, c_argument, 0);
    to->task(b_in(0), 1, {2 * kObjectWords}, b_argument, 0);
    for (const unsigned column : {1u, 2u, 3u}) {
      to->bd(column, 1, {kObjectWords});
      to->patch(column, 1, pass_argument, 0);
      to->controller(b_in(column));
      to->push(b_in(column), 1, 1, true);
    }
    to->task(a_in(0), 2, {kObjectWords}, a_argument, 0);
    to->wait(c_out(0));
    for (const unsigned column : {1u, 2u, 3u}) to->wait(b_in(column));
  }
  TestMemory memory;
  std::vector<int8_t> b, pass;
  uint32_t a_argument, b_argument, c_argument, pass_argument;
};

// Tokens of A and B are as good as those of C.
TEST(Operations, AnInputMayBeWaitedFor) {
  const Gelu gelu(true);
  TestStream stream;
  gelu.write(&stream);
  stream.push(c_out(0), 0, 1, true);
  stream.push(b_in(0), 1);
  for (const unsigned column : {1u, 2u, 3u}) stream.push(b_in(column), 1, 1, true);
  stream.controller(a_in(0));
  stream.push(a_in(0), 2, 1, true);
  stream.wait(a_in(0));
  for (const unsigned column : {1u, 2u, 3u}) stream.wait(b_in(column));
  stream.wait(c_out(0));
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), gelu.memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  EXPECT_EQ(report.a_objects[0], 2u);
}

TEST(Operations, ARunFindsNothingOfTheOneBefore) {
  const Gelu with(true), without(false);
  TestStream stream;
  with.write(&stream);
  Array array({}, kernels::Program::kEncoder);
  const Report first = array.run(stream.words(), with.memory.buffers());
  ASSERT_FALSE(first.fault) << first.fault->message;
  const Report second = array.run(stream.words(), without.memory.buffers());
  ASSERT_TRUE(second.fault);
  EXPECT_EQ(second.fault->kind, FaultKind::kKernel) << second.fault->message;
  // And a fault leaves nothing to the next.
  const Report third = array.run(stream.words(), with.memory.buffers(), {7, false});
  EXPECT_FALSE(third.fault) << third.fault->message;
}

// Without valid rows a core gives what lies in its memory; it must not be the same each time.
TEST(Operations, ContentsWithoutMeaningDiffer) {
  Gelu gelu(true);
  TestStream stream;
  gelu.write(&stream);
  Array array({}, kernels::Program::kEncoder);
  std::vector<std::vector<int8_t>> found;
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    const Report report = array.run(stream.words(), gelu.memory.buffers(), {seed, false});
    ASSERT_FALSE(report.fault) << report.fault->message;
    const int8_t* c = gelu.memory.bytes(gelu.c_argument);
    found.emplace_back(c, c + 4 * 4096);
  }
  EXPECT_TRUE(std::equal(found[0].begin(), found[0].begin() + 4096, found[1].begin()));
  EXPECT_NE(found[0], found[1]);
}

TEST(Operations, IterationsGoOnInTheNextTask) {
  Gelu gelu(true);
  const uint32_t c = gelu.memory.add(2 * 4 * 4096);
  TestStream stream;
  gelu.write(&stream);
  const TestBd halves = {kRows * kTileWords, 0, 1, 0, 1, 1, 2, kRows * kTileWords};
  for (unsigned i = 0; i < 2; ++i) {
    if (i == 0) stream.bd(0, 5, halves);
    if (i == 0) stream.patch(0, 5, c, 0);
    stream.push(c_out(0), 5, 1, true);
    stream.push(b_in(0), 1);
    for (const unsigned column : {1u, 2u, 3u}) stream.push(b_in(column), 1, 1, true);
    stream.push(a_in(0), 2);
    stream.wait(c_out(0));
    for (const unsigned column : {1u, 2u, 3u}) stream.wait(b_in(column));
  }
  Array array({}, kernels::Program::kEncoder);
  const Report report = array.run(stream.words(), gelu.memory.buffers());
  ASSERT_FALSE(report.fault) << report.fault->message;
  const int8_t* wanted = gelu.memory.bytes(gelu.c_argument);
  expect_tile(gelu.memory.bytes(c), wanted, 4, "the first");
  expect_tile(gelu.memory.bytes(c) + 4 * 4096, wanted, 4, "the second");
}

}  // namespace
}  // namespace npu::twin::testing
