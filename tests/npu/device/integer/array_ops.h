// SPDX-License-Identifier: LGPL-2.1-or-later
// The operations of a network as the array computes them: the cores' own sources, tile by tile.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "array_rows.h"
#include "quantised/network.h"

namespace npu::testing {

// What leaves a product: int8 rows, rows of a K,V block (V, or K by way of K^T), two planes, or the
// residual stream.
enum class Leaves { kInt8, kValues, kKeys, kFine, kResidual };

Rows array_product(const quantised::Matrix& matrix, const Rows& in, Leaves leaves,
                   const Rows* residual = nullptr);

// The inputs of a convolution's taps side by side.
Rows array_taps(const Rows& in, size_t stride, size_t out_rows);

Rows array_norm(const quantised::Norm& norm, const Rows& in);

// Row r attends to the first limits[r] keys.
Rows array_attention(const quantised::Attention& attention, const Rows& q, const Rows& k,
                     const Rows& v, std::span<const int32_t> limits);

// The exponents of one head: [rows of q][rows of k], kind kResidual.
Rows array_alignment(const quantised::Attention& attention, size_t head, const Rows& q,
                     const Rows& k);

// Scores of the vocabulary, [rows][vocabulary], by way of the greatest of parts of each tile. At
// most 16 rows.
std::vector<int32_t> array_scores(const quantised::Matrix& matrix, const Rows& in);

Rows array_embed(const quantised::Embedding& embedding, const std::vector<int16_t>& positions,
                 std::span<const int> tokens, size_t first_position, size_t width);

}  // namespace npu::testing
