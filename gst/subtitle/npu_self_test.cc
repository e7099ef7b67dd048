// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/npu_self_test.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "model/model.h"
#include "model/model_file.h"
#include "model/model_fingerprint.h"
#include "self_test/subject.h"

namespace npu::subtitle {
namespace {

// Columns of the table; 0: unknown widths are measured.
struct Widths {
  int kind = 0, shape = 0, bytes = 0;
};

template <typename... Arguments>
std::string printed(const char* format, Arguments... arguments) {
  const int length = std::snprintf(nullptr, 0, format, arguments...);
  std::string line(static_cast<size_t>(std::max(0, length)) + 1, '\0');
  std::snprintf(line.data(), line.size(), format, arguments...);
  line.pop_back();
  return line;
}

Widths widths_of(const NpuReport& report) {
  Widths widths;
  for (const CheckedOperation& operation : report.operations) {
    widths.kind = std::max(widths.kind, static_cast<int>(operation.kind.size()));
    widths.shape = std::max(widths.shape, static_cast<int>(operation.shape.size()));
    widths.bytes = std::max(widths.bytes, static_cast<int>(std::to_string(operation.bytes).size()));
  }
  return widths;
}

std::string line_of(const CheckedOperation& operation, const Widths& widths) {
  const char* verdict = operation.differing > 0 ? "FAIL" : operation.bytes > 0 ? "PASS" : "-";
  std::string line =
      printed("  %-4s  %-*s  %-*s  %*llu bytes, %llu differ  %9.3f ms  %s", verdict, widths.kind,
              operation.kind.c_str(), widths.shape, operation.shape.c_str(), widths.bytes,
              static_cast<unsigned long long>(operation.bytes),
              static_cast<unsigned long long>(operation.differing), operation.host_ms,
              operation.parameters.c_str());
  while (line.ends_with(" ")) line.pop_back();
  if (!operation.remark.empty())
    line += (operation.parameters.empty() ? "  (" : " (") + operation.remark + ")";
  line += "\n";
  if (operation.differing > 0) line += "        first: " + operation.first_difference + "\n";
  return line;
}

std::string part_of(const NpuReport& report) {
  std::string lines = "\n" + report.subject + "\n";
  const Widths widths = widths_of(report);
  std::string list;
  for (const CheckedOperation& operation : report.operations) {
    if (operation.list != list) lines += "\n" + operation.list + "\n";
    list = operation.list;
    lines += line_of(operation, widths);
  }
  if (!report.ended_early.empty()) lines += "\nended early: " + report.ended_early + "\n";
  return lines;
}

Result<SelfTestSubject> subject_named(const std::string& model) {
  NPU_TRY_ASSIGN(const std::string path, resolve_model(model));
  NPU_TRY_ASSIGN(const std::unique_ptr<ModelFile> file, open_model_file(path));
  NPU_TRY_ASSIGN(WeightIdentity identity, weight_identity(path));
  file->identify(std::move(identity));
  return subject_of(*file);
}

// What a report of a fault should come with.
constexpr const char* kWhatToReport =
    "Please report all of this output, with the kernel's messages (sudo dmesg | grep -i amdxdna) "
    "and what 'xrt-smi examine' prints.\n";

}  // namespace

Result<void> npu_self_test(const std::string& model, const DeviceRequest& request,
                           std::vector<NpuReport>& reports) {
  NPU_TRY_ASSIGN(const SelfTestSubject small, random_subject());
  NPU_TRY_ASSIGN(NpuReport report, self_test_npu(request, small));
  reports.push_back(std::move(report));
  if (model.empty() || !reports.back().ended_early.empty()) return {};
  NPU_TRY_ASSIGN(const SelfTestSubject subject, subject_named(model));
  NPU_TRY_ASSIGN(report, self_test_npu(request, subject));
  reports.push_back(std::move(report));
  return {};
}

bool passed(const std::vector<NpuReport>& reports) {
  return !reports.empty() && std::all_of(reports.begin(), reports.end(),
                                         [](const NpuReport& report) { return report.passed(); });
}

std::string table(const std::vector<NpuReport>& reports) {
  std::string lines =
      "The NPU against precision=npu on the CPU, bit for bit; times are the host's.\n\n";
  for (const auto& [name, fact] : reports.front().facts)
    lines += printed("%-10s  %s\n", name.c_str(), fact.c_str());
  size_t operations = 0, failures = 0;
  uint64_t bytes = 0;
  const CheckedOperation* first = nullptr;
  bool ended_early = false;
  for (const NpuReport& report : reports) {
    lines += part_of(report);
    operations += report.operations.size();
    failures += report.failures();
    bytes += report.compared_bytes();
    ended_early = ended_early || !report.ended_early.empty();
    for (const CheckedOperation& operation : report.operations)
      if (first == nullptr && operation.differing > 0) first = &operation;
  }
  const auto count = static_cast<unsigned long long>(bytes);
  if (passed(reports))
    return lines + printed("\nself-test passed: %zu operations, %llu bytes, none differs\n",
                           operations, count);
  lines += printed("\n%zu of %zu operations differ", failures, operations);
  if (first != nullptr)
    lines += text("; the first: ", first->list, ", ", first->kind,
                  first->parameters.empty() ? "" : ", ", first->parameters);
  lines += ended_early ? "; not all was run\n" : "\n";
  return lines + kWhatToReport + "self-test FAILED\n";
}

}  // namespace npu::subtitle
