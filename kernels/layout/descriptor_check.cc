// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layout/descriptor_check.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "layer_norm/layer_norm.h"
#include "matmul/matmul.h"

namespace kernels {
namespace {

std::string unexpected(const char* what, const std::string& expected, uint64_t found) {
  return std::string("descriptor: ") + what + ": expected " + expected + ", found " +
         std::to_string(found);
}

std::string at_most(const char* what, uint64_t most, uint64_t found) {
  return found <= most ? "" : unexpected(what, "at most " + std::to_string(most), found);
}

std::string between(const char* what, uint64_t least, uint64_t most, uint64_t found) {
  if (found >= least && found <= most) return "";
  return unexpected(what, std::to_string(least) + " to " + std::to_string(most), found);
}

std::string first_of(std::initializer_list<std::string> faults) {
  for (const std::string& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return "";
}

// What only holds 16 rows, of one tile.
std::string one_group(const DescriptorHead& head) {
  return first_of({at_most("rows of this operation", kGroupRows, head.rows),
                   at_most("tiles of this operation", 1, head.m_tiles)});
}

std::string selection(const DescriptorHead& head, unsigned choices) {
  return first_of({between("columns", 1, 255, head.columns),
                   between("select", 0, choices - (choices > 0 ? 1u : 0u), head.select)});
}

std::string attention_fault(const DescriptorHead& head, unsigned most_gain) {
  std::string fault = at_most("gain", most_gain, head.out_shift);
  if (fault.empty() && (head.flags & (kTransposeKeys | kPart)) != 0) fault = one_group(head);
  if (fault.empty() && (head.flags & kRowLimits) != 0) {
    fault = first_of({at_most("rows with limits of their own", kTile, head.rows),
                      at_most("tiles with limits of their own", 1, head.m_tiles)});
  }
  return fault;
}

// Whole objects hold more than pieces: blocks of the caches, scores, candidates, parts.
std::string narrow_fault(const DescriptorHead& head) {
  if ((head.flags & kNarrow) == 0) return "";
  const bool product = head.op == Op::kMatmul;
  const bool whole = (head.op == Op::kAttention && (head.flags & kPart) != 0) ||
                     head.op == Op::kAlignment ||
                     (product && (head.epilogue == Epilogue::kV || head.epilogue == Epilogue::kKt ||
                                  head.epilogue == Epilogue::kTopK));
  if (whole)
    return "descriptor: flag kNarrow: expected a result in pieces, found one of whole objects";
  return one_group(head);
}

std::string product_fault(const DescriptorHead& head) {
  switch (head.epilogue) {
    case Epilogue::kI8:
    case Epilogue::kI16:
    case Epilogue::kV:
    case Epilogue::kKt:
      return "";
    case Epilogue::kGelu:
    case Epilogue::kGeluFine:
      return at_most("out_shift", 30, head.out_shift);
    case Epilogue::kGeluAdd:
    case Epilogue::kResidual:
      return first_of({at_most("out_shift", 30, head.out_shift), selection(head, head.columns)});
    case Epilogue::kTopK:
    case Epilogue::kRows:
      return one_group(head);
    case Epilogue::kLogits:
      return (head.flags & kNarrow) != 0 ? one_group(head)
                                         : "descriptor: logits: expected flag kNarrow, found none";
  }
  return unexpected("epilogue", "0 to 10", static_cast<unsigned>(head.epilogue));
}

std::string operation_fault(const DescriptorHead& head) {
  const unsigned gain = (head.flags & kFineOutput) != 0 ? 12 : 8;
  switch (head.op) {
    case Op::kPass:
      return "";
    case Op::kMatmul:
      return first_of(
          {between("objects of a product", 1, 5120 / kObjectK, head.count), product_fault(head)});
    case Op::kLayerNorm:
      return first_of(
          {between("tiles of a row", 1, kMaxWidth / kTile, head.count),
           at_most("out_shift", 30, head.out_shift), selection(head, head.columns),
           at_most("tiles of a column", kMaxNormTiles,
                   (head.count + head.columns - 1u) / std::max<unsigned>(head.columns, 1)),
           head.epsilon >= 1 && head.epsilon < int64_t{1} << 51
               ? ""
               : unexpected("epsilon", "1 to 2^51 - 1", static_cast<uint64_t>(head.epsilon))});
    case Op::kAttention:
      return first_of({selection(head, 2u * head.columns), attention_fault(head, gain)});
    case Op::kCombine:
      return first_of({one_group(head), at_most("gain", gain, head.out_shift)});
    case Op::kAlignment:
      return first_of({one_group(head), selection(head, 2u * head.columns)});
    case Op::kAdd:
      return selection(head, head.columns);
  }
  return unexpected("operation", "0 to 6", static_cast<unsigned>(head.op));
}

}  // namespace

std::string descriptor_fault(const Descriptor& descriptor) {
  const DescriptorHead& head = descriptor.head;
  if (head.magic != kDescriptorMagic) {
    return unexpected("magic", std::to_string(kDescriptorMagic) + " (\"wNPU\")", head.magic) +
           ": another object lies where an operation should begin";
  }
  if (head.version != kDescriptorVersion) {
    return unexpected("version", std::to_string(kDescriptorVersion), head.version) +
           ": pack the model again with this version";
  }
  const auto is_zero = [](uint8_t byte) { return byte == 0; };
  const bool clear =
      head.reserved0 == 0 && head.reserved1 == 0 &&
      std::all_of(std::begin(descriptor.reserved), std::end(descriptor.reserved), is_zero);
  const auto negative = [](int16_t mult) { return mult < 0; };
  const bool signs =
      std::none_of(std::begin(descriptor.mult), std::end(descriptor.mult), negative) &&
      std::none_of(std::begin(descriptor.out_mult), std::end(descriptor.out_mult), negative);
  return first_of({at_most("flags", kKnownFlags, head.flags),
                   at_most("shift", kMaxRequantiseShift, head.shift), operation_fault(head),
                   narrow_fault(head),
                   clear ? "" : "descriptor: reserved bytes: expected zeros, found others",
                   signs ? "" : "descriptor: multipliers: expected none below 0, found one"});
}

}  // namespace kernels
