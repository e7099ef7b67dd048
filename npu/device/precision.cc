// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/device.h"

namespace npu {
namespace {

struct PrecisionEntry {
  std::string_view name;
  Precision precision;
};

constexpr PrecisionEntry kPrecisions[] = {{"auto", Precision::kAuto},
                                          {"f32", Precision::kF32},
                                          {"int8", Precision::kInt8},
                                          {"bf16", Precision::kBf16},
                                          {"npu", Precision::kNpu}};

}  // namespace

std::string_view precision_name(Precision precision) {
  for (const PrecisionEntry& entry : kPrecisions)
    if (entry.precision == precision) return entry.name;
  return "?";
}

Result<Precision> precision_from_name(std::string_view name) {
  std::string known;
  for (const PrecisionEntry& entry : kPrecisions) {
    if (entry.name == name) return entry.precision;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return Error{ErrorCode::kInvalidArgument,
               text("precision: expected one of ", known, ", found '", name, "'")};
}

}  // namespace npu
