// SPDX-License-Identifier: LGPL-2.1-or-later
#include "operations.h"

namespace npu::testing {

using namespace array;
using kernels::kObjectBytes;
using kernels::Op;

namespace {

constexpr uint32_t kDecodeRows = 16;
constexpr size_t kPositions = 1536;

bool is_narrow(uint32_t rows) {
  return rows <= kDecodeRows;
}

}  // namespace

BufferPlace OperationMaker::take(Buffer buffer, uint64_t bytes) {
  uint64_t& used = used_[static_cast<size_t>(buffer)];
  const BufferPlace place{buffer, 0, used};
  used += (bytes + 63) / 64 * 64;
  return place;
}

Tiles OperationMaker::matrix(Layout layout, size_t rows, size_t columns) {
  return matrix_at(take(Buffer::kActivations, matrix_bytes(layout, rows, columns)), layout,
                   columns);
}

Tiles OperationMaker::keys(Layout layout, size_t heads, size_t blocks, bool values, Buffer buffer) {
  return keys_at(take(buffer, keys_bytes(heads, blocks)), layout, heads, blocks, values);
}

Operation OperationMaker::base(const std::string& name, Op op, uint32_t rows, uint32_t tiles) {
  Operation operation;
  operation.name = name;
  operation.op = op;
  operation.rows = rows;
  operation.m_tiles = (rows + 255) / 256;
  operation.tiles = tiles;
  return operation;
}

void OperationMaker::add_pass(Operation& operation) {
  if (operation.tiles % operation.dealt != 0 || operation.dealt < kColumns)
    operation.pass = take(Buffer::kWeights, kObjectBytes);
}

Operation OperationMaker::product(uint32_t rows, size_t k, size_t n, Layout in, Layout out) {
  Operation made = base(text("product ", rows, " x ", k, " x ", n), Op::kMatmul, rows, tiles_of(n));
  made.in = matrix(in, rows, k);
  made.in_tiles = tiles_of(k);
  made.planes = is_fine(in) ? 2 : 1;
  made.count = (tiles_of(k) + 1) / 2;
  made.descriptor_step = made.object_step = (1 + made.count) * kObjectBytes;
  made.descriptors = take(Buffer::kWeights, made.tiles * made.descriptor_step);
  made.objects = made.descriptors + kObjectBytes;
  made.outputs = {{0, made.tiles, matrix(out, rows, n)}};
  add_pass(made);
  return made;
}

Operation OperationMaker::residual_product(uint32_t rows, size_t k, size_t n, Layout in) {
  const Layout stream = is_narrow(rows) ? Layout::kNarrowResidual : Layout::kResidual;
  Operation made = product(rows, k, n, in, stream);
  made.name += " + residual";
  made.residual = made.outputs[0].to;  // in place
  return made;
}

Operation OperationMaker::qkv(uint32_t rows, size_t heads, size_t blocks) {
  const bool narrow = is_narrow(rows);
  Operation made = product(rows, heads * 64, 3 * heads * 64,
                           narrow ? Layout::kNarrow : Layout::kT64, Layout::kT64);
  made.name = text("Q, K, V of ", heads, " heads, ", rows, " rows");
  const auto count = static_cast<uint32_t>(heads);
  const Buffer cache = narrow ? Buffer::kSelf : Buffer::kActivations;
  made.outputs = {
      {0, count, matrix(narrow ? Layout::kNarrow : Layout::kT64, rows, heads * 64)},
      {count, count,
       keys(narrow ? Layout::kCacheRows : Layout::kKeys, heads, blocks, false, cache)},
      {2 * count, count,
       keys(narrow ? Layout::kCacheRows : Layout::kValues, heads, blocks, true, cache)}};
  return made;
}

Operation OperationMaker::taps(uint32_t rows, size_t k, size_t n, uint32_t taps) {
  Operation made = product(rows, taps * k, n, Layout::kT64, Layout::kT64);
  made.name += " of taps";
  made.taps = taps;
  made.in = matrix(Layout::kT64, taps * rows, k);
  made.in_tiles = tiles_of(k);
  made.tap_step = matrix_bytes(Layout::kT64, rows, k);
  return made;
}

Operation OperationMaker::layer_norm(uint32_t rows, size_t width, bool fine) {
  const bool narrow = is_narrow(rows);
  Operation made = base(text("layer norm ", rows, " x ", width), Op::kLayerNorm, rows, kColumns);
  made.in = matrix(narrow ? Layout::kNarrowResidual : Layout::kResidual, rows, width);
  made.in_tiles = tiles_of(width);
  made.descriptor_step = kObjectBytes;
  made.descriptors = take(Buffer::kWeights, kColumns * kObjectBytes);
  const Layout out = narrow ? (fine ? Layout::kNarrowFine : Layout::kNarrow)
                            : (fine ? Layout::kFine : Layout::kT64);
  made.outputs = {{0, made.in_tiles, matrix(out, rows, width)}};
  return made;
}

Operation OperationMaker::attention(uint32_t rows, size_t heads, size_t blocks, bool fine,
                                    Buffer from) {
  const bool narrow = is_narrow(rows);
  Operation made =
      base(text("attention of ", rows, " rows, ", heads, " heads, ", blocks, " blocks"),
           Op::kAttention, rows, static_cast<uint32_t>(heads));
  made.in = matrix(narrow ? Layout::kNarrow : Layout::kT64, rows, heads * 64);
  made.in_tiles = made.tiles;
  made.descriptor_step = kObjectBytes;
  made.descriptors = take(narrow ? Buffer::kHost : Buffer::kWeights, made.tiles * kObjectBytes);
  const Tiles all = keys(Layout::kKeys, heads, blocks + 3, false, from);  // room for more
  made.objects = all.place;
  made.object_step = all.column_step;
  made.count = static_cast<uint32_t>(blocks);
  const Layout out = narrow ? (fine ? Layout::kNarrowFine : Layout::kNarrow)
                            : (fine ? Layout::kFine : Layout::kT64);
  made.outputs = {{0, made.tiles, matrix(out, rows, heads * 64)}};
  add_pass(made);
  return made;
}

Operation OperationMaker::part(size_t heads, size_t blocks) {
  Operation made = attention(5, heads, blocks, false, Buffer::kCross);
  made.name = "a part of " + made.name;
  constexpr size_t kParts = 6;
  const Tiles parts{take(Buffer::kActivations, heads * kParts * kObjectBytes),
                    Layout::kParts,
                    made.tiles,
                    kObjectBytes,
                    kParts * kObjectBytes,
                    0};
  made.outputs = {{0, made.tiles, parts}};
  return made;
}

Operation OperationMaker::combine(size_t heads, size_t parts, bool fine) {
  Operation made = base(text("combine ", parts, " parts of ", heads, " heads"), Op::kCombine, 16,
                        static_cast<uint32_t>(heads));
  made.dealt = 1;
  made.in = {take(Buffer::kActivations, heads * parts * kObjectBytes),
             Layout::kParts,
             made.tiles,
             kObjectBytes,
             parts * kObjectBytes,
             0};
  made.in_tiles = static_cast<uint32_t>(parts);
  made.descriptor_step = kObjectBytes;
  made.descriptors = take(Buffer::kWeights, made.tiles * kObjectBytes);
  made.outputs = {
      {0, made.tiles, matrix(fine ? Layout::kNarrowFine : Layout::kNarrow, 16, heads * 64)}};
  add_pass(made);
  return made;
}

Operation OperationMaker::alignment(size_t heads, size_t blocks) {
  Operation made = attention(16, heads, blocks, false, Buffer::kCross);
  made.name = text("alignment of ", heads, " heads, ", blocks, " blocks");
  made.op = Op::kAlignment;
  const size_t objects = (blocks + 1) / 2;
  const Tiles scores{take(Buffer::kHost, heads * objects * 4096),
                     Layout::kScores,
                     made.tiles,
                     4096,
                     objects * 4096,
                     0};
  made.outputs = {{0, made.tiles, scores}};
  return made;
}

Operation OperationMaker::top_k(size_t k, size_t n) {
  Operation made = product(16, k, n, Layout::kNarrow, Layout::kNarrow);
  made.name = "vocabulary: " + made.name;
  made.outputs = {
      {0,
       made.tiles,
       {take(Buffer::kHost, kColumns * 4096), Layout::kCandidates, kColumns, 0, 4096, 0}}};
  return made;
}

Operation OperationMaker::logits(uint32_t rows, size_t k, size_t n) {
  Operation made = product(rows, k, n, Layout::kNarrow, Layout::kNarrow);
  made.name = "logits: " + made.name;
  const uint64_t bytes = rows * 64 * sizeof(int32_t);
  made.outputs = {
      {0,
       made.tiles,
       {take(Buffer::kHost, made.tiles * bytes), Layout::kLogits, made.tiles, 0, bytes, 0}}};
  return made;
}

std::vector<Operation> OperationMaker::encoder(size_t width, size_t mel) {
  const size_t heads = width / 64;
  const uint32_t rows = kPositions;
  return {
      product(3 * rows, mel, width, Layout::kFine, Layout::kT64),
      product(3 * rows, mel, width, Layout::kT64, Layout::kT64),
      taps(rows, width, width, 3),
      layer_norm(rows, width, false),
      layer_norm(rows, width, true),
      qkv(rows, heads, rows / 64),
      attention(rows, heads, rows / 64, false, Buffer::kActivations),
      attention(rows, heads, rows / 64, true, Buffer::kActivations),
      residual_product(rows, width, width, Layout::kT64),
      residual_product(rows, width, width, Layout::kFine),
      product(rows, width, 4 * width, Layout::kT64, Layout::kT64),
      product(rows, width, 4 * width, Layout::kT64, Layout::kFine),
      residual_product(rows, 4 * width, width, Layout::kT64),
      residual_product(rows, 4 * width, width, Layout::kFine),
      product(rows, width, 2 * width, Layout::kT64, Layout::kT64),
  };
}

std::vector<Operation> OperationMaker::decoder(size_t width, size_t vocabulary) {
  const size_t heads = width / 64;
  return {
      layer_norm(16, width, false),
      layer_norm(5, width, true),
      qkv(5, heads, 7),
      attention(5, heads, 2, false, Buffer::kSelf),
      attention(16, heads, 7, true, Buffer::kSelf),
      residual_product(16, width, width, Layout::kNarrow),
      residual_product(1, width, width, Layout::kNarrowFine),
      product(16, width, width, Layout::kNarrow, Layout::kNarrow),
      attention(16, heads, 24, true, Buffer::kCross),
      part(heads, 4),
      combine(heads, 6, true),
      alignment(heads, 24),
      alignment(heads, 9),
      product(16, width, 4 * width, Layout::kNarrow, Layout::kNarrow),
      product(16, width, 4 * width, Layout::kNarrow, Layout::kNarrowFine),
      residual_product(16, 4 * width, width, Layout::kNarrowFine),
      top_k(width, vocabulary),
      logits(4, width, vocabulary),
      logits(8, width, vocabulary),
      logits(16, width, vocabulary),
  };
}

Binding binding(std::span<const AppendedRow> rows) {
  constexpr uint64_t kSlotBytes = 1u << 22;
  return {
      [](const BufferPlace& place) {
        return Place{static_cast<unsigned>(place.buffer), place.slot * kSlotBytes + place.offset};
      },
      {kWasteArgument, 0},
      rows};
}

}  // namespace npu::testing
