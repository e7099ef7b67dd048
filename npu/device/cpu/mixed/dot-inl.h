// SPDX-License-Identifier: LGPL-2.1-or-later
// The tiles of the dot products, for inclusion once per variant (hence no include guard), between
// HWY_BEFORE_NAMESPACE() or HWY_PUSH_ATTRIBUTES() and its end, with NPU_DOT_NAMESPACE defined.
//
// A `Dot` says how a kind of instruction multiplies:
//   Panel                     Int8Panel or Bf16Panel
//   Sum, Weights, Input       what a tile keeps in registers
//   kLanes                    columns of a Sum
//   kSums, kVecs              Sums of a tile, and those of one row
//   kGroup                    elements of a group
//   zero(), weights(const B*), input(const A*), dot(Sum, Input, Weights)
//   start(panel, row, col)    what the sum starts from
//   store(Sum, out)

namespace npu::cpu::NPU_DOT_NAMESPACE {

// Rows row.. and vectors of columns from col; fetches kAhead cache lines per group from `ahead` on.
template <typename Dot, size_t kRows, size_t kCols, size_t kAhead>
void tile(const typename Dot::Panel& p, size_t row, size_t col, const uint8_t* ahead) {
  const auto* HWY_RESTRICT a = p.a + row * p.lda;
  const auto* HWY_RESTRICT b = p.b + col * Dot::kGroup;
  typename Dot::Sum sum[kRows][kCols];
  NPU_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v) sum[r][v] = Dot::start(p, row + r, col + v * Dot::kLanes);
  }
  for (size_t g = 0; g < p.groups; ++g) {
    for (size_t line = 0; line < kAhead; ++line)
      hwy::Prefetch(ahead + (g * kAhead + line) * kCacheLine);
    typename Dot::Weights weights[kCols];
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v)
      weights[v] = Dot::weights(b + (g * kPanelCols + v * Dot::kLanes) * Dot::kGroup);
    NPU_UNROLL(32)
    for (size_t r = 0; r < kRows; ++r) {
      const auto x = Dot::input(a + r * p.lda + g * Dot::kGroup);
      NPU_UNROLL(32)
      for (size_t v = 0; v < kCols; ++v) sum[r][v] = Dot::dot(sum[r][v], x, weights[v]);
    }
  }
  NPU_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    NPU_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v)
      Dot::store(sum[r][v], p.out + (row + r) * p.ld_out + col + v * Dot::kLanes);
  }
}

// A tile of `rows` rows, as wide as the registers allow: few rows read whole panels, which suits
// the memory.
template <typename Dot, size_t kRows, size_t kAhead>
void tiles(const typename Dot::Panel& p, size_t row, size_t rows, const uint8_t* ahead) {
  if (rows == kRows) {
    constexpr size_t kPanelVecs = kPanelCols / Dot::kLanes;
    constexpr size_t kCols = kRows * kPanelVecs <= Dot::kSums ? kPanelVecs : Dot::kVecs;
    tile<Dot, kRows, kCols, kAhead>(p, row, 0, ahead);
    for (size_t v = kCols; v < kPanelVecs; v += kCols)
      tile<Dot, kRows, kCols, 0>(p, row, v * Dot::kLanes, nullptr);
  } else if constexpr (kRows > 1) {
    tiles<Dot, kRows - 1, kAhead>(p, row, rows, ahead);
  }
}

// Weights come from memory, and with many rows each panel is computed with for longer than it takes
// to arrive: what comes next is fetched meanwhile, evenly, for else the first tile waits for the
// memory and the memory for all others.
template <typename Dot>
void multiply(const typename Dot::Panel& p) {
  static_assert(kPanelCols * Dot::kGroup * sizeof(*p.b) == 2 * kCacheLine);
  constexpr size_t kTileRows = Dot::kSums / Dot::kVecs;
  const size_t count = (p.rows + kTileRows - 1) / kTileRows;
  const size_t lines = p.ahead ? 1 : 2;  // per group
  const auto* ahead = static_cast<const uint8_t*>(p.ahead);
  if (!ahead) ahead = reinterpret_cast<const uint8_t*>(p.b) + p.groups * 2 * kCacheLine;
  if (count == 1)
    return lines == 1 ? tiles<Dot, kTileRows, 1>(p, 0, p.rows, ahead)
                      : tiles<Dot, kTileRows, 2>(p, 0, p.rows, ahead);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = p.rows * i / count, rows = p.rows * (i + 1) / count - row;
    if (i < lines)
      tiles<Dot, kTileRows, 1>(p, row, rows, ahead + i * p.groups * kCacheLine);
    else
      tiles<Dot, kTileRows, 0>(p, row, rows, nullptr);
  }
}

}  // namespace npu::cpu::NPU_DOT_NAMESPACE
