// SPDX-License-Identifier: LGPL-2.1-or-later
// Does this device compute this model as it should? One window, stage by stage.
#pragma once

#include <string>
#include <vector>

#include "device/open.h"
#include "result.h"

namespace npu::subtitle {

// One line of the report.
struct StageReport {
  std::string stage;    // "encoder"
  std::string shape;    // "[1500, 512]"
  std::string checked;  // what was compared, and how far apart it was
  bool passed;
};

struct SelfTestReport {
  std::string model;   // path and format
  std::string device;  // description
  bool values_known;   // whether the model is one whose values are stored
  std::vector<StageReport> stages;

  bool passed() const;
};

// Loads the model, runs mel -> encoder -> cross K,V -> decoder steps -> logits on a generated sound
// twice, and checks shapes, that everything is finite and varies, and that both runs agree bit for
// bit; for Whisper base as published (f16) also known values.
// Errors: those of loading; a failing stage is not an error but a line of the report.
Result<SelfTestReport> self_test(const std::string& model, const DeviceRequest& device);

// A table for people, with a last line that says what was checked and what was not.
std::string table(const SelfTestReport& report);

}  // namespace npu::subtitle
