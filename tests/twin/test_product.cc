// SPDX-License-Identifier: LGPL-2.1-or-later
#include "test_product.h"

#include <algorithm>
#include <random>

#include "result.h"

namespace npu::twin::testing {
namespace {

using kernels::Descriptor;

constexpr unsigned kShift = 22;

// To the nearest, ties to even; then saturated.
int8_t requantise(int32_t sum, int16_t mult) {
  const int64_t value = int64_t{sum} * mult;
  const int64_t down = value >> kShift, rest = value - (down << kShift);
  const int64_t half = int64_t{1} << (kShift - 1);
  const int64_t rounded = down + (rest > half || (rest == half && down % 2 != 0));
  return static_cast<int8_t>(std::clamp<int64_t>(rounded, -128, 127));
}

struct Random {
  explicit Random(uint32_t seed) : engine(seed) {}
  int32_t number(int32_t least, int32_t most) {
    return least + static_cast<int32_t>(engine() % static_cast<uint32_t>(most - least + 1));
  }
  std::mt19937 engine;
};

}  // namespace

size_t tiled(size_t row, size_t column, size_t columns) {
  const size_t tile = row / 64 * (columns / 64) + column / 64;
  const size_t block = row % 64 / 4 * 8 + column % 64 / 8;
  return tile * 4096 + block * 32 + row % 4 * 8 + column % 8;
}

Descriptor empty_descriptor(kernels::Op op, uint32_t rows, uint16_t tiles, uint16_t count) {
  Descriptor d;
  std::memset(static_cast<void*>(&d), 0, sizeof(d));
  d.head.magic = 0x55504E77;
  d.head.version = 1;
  d.head.op = op;
  d.head.rows = rows;
  d.head.m_tiles = tiles;
  d.head.count = count;
  d.head.columns = kColumns;
  return d;
}

void append(std::vector<int8_t>* to, const Descriptor& descriptor) {
  const int8_t* bytes = reinterpret_cast<const int8_t*>(&descriptor);
  to->insert(to->end(), bytes, bytes + sizeof(descriptor));
}

Product::Product(unsigned m_, unsigned k_, unsigned n_, uint32_t seed)
    : m(m_), k(k_), n(n_), a(size_t{m_} * k_), wanted(size_t{m_} * n_) {
  Random random(seed);
  std::vector<int8_t> left(size_t{m} * k), right(size_t{k} * n);
  for (int8_t& value : left) value = static_cast<int8_t>(random.number(-128, 127));
  for (int8_t& value : right) value = static_cast<int8_t>(random.number(-128, 127));
  std::vector<int32_t> bias(n);
  std::vector<int16_t> mult(n);
  for (int32_t& value : bias) value = random.number(-20000, 20000);
  for (int16_t& value : mult) value = static_cast<int16_t>(random.number(1000, 16000));
  for (size_t row = 0; row < m; ++row) {
    for (size_t i = 0; i < k; ++i) a[tiled(row, i, k)] = left[row * k + i];
    for (size_t column = 0; column < n; ++column) {
      int32_t sum = bias[column];
      for (size_t i = 0; i < k; ++i) sum += left[row * k + i] * right[i * n + column];
      wanted[tiled(row, column, n)] = requantise(sum, mult[column]);
    }
  }
  const uint16_t tiles = static_cast<uint16_t>(rounds());
  const uint16_t count = static_cast<uint16_t>(k / 128);
  for (unsigned column = 0; column < kColumns; ++column) {
    b_offsets.push_back(b.size());
    for (unsigned tile = column; tile < (n + 255) / 256 * 4; tile += kColumns) {
      if (tile >= n / 64) {
        append(&b, empty_descriptor(kernels::Op::kPass, m, tiles, count));
        continue;
      }
      Descriptor d = empty_descriptor(kernels::Op::kMatmul, m, tiles, count);
      d.head.epilogue = kernels::Epilogue::kI8;
      d.head.shift = kShift;
      std::copy_n(bias.begin() + tile * 64, 64, d.bias);
      std::copy_n(mult.begin() + tile * 64, 64, d.mult);
      append(&b, d);
      // Objects of 128 x 64 in blocks of 8 x 8.
      for (size_t block = 0; block < size_t{k} * 64 / 64; ++block) {
        for (size_t i = 0; i < 64; ++i) {
          b.push_back(right[(block / 8 * 8 + i / 8) * n + tile * 64 + block % 8 * 8 + i % 8]);
        }
      }
    }
  }
}

std::vector<int8_t> Product::b_by_tile() const {
  const size_t bytes = (1 + k / 128) * 8192;
  std::vector<int8_t> all;
  for (unsigned tile = 0; tile < n / 64; ++tile) {
    const size_t from = b_offsets[tile % kColumns] + tile / kColumns * bytes;
    all.insert(all.end(), b.begin() + static_cast<ptrdiff_t>(from),
               b.begin() + static_cast<ptrdiff_t>(from + bytes));
  }
  return all;
}

Arguments place(const Product& product, TestMemory* memory) {
  const uint32_t a = memory->add(product.a), b = memory->add(product.b);
  return {a, b, memory->add(size_t{product.rounds()} * 256 * product.n)};
}

void write_tasks(const Product& product, const Arguments& at, TestStream* to, unsigned first) {
  const uint32_t rounds = product.rounds(), all = (product.n + 255) / 256;
  const uint32_t k_tiles = product.k / 64, n_tiles = product.n / 64;
  const uint32_t objects = product.k / 128 * kObjectWords;
  for (unsigned column = 0; column < kColumns; ++column) {
    const uint32_t mine = product.tiles_of(column);
    unsigned bd = first;
    if (mine > 0) {
      const TestBd c = {rounds * kRows * kTileWords, 512, 1, 2, 512, n_tiles * kTileWords, mine,
                        kColumns * kTileWords};
      to->task(c_out(column), bd++, c, at.c, column * kTileWords * 4, mine);
    }
    // A of core row `column`, where it has valid rows.
    const uint32_t row_tiles = (product.m / 64 + kRows - 1 - column) / kRows;
    if (row_tiles > 0) {
      const TestBd a = {row_tiles * k_tiles * kTileWords, 512, 1, 2 * k_tiles, 512,
                        kRows * k_tiles * kTileWords};
      to->task(a_in(column), bd++, a, at.a, column * k_tiles * kTileWords * 4, all);
    }
    // B: a chain of the descriptor and the objects of each round, repeated for the N tiles.
    const uint32_t offset = static_cast<uint32_t>(product.b_offsets[column]);
    const uint32_t step = kObjectWords + objects;
    const unsigned chain = bd;
    for (unsigned part = 0; part <= rounds && mine > 0; ++part, ++bd) {
      TestBd b = {part == 0 ? kObjectWords : objects};
      if (mine > 1) b.iterations = mine, b.iteration_step = step;
      if (part < rounds) b.next = static_cast<int>(bd) + 1;
      to->bd(column, bd, b);
      to->patch(column, bd, at.b, offset + (part == 0 ? 0 : kObjectWords * 4));
    }
    if (mine > 0) to->push(b_in(column), chain, mine);
    if (mine < all) {
      to->task(b_in(column), bd++, {kObjectWords}, at.b, offset + mine * step * 4);
    }
  }
}

void write_waits(TestStream* to, unsigned columns) {
  for (unsigned column = 0; column < columns; ++column) to->wait(c_out(column));
}

std::string difference(const Product& product, const int8_t* c) {
  for (size_t row = 0; row < product.m; ++row) {
    for (size_t column = 0; column < product.n; ++column) {
      const size_t at = tiled(row, column, product.n);
      if (c[at] != product.wanted[at]) {
        return text("row ", row, " column ", column, ": expected ", int{product.wanted[at]},
                    ", found ", int{c[at]});
      }
    }
  }
  return "";
}

}  // namespace npu::twin::testing
