// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptors of operations from the parameters of a network. All of them keep their contract
// (kernels::descriptor_fault()) if the parameters do.
#pragma once

#include "layout/descriptor.h"
#include "quantised/network.h"

namespace npu::array {

// The rows that an operation works on. `narrow`: 16, as pieces.
struct RowForm {
  uint32_t rows = 0;
  bool narrow = false;

  uint32_t m_tiles() const {
    constexpr uint32_t kRound = kernels::kCoreRows * kernels::kTile;
    return (rows + kRound - 1) / kRound;
  }
  auto operator<=>(const RowForm&) const = default;
};

// How a column shares A with the others of a round.
struct Share {
  unsigned columns = 0;  // objects, or pairs or tiles, for all of them
  unsigned select = 0;   // this column's
};

// Takes `count` objects of A for each row tile.
kernels::Descriptor pass_descriptor(const RowForm& form, unsigned count);

// Tile `tile` of a product of `count` objects in each plane. `flags`: what does not follow from the
// matrix, from the epilogue and the form; kHasTable adds GELU's table.
kernels::Descriptor product_descriptor(const quantised::Matrix& matrix, size_t tile,
                                       kernels::Epilogue epilogue, const RowForm& form,
                                       unsigned count, const Share& share, uint32_t flags);

// Of one column, which has the tiles that are `column` modulo the columns of the array.
kernels::Descriptor norm_descriptor(const quantised::Norm& norm, const RowForm& form,
                                    unsigned column);

// Keys that the rows of an attention see.
struct KeyBlocks {
  unsigned blocks = 0;  // of 64
  unsigned keys = 0;    // each row sees; with kRowLimits the rows have limits, all 0 here
};

// One head; `op` is kAttention or kAlignment. kHasTable adds the table of exponents.
kernels::Descriptor attention_descriptor(kernels::Op op, const quantised::Attention& attention,
                                         size_t head, const RowForm& form, const KeyBlocks& keys,
                                         const Share& share, uint32_t flags);

// Puts the `parts` of one head together.
kernels::Descriptor combine_descriptor(const quantised::Attention& attention, unsigned parts,
                                       uint32_t flags);

}  // namespace npu::array
