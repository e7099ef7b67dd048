// SPDX-License-Identifier: LGPL-2.1-or-later
// How what a core has computed leaves it: as C objects of its own, or as pieces of 16 rows, one
// behind the other in a common object.
#pragma once

#include "core/core.h"
#include "fine/fine.h"
#include "layout/core_modes.h"

namespace kernels {

inline void copy_bytes(const void* from, void* to, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 32) {
    aie::store_v(static_cast<int8_t*>(to) + i,
                 aie::load_v<32>(static_cast<const int8_t*>(from) + i));
  }
}

// What is sent does not depend on whether there are valid rows: `groups` of 16 may be 0.
template <typename OutC>
class CoreOutput {
 public:
  explicit CoreOutput(OutC& c) : c_(c) {}

  // The form of the next operation. False if it takes whole objects while pieces wait in one.
  bool begin(bool narrow) {
    narrow_ = narrow;
    return narrow || used_ == 0;
  }
  // At the end of an operation: lets go of what waits.
  void flush() {
    if (used_ > 0) send();
  }

  // The object at hand. With whole objects attention works in it before it has a result.
  int8_t* at_hand() {
    if (object_ == nullptr) object_ = c_.acquire();
    return object_;
  }
  void send() {
    c_.release();
    object_ = nullptr;
    used_ = 0;
  }

  // f(place): a whole object, or a piece of `bytes`.
  template <typename F>
  void emit(unsigned groups, size_t bytes, F f) {
    if (used_ + bytes > CoreMemory::kOutput) send();
    int8_t* place = at_hand() + used_;
    if (groups > 0) f(place);
    used_ += narrow_ ? bytes : CoreMemory::kOutput;
    if (used_ == CoreMemory::kOutput) send();
  }

  // An int16 tile, by f(half, groups of it, place): two objects of 32 rows, or a piece.
  template <typename F>
  void emit_i16(unsigned groups, F f) {
    constexpr unsigned kHalfGroups = 2;
    for (unsigned half = 0; half < (narrow_ ? 1u : 2u); ++half) {
      const unsigned before = half * kHalfGroups;
      const unsigned rest = groups > before ? groups - before : 0;
      const unsigned here = rest < kHalfGroups ? rest : kHalfGroups;
      emit(here, 2 * kPiece,
           [&](int8_t* place) { f(half, here, reinterpret_cast<int16_t*>(place)); });
    }
  }

  // Values of 16 bits as 8 bits or as two planes. Uses them up.
  void emit_values(int16_t* values, bool fine, unsigned groups) {
    if (!fine) {
      return emit(groups, kPiece, [&](int8_t* place) { npu_pack_i8(values, place, groups); });
    }
    if (narrow_) {
      return emit(groups, 2 * kPiece, [&](int8_t* place) {
        npu_fine_split_i16(values, place, place + kPiece, groups);
      });
    }
    int8_t* low = reinterpret_cast<int8_t*>(values);
    emit(groups, kPiece, [&](int8_t* place) { npu_fine_split_i16(values, place, low, groups); });
    emit(groups, kPiece, [&](int8_t* place) { copy_bytes(low, place, groups * kPiece); });
  }

  static constexpr size_t kPiece = kGroupRows * kTile;  // of int8

 private:
  OutC& c_;
  int8_t* object_ = nullptr;
  size_t used_ = 0;  // bytes of it that pieces have
  bool narrow_ = false;
};

}  // namespace kernels
