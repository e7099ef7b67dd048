// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/self_test.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "model/model.h"
#include "model/model_file.h"
#include "subtitle/self_test_run.h"
#include "subtitle/self_test_values.h"

namespace npu::subtitle {
namespace {

// How far a stage's values may be from the reference's, in the unit of the stage. Those of mel,
// encoder and logits are the project's bounds for f32; K, V and the decoder step lie between them.
double tolerance(const std::string& stage) {
  if (stage == "mel") return 1e-4;
  if (stage == "logits") return 1e-3;
  return 2e-3;
}

// SHA-256 of a file; empty if it cannot be read.
std::string digest_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<GChecksum, decltype(&g_checksum_free)> sum(
      g_checksum_new(G_CHECKSUM_SHA256), g_checksum_free);
  std::vector<char> block(1 << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    g_checksum_update(sum.get(), reinterpret_cast<const guchar*>(block.data()), file.gcount());
  }
  return file.eof() ? g_checksum_get_string(sum.get()) : "";
}

std::string number(double value) {
  std::array<char, 32> buffer;
  std::snprintf(buffer.data(), buffer.size(), "%.1e", value);
  return buffer.data();
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

bool varies(const std::vector<float>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *least < *most;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The largest difference of elements, mean and root mean square.
double largest_difference(const std::vector<float>& values, const StageValues& known) {
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(values.size());
  double largest = std::max(std::abs(sum / count - known.mean),
                            std::abs(std::sqrt(squares / count) - known.rms));
  for (const KnownValue& element : known.values) {
    const double found = values[static_cast<size_t>(element.index)];
    largest = std::max(largest, std::abs(found - element.value));
  }
  return largest;
}

StageReport check(const StageOutput& first, const StageOutput& second, const StageValues* known) {
  StageReport report{first.stage, text("[", first.rows, ", ", first.cols, "]"), "", true};
  const auto add = [&report](bool passed, const std::string& what) {
    report.passed = report.passed && passed;
    report.checked += (report.checked.empty() ? "" : ", ") + what;
  };
  if (!all_finite(first.values)) {
    add(false, "a value is not finite");
    return report;
  }
  add(true, "finite");
  if (!varies(first.values)) add(false, "all values are equal");
  const bool repeats = same_bits(first.values, second.values);
  add(repeats, repeats ? "repeats" : "a second run differs");
  if (known) {
    const double difference = largest_difference(first.values, *known);
    const double bound = tolerance(first.stage);
    const bool within = 0 <= difference && difference <= bound;
    add(within,
        "off by " + number(difference) + (within ? " <= " : ", expected <= ") + number(bound));
  }
  return report;
}

const StageValues* find_known(const std::string& stage) {
  for (const StageValues& known : base_stage_values()) {
    if (known.stage == stage) return &known;
  }
  return nullptr;
}

}  // namespace

bool SelfTestReport::passed() const {
  return !stages.empty() &&
         std::all_of(stages.begin(), stages.end(), [](const StageReport& s) { return s.passed; });
}

Result<SelfTestReport> self_test(const std::string& model, const DeviceRequest& request) {
  NPU_TRY_ASSIGN(const std::string path, resolve_model(model));
  NPU_TRY_ASSIGN(std::unique_ptr<ModelFile> file, open_model_file(path));
  NPU_TRY_ASSIGN(std::unique_ptr<Device> device, open_device(request));
  NPU_TRY_ASSIGN(std::unique_ptr<SelfTestNetwork> network, SelfTestNetwork::create(*device, *file));
  SelfTestReport report;
  report.model = path + " (" + file->format() + ")";
  report.device = text(device->name(), ", ", device->description());
  report.values_known = std::filesystem::is_directory(path) &&
                        digest_of(std::filesystem::path(path) / "model.bin") == kBaseModelDigest;
  file.reset();
  NPU_TRY_ASSIGN(const std::vector<StageOutput> first, network->run());
  NPU_TRY_ASSIGN(const std::vector<StageOutput> second, network->run());
  for (size_t stage = 0; stage < first.size(); ++stage) {
    const StageValues* known = report.values_known ? find_known(first[stage].stage) : nullptr;
    report.stages.push_back(check(first[stage], second[stage], known));
  }
  return report;
}

std::string table(const SelfTestReport& report) {
  std::string lines = "model   " + report.model + "\ndevice  " + report.device + "\n\n";
  for (const StageReport& stage : report.stages) {
    std::array<char, 256> buffer;
    std::snprintf(buffer.data(), buffer.size(), "%-4s  %-12s  %-12s  %s\n",
                  stage.passed ? "PASS" : "FAIL", stage.stage.c_str(), stage.shape.c_str(),
                  stage.checked.c_str());
    lines += buffer.data();
  }
  lines += report.values_known
               ? "\nValues were compared with those of the reference implementation in f32.\n"
               : "\nNo values are stored for this model: shapes, finite values and repeatability "
                 "were checked, the values themselves were not.\n";
  lines += report.passed() ? "self-test passed\n" : "self-test FAILED\n";
  return lines;
}

}  // namespace npu::subtitle
