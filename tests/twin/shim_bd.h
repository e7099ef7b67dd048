// SPDX-License-Identifier: LGPL-2.1-or-later
// A descriptor (BD) of a shim: its eight words as fields, and the words of memory it walks over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace npu::twin {

inline constexpr size_t kBdWords = 8;
inline constexpr size_t kBds = 16;  // of a shim

// Lengths, steps and offsets in words of 4 bytes. A wrap of 0: the dimension goes on to the end.
struct ShimBd {
  uint64_t length;
  uint64_t address;  // bytes, of the array's address space
  unsigned wraps[2];
  uint64_t steps[3];
  unsigned iterations, current;
  uint64_t iteration_step;
  bool use_next, valid;
  unsigned next;

  // Of its word `at`, from the address, in the iteration `current`.
  uint64_t offset(uint64_t at) const;
  // Words from word `at` that follow one another in memory.
  uint64_t run(uint64_t at) const;
};

ShimBd decode_bd(std::span<const uint32_t, kBdWords> words);

// "" if a shim would do what the fields say, else what was expected and found. Values that do not
// fit into their fields show in the neighbours: as bits without meaning, as an inner dimension
// that never ends, as a length that the dimensions do not divide.
std::string bd_fault(std::span<const uint32_t, kBdWords> words);

}  // namespace npu::twin
