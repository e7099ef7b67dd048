// SPDX-License-Identifier: LGPL-2.1-or-later
// The program of a core: descriptors in, kernels called, tiles out. The same for the array and for
// the host, which differ in their fifos.
#pragma once

#include "core/core_output.h"
#include "gelu/gelu.h"
#include "kv_cache/kv_cache.h"
#include "layout/core_modes.h"
#include "logits/logits.h"
#include "matmul/matmul.h"
#include "residual/residual.h"

namespace kernels {

// A fifo that gives: `const int8_t* acquire()` waits for the oldest object, `release()` gives its
// place back. B has `bool more()` too: on the array always true. A fifo that takes: `int8_t*
// acquire()` waits for a free place, `release()` sends it. One object at a time is held of each.
template <Program kProgram, typename InA, typename InB, typename OutC>
class CoreLoop {
 public:
  CoreLoop(InA& a, InB& b, OutC& c, CoreState& state)
      : a_(a), b_(b), out_(c), state_(state), p_(*state.parameters) {}

  void run() {
    while (!state_.stopped && b_.more()) operation();
  }

 private:
  static constexpr bool kEncodes = kProgram != Program::kDecoder;
  static constexpr bool kDecodes = kProgram != Program::kEncoder;
  static constexpr size_t kPiece = CoreOutput<OutC>::kPiece;
  static constexpr unsigned kTileBytes = kTileElements;
  static constexpr unsigned kHalf = kTileElements / 2;  // of an int16 tile

  bool flag(DescriptorFlag wanted) const { return (p_.head.flags & wanted) != 0; }
  int32_t* sums() { return reinterpret_cast<int32_t*>(state_.scratch); }
  int16_t* values() { return reinterpret_cast<int16_t*>(state_.scratch); }

  // Groups of 16 rows of this core in tile t that hold valid rows.
  unsigned groups_of(unsigned t) const {
    const unsigned first = (t * kCoreRows + state_.row) * kTile;
    if (p_.head.rows <= first) return 0;
    const unsigned rows = p_.head.rows - first;
    return rows >= kTile ? kTile / kGroupRows : (rows + kGroupRows - 1) / kGroupRows;
  }

  void skip_a(unsigned objects) {
    for (unsigned i = 0; i < objects; ++i) a_.acquire(), a_.release();
  }

  void operation() {
    const auto& descriptor = *reinterpret_cast<const Descriptor*>(b_.acquire());
    copy_bytes(&descriptor, &p_, offsetof(Descriptor, table));
    if (flag(kHasTable)) copy_bytes(descriptor.table, state_.table, CoreMemory::kTable);
    if (p_.head.op == Op::kLayerNorm)
      copy_bytes(&descriptor.norm, &p_.norm, sizeof(NormParameters));
    b_.release();
    const bool known = p_.head.magic == kDescriptorMagic && p_.head.version == kDescriptorVersion;
    if (!known || !out_.begin(flag(kNarrow))) {
      state_.stopped = true;
      return;
    }
    for (unsigned t = 0; t < p_.head.m_tiles && !state_.stopped; ++t) tile(t, groups_of(t));
    if (flag(kFlush)) out_.flush();
  }

  void tile(unsigned t, unsigned groups) {
    switch (p_.head.op) {
      case Op::kPass:
        return skip_a(groups > 0 ? p_.head.count : 0u);
      case Op::kMatmul:
        product(groups);
        return epilogue(t, groups);
      case Op::kLayerNorm:
        return layer_norm(groups);
      case Op::kAttention:
        if (!kDecodes && (flag(kTransposeKeys) || flag(kPart))) break;
        return attention(t, groups);
      case Op::kCombine:
        if constexpr (kDecodes) return combine(groups);
        break;
      case Op::kAlignment:
        if constexpr (kDecodes) return alignment(groups);
        break;
      case Op::kAdd:
        return add(groups);
    }
    state_.stopped = true;
  }

  void product(unsigned groups) {
    const unsigned planes = flag(kFineInput) ? 2 : 1;
    if (groups > 0 && planes == 1) npu_matmul_start_i32(p_.bias, sums(), groups);
    if (groups > 0 && planes == 2) npu_matmul_clear_i32(sums(), groups);
    for (unsigned plane = 0; plane < planes; ++plane) {
      if (groups > 0 && plane == 1) npu_matmul_shift_i32(sums(), p_.bias, groups);
      for (unsigned i = 0; i < p_.head.count; ++i) {
        const int8_t* b = b_.acquire();
        if (groups > 0) {
          npu_matmul_i8(a_.acquire(), b, sums(), groups);
          a_.release();
        }
        b_.release();
      }
    }
  }

  void epilogue(unsigned t, unsigned groups) {
    const unsigned shift = p_.head.shift;
    switch (p_.head.epilogue) {
      case Epilogue::kI8:
        if (groups > 0) npu_requantise_i16(sums(), p_.mult, shift, values(), groups);
        return out_.emit_values(values(), false, groups);
      case Epilogue::kI16:
        return out_.emit_i16(groups, [&](unsigned half, unsigned here, int16_t* out) {
          npu_requantise_i16(sums() + half * kHalf, p_.mult, shift, out, here);
        });
      case Epilogue::kV:
        if constexpr (!kEncodes) break;
        return out_.emit(groups, kPiece, [&](int8_t* out) {
          npu_requantise_v_i8(sums(), p_.mult, shift, out, groups);
        });
      case Epilogue::kKt:
        if constexpr (!kEncodes) break;
        return out_.emit(groups, kPiece, [&](int8_t* out) {
          npu_requantise_kt_i8(sums(), p_.mult, shift, out, groups);
        });
      case Epilogue::kGelu:
      case Epilogue::kGeluFine:
        gelu(t, groups);
        return out_.emit_values(values(), p_.head.epilogue == Epilogue::kGeluFine, groups);
      case Epilogue::kGeluAdd:
        gelu(t, groups);
        return with_residual(groups);
      case Epilogue::kResidual:
        return with_residual(groups);
      case Epilogue::kTopK:
        if constexpr (!kDecodes || kProgram == Program::kWhisper) break;
        return topk(groups);
      case Epilogue::kRows:
        if constexpr (!kDecodes) break;
        if (groups > 0) {
          npu_requantise_i16(sums(), p_.mult, shift, values(), 1);
          npu_pack_i8(values(), state_.scratch, 1);
        }
        return out_.emit(groups, kPiece, [&](int8_t* out) { npu_kv_rows_i8(state_.scratch, out); });
      case Epilogue::kLogits:
        if constexpr (!kDecodes) break;
        return out_.emit(groups, logits_bytes(p_.head.rows), [&](int8_t* out) {
          npu_logits_i32(sums(), p_.mult, shift, reinterpret_cast<int32_t*>(out), p_.head.rows);
        });
    }
    state_.stopped = true;
  }

  // The sums become values of 16 bits.
  void gelu(unsigned t, unsigned groups) {
    if (groups == 0) return;
    const GeluFactors factors{p_.mult, p_.head.shift, p_.out_mult, p_.head.out_shift};
    npu_gelu_i16(sums(), &factors, state_.table, values(), groups);
    if (!flag(kZeroFirstRow) || t != 0 || state_.row != 0) return;
    for (unsigned column = 0; column < kTile; column += kBlockColumns) {
      aie::store_v(values() + tile_index(0, column), aie::zeros<int16, kBlockColumns>());
    }
  }

  void with_residual(unsigned groups) {
    const int16_t* residual = nullptr;
    if (groups > 0) {
      skip_a(p_.head.select);
      residual = reinterpret_cast<const int16_t*>(a_.acquire());
    }
    out_.emit_i16(groups, [&](unsigned half, unsigned here, int16_t* out) {
      const int16_t* from = residual + half * kHalf;
      if (p_.head.epilogue == Epilogue::kGeluAdd) {
        npu_add_i16(from, values() + half * kHalf, out, here * kGroupRows * kTile);
      } else {
        const ResidualFactors factors{p_.mult, p_.head.shift, p_.head.out_shift};
        npu_residual_add_i16(sums() + half * kHalf, &factors, from, out, here);
      }
    });
    if (groups == 0) return;
    a_.release();
    skip_a(p_.head.columns - p_.head.select - 1u);
  }

  void topk(unsigned groups) {
    if (flag(kFirst)) npu_topk_start(p_.best);
    if (groups > 0) {
      npu_topk_i32(sums(), p_.mult, p_.head.shift, p_.head.first_key, p_.head.allowed, p_.best,
                   p_.head.rows);
    }
    if (flag(kLast))
      out_.emit(1, kPiece, [&](int8_t* out) { copy_bytes(p_.best, out, sizeof(p_.best)); });
  }

  void layer_norm(unsigned groups) {
    const unsigned tiles = p_.head.count;
    NormRow* rows = reinterpret_cast<NormRow*>(state_.scratch + ScratchPlace::kNormRows);
    for (unsigned i = 0; i < tiles && groups > 0; ++i) {
      npu_layer_norm_sums(reinterpret_cast<const int16_t*>(a_.acquire()), sums(), i == 0, groups);
      a_.release();
    }
    if (groups > 0) npu_layer_norm_rows(sums(), tiles * kTile, p_.head.epsilon, rows, groups);
    for (unsigned i = 0, column = 0, mine = 0; i < tiles; ++i) {
      const int8_t* tile = groups > 0 ? a_.acquire() : nullptr;
      if (column == p_.head.select) norm_tile(tile, rows, mine++, groups);
      column = column + 1u == p_.head.columns ? 0 : column + 1;
      if (groups > 0) a_.release();
    }
  }

  void norm_tile(const int8_t* tile, const NormRow* rows, unsigned mine, unsigned groups) {
    int16_t* values = reinterpret_cast<int16_t*>(state_.scratch + ScratchPlace::kNormValues);
    if (groups > 0) {
      npu_layer_norm_i16(reinterpret_cast<const int16_t*>(tile), rows, p_.head.count * kTile,
                         p_.norm.gamma[mine], p_.norm.beta[mine], p_.head.out_shift, values,
                         groups);
    }
    out_.emit_values(values, flag(kFineOutput), groups);
  }

  // The tile of Q that this core keeps; end_queries() lets it go.
  const int8_t* begin_queries() {
    skip_a(p_.head.select / 2);
    return a_.acquire() + p_.head.select % 2 * kTileBytes;
  }
  void end_queries() {
    a_.release();
    skip_a(p_.head.columns - p_.head.select / 2u - 1u);
  }

  int32_t limit_of(unsigned t, unsigned row) const {
    if (flag(kRowLimits)) return p_.bias[row];
    const unsigned index = (t * kCoreRows + state_.row) * kTile + row;
    const int32_t seen = p_.head.mask_base + static_cast<int32_t>(index) + 1;
    return flag(kCausal) && seen < p_.head.key_count ? seen : p_.head.key_count;
  }

  void attention(unsigned t, unsigned groups) {
    const int8_t* q = nullptr;
    if (groups > 0) {
      q = begin_queries();
      npu_attention_start(p_.attention.rows, sums(), groups);
      for (unsigned row = 0; row < groups * kGroupRows; ++row) {
        p_.attention.limits[row] = limit_of(t, row);
      }
    }
    AttentionBlock block{p_.mult[0], p_.head.shift, p_.head.first_key};
    for (unsigned i = 0; i < p_.head.count; ++i) {
      const int8_t* kv = b_.acquire();
      if (groups > 0) attend(q, kv, block, groups);
      block.first_key += static_cast<int32_t>(kTile);
      b_.release();
    }
    if (groups > 0) end_queries();
    finish(groups);
  }

  void attend(const int8_t* q, const int8_t* kv, const AttentionBlock& block, unsigned groups) {
    if constexpr (kDecodes) {
      if (flag(kTransposeKeys)) {
        int8_t* turned = state_.scratch + ScratchPlace::kTurnedBlock;
        npu_transpose_k_i8(kv, turned);
        copy_bytes(kv + kTileBytes, turned + kTileBytes, kTileBytes);
        kv = turned;
      }
    }
    npu_attention_block_i8(q, kv, &block, p_.attention.limits, state_.table, weights(),
                           p_.attention.rows, sums(), groups);
  }

  // Where attention keeps exponents and weights of 16 rows.
  int8_t* weights() {
    return flag(kNarrow) ? state_.scratch + ScratchPlace::kWeights : out_.at_hand();
  }

  void finish(unsigned groups) {
    if constexpr (kDecodes) {
      if (flag(kPart)) return part(groups);
    }
    if (groups > 0) {
      npu_attention_finish_i16(p_.attention.rows, sums(), p_.head.out_shift, values(), groups);
    }
    out_.emit_values(values(), flag(kFineOutput), groups);
  }

  void part(unsigned groups) {
    out_.emit(groups, kPiece, [&](int8_t* out) { copy_bytes(sums(), out, kTileBytes); });
    out_.emit(groups, kPiece, [&](int8_t* out) {
      copy_bytes(p_.attention.rows, out, kGroupRows * sizeof(AttentionRow));
    });
  }

  void combine(unsigned groups) {
    if (groups > 0) npu_attention_start(p_.attention.rows, sums(), 1);
    for (unsigned i = 0; i < p_.head.count && groups > 0; ++i) {
      const int8_t* part = a_.acquire();
      npu_attention_combine(p_.attention.rows, sums(),
                            reinterpret_cast<const AttentionRow*>(part + kTileBytes),
                            reinterpret_cast<const int32_t*>(part), 1);
      a_.release();
    }
    finish(groups);
  }

  void alignment(unsigned groups) {
    const int8_t* q = groups > 0 ? begin_queries() : nullptr;
    const AttentionBlock block{p_.mult[0], p_.head.shift, 0};
    for (unsigned i = 0; i < p_.head.count; ++i) {
      int16_t* out = reinterpret_cast<int16_t*>(out_.at_hand()) + i % 2 * (kGroupRows * kTile);
      const int8_t* kt = b_.acquire();
      if (groups > 0) npu_alignment_scores_i16(q, kt, &block, out);
      b_.release();
      if (i % 2 == 1 || i + 1u == p_.head.count) out_.send();
    }
    if (groups > 0) end_queries();
  }

  void add(unsigned groups) {
    if (groups > 0) {
      skip_a(2u * p_.head.select);
      copy_bytes(a_.acquire(), values(), kObjectBytes);
      a_.release();
    }
    const int16_t* other = groups > 0 ? reinterpret_cast<const int16_t*>(a_.acquire()) : nullptr;
    out_.emit_i16(groups, [&](unsigned half, unsigned here, int16_t* out) {
      npu_add_i16(values() + half * kHalf, other + half * kHalf, out, here * kGroupRows * kTile);
    });
    if (groups == 0) return;
    a_.release();
    skip_a(2u * (p_.head.columns - p_.head.select - 1u));
  }

  InA& a_;
  InB& b_;
  CoreOutput<OutC> out_;
  CoreState& state_;
  CoreParameters& p_;
};

// Runs operations until B has no more of them, on the array for ever, or until `state` is stopped.
template <Program kProgram, typename InA, typename InB, typename OutC>
void core_main(InA& a, InB& b, OutC& c, CoreState& state) {
  CoreLoop<kProgram, InA, InB, OutC>(a, b, c, state).run();
}

}  // namespace kernels
