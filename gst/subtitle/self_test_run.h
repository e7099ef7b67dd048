// SPDX-License-Identifier: LGPL-2.1-or-later
// One pass through the network with every stage's output kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device/device.h"
#include "model/model_file.h"
#include "result.h"

namespace npu::subtitle {

// The output of one stage: [rows][cols], row-major.
struct StageOutput {
  std::string stage;
  size_t rows;
  size_t cols;
  std::vector<float> values;
};

// Whisper's own lists, with the intermediate values named so that the host can read them.
class SelfTestNetwork {
 public:
  // `device` must outlive the object. Errors: those of Device::load(), create_context().
  static Result<std::unique_ptr<SelfTestNetwork>> create(Device& device, ModelFile& file);

  // Runs everything on the self-test's signal. Errors: those of Context.
  Result<std::vector<StageOutput>> run();

 private:
  SelfTestNetwork(const ModelDims& dims, std::unique_ptr<Program> program,
                  std::unique_ptr<Context> context, MelFilters filters);
  Result<StageOutput> read(const std::string& stage, const std::string& buffer, int rows);
  Result<StageOutput> decode();

  const ModelDims dims_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Context> context_;  // goes before program_
  const MelFilters filters_;
};

}  // namespace npu::subtitle
