// SPDX-License-Identifier: LGPL-2.1-or-later
// Known values of Whisper base, computed by the reference implementation in f32.
#pragma once

#include <string_view>
#include <vector>

namespace npu::subtitle {

// An element of a tensor by its row-major index.
struct KnownValue {
  int index;
  float value;
};

// A few elements of one stage's output, and mean and root mean square over all of them.
struct StageValues {
  std::string_view stage;
  double mean;
  double rms;
  std::vector<KnownValue> values;
};

// SHA-256 of the model.bin (CTranslate2, f16) that the values belong to.
extern const char* const kBaseModelDigest;

// For self_test_signal(), in the order of the stages.
const std::vector<StageValues>& base_stage_values();

}  // namespace npu::subtitle
