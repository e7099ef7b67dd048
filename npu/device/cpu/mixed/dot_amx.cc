// SPDX-License-Identifier: LGPL-2.1-or-later
// Sapphire Rapids and later: tiles of 16 rows of 64 bytes, a whole product of two per instruction.
// A panel's groups are what the instructions want of their second operand: 16 groups of 16 columns
// are a tile. Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
#include <hwy/base.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "device/cpu/aligned.h"
#include "device/cpu/mixed/dot_x86.h"

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-int8,amx-bf16")

namespace npu::cpu {
namespace {

constexpr size_t kTileRows = 16, kTileGroups = 16, kGroupBytes = 4, kTileBytes = 64;
constexpr size_t kPanelStride = kPanelCols * kGroupBytes;

// Of the tiles: 0 to 3 are sums, two side by side for each of two tiles of rows, 4 and 5 are the
// rows, 6 and 7 the weights.
struct TileShape {
  uint8_t upper_rows, lower_rows, groups;
  bool operator==(const TileShape&) const = default;
};

// What LDTILECFG reads.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  explicit TileConfig(const TileShape& shape) {
    for (const size_t sum : {0, 1}) set(sum, shape.upper_rows, kTileBytes);
    for (const size_t sum : {2, 3}) set(sum, shape.lower_rows, kTileBytes);
    set(4, shape.upper_rows, shape.groups * kGroupBytes);
    set(5, shape.lower_rows, shape.groups * kGroupBytes);
    for (const size_t weights : {6, 7}) set(weights, shape.groups, kTileBytes);
  }

 private:
  void set(size_t tile, size_t row_count, size_t bytes) {
    rows[tile] = static_cast<uint8_t>(row_count);
    row_bytes[tile] = row_count > 0 ? static_cast<uint16_t>(bytes) : 0;
  }
};
static_assert(sizeof(TileConfig) == 64);

// What the registers of this thread are configured for. To configure them costs as much as a third
// of a panel of few rows, and most panels are of the shape before.
thread_local TileShape configured{};

void configure(TileShape shape) {
  if (shape.lower_rows == 0) shape.lower_rows = configured.lower_rows;
  if (shape == configured) return;
  const TileConfig config(shape);
  // The intrinsic does not tell gcc that it reads all of it.
  asm volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig(&config);
  configured = shape;
}

// A part of the product of a panel, in bytes: up to 32 rows, and `count` times `groups` groups.
struct TilePart {
  const uint8_t* a;
  size_t lda;
  size_t rows;
  const uint8_t* b;
  size_t groups;
  size_t count;
  uint8_t* out;
  size_t ld_out;
};

// Weights are fetched this much beyond the next panel, and to the second-level cache, which waits
// for more of them at a time than the first.
constexpr size_t kFurtherBytes = 16384;

// Which of its tiles of rows are computed with.
enum class Which { kUpper, kLower, kBoth };

// One tile of groups with the tiles of rows at `a`. The intrinsics want literals.
template <Which kWhich, typename Element>
HWY_INLINE void multiply_tiles(const uint8_t* a, size_t lda, const uint8_t* b) {
  constexpr bool kBytes = sizeof(Element) == 1;
  _tile_loadd(6, b, kPanelStride);
  if constexpr (kWhich != Which::kLower) {
    _tile_loadd(4, a, lda);
    if constexpr (kBytes)
      _tile_dpbusd(0, 4, 6);
    else
      _tile_dpbf16ps(0, 4, 6);
  }
  _tile_loadd(7, b + kTileBytes, kPanelStride);
  if constexpr (kWhich != Which::kLower) {
    if constexpr (kBytes)
      _tile_dpbusd(1, 4, 7);
    else
      _tile_dpbf16ps(1, 4, 7);
  }
  if constexpr (kWhich != Which::kUpper) {
    _tile_loadd(5, a + kTileRows * lda, lda);
    if constexpr (kBytes) {
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
}

// The part, on top of what is in `out` if `add`; fetches `lines` cache lines per group from `ahead`
// on.
template <Which kWhich, typename Element>
void multiply_rows(const TilePart& p, bool add, const uint8_t* ahead, size_t lines) {
  uint8_t* lower_out = p.out + kTileRows * p.ld_out;
  // Nor do they tell it that they read memory.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if constexpr (kWhich != Which::kLower) {
    _tile_zero(0);
    _tile_zero(1);
    if (add) {
      _tile_loadd(0, p.out, p.ld_out);
      _tile_loadd(1, p.out + kTileBytes, p.ld_out);
    }
  }
  if constexpr (kWhich != Which::kUpper) {
    _tile_zero(2);
    _tile_zero(3);
    if (add) {
      _tile_loadd(2, lower_out, p.ld_out);
      _tile_loadd(3, lower_out + kTileBytes, p.ld_out);
    }
  }
  for (size_t i = 0; i < p.count; ++i) {
    for (size_t line = 0; line < lines * p.groups; ++line)
      _mm_prefetch(ahead + (i * lines * p.groups + line) * kTileBytes, _MM_HINT_T1);
    multiply_tiles<kWhich, Element>(p.a + i * p.groups * kGroupBytes, p.lda,
                                    p.b + i * p.groups * kPanelStride);
  }
  if constexpr (kWhich != Which::kLower) {
    _tile_stored(0, p.out, p.ld_out);
    _tile_stored(1, p.out + kTileBytes, p.ld_out);
  }
  if constexpr (kWhich != Which::kUpper) {
    _tile_stored(2, lower_out, p.ld_out);
    _tile_stored(3, lower_out + kTileBytes, p.ld_out);
  }
}

// Both tiles of rows at once keep the instructions busy; one after the other leaves the memory the
// time to bring weights, which are fetched meanwhile: as many as the part has, `ahead` bytes behind
// them, or none if that is 0.
template <typename Element>
void multiply_part(const TilePart& p, bool add, size_t ahead) {
  const size_t upper = std::min(p.rows, kTileRows), lower = p.rows - upper;
  configure(
      {static_cast<uint8_t>(upper), static_cast<uint8_t>(lower), static_cast<uint8_t>(p.groups)});
  const uint8_t* fetched = p.b + ahead;
  if (lower == 0) {
    multiply_rows<Which::kUpper, Element>(p, add, fetched, ahead > 0 ? 2 : 0);
  } else if (ahead > 0) {
    multiply_rows<Which::kUpper, Element>(p, add, fetched, 1);
    multiply_rows<Which::kLower, Element>(p, add, fetched + p.count * p.groups * kTileBytes, 1);
  } else {
    multiply_rows<Which::kBoth, Element>(p, add, nullptr, 0);
  }
}

// All rows and groups of a panel. `add`: to what `out` holds.
template <typename Panel>
void multiply(const Panel& p, bool add) {
  using Element = std::remove_cvref_t<decltype(*p.a)>;
  const size_t whole = p.groups / kTileGroups, rest = p.groups % kTileGroups;
  const size_t lda = p.lda * sizeof(Element), ld_out = p.ld_out * sizeof(*p.out);
  const auto* a = reinterpret_cast<const uint8_t*>(p.a);
  const auto* b = reinterpret_cast<const uint8_t*>(p.b);
  auto* out = reinterpret_cast<uint8_t*>(p.out);
  for (size_t row = 0; row < p.rows; row += 2 * kTileRows) {
    const size_t rows = std::min(2 * kTileRows, p.rows - row);
    const uint8_t* first = a + row * lda;
    uint8_t* to = out + row * ld_out;
    const size_t ahead = row == 0 ? p.groups * kPanelStride + kFurtherBytes : 0;
    if (whole > 0)
      multiply_part<Element>({first, lda, rows, b, kTileGroups, whole, to, ld_out}, add, ahead);
    if (rest > 0)
      multiply_part<Element>({first + whole * kTileGroups * kGroupBytes, lda, rows,
                              b + whole * kTileGroups * kPanelStride, rest, 1, to, ld_out},
                             add || whole > 0, ahead);
  }
}

void scale_rows(const Bf16Panel& p) {
  for (size_t r = 0; r < p.rows; ++r) {
    float* out = p.out + r * p.ld_out;
    const __m512 scale = _mm512_set1_ps(p.row_scale[r]);
    for (size_t c = 0; c < kPanelCols; c += 16)
      _mm512_storeu_ps(out + c, _mm512_mul_ps(_mm512_loadu_ps(out + c), scale));
  }
}

}  // namespace

void amx_int8(const Int8Panel& panel) {
  // So few rows do nothing but wait for the memory.
  if (panel.rows <= 2) return avx512_vnni_int8(panel);
  multiply(panel, false);
}

void amx_bf16(const Bf16Panel& panel) {
  if (panel.row_scale) scale_rows(panel);
  multiply(panel, panel.row_scale != nullptr);
}

void amx_rest() {
  if (configured == TileShape{}) return;
  _tile_release();
  configured = {};
}

bool may_use_tiles() {
  constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

}  // namespace npu::cpu
HWY_POP_ATTRIBUTES
