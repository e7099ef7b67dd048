// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/host_values.h"

#include <cstring>
#include <vector>

#include "numerics/requantise.h"

namespace npu::array {
namespace {

constexpr size_t kTaps = 3;

}  // namespace

void put_mel(std::span<const int16_t> mel, size_t frames, size_t bands, size_t padded,
             const Tiles& tiles, std::byte* host) {
  for (size_t matrix = 0; matrix < kTaps; ++matrix)
    for (size_t t = 0; t < padded; ++t) {
      const size_t frame = 2 * t + matrix;  // counted from the one before the first
      const bool is_computed = frame >= 1 && frame <= frames;
      for (size_t tap = 0; tap < kTaps; ++tap) {
        const size_t from = frame + tap;  // counted from two before the first
        const bool is_heard = is_computed && from >= 2 && from - 2 < frames;
        for (size_t band = 0; band < bands; ++band)
          put_element(host, tiles, matrix * padded + t, tap * bands + band,
                      is_heard ? mel[(from - 2) * bands + band] : 0);
      }
    }
}

void put_tokens(const quantised::Embedding& embedding, std::span<const int16_t> positions,
                size_t width, std::span<const TokenRow> rows, const Tiles& tiles, std::byte* host) {
  for (size_t r = 0; r < kernels::kGroupRows; ++r)
    for (size_t c = 0; c < width; ++c) {
      if (r >= rows.size()) {
        put_element(host, tiles, r, c, 0);
        continue;
      }
      const auto token = static_cast<size_t>(rows[r].token);
      const int64_t product = int64_t{embedding.weights[token * width + c]} * embedding.mult[token];
      const int16_t position = positions[static_cast<size_t>(rows[r].position) * width + c];
      put_element(host, tiles, r, c,
                  kernels::add_saturated(
                      kernels::round_shift<int16_t>(product, embedding.shift[token]), position));
    }
}

std::span<const kernels::Candidate, kernels::kTopK> candidates_of(const std::byte* host,
                                                                  const Tiles& candidates,
                                                                  unsigned column, size_t row) {
  const auto* all = reinterpret_cast<const kernels::Candidate*>(host + candidates.place.offset +
                                                                column * candidates.column_step);
  return std::span<const kernels::Candidate, kernels::kTopK>(all + row * kernels::kTopK,
                                                             kernels::kTopK);
}

}  // namespace npu::array
