// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/shim_bd.h"

#include <string_view>

namespace npu::array {
namespace {

constexpr uint32_t kBurst256Bytes = 2;
constexpr uint32_t kAxCache = 2;
constexpr uint64_t kGranule = 4;  // bytes

template <typename Expected, typename Found>
Error refused(std::string_view field, const Expected& expected, const Found& found) {
  return Error{ErrorCode::kInvalidArgument,
               text("buffer descriptor: ", field, ": expected ", expected, ", found ", found)};
}

Result<void> check_at_most(std::string_view field, uint64_t most, uint64_t found) {
  if (found > most) return refused(field, text("at most ", most), found);
  return {};
}

Result<void> check_step(std::string_view field, bool used, uint32_t step) {
  if (!used && step != 0) return refused(field, "0, its dimension has no wrap", step);
  if (used && (step < 1 || step > kMostStep)) {
    return refused(field, text("1 to ", kMostStep, " words"), step);
  }
  return {};
}

uint32_t stored(uint32_t step) {
  return step == 0 ? 0 : step - 1;
}

Result<void> check(const ShimBd& bd, std::optional<unsigned> next) {
  if (bd.length == 0) return refused("length", "at least 1 word", bd.length);
  NPU_TRY(check_at_most("D0 wrap", kMostWrap, bd.d0.wrap));
  NPU_TRY(check_at_most("D1 wrap", kMostWrap, bd.d1.wrap));
  NPU_TRY(check_step("D0 step", bd.d0.wrap > 0, bd.d0.step));
  NPU_TRY(check_step("D1 step", bd.d1.wrap > 0, bd.d1.step));
  if (bd.d1.wrap > 0 && bd.d0.wrap == 0) return refused("D0 wrap", "1 or more under D1", 0);
  if (bd.d2_step > 0 && bd.d1.wrap == 0) return refused("D1 wrap", "1 or more under D2", 0);
  NPU_TRY(check_step("D2 step", bd.d2_step > 0, bd.d2_step));
  NPU_TRY(check_at_most("iterations", kMostIterations, bd.iteration.wrap));
  NPU_TRY(check_step("iteration step", bd.iteration.wrap > 0, bd.iteration.step));
  if (next) NPU_TRY(check_at_most("next descriptor", kShimBds - 1, *next));
  return {};
}

}  // namespace

Result<BdWords> encode(const ShimBd& bd, std::optional<unsigned> next) {
  NPU_TRY(check(bd, next));
  NPU_TRY(patched_offset(bd.place));
  const bool iterates = bd.iteration.wrap > 1;
  BdWords words{};
  words[0] = bd.length;
  words[1] = static_cast<uint32_t>(bd.place.offset_bytes);
  words[3] = bd.d0.wrap << 20 | stored(bd.d0.step);
  words[4] = kBurst256Bytes << 30 | bd.d1.wrap << 20 | stored(bd.d1.step);
  words[5] = kAxCache << 24 | stored(bd.d2_step);
  if (iterates) words[6] = (bd.iteration.wrap - 1) << 20 | stored(bd.iteration.step);
  words[7] = 1u << 25;  // valid
  if (next) words[7] |= *next << 27 | 1u << 26;
  return words;
}

Result<uint32_t> patched_offset(const Place& place) {
  NPU_TRY(check_at_most("argument", kMostArguments - 1, place.argument));
  const bool translated = place.argument < kTranslatedArguments;
  const uint32_t added = translated ? 0 : kUntranslatedOffset;
  if (place.offset_bytes % kGranule != 0)
    return refused("offset", "a multiple of 4 bytes", place.offset_bytes);
  NPU_TRY(check_at_most(translated ? "offset in bytes" : "offset in bytes, of argument 5 or more",
                        UINT32_MAX - added, place.offset_bytes));
  return static_cast<uint32_t>(place.offset_bytes) + added;
}

}  // namespace npu::array
