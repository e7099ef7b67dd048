// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/descriptors.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "device/xrt/image/layout.h"
#include "gelu/gelu.h"
#include "matmul/matmul.h"
#include "numerics/make_tables.h"

namespace npu::array {
namespace {

using namespace kernels;  // NOLINT: their names are those of the descriptor

using Table = std::array<int16_t, kLinearTableElements>;

Table laid_out(const LinearTable& linear) {
  Table table;
  lay_out(linear, table.data());
  return table;
}

const Table& gelu_table() {
  static const Table table = laid_out(make_gelu_table(kGeluStep));
  return table;
}

const Table& exp2_table() {
  static const Table table = laid_out(make_exp2_table());
  return table;
}

Descriptor started(Op op, const RowForm& form, unsigned count) {
  Descriptor descriptor{};
  descriptor.head.magic = kDescriptorMagic;
  descriptor.head.version = kDescriptorVersion;
  descriptor.head.op = op;
  descriptor.head.flags = form.narrow ? uint32_t{kNarrow} : 0;
  descriptor.head.rows = form.rows;
  descriptor.head.m_tiles = static_cast<uint16_t>(form.m_tiles());
  descriptor.head.count = static_cast<uint16_t>(count);
  return descriptor;
}

void put_share(const Share& share, DescriptorHead& head) {
  head.columns = static_cast<uint8_t>(share.columns);
  head.select = static_cast<uint8_t>(share.select);
}

void put_table(const Table& table, Descriptor& descriptor) {
  if ((descriptor.head.flags & kHasTable) != 0)
    std::copy(table.begin(), table.end(), descriptor.table);
}

// Up to 64 of a vector, from `first` on.
template <typename T>
void put_slice(const std::vector<T>& from, size_t first, T* to) {
  std::copy_n(from.begin() + static_cast<ptrdiff_t>(first),
              std::min(size_t{kTile}, from.size() - first), to);
}

}  // namespace

Descriptor pass_descriptor(const RowForm& form, unsigned count) {
  return started(Op::kPass, form, count);
}

Descriptor product_descriptor(const quantised::Matrix& matrix, size_t tile, Epilogue epilogue,
                              const RowForm& form, unsigned count, const Share& share,
                              uint32_t flags) {
  Descriptor descriptor = started(Op::kMatmul, form, count);
  DescriptorHead& head = descriptor.head;
  const size_t first = tile * kTile;
  head.epilogue = epilogue;
  head.flags |= flags | (matrix.input == quantised::Input::kFine ? kFineInput : 0u);
  put_share(share, head);
  head.shift = matrix.out.shift[tile];
  put_slice(matrix.bias, first, descriptor.bias);
  put_slice(matrix.out.mult, first, descriptor.mult);
  if (matrix.gelu) {
    head.out_shift = matrix.gelu_out.shift[tile];
    put_slice(matrix.gelu_out.mult, first, descriptor.out_mult);
  }
  if (epilogue == Epilogue::kResidual) head.out_shift = matrix.residual_shift;
  put_table(gelu_table(), descriptor);
  return descriptor;
}

Descriptor norm_descriptor(const quantised::Norm& norm, const RowForm& form, unsigned column) {
  const auto tiles = static_cast<unsigned>(norm.gamma.size() / kTile);
  Descriptor descriptor = started(Op::kLayerNorm, form, tiles);
  DescriptorHead& head = descriptor.head;
  if (norm.output == quantised::Input::kFine) head.flags |= kFineOutput;
  if (form.narrow) head.flags |= kFlush;
  put_share({kArrayColumns, column}, head);
  head.out_shift = norm.out_shift;
  head.epsilon = norm.epsilon;
  for (unsigned tile = column, mine = 0; tile < tiles; tile += kArrayColumns, ++mine) {
    put_slice(norm.gamma, tile * size_t{kTile}, descriptor.norm.gamma[mine]);
    put_slice(norm.beta, tile * size_t{kTile}, descriptor.norm.beta[mine]);
  }
  return descriptor;
}

Descriptor attention_descriptor(Op op, const quantised::Attention& attention, size_t index,
                                const RowForm& form, const KeyBlocks& keys, const Share& share,
                                uint32_t flags) {
  Descriptor descriptor = started(op, form, keys.blocks);
  DescriptorHead& head = descriptor.head;
  head.flags |= flags;
  if (op == Op::kAttention && attention.output == quantised::Input::kFine)
    head.flags |= kFineOutput;
  put_share(share, head);
  head.shift = attention.shift[index];
  descriptor.mult[0] = attention.mult[index];
  if (op == Op::kAttention) head.out_shift = attention.gain;
  head.key_count = static_cast<int32_t>(keys.keys);
  put_table(exp2_table(), descriptor);
  return descriptor;
}

Descriptor combine_descriptor(const quantised::Attention& attention, unsigned parts,
                              uint32_t flags) {
  Descriptor descriptor = started(Op::kCombine, {kGroupRows, true}, parts);
  descriptor.head.flags |= flags;
  if (attention.output == quantised::Input::kFine) descriptor.head.flags |= kFineOutput;
  descriptor.head.out_shift = attention.gain;
  return descriptor;
}

}  // namespace npu::array
