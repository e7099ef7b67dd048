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

// What is fetched while a part is multiplied: some cache lines for each of its groups, of what is
// read very soon to the first-level cache, and of what comes later to the second.
struct Fetches {
  const uint8_t* soon;
  size_t soon_lines;
  const uint8_t* later;
  size_t later_lines;

  Fetches from(size_t group) const {
    return {soon + group * soon_lines * kCacheLine, soon_lines,
            later + group * later_lines * kCacheLine, later_lines};
  }
  HWY_INLINE void run(size_t first, size_t groups) const {
    for (size_t line = first * soon_lines; line < (first + groups) * soon_lines; ++line)
      _mm_prefetch(soon + line * kCacheLine, _MM_HINT_T0);
    for (size_t line = first * later_lines; line < (first + groups) * later_lines; ++line)
      _mm_prefetch(later + line * kCacheLine, _MM_HINT_T1);
  }
};

// One tile of groups with one or both tiles of rows at `a`. Lines are fetched in two parts, for
// more than the CPU can wait for at a time would hold the tiles up. The intrinsics want literals.
template <bool kLower, typename Element>
HWY_INLINE void multiply_tiles(const uint8_t* a, size_t lda, const uint8_t* b, size_t groups,
                               const Fetches& fetches) {
  constexpr bool kBytes = sizeof(Element) == 1;
  _tile_loadd(6, b, kPanelStride);
  fetches.run(0, groups / 2);
  _tile_loadd(4, a, lda);
  if constexpr (kBytes)
    _tile_dpbusd(0, 4, 6);
  else
    _tile_dpbf16ps(0, 4, 6);
  _tile_loadd(7, b + kTileBytes, kPanelStride);
  fetches.run(groups / 2, groups - groups / 2);
  if constexpr (kBytes)
    _tile_dpbusd(1, 4, 7);
  else
    _tile_dpbf16ps(1, 4, 7);
  if constexpr (kLower) {
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

// The part, on top of what is in `out` if `add`.
template <bool kLower, typename Element>
void multiply_rows(const TilePart& p, bool add, const Fetches& fetches) {
  uint8_t* lower_out = p.out + kTileRows * p.ld_out;
  // Nor do they tell it that they read memory.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kLower) {
    _tile_zero(2);
    _tile_zero(3);
  }
  if (add) {
    _tile_loadd(0, p.out, p.ld_out);
    _tile_loadd(1, p.out + kTileBytes, p.ld_out);
    if constexpr (kLower) {
      _tile_loadd(2, lower_out, p.ld_out);
      _tile_loadd(3, lower_out + kTileBytes, p.ld_out);
    }
  }
  for (size_t i = 0; i < p.count; ++i)
    multiply_tiles<kLower, Element>(p.a + i * p.groups * kGroupBytes, p.lda,
                                    p.b + i * p.groups * kPanelStride, p.groups,
                                    fetches.from(i * p.groups));
  _tile_stored(0, p.out, p.ld_out);
  _tile_stored(1, p.out + kTileBytes, p.ld_out);
  if constexpr (kLower) {
    _tile_stored(2, lower_out, p.ld_out);
    _tile_stored(3, lower_out + kTileBytes, p.ld_out);
  }
}

template <typename Element>
void multiply_part(const TilePart& p, bool add, const Fetches& fetches) {
  const size_t upper = std::min(p.rows, kTileRows), lower = p.rows - upper;
  configure(
      {static_cast<uint8_t>(upper), static_cast<uint8_t>(lower), static_cast<uint8_t>(p.groups)});
  if (lower == 0)
    multiply_rows<false, Element>(p, add, fetches);
  else
    multiply_rows<true, Element>(p, add, fetches);
}

// What to fetch beside the first rows of a panel at `b`. Few rows are done with it as soon as it is
// there: they fetch it themselves, a little ahead. More rows read it again, and what is behind it
// arrives meanwhile.
template <typename Panel>
Fetches fetches_of(const Panel& p, const uint8_t* b) {
  Fetches fetches{b + kAmxAhead, 2, static_cast<const uint8_t*>(p.ahead), p.ahead ? 1U : 0U};
  if (p.rows <= 2 * kTileRows) return fetches;
  fetches.soon_lines = 0;
  if (!p.ahead) {
    fetches.later = b + p.groups * kPanelStride;
    fetches.later_lines = 2;
  }
  return fetches;
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
  Fetches fetches = fetches_of(p, b);
  for (size_t row = 0; row < p.rows; row += 2 * kTileRows) {
    const size_t rows = std::min(2 * kTileRows, p.rows - row);
    const uint8_t* first = a + row * lda;
    uint8_t* to = out + row * ld_out;
    if (row > 0) fetches = {};
    if (whole > 0)
      multiply_part<Element>({first, lda, rows, b, kTileGroups, whole, to, ld_out}, add, fetches);
    if (rest > 0)
      multiply_part<Element>({first + whole * kTileGroups * kGroupBytes, lda, rows,
                              b + whole * kTileGroups * kPanelStride, rest, 1, to, ld_out},
                             add || whole > 0, fetches.from(whole * kTileGroups));
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
