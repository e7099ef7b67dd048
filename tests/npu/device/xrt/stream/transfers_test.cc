// SPDX-License-Identifier: LGPL-2.1-or-later
// The transfers of every operation bring and take its objects, in the order that cores have them.
// The stream's words are executed on shims; the objects come one by one from their definition.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "device/xrt/stream/schedule.h"
#include "operations.h"
#include "shims.h"

namespace npu::testing {
namespace {

using namespace array;

const AppendedRow kRows[] = {{0, 63}, {1, 5}, {2, 64}, {3, 0}, {1, 6}};

void add(Ranges& to, const Binding& binding, std::span<const Piece> object) {
  for (const Piece& piece : object) {
    if (!piece.place) {
      to.add(kWasteArgument, 0, piece.bytes);
      continue;
    }
    const Place place = binding.place(*piece.place);
    to.add(place.argument, place.offset_bytes, piece.bytes);
  }
}

// C of the four cores joined, object by object.
Ranges joined(const Operation& operation, const Binding& binding, unsigned column) {
  std::vector<std::vector<Piece>> objects[4];
  for (unsigned row = 0; row < 4; ++row) {
    for_each_c(operation, column, row, binding.rows, [&](std::span<const Piece> object) {
      objects[row].emplace_back(object.begin(), object.end());
    });
  }
  Ranges all(kWasteArgument);
  for (size_t i = 0; i < objects[0].size(); ++i) {
    for (const auto& of_row : objects) {
      EXPECT_EQ(of_row.size(), objects[0].size());
      add(all, binding, of_row[i]);
    }
  }
  return all;
}

void expect_same(const std::vector<Range>& found, const std::vector<Range>& wanted,
                 const std::string& what) {
  for (size_t i = 0; i < std::max(found.size(), wanted.size()); ++i) {
    const Range a = i < found.size() ? found[i] : Range{},
                b = i < wanted.size() ? wanted[i] : Range{};
    ASSERT_EQ(a, b) << what << ", range " << i << ": expected argument " << b.argument << " at "
                    << b.first << ", " << b.bytes << " bytes, found " << a.argument << " at "
                    << a.first << ", " << a.bytes;
  }
}

void expect_objects(const Operation& operation, const Binding& binding, Shims& shims) {
  for (unsigned i = 0; i < kColumns; ++i) {
    Ranges a(kWasteArgument), b(kWasteArgument);
    for_each_a(operation, i, [&](std::span<const Piece> object) { add(a, binding, object); });
    for_each_b(operation, i, [&](std::span<const Piece> object) { add(b, binding, object); });
    expect_same(shims.ranges(i, 2), a.all(), text(operation.name, ": A of core row ", i));
    expect_same(shims.ranges(i, 3), b.all(), text(operation.name, ": B of column ", i));
    expect_same(shims.ranges(i, 0), joined(operation, binding, i).all(),
                text(operation.name, ": C of column ", i));
  }
}

uint64_t bytes(const std::vector<Task>& tasks, const Channel& channel) {
  uint64_t sum = 0;
  for (const Task& task : tasks) {
    if (task.channel != channel) continue;
    for (const ShimBd& bd : task.chain) sum += uint64_t{bd.length} * 4 * task.repeats;
  }
  return sum;
}

// Objects that have left a column when it has worked on its first `rounds` tiles: those that are
// full, and at the end of an output the last one.
uint64_t objects_after(const Operation& operation, unsigned column, uint32_t rounds) {
  uint64_t objects = 0;
  if (column >= operation.dealt) return 0;
  for (const Output& output : operation.outputs) {
    uint64_t done = 0, all = 0;
    for (uint32_t i = 0, tile = column; tile < operation.tiles; ++i, tile += operation.dealt) {
      if (tile < output.first_tile || tile >= output.first_tile + output.tile_count) continue;
      ++all;
      if (i < rounds) ++done;
    }
    switch (output.to.layout) {
      case Layout::kT64:
      case Layout::kKeys:
      case Layout::kValues:
        objects += done * operation.m_tiles;
        break;
      case Layout::kFine:
      case Layout::kResidual:
      case Layout::kParts:
        objects += 2 * done * operation.m_tiles;
        break;
      case Layout::kNarrow:
      case Layout::kCacheRows:
        objects += done == all ? (done + 3) / 4 : done / 4;
        break;
      case Layout::kNarrowFine:
      case Layout::kNarrowResidual:
        objects += done == all ? (done + 1) / 2 : done / 2;
        break;
      case Layout::kLogits: {
        const uint64_t each = 4096 / output.to.column_step;
        objects += done == all ? (done + each - 1) / each : done / each;
        break;
      }
      case Layout::kScores:
        objects += done * ((operation.count + 1) / 2);
        break;
      case Layout::kCandidates:
        objects += done == all && done > 0 ? 1 : 0;
    }
  }
  return objects;
}

// A has ended when its token has come, or the object that C gives with the last tile of the slice.
void expect_end_of_a(const Operation& operation, const Slice& slice, uint32_t rounds,
                     const std::string& what) {
  const uint32_t last = std::min(operation.tiles, rounds * operation.dealt) - 1;
  const unsigned column = last % operation.dealt;
  if (objects_after(operation, column, rounds) > objects_after(operation, column, rounds - 1))
    return;
  for (unsigned row = 0; row < kColumns; ++row) {
    const Task* end = nullptr;
    for (const Task& task : slice.a)
      if (task.channel == a_channel(row)) end = &task;
    if (end) {
      EXPECT_TRUE(end->token) << what << ", core row " << row;
    }
  }
}

// A, B and C of each slice are those of the same rounds: its tokens come without those behind it.
void expect_whole_rounds(const Operation& operation, const Transfers& transfers) {
  if (operation.op == kernels::Op::kLayerNorm) {
    EXPECT_EQ(transfers.slices.size(), 1u);
    return;
  }
  std::array<uint64_t, kColumns> a{}, b{}, c{};
  for (size_t i = 0; i < transfers.slices.size(); ++i) {
    const Slice& slice = transfers.slices[i];
    for (unsigned column = 0; column < kColumns; ++column) {
      a[column] += bytes(slice.a, a_channel(column));
      b[column] += bytes(slice.b, b_channel(column));
      c[column] += bytes(slice.c, c_channel(column));
    }
    const bool goes_on = i + 1 < transfers.slices.size() && transfers.slices[i + 1].a.empty();
    uint32_t rounds = 0;
    Operation part = operation;
    for (uint64_t found = 0; found < a[0]; ++rounds) {
      ASSERT_LT(rounds, operation.rounds());
      part.tiles = std::min(operation.tiles, (rounds + 1) * operation.dealt);
      found = 0;
      for_each_a(part, 0, [&](std::span<const Piece>) { found += kernels::kObjectBytes; });
    }
    if (!slice.a.empty())
      expect_end_of_a(operation, slice, rounds, text(operation.name, ", slice ", i));
    for (unsigned column = 0; column < kColumns; ++column) {
      uint64_t of_a = 0, of_b = 0;
      for_each_a(part, column, [&](std::span<const Piece>) { of_a += kernels::kObjectBytes; });
      for_each_b(part, column, [&](std::span<const Piece>) { of_b += kernels::kObjectBytes; });
      ASSERT_EQ(a[column], of_a) << operation.name << ", slice " << i;
      ASSERT_EQ(b[column], of_b) << operation.name << ", slice " << i;
      const uint64_t of_c = objects_after(operation, column, rounds) * kWasteBytes;
      ASSERT_LE(c[column], of_c) << operation.name << ", slice " << i;
      if (goes_on) continue;
      ASSERT_EQ(c[column], of_c) << operation.name << ", slice " << i;
    }
  }
}

Transfers expect_transfers(const Operation& operation, std::span<const AppendedRow> rows = kRows) {
  const Binding bound = binding(rows);
  Result<Transfers> transfers = transfers_of(operation, bound);
  if (!transfers) {
    ADD_FAILURE() << transfers.error().message;
    return {};
  }
  const Result<std::vector<uint32_t>> words = stream_of({&*transfers, 1});
  if (!words) {
    ADD_FAILURE() << words.error().message;
    return {};
  }
  Shims shims(kWasteArgument);
  shims.execute(*words);
  expect_objects(operation, bound, shims);
  expect_whole_rounds(operation, *transfers);
  return *std::move(transfers);
}

struct Size {
  const char* name;
  size_t width, mel, vocabulary;
};
const Size kSizes[] = {{"tiny", 384, 256, 51865},
                       {"base", 512, 256, 51865},
                       {"small", 768, 256, 51865},
                       {"medium", 1024, 256, 51865},
                       {"large", 1280, 384, 51866}};

class TransfersOf : public ::testing::TestWithParam<Size> {};

TEST_P(TransfersOf, TheEncoder) {
  OperationMaker make;
  for (const Operation& operation : make.encoder(GetParam().width, GetParam().mel)) {
    expect_transfers(operation);
  }
}

TEST_P(TransfersOf, TheDecoder) {
  OperationMaker make;
  for (const Operation& operation : make.decoder(GetParam().width, GetParam().vocabulary)) {
    expect_transfers(operation);
  }
}
INSTANTIATE_TEST_SUITE_P(Whisper, TransfersOf, ::testing::ValuesIn(kSizes),
                         [](const auto& row) { return row.param.name; });

TEST(Transfers, OfRandomShapes) {
  std::mt19937 random(5);
  const auto number = [&](size_t least, size_t most) {
    return std::uniform_int_distribution<size_t>(least, most)(random);
  };
  for (int i = 0; i < 100; ++i) {
    OperationMaker make;
    const auto rows = static_cast<uint32_t>(256 * number(1, 8));
    const size_t k = 64 * number(1, 24), n = 64 * number(1, 40), heads = 2 * number(1, 10),
                 blocks = number(1, 24);
    const auto few = static_cast<uint32_t>(number(1, 16));
    const bool fine = number(0, 1) == 1;
    const Layout whole = fine ? Layout::kFine : Layout::kT64,
                 narrow = fine ? Layout::kNarrowFine : Layout::kNarrow;
    const Layout outs[] = {Layout::kT64, Layout::kFine, Layout::kResidual};
    const Layout narrow_outs[] = {Layout::kNarrow, Layout::kNarrowFine, Layout::kNarrowResidual};
    expect_transfers(make.product(rows, k, n, whole, outs[number(0, 2)]));
    expect_transfers(make.residual_product(rows, k, n, whole));
    expect_transfers(make.taps(rows, k, n, static_cast<uint32_t>(number(1, 4))));
    expect_transfers(make.qkv(rows, heads, rows / 64));
    expect_transfers(make.layer_norm(rows, 64 * number(1, 20), fine));
    expect_transfers(make.attention(rows, heads, blocks, fine, Buffer::kActivations));
    expect_transfers(make.product(few, k, n, narrow, narrow_outs[number(0, 2)]));
    expect_transfers(make.residual_product(few, k, n, narrow));
    expect_transfers(make.qkv(few, heads, 7));
    expect_transfers(make.layer_norm(few, 64 * number(1, 20), fine));
    expect_transfers(make.attention(few, heads, blocks, fine, Buffer::kCross));
    expect_transfers(make.part(heads, blocks));
    expect_transfers(make.combine(heads, number(1, 16), fine));
    expect_transfers(make.alignment(heads, blocks));
    expect_transfers(make.top_k(k, 64 * number(1, 900)));
    expect_transfers(make.combine(number(60, 300), 2, fine));  // in slices
    if (HasFailure()) FAIL() << "round " << i;
  }
}

// Rows that lie evenly apart share a descriptor; others need one each, and what a shim has not at
// once comes later, in slices of their own.
TEST(Transfers, OfRowsOfCachesAnywhere) {
  std::vector<AppendedRow> even, apart;
  for (uint8_t i = 0; i < 16; ++i) {
    even.push_back({0, 40 + i % 8});
    apart.push_back({i, i * i + 3});
  }
  OperationMaker make;
  for (const size_t heads : {6, 8, 12, 16, 20}) {
    const Operation operation = make.qkv(16, heads, 7);
    const Transfers some = expect_transfers(operation, even);
    const Transfers many = expect_transfers(operation, apart);
    EXPECT_LT(some.slices.size(), many.slices.size());
    const Transfers one = expect_transfers(operation, {apart.data(), 1});
    EXPECT_LE(one.slices.size(), 3u);
  }
}

TEST(Transfers, OfAddedStreams) {
  OperationMaker make;
  for (const uint32_t rows : {16u, 256u, 512u}) {
    for (const size_t width : {384, 512, 1280}) {
      Operation add =
          make.residual_product(rows, width, width, rows == 16 ? Layout::kNarrow : Layout::kT64);
      add.op = kernels::Op::kAdd;
      add.count = 0;
      add.in = make.matrix(add.residual->layout, rows, width);
      const Binding bound = binding({});
      const Result<Transfers> transfers = transfers_of(add, bound);
      ASSERT_TRUE(transfers) << transfers.error().message;
      Shims shims(kWasteArgument);
      shims.execute(*stream_of({&*transfers, 1}));
      for (unsigned row = 0; row < (rows == 16 ? 1u : 4u); ++row) {
        Ranges wanted(kWasteArgument);
        for (uint32_t round = 0; round < add.rounds(); ++round) {
          for (uint32_t t = 0; t < add.m_tiles; ++t) {
            for (uint32_t tile = 4 * round; tile < std::min(add.tiles, 4 * round + 4); ++tile) {
              for (const Tiles& from : {add.in, *add.residual}) {
                const Piece piece{
                    from.place + ((4 * t + row) * from.row_step + tile * from.column_step), 8192};
                testing::add(wanted, bound, {&piece, 1});
              }
            }
          }
        }
        expect_same(shims.ranges(row, 2), wanted.all(), text("A of core row ", row));
      }
      for (unsigned column = 0; column < kColumns; ++column) {
        expect_same(shims.ranges(column, 0), joined(add, bound, column).all(),
                    text("C of column ", column));
      }
    }
  }
}

struct Refused {
  const char* name;
  void (*change)(Operation&);
  const char* message;
};
const Refused kRefused[] = {
    {"Pass", [](Operation& op) { op.op = kernels::Op::kPass; },
     "operation: expected one that gives something, found 0"},
    {"NoTiles", [](Operation& op) { op.tiles = 0; }, "tiles: expected at least 1, found 0"},
    {"Columns", [](Operation& op) { op.dealt = 3; }, "columns: expected 4 or 1, found 3"},
    {"Rows", [](Operation& op) { op.rows = 100; },
     "rows: expected at most 16 or a multiple of 256, found 100"},
    {"RowTiles", [](Operation& op) { op.m_tiles = 2; },
     "row tiles of a core: expected 1 for 256 rows, found 2"},
    {"OneStream", [](Operation& op) { op.op = kernels::Op::kAdd; },
     "second streams: expected 1, found 0"},
    {"NoOutput", [](Operation& op) { op.outputs.clear(); },
     "outputs: expected at least 1, found 0"},
    {"NarrowOutput", [](Operation& op) { op.outputs[0].to.layout = Layout::kNarrow; },
     "rows of a narrow output: expected at most 16, found 256"},
    {"NoRowsOfACache", [](Operation& op) { op.outputs[0].to.layout = Layout::kCacheRows; },
     "rows of a cache: expected 1 to 16, found 0"},
    {"Step", [](Operation& op) { op.outputs[0].to.row_step = uint64_t{1} << 23; },
     "buffer descriptor: D2 step: expected 1 to 1048576 words, found 2097152"},
};

class Refusal : public ::testing::TestWithParam<Refused> {};

TEST_P(Refusal, SaysWhatWasExpected) {
  OperationMaker make;
  Operation operation = make.product(256, 256, 256, Layout::kT64, Layout::kT64);
  ASSERT_TRUE(transfers_of(operation, binding({})));
  GetParam().change(operation);
  const Result<Transfers> transfers = transfers_of(operation, binding({}));
  ASSERT_FALSE(transfers);
  EXPECT_EQ(transfers.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(transfers.error().message,
            std::string("transfers of product 256 x 256 x 256: ") + GetParam().message);
}
INSTANTIATE_TEST_SUITE_P(Transfers, Refusal, ::testing::ValuesIn(kRefused),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace npu::testing
