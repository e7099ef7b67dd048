// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core_streams.h"

#include <algorithm>

#include "fine/fine.h"
#include "gelu/gelu.h"
#include "kv_cache/kv_cache.h"
#include "logits/logits.h"
#include "numerics/make_tables.h"
#include "residual/residual.h"

namespace core_streams {

using namespace kernels;

static Bytes bytes_of(const void* from, size_t bytes) {
  Bytes copy(bytes);
  std::memcpy(copy.data(), from, bytes);
  return copy;
}

void append(Streams& to, const Descriptor& descriptor) {
  to.b.push_back(bytes_of(&descriptor, sizeof(descriptor)));
}

// The first bytes of an object, the rest of it as it may be.
void expect(Streams& to, const void* first, size_t bytes) {
  Wanted wanted(kTileElements, kAny);
  const int8_t* from = static_cast<const int8_t*>(first);
  std::copy_n(from, bytes, wanted.begin());
  to.c.push_back(wanted);
}

namespace {

// Where a reference writes: the same whatever was there before.
template <typename F>
void expect_written(Streams& to, unsigned groups, F reference) {
  std::vector<int8_t> first(kTileElements, 0), second(kTileElements, 1);
  if (groups > 0) reference(first.data()), reference(second.data());
  Wanted wanted(kTileElements, kAny);
  for (size_t i = 0; i < kTileElements; ++i) {
    if (first[i] == second[i]) wanted[i] = first[i];
  }
  to.c.push_back(wanted);
}

std::vector<int16_t> words_of(const Bytes& object) {
  std::vector<int16_t> words(object.size() / sizeof(int16_t));
  std::memcpy(words.data(), object.data(), object.size());
  return words;
}

}  // namespace

// The object in which pieces wait, as it is.
void Writer::leave(Streams& to) {
  pending_.resize(kTileElements, kAny);
  to.c.push_back(pending_);
  pending_.clear();
}

// `parts` of 1,024 bytes each as one piece.
void Writer::piece(Streams& to, const std::vector<const void*>& parts, bool any) {
  if (pending_.size() + parts.size() * kGroupElements > kTileElements) leave(to);
  for (const void* part : parts) {
    const int8_t* from = static_cast<const int8_t*>(part);
    for (size_t i = 0; i < kGroupElements; ++i) pending_.push_back(any ? int16_t{from[i]} : kAny);
  }
  if (pending_.size() == kTileElements) leave(to);
}

void Writer::give(Streams& to, const Bytes& tile, unsigned groups) {
  if (narrow_) return piece(to, {tile.data()}, groups > 0);
  expect(to, tile.data(), groups * kGroupElements);
}

void Writer::give_planes(Streams& to, const Bytes& high, const Bytes& low, unsigned groups) {
  if (narrow_) return piece(to, {high.data(), low.data()}, groups > 0);
  expect(to, high.data(), groups * kGroupElements);
  expect(to, low.data(), groups * kGroupElements);
}

void Writer::give_words(Streams& to, const std::vector<int16_t>& tile, unsigned groups) {
  if (narrow_) return piece(to, {tile.data(), tile.data() + kGroupElements / 2}, groups > 0);
  expect(to, tile.data(), std::min(groups, 2u) * kGroupElements * sizeof(int16_t));
  expect(to, tile.data() + kTileElements / 2,
         (groups > 2 ? groups - 2 : 0) * kGroupElements * sizeof(int16_t));
}

Descriptor Writer::descriptor(Op op, unsigned most_tiles) {
  Descriptor d;
  std::memset(static_cast<void*>(&d), 0, sizeof(d));
  d.head.magic = kDescriptorMagic;
  d.head.version = kDescriptorVersion;
  d.head.op = op;
  d.head.m_tiles = static_cast<uint16_t>(tiles_.number(1u, most_tiles));
  d.head.rows = tiles_.number(1u, d.head.m_tiles * kCoreRows * kTile);
  if (narrow_) {
    d.head.m_tiles = 1;
    d.head.rows = tiles_.number(1u, 16u);
    d.head.flags = kNarrow | (flush_ ? uint32_t{kFlush} : 0);
  }
  d.head.columns = 1;
  d.head.count = static_cast<uint16_t>(tiles_.number(1u, 2u));
  const std::vector<int32_t> bias = tiles_.tile<int32_t>(kTile, -100000, 100000);
  std::copy(bias.begin(), bias.end(), d.bias);
  const std::vector<int16_t> mult = tiles_.tile<int16_t>(kTile, 0, 32767);
  std::copy(mult.begin(), mult.end(), d.mult);
  const std::vector<int16_t> out_mult = tiles_.tile<int16_t>(kTile, 0, 32767);
  std::copy(out_mult.begin(), out_mult.end(), d.out_mult);
  d.head.shift = static_cast<uint8_t>(tiles_.number(14u, 30u));
  d.head.out_shift = static_cast<uint8_t>(tiles_.number(8u, 20u));
  return d;
}

// Row by row: the core's tile t holds rows (4 t + row) * 64 to + 63 of the operation.
unsigned Writer::groups(const Descriptor& of, unsigned tile) const {
  unsigned valid = 0;
  for (unsigned i = 0; i < kTile; ++i) {
    if ((tile * 4 + row_) * 64 + i < of.head.rows) ++valid;
  }
  return valid / 16 + (valid % 16 != 0 ? 1 : 0);
}

Bytes Writer::object(int8_t least, int8_t most) {
  return tiles_.tile<int8_t>(kObjectBytes, least, most);
}

void Writer::add_table(Descriptor& to, bool exp2) {
  const LinearTable lines = exp2 ? make_exp2_table() : make_gelu_table(1.0 / 2048);
  lay_out(lines, to.table);
  to.head.flags |= kHasTable;
  table_.assign(to.table, to.table + kLinearTableElements);
}

// Sums of the tile by the references; all planes and objects in their order.
std::vector<int32_t> Writer::product(Streams& to, const Descriptor& of, unsigned groups) {
  std::vector<int32_t> sums(kTileElements);
  const bool fine = (of.head.flags & kFineInput) != 0;
  if (groups > 0 && !fine) npu_matmul_start_i32_ref(of.bias, sums.data(), groups);
  for (unsigned plane = 0; plane < (fine ? 2u : 1u); ++plane) {
    if (plane == 1 && groups > 0) npu_matmul_shift_i32_ref(sums.data(), of.bias, groups);
    for (unsigned i = 0; i < of.head.count; ++i) {
      to.b.push_back(object());
      if (groups == 0) continue;
      to.a.push_back(plane == 1 ? object(-8, 8) : object());
      npu_matmul_i8_ref(to.a.back().data(), to.b.back().data(), sums.data(), groups);
    }
  }
  return sums;
}

void Writer::matmul(Streams& to, Epilogue epilogue, bool fine) {
  Descriptor d = descriptor(Op::kMatmul, 2);
  d.head.epilogue = epilogue;
  if (fine) d.head.flags |= kFineInput;
  if (tiles_.number(0, 1)) d.head.flags |= kZeroFirstRow;
  if (epilogue == Epilogue::kResidual || epilogue == Epilogue::kGeluAdd) {
    d.head.columns = static_cast<uint8_t>(tiles_.number(1u, 4u));
    d.head.select = static_cast<uint8_t>(tiles_.number(0u, d.head.columns - 1u));
  }
  if (epilogue == Epilogue::kRows) {
    d.head.m_tiles = 1;
    d.head.rows = tiles_.number(1u, 16u);
  }
  if (epilogue >= Epilogue::kGelu && epilogue <= Epilogue::kGeluAdd) add_table(d, false);
  append(to, d);
  for (unsigned t = 0; t < d.head.m_tiles; ++t) {
    const unsigned rows = groups(d, t);
    const std::vector<int32_t> sums = product(to, d, rows);
    this->epilogue(to, d, t, sums, rows);
  }
}

std::vector<int16_t> Writer::selected(Streams& to, const Descriptor& of) {
  std::vector<int16_t> mine(kTileElements);
  for (unsigned i = 0; i < of.head.columns; ++i) {
    to.a.push_back(object());
    if (i == of.head.select) mine = words_of(to.a.back());
  }
  return mine;
}

void Writer::epilogue(Streams& to, const Descriptor& of, unsigned tile,
                      const std::vector<int32_t>& sums, unsigned groups) {
  const GeluFactors factors{of.mult, of.head.shift, of.out_mult, of.head.out_shift};
  const bool zero = (of.head.flags & kZeroFirstRow) != 0 && tile == 0 && row_ == 0;
  Bytes high(kTileElements), low(kTileElements);
  std::vector<int16_t> words(kTileElements);
  const auto zero_row = [&](auto& plane) {
    for (unsigned column = 0; column < kTile && zero; ++column) plane[tile_index(0, column)] = 0;
  };
  switch (of.head.epilogue) {
    case Epilogue::kI8:
      npu_requantise_i8_ref(sums.data(), of.mult, of.head.shift, high.data(), groups);
      return give(to, high, groups);
    case Epilogue::kI16:
      npu_requantise_i16_ref(sums.data(), of.mult, of.head.shift, words.data(), groups);
      return give_words(to, words, groups);
    case Epilogue::kV:
      return expect_written(to, groups, [&](int8_t* out) {
        npu_requantise_v_i8_ref(sums.data(), of.mult, of.head.shift, out, groups);
      });
    case Epilogue::kKt:
      return expect_written(to, groups, [&](int8_t* out) {
        npu_requantise_kt_i8_ref(sums.data(), of.mult, of.head.shift, out, groups);
      });
    case Epilogue::kGelu:
      npu_gelu_i8_ref(sums.data(), &factors, table_.data(), high.data(), groups);
      zero_row(high);
      return give(to, high, groups);
    case Epilogue::kGeluFine:
      npu_gelu_fine_i8_ref(sums.data(), &factors, table_.data(), high.data(), low.data(), groups);
      zero_row(high), zero_row(low);
      return give_planes(to, high, low, groups);
    case Epilogue::kGeluAdd:
    case Epilogue::kResidual: {
      if (groups == 0) return give_words(to, words, 0);
      const std::vector<int16_t> residual = selected(to, of);
      if (of.head.epilogue == Epilogue::kGeluAdd) {
        npu_gelu_i16_ref(sums.data(), &factors, table_.data(), words.data(), groups);
        zero_row(words);
        npu_add_i16_ref(words.data(), residual.data(), words.data(), kTileElements);
      } else {
        const ResidualFactors added{of.mult, of.head.shift, of.head.out_shift};
        npu_residual_add_i16_ref(sums.data(), &added, residual.data(), words.data(), groups);
      }
      return give_words(to, words, groups);
    }
    case Epilogue::kRows:
      npu_requantise_i8_ref(sums.data(), of.mult, of.head.shift, high.data(), groups);
      npu_kv_rows_i8_ref(high.data(), low.data());
      return give(to, low, groups);
    case Epilogue::kTopK:
    case Epilogue::kLogits:
      return;  // topk(), logits()
  }
}

void Writer::logits_of_tile(Streams& to) {
  Descriptor d = descriptor(Op::kMatmul, 1);
  d.head.epilogue = Epilogue::kLogits;
  append(to, d);
  const std::vector<int32_t> sums = product(to, d, groups(d, 0));
  std::vector<int32_t> scores(kGroupElements);
  npu_logits_i32_ref(sums.data(), d.mult, d.head.shift, scores.data(), d.head.rows);
  // Rows that fill up the last block of four may be anything.
  const size_t bytes = logits_bytes(d.head.rows);
  if (pending_.size() + bytes > kTileElements) leave(to);
  const int8_t* from = reinterpret_cast<const int8_t*>(scores.data());
  for (size_t i = 0; i < bytes; ++i) {
    const size_t row = i / (kBlockRows * kTile * 4) * kBlockRows + i / (kBlockColumns * 4) % 4;
    pending_.push_back(row_ == 0 && row < d.head.rows ? int16_t{from[i]} : kAny);
  }
  if (pending_.size() == kTileElements) leave(to);
}

void Writer::topk(Streams& to) {
  std::vector<Candidate> best(kGroupRows * kTopK, Candidate{0, -1});
  const unsigned last = tiles_.number(0u, 2u);
  const uint32_t rows = tiles_.number(1u, 16u);
  for (unsigned i = 0; i <= last; ++i) {
    Descriptor d = descriptor(Op::kMatmul, 1);
    d.head.epilogue = Epilogue::kTopK;
    d.head.rows = rows;
    d.head.first_key = static_cast<int32_t>(i * kTile);
    d.head.allowed = static_cast<uint64_t>(tiles_.number<int64_t>(0, int64_t{1} << 62)) * 3;
    if (i == 0) d.head.flags |= kFirst;
    if (i == last) d.head.flags |= kLast;
    append(to, d);
    const std::vector<int32_t> sums = product(to, d, groups(d, 0));
    if (groups(d, 0) == 0) continue;
    npu_topk_i32_ref(sums.data(), d.mult, d.head.shift, d.head.first_key, d.head.allowed,
                     best.data(), rows);
  }
  expect(to, best.data(), row_ == 0 ? best.size() * sizeof(Candidate) : 0);
}

void Writer::layer_norm(Streams& to, bool fine) {
  Descriptor d = descriptor(Op::kLayerNorm, 2);
  d.head.count = static_cast<uint16_t>(tiles_.number(1u, 6u));
  d.head.columns = static_cast<uint8_t>(tiles_.number(2u, 4u));
  d.head.select = static_cast<uint8_t>(tiles_.number(0u, d.head.columns - 1u));
  d.head.epsilon = tiles_.number<int64_t>(1, int64_t{1} << 30);
  if (fine) d.head.flags |= kFineOutput;
  const unsigned width = d.head.count * kTile;
  const std::vector<int16_t> gamma = tiles_.tile<int16_t>(width);
  const std::vector<int32_t> beta = tiles_.tile<int32_t>(width, -(1 << 29), 1 << 29);
  for (unsigned i = d.head.select, mine = 0; i < d.head.count; i += d.head.columns, ++mine) {
    std::copy_n(gamma.begin() + i * kTile, kTile, d.norm.gamma[mine]);
    std::copy_n(beta.begin() + i * kTile, kTile, d.norm.beta[mine]);
  }
  append(to, d);
  for (unsigned t = 0; t < d.head.m_tiles; ++t) {
    const unsigned rows = groups(d, t);
    std::vector<int16_t> x;
    const size_t begin = to.a.size();
    for (unsigned i = 0; i < d.head.count; ++i) {
      if (rows > 0) to.a.push_back(object());
      const std::vector<int16_t> words = rows > 0 ? words_of(to.a.back()) : std::vector<int16_t>();
      x.insert(x.end(), words.begin(), words.end());
    }
    for (unsigned i = 0; i < d.head.count && rows > 0; ++i) to.a.push_back(Bytes(to.a[begin + i]));
    Bytes high(width * kTile), low(width * kTile);
    if (rows > 0 && fine) {
      npu_layer_norm_fine_i8_ref(x.data(), width, d.head.epsilon, gamma.data(), beta.data(),
                                 d.head.out_shift, high.data(), low.data(), rows);
    } else if (rows > 0) {
      npu_layer_norm_i8_ref(x.data(), width, d.head.epsilon, gamma.data(), beta.data(),
                            d.head.out_shift, high.data(), rows);
    }
    for (unsigned i = d.head.select; i < d.head.count; i += d.head.columns) {
      const auto tile = [&](const Bytes& of) {
        return Bytes(of.begin() + i * kTileElements, of.begin() + (i + 1) * kTileElements);
      };
      if (fine) {
        give_planes(to, tile(high), tile(low), rows);
      } else {
        give(to, tile(high), rows);
      }
    }
  }
}

void Writer::add(Streams& to) {
  Descriptor d = descriptor(Op::kAdd, 2);
  d.head.columns = static_cast<uint8_t>(tiles_.number(1u, 4u));
  d.head.select = static_cast<uint8_t>(tiles_.number(0u, d.head.columns - 1u));
  append(to, d);
  for (unsigned t = 0; t < d.head.m_tiles; ++t) {
    const unsigned rows = groups(d, t);
    std::vector<int16_t> sum(kTileElements);
    for (unsigned i = 0; i < d.head.columns && rows > 0; ++i) {
      to.a.push_back(object());
      const std::vector<int16_t> first = words_of(to.a.back());
      to.a.push_back(object());
      if (i != d.head.select) continue;
      npu_add_i16_ref(first.data(), words_of(to.a.back()).data(), sum.data(), kTileElements);
    }
    give_words(to, sum, rows);
  }
}

}  // namespace core_streams
