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

// Rows row.. and vectors of columns from col. Without complete unrolling, gcc keeps the sums in
// memory.
template <typename Dot, size_t kRows, size_t kCols>
void tile(const typename Dot::Panel& p, size_t row, size_t col) {
  const auto* HWY_RESTRICT a = p.a + row * p.lda;
  const auto* HWY_RESTRICT b = p.b + col * Dot::kGroup;
  typename Dot::Sum sum[kRows][kCols];
  HWY_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v) sum[r][v] = Dot::start(p, row + r, col + v * Dot::kLanes);
  }
  for (size_t g = 0; g < p.groups; ++g) {
    typename Dot::Weights weights[kCols];
    HWY_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v)
      weights[v] = Dot::weights(b + (g * kPanelCols + v * Dot::kLanes) * Dot::kGroup);
    HWY_UNROLL(32)
    for (size_t r = 0; r < kRows; ++r) {
      const auto x = Dot::input(a + r * p.lda + g * Dot::kGroup);
      HWY_UNROLL(32)
      for (size_t v = 0; v < kCols; ++v) sum[r][v] = Dot::dot(sum[r][v], x, weights[v]);
    }
  }
  HWY_UNROLL(32)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(32)
    for (size_t v = 0; v < kCols; ++v)
      Dot::store(sum[r][v], p.out + (row + r) * p.ld_out + col + v * Dot::kLanes);
  }
}

// A tile of `rows` rows, as wide as the registers allow: few rows read whole panels, which suits
// the memory.
template <typename Dot, size_t kRows>
void tiles(const typename Dot::Panel& p, size_t row, size_t rows) {
  if (rows == kRows) {
    constexpr size_t kPanelVecs = kPanelCols / Dot::kLanes;
    constexpr size_t kCols = kRows * kPanelVecs <= Dot::kSums ? kPanelVecs : Dot::kVecs;
    for (size_t v = 0; v < kPanelVecs; v += kCols) tile<Dot, kRows, kCols>(p, row, v * Dot::kLanes);
  } else if constexpr (kRows > 1) {
    tiles<Dot, kRows - 1>(p, row, rows);
  }
}

template <typename Dot>
void multiply(const typename Dot::Panel& p) {
  constexpr size_t kTileRows = Dot::kSums / Dot::kVecs;
  for (size_t row = 0; row < p.rows; row += kTileRows)
    tiles<Dot, kTileRows>(p, row, p.rows - row < kTileRows ? p.rows - row : kTileRows);
}

}  // namespace npu::cpu::NPU_DOT_NAMESPACE
