// SPDX-License-Identifier: LGPL-2.1-or-later
// What the host writes into its buffer before a run and reads from it afterwards.
#pragma once

#include <span>

#include "device/xrt/image/layout.h"
#include "quantised/network.h"

namespace npu::array {

// The first convolution's input from mel features [frames][bands] in units of quantised::kMelStep,
// which are clamped to 12 bits; `bands` is a multiple of 8, `tiles` fine. The second convolution
// has stride 2 and reads frames 2 t - 1, 2 t and 2 t + 1 of the first one's result, so that is made
// as three matrices of `padded` rows: of odd frames one row late, of even frames, of odd frames.
// Row t of their input has the three frames around its own side by side, zeros outside. Writes all
// 3 x padded rows.
void put_mel(std::span<const int16_t> mel, size_t frames, size_t bands, size_t padded,
             const Tiles& tiles, std::byte* host);

// A token at its position.
struct TokenRow {
  int token = 0;
  int position = 0;
};

// Rows of the residual stream that a decode step begins with, as precision=npu embeds them:
// `positions` [position][width] and the embedding of a network. Rows behind them, up to 16, become
// zero.
void put_tokens(const quantised::Embedding& embedding, std::span<const int16_t> positions,
                size_t width, std::span<const TokenRow> rows, const Tiles& tiles, std::byte* host);

// The logits of a row as precision=npu gives them, of as many tokens as `out` holds.
void get_logits(const std::byte* host, const Tiles& logits, size_t row, std::span<float> out);

}  // namespace npu::array
