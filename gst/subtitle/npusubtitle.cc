// SPDX-License-Identifier: LGPL-2.1-or-later
// npusubtitle: subtitles for audio and video files. See npusubtitle(1).
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "subtitle/command_line.h"
#include "subtitle/interrupt.h"
#include "subtitle/output_file.h"
#include "subtitle/profile.h"
#include "subtitle/progress.h"
#include "subtitle/self_test.h"
#include "subtitle/subtitle_pipeline.h"

namespace npu::subtitle {
namespace {

void print_error(const std::string& message) {
  std::fprintf(stderr, "npusubtitle: %s\n", message.c_str());
}

void to_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

// Columns of the terminal behind stderr, 0 if there is none.
int terminal_columns() {
  constexpr int kUnknownSize = 80;
  struct winsize size {};
  if (isatty(STDERR_FILENO) == 0) return 0;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return kUnknownSize;
  return size.ws_col;
}

// What can be said before a pipeline is built.
Done check_input(const std::string& file) {
  const auto failed = [&file](const std::string& why) {
    return Failure{ExitCode::kInput, file + ": " + why};
  };
  struct stat status {};
  if (stat(file.c_str(), &status) < 0 || access(file.c_str(), R_OK) < 0) {
    return failed(std::generic_category().message(errno));
  }
  if (S_ISDIR(status.st_mode)) return failed("is a folder");
  if (S_ISREG(status.st_mode) && status.st_size == 0) return failed("is empty");
  return done();
}

Done print_to_stdout(const std::string& bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
      std::fflush(stdout) == 0) {
    return done();
  }
  return Failure{ExitCode::kOutput,
                 "cannot write standard output: " + std::generic_category().message(errno)};
}

Done subtitle(const CommandLine& options, SubtitlePipeline& pipeline, const std::string& file,
              Progress& progress) {
  const captions::CaptionFormat format = chosen_format(options);
  const bool to_stdout = options.output == "-";
  std::unique_ptr<OutputFile> output;
  if (!to_stdout) {
    auto created =
        OutputFile::create(output_path(file, options.output, format), file, options.force);
    if (!created) return created.failure();
    output = std::move(*created);
  }
  progress.line(file);
  Outcome<SubtitleRun> run = pipeline.run(file, progress);
  if (!run) return run.failure();
  const std::string bytes = captions::CaptionWriter::create(format)->write(run->transcript);
  if (to_stdout) return print_to_stdout(bytes);
  if (Done written = output->commit(bytes); !written) return written;
  const double speed = run->work_s > 0 ? run->transcript.duration_s / run->work_s : 0;
  char summary[96];
  std::snprintf(summary, sizeof summary, ": %zu captions in %s (%.1fx real time)",
                run->transcript.captions.size(), clock_text(run->work_s).c_str(), speed);
  progress.line(output->path().string() + summary);
  return done();
}

Done profile(const CommandLine& options, SubtitlePipeline& pipeline, const std::string& file,
             Progress& progress) {
  Outcome<SubtitleRun> run = pipeline.run(file, progress);
  if (!run) return run.failure();
  const Outcome<Profile> figures = profile_of(file, *run);
  if (!figures) return figures.failure();
  return print_to_stdout(options.json ? json(*figures) : table(*figures));
}

// Whether the next file would fail in the same way.
bool is_final(ExitCode code) {
  return code != ExitCode::kInput && code != ExitCode::kNoAudio &&
         code != ExitCode::kMissingDecoder && code != ExitCode::kOutput;
}

ExitCode run_files(const CommandLine& options) {
  auto pipeline = SubtitlePipeline::create(options);
  if (!pipeline) {
    print_error(pipeline.failure().message);
    return pipeline.failure().code;
  }
  Progress progress(to_stderr, terminal_columns(), options.quiet);
  ExitCode first_failure = ExitCode::kSuccess;
  for (const std::string& file : options.files) {
    Done worked = check_input(file);
    if (worked) {
      worked = options.action == Action::kProfile ? profile(options, **pipeline, file, progress)
                                                  : subtitle(options, **pipeline, file, progress);
    }
    if (worked) continue;
    progress.clear();
    print_error(worked.failure().message);
    if (first_failure == ExitCode::kSuccess) first_failure = worked.failure().code;
    if (is_final(worked.failure().code)) return worked.failure().code;
  }
  return first_failure;
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
  gst_init(nullptr, nullptr);
  gst_pb_utils_init();
  watch_interrupts();
  return run_files(*options);
}

}  // namespace
}  // namespace npu::subtitle

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  std::setlocale(LC_NUMERIC, "C");
  return static_cast<int>(npu::subtitle::run(argc, argv));
}
