// SPDX-License-Identifier: LGPL-2.1-or-later
// Random operations of a core as streams of objects, and what must come out by the references.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "core/core.h"
#include "kernel_test.h"

namespace core_streams {

using Bytes = std::vector<int8_t>;

// Bytes of an output object; kAny where the contract says nothing.
inline constexpr int16_t kAny = 1000;
using Wanted = std::vector<int16_t>;

struct Streams {
  std::vector<Bytes> a, b;
  std::vector<Wanted> c;
};

inline constexpr size_t kGroupElements = kernels::kGroupRows * kernels::kTile;

void append(Streams& to, const kernels::Descriptor& descriptor);

// The first bytes of an output object; the rest of it may be anything.
void expect(Streams& to, const void* first, size_t bytes);

// Appends operations of the core in row `row` of the array.
class Writer {
 public:
  Writer(uint32_t seed, unsigned row) : tiles_(seed), row_(row) {}

  void pass(Streams& to);
  void matmul(Streams& to, kernels::Epilogue epilogue, bool fine);
  void logits(Streams& to);  // up to three products
  void topk(Streams& to);    // up to three products, the last one with candidates
  void layer_norm(Streams& to, bool fine);
  void attention(Streams& to, uint32_t flags);
  void combine(Streams& to);
  void alignment(Streams& to);
  void add(Streams& to);
  void any(Streams& to);
  void narrow(Streams& to);  // up to five operations whose results share objects

  Tiles& tiles() { return tiles_; }

 private:
  kernels::Descriptor descriptor(kernels::Op op, unsigned most_tiles);
  unsigned groups(const kernels::Descriptor& of, unsigned tile) const;
  Bytes object(int8_t least = -128, int8_t most = 127);
  void add_table(kernels::Descriptor& to, bool exp2);
  std::vector<int32_t> product(Streams& to, const kernels::Descriptor& of, unsigned groups);
  void epilogue(Streams& to, const kernels::Descriptor& of, unsigned tile,
                const std::vector<int32_t>& sums, unsigned groups);
  void give(Streams& to, const Bytes& tile, unsigned groups);
  void give_planes(Streams& to, const Bytes& high, const Bytes& low, unsigned groups);
  void give_words(Streams& to, const std::vector<int16_t>& tile, unsigned groups);
  void logits_of_tile(Streams& to);
  void leave(Streams& to);
  void piece(Streams& to, const std::vector<const void*>& groups_of_8_bits, bool any);
  std::vector<int16_t> selected(Streams& to, const kernels::Descriptor& of);
  Bytes queries(Streams& to, const kernels::Descriptor& of, unsigned groups);
  void finish(Streams& to, const kernels::Descriptor& of, const std::vector<kernels::AttentionRow>&,
              const std::vector<int32_t>& weighted, unsigned groups);

  Tiles tiles_;
  unsigned row_;
  bool narrow_ = false, flush_ = false;
  Wanted pending_;              // pieces that wait
  std::vector<int16_t> table_;  // as the core has it, in the form of lay_out()
};

}  // namespace core_streams
