// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/image/host_values.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

#include "matmul/matmul.h"
#include "numerics/fine.h"
#include "numerics/requantise.h"

namespace npu::array {
namespace {

constexpr size_t kTaps = 3;
constexpr size_t kRun = kernels::kBlockColumns;  // elements of a row that lie side by side

// Features as planes, with a frame of zeros before and behind those that are there.
class MelPlanes {
 public:
  MelPlanes(std::span<const int16_t> mel, size_t bands)
      : bands_(bands), high_(mel.size() + 2 * bands), low_(high_.size()) {
    for (size_t i = 0; i < mel.size(); ++i) {
      const kernels::FinePlanes planes = kernels::split_fine(mel[i]);
      high_[bands + i] = planes.high;
      low_[bands + i] = planes.low;
    }
  }
  // kRun bands of a frame, counted from the one before the first.
  const int8_t* high(size_t frame, size_t band) const { return high_.data() + at(frame, band); }
  const int8_t* low(size_t frame, size_t band) const { return low_.data() + at(frame, band); }

 private:
  size_t at(size_t frame, size_t band) const { return frame * bands_ + band; }

  size_t bands_;
  std::vector<int8_t> high_, low_;
};

}  // namespace

void put_mel(std::span<const int16_t> mel, size_t frames, size_t bands, size_t padded,
             const Tiles& tiles, std::byte* host) {
  assert(is_fine(tiles.layout) && bands % kRun == 0 && mel.size() == frames * bands);
  const MelPlanes planes(mel, bands);
  for (size_t matrix = 0; matrix < kTaps; ++matrix)
    for (size_t t = 0; t < padded; ++t) {
      const size_t frame = 2 * t + matrix;  // counted from the one before the first
      const bool is_there = frame >= 1 && frame <= frames;
      for (size_t tap = 0; tap < kTaps; ++tap)
        for (size_t band = 0; band < bands; band += kRun) {
          // Frame 0 is of zeros.
          const size_t from = is_there ? frame + tap - 1 : 0;
          std::byte* to = host + element_offset(tiles, matrix * padded + t, tap * bands + band);
          std::memcpy(to, planes.high(from, band), kRun);
          std::memcpy(to + tiles.plane_step, planes.low(from, band), kRun);
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

void get_logits(const std::byte* host, const Tiles& logits, size_t row, std::span<float> out) {
  for (size_t first = 0; first < out.size(); first += kRun) {
    int32_t scores[kRun];
    std::memcpy(scores, host + element_offset(logits, row, first), sizeof scores);
    for (size_t i = 0; i < std::min(kRun, out.size() - first); ++i)
      out[first + i] =
          std::ldexp(static_cast<float>(scores[i]), -static_cast<int>(quantised::kLogitBits));
  }
}

}  // namespace npu::array
