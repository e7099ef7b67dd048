// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shim_bd.h"

#include <algorithm>

#include "result.h"

namespace npu::twin {
namespace {

// Bits high to low of a word.
constexpr uint32_t field(uint32_t word, unsigned high, unsigned low) {
  return word >> low & ((uint64_t{1} << (high - low + 1)) - 1);
}

struct Unused {
  unsigned word, high, low;
  const char* what;
};

// Circuits, not packets; no lock of a shim is ever given.
constexpr Unused kZero[] = {
    {1, 1, 0, "low bits of the address (4 bytes)"},
    {2, 31, 31, "reserved bit"},
    {2, 30, 30, "packet enable"},
    {2, 29, 16, "packet fields"},
    {3, 31, 30, "reserved bits"},
    {5, 31, 28, "SMID"},
    {5, 23, 20, "QoS"},
    {7, 24, 18, "release value"},
    {7, 17, 17, "reserved bit"},
    {7, 16, 13, "release lock"},
    {7, 12, 12, "acquire enable"},
    {7, 11, 5, "acquire value"},
    {7, 4, 4, "reserved bit"},
    {7, 3, 0, "acquire lock"},
};

std::string dimensions_fault(const ShimBd& bd) {
  const bool inner = bd.wraps[0] != 0, outer = bd.wraps[1] != 0;
  if (!inner && (outer || bd.steps[0] != 1 || bd.steps[1] != 1)) {
    return text(
        "D0 wrap: expected 1 to 1,023 where the other dimensions have steps, found 0: "
        "a wrap of 1,024 does not fit");
  }
  if (!outer && bd.steps[2] != 1) {
    return text(
        "D1 wrap: expected 1 to 1,023 where dimension 2 has a step, found 0: a wrap of "
        "1,024 does not fit");
  }
  const uint64_t unit = uint64_t{std::max(bd.wraps[0], 1u)} * std::max(bd.wraps[1], 1u);
  if (bd.length % unit != 0) {
    return text("length: expected a multiple of D0 x D1 = ", bd.wraps[0], " x ", bd.wraps[1],
                " words, found ", bd.length);
  }
  return "";
}

}  // namespace

uint64_t ShimBd::offset(uint64_t at) const {
  const uint64_t inner = wraps[0] != 0 ? at % wraps[0] : at;
  const uint64_t outer = wraps[0] != 0 ? at / wraps[0] : 0;
  const uint64_t middle = wraps[1] != 0 ? outer % wraps[1] : outer;
  const uint64_t last = wraps[1] != 0 ? outer / wraps[1] : 0;
  return current * iteration_step + inner * steps[0] + middle * steps[1] + last * steps[2];
}

uint64_t ShimBd::run(uint64_t at) const {
  if (steps[0] != 1) return 1;
  return wraps[0] != 0 ? std::min(wraps[0] - at % wraps[0], length - at) : length - at;
}

ShimBd decode_bd(std::span<const uint32_t, kBdWords> words) {
  ShimBd bd{};
  bd.length = words[0];
  bd.address = uint64_t{field(words[2], 15, 0)} << 32 | words[1];
  bd.wraps[0] = field(words[3], 29, 20);
  bd.wraps[1] = field(words[4], 29, 20);
  for (size_t i = 0; i < 3; ++i) bd.steps[i] = field(words[3 + i], 19, 0) + 1;
  bd.current = field(words[6], 31, 26);
  bd.iterations = field(words[6], 25, 20) + 1;
  bd.iteration_step = field(words[6], 19, 0) + 1;
  bd.next = field(words[7], 30, 27);
  bd.use_next = field(words[7], 26, 26) != 0;
  bd.valid = field(words[7], 25, 25) != 0;
  return bd;
}

std::string bd_fault(std::span<const uint32_t, kBdWords> words) {
  for (const Unused& of : kZero) {
    const uint32_t found = field(words[of.word], of.high, of.low);
    if (found != 0) {
      return text("word ", of.word, " bits ", of.high, ":", of.low, ", ", of.what,
                  ": expected 0, found ", found);
    }
  }
  const ShimBd bd = decode_bd(words);
  if (!bd.valid) return "word 7 bit 25, valid: expected 1, found 0";
  if (bd.length == 0) return "length: expected at least 1 word, found 0";
  if (field(words[4], 31, 30) == 3) return "burst: expected 0 to 2 (64, 128, 256 bytes), found 3";
  if (field(words[5], 27, 24) != 2)
    return text("AxCache: expected 2, found ", field(words[5], 27, 24));
  if (bd.current >= bd.iterations) {
    return text("iteration: expected a current one below ", bd.iterations, ", found ", bd.current);
  }
  if (!bd.use_next && bd.next != 0) {
    return text("next descriptor: expected 0 without \"use next\", found ", bd.next);
  }
  return dimensions_fault(bd);
}

}  // namespace npu::twin
