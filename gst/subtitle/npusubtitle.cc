// SPDX-License-Identifier: LGPL-2.1-or-later
// npusubtitle: subtitles for audio and video files. See npusubtitle(1).
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>

#include <clocale>
#include <cstdio>

#include "subtitle/command_line.h"
#include "subtitle/interrupt.h"
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

ExitCode run_self_test(const CommandLine& options) {
  DeviceRequest device;
  if (!options.device.empty()) device.name = options.device;
  device.index = options.device_index.value_or(0);
  device.threads = options.threads.value_or(0);
  const auto report = self_test(options.model.empty() ? "base" : options.model, device);
  if (!report) {
    print_error(report.error().message);
    return code_of(report.error());
  }
  if (Done printed = print_to_stdout(table(*report)); !printed) return printed.failure().code;
  return report->passed() ? ExitCode::kSuccess : ExitCode::kFailed;
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
