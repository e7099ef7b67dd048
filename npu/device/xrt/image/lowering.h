// SPDX-License-Identifier: LGPL-2.1-or-later
// From steps to operations whose inputs and results have places: temporaries in the activations'
// buffer, what the host gives and takes in its own, K and V in the caches.
//
// Attention over caches is in one pass wherever all rows of a run attend to one slot, for self and
// for cross attention: the bits of precision=npu on the CPU, which knows no parts. Rows of several
// slots are attended slot by slot, unfinished, with no key for rows of the others, and put together
// (Op::kCombine): a row then has keys in one part alone, and what is combined with nothing keeps
// its bits.
#pragma once

#include "device/xrt/image/operation.h"
#include "device/xrt/image/weights_image.h"

namespace npu::array {

// What a run works on.
struct RunShape {
  size_t self_positions = 448;    // room of a self cache
  size_t cross_positions = 1500;  // room of a cross cache
  // Of row tables: what the cross cache of each slot of the run holds, and how many self slots.
  std::vector<size_t> stored = {1500};
  size_t self_slots = 1;
  size_t rows = kDecodeRows;  // of the table, at most: fewer give fewer bytes of logits
};

// A row of the table. Slots count those of the run: BufferPlace::slot.
struct RunRow {
  uint8_t self_slot = 0;
  uint8_t cross_slot = 0;
  int position = 0;
};

// A descriptor whose rows see a number of keys each, which changes from run to run.
struct RowLimits {
  uint64_t offset = 0;   // of its 16 limits (int32) in the host's buffer
  bool is_self = false;  // else of cross attention
  uint8_t slot = 0;      // rows of other slots see nothing
  uint32_t keys = 0;     // of cross attention: what its rows see
};

// Scores of the alignment heads of one operation of the list: all heads of its layer.
struct AlignmentPlace {
  Tiles scores;
  uint8_t cross_slot = 0;
};

// Plain data; immutable once made.
struct LoweredList {
  std::string name;
  std::vector<Operation> operations;
  // Sizes of the buffers that it needs; of caches of one slot.
  uint64_t activation_bytes = 0, host_bytes = 0, self_bytes = 0, cross_bytes = 0;
  // By the names of Value::buffer and steps.h; at the same places for every list and shape.
  std::map<std::string, Tiles> host;
  std::optional<Tiles> logits;            // of lists with a vocabulary
  std::vector<AlignmentPlace> alignment;  // in the order of the list, slot by slot
  // Of attention over caches, to be copied to `descriptor_offset` of the host's buffer before the
  // first run. put_row_limits() before each changes nothing but the first `limited_bytes` of them.
  std::vector<std::byte> descriptors;
  uint64_t descriptor_offset = 0, limited_bytes = 0;
  std::vector<RowLimits> limits;
};

// At most kDecodeRows rows; `host` is the host's buffer, in which list.descriptors lie.
void put_row_limits(const LoweredList& list, std::span<const RunRow> rows, std::byte* host);

// Immutable; thread-safe.
class Lowering {
 public:
  // Borrows both; the image was planned for these lists.
  Lowering(std::span<const ArrayList> lists, const WeightsImage& image);

  // Errors: kInvalidArgument, saying which of the caches has no room for what; kUnsupported, if the
  // list and another one have a buffer in different forms.
  Result<LoweredList> lower(size_t list, const RunShape& shape) const;

 private:
  friend class ListLowering;

  std::span<const ArrayList> lists_;
  const WeightsImage& image_;
  struct HostValue {
    Layout layout;
    uint64_t bytes, offset;
  };
  std::map<std::string, HostValue> host_;
  uint64_t logits_ = 0, host_bytes_ = 0;
  size_t layers_ = 0;  // of caches
};

}  // namespace npu::array
