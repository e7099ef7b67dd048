// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory of the host as the array sees it: buffers of a run, which of their words hold something,
// and ranges of words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace npu::twin {

// A bit per word of 4 bytes.
class WordMap {
 public:
  explicit WordMap(size_t words = 0) : bits_((words + 63) / 64, 0), words_(words) {}

  size_t words() const { return words_; }
  void set(size_t first, size_t count) { change(first, count, true); }
  void clear(size_t first, size_t count) { change(first, count, false); }
  // The first of them that is not set.
  std::optional<size_t> unset(size_t first, size_t count) const;

 private:
  void change(size_t first, size_t count, bool to);

  std::vector<uint64_t> bits_;
  size_t words_;
};

// A buffer object of a run. Borrowed while the run lasts. Several may share memory, as a part of
// one and the whole do: then they share the map and their addresses say so.
struct Buffer {
  std::span<std::byte> bytes;  // the device's copy
  uint64_t address;            // of the device; a multiple of 4
  WordMap* written;            // what the host has synced, or the array written
  size_t first_word = 0;       // of this buffer in the map
};

// Words of the device's address space: address / 4, end exclusive.
struct Range {
  uint64_t begin, end;
};

// Sorts ranges and joins what touches or overlaps.
void normalise(std::vector<Range>* ranges);

// Of two normalised lists.
std::vector<Range> intersection(const std::vector<Range>& a, const std::vector<Range>& b);

}  // namespace npu::twin
