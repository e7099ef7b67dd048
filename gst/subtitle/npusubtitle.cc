// SPDX-License-Identifier: LGPL-2.1-or-later
// npusubtitle: subtitles for audio and video files. See npusubtitle(1).
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>

#include <clocale>
#include <cstdio>

#include "subtitle/command_line.h"
#include "subtitle/interrupt.h"
#include "subtitle/npu_self_test.h"
#include "subtitle/output_set.h"
#include "subtitle/run_files.h"
#include "subtitle/self_test.h"

namespace npu::subtitle {
namespace {

void print_error(const std::string& message) {
  std::fprintf(stderr, "npusubtitle: %s\n", message.c_str());
}

ExitCode code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return ExitCode::kUsage;
    case ErrorCode::kNotFound:
    case ErrorCode::kBadModel:
    case ErrorCode::kIo:
    case ErrorCode::kUnsupported:
      return ExitCode::kModel;
    case ErrorCode::kNoDevice:
    case ErrorCode::kDeviceLost:
    case ErrorCode::kTimeout:
      return ExitCode::kDevice;
    default:
      return ExitCode::kFailed;
  }
}

ExitCode fail(const Error& error) {
  print_error(error.message);
  return code_of(error);
}

ExitCode print_table(const std::string& table, bool passed) {
  if (Done printed = print_to_stdout(table); !printed) return printed.failure().code;
  return passed ? ExitCode::kSuccess : ExitCode::kFailed;
}

// The CPU computes a model; an NPU is tested operation by operation, and needs none.
ExitCode run_self_test(const CommandLine& options) {
  DeviceRequest device;
  if (!options.device.empty()) device.name = options.device;
  device.index = options.device_index.value_or(0);
  device.threads = options.threads.value_or(0);
  if (device.name == "npu" || device.name == "auto") {
    std::vector<NpuReport> reports;
    const Result<void> tested = npu_self_test(options.model, device, reports);
    if (!reports.empty()) {
      const ExitCode code = print_table(table(reports), passed(reports));
      return tested || code != ExitCode::kSuccess ? code : fail(tested.error());
    }
    const bool is_there = tested.error().code != ErrorCode::kNoDevice;
    if (is_there || device.name == "npu") return fail(tested.error());
    print_error("no NPU, so the CPU is tested: " + tested.error().message);
    device.name = "cpu";
  }
  const auto report = self_test(options.model.empty() ? "base" : options.model, device);
  return report ? print_table(table(*report), report->passed()) : fail(report.error());
}

ExitCode run(int argc, char** argv) {
  const Outcome<CommandLine> options = parse_command_line(argc, argv);
  if (!options) {
    print_error(options.failure().message);
    return options.failure().code;
  }
  if (options->action == Action::kShowVersion) {
    std::puts("npusubtitle " NPUWHISPER_VERSION);
    return ExitCode::kSuccess;
  }
  if (options->action == Action::kSelfTest) return run_self_test(*options);
  // From here on: looking through all plugins may take seconds.
  watch_interrupts();
  gst_init(nullptr, nullptr);
  gst_pb_utils_init();
  return run_files(*options);
}

}  // namespace
}  // namespace npu::subtitle

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  std::setlocale(LC_NUMERIC, "C");
  return static_cast<int>(npu::subtitle::run(argc, argv));
}
