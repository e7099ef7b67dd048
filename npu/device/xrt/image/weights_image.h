// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights image: all that does not change from run to run, in one contiguous piece that is
// uploaded once. A multiple of 8,192 bytes, and so is every place in it:
//
//   products   [N tile][descriptor, then K / 128 objects of 128 x 64]
//              Objects are 8 x 8 blocks (layout/tile.h b_object_index), rows beyond K and columns
//              beyond N are zero. Products with taps pad K of each tap. Inputs of 12 bits read the
//              same objects twice.
//   the same product on another number of rows: [N tile][descriptor]; the objects are those above.
//              The vocabulary's is there for 4, 8 and 16 rows, whose logits are so many bytes
//   layer norms, the encoder's attention: [column or head][descriptor]
//   where the last round leaves columns idle, the descriptor of pass behind it
//   positions  int16 tiles [row tile][column tile] of the residual stream
#pragma once

#include <map>
#include <span>

#include "device/xrt/image/steps.h"

namespace npu::array {

// What lies in the image under one name. Offsets are bytes.
struct ImageEntry {
  uint64_t descriptors = 0;
  uint64_t descriptor_step = 0;  // from tile to tile
  uint64_t objects = 0;
  uint64_t object_step = 0;
  uint32_t tiles = 0;  // N tiles, heads, columns of a layer norm; of positions row tiles
  uint32_t count = 0;  // objects of a tile
  uint64_t pass = 0;   // 0: no column is idle

  bool operator==(const ImageEntry&) const = default;
};

// How the rounds of tiles share A, and what a column that is idle in the last one leaves out.
Share share_of(const ArrayStep& step, uint32_t tiles, uint32_t tile);
unsigned passed_objects(const ArrayList& list, const ArrayStep& step, uint32_t tiles);
// Objects of a tile of a product, in one plane.
uint32_t objects_of(const ArrayStep& step);
// N tiles of all parts.
uint32_t tiles_of(const ArrayStep& step);

// The rows that a step has descriptors for, the one with the objects first; and that form of it.
std::vector<RowForm> forms_of(const ArrayStep& step);
ArrayStep in_form(const ArrayStep& step, const RowForm& form);

// What a step's descriptors and objects are called: its matrices' names, joined by "+", its norm's
// or its attention's; and for how many rows (and keys) the descriptors are.
std::string entry_name(const ArrayList& list, const ArrayStep& step);
std::string table_name(const ArrayValue& value);

// Immutable; thread-safe.
class WeightsImage {
 public:
  // Says where things will lie. Attention over caches, whose keys are another number in each run,
  // is not in the image (lowering.h). Where lists name one product on several numbers of rows, the
  // first has the objects behind its descriptors. Borrows the lists and their network until write()
  // is done.
  static WeightsImage plan(std::span<const ArrayList> lists);

  uint64_t bytes() const { return bytes_; }
  const std::map<std::string, ImageEntry>& directory() const { return directory_; }

  // Fills `image`, bytes() of them, 32-byte aligned. Errors: kUnsupported, naming what: a
  // descriptor that breaks its contract, since the network's parameters do.
  Result<void> write(std::span<std::byte> image) const;

 private:
  struct Source {
    const ArrayList* list;
    ArrayStep step;
    bool has_objects;  // not those of another entry
  };
  friend class ImagePlanner;

  uint64_t bytes_ = 0;
  std::map<std::string, ImageEntry> directory_;
  std::map<std::string, Source> sources_;
  std::map<std::string, const ArrayValue*> tables_;
};

}  // namespace npu::array
