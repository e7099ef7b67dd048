// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/output_set.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

Done make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return done();
  return Failure{ExitCode::kOutput,
                 "cannot make the folder " + folder.string() + ": " + error.message()};
}

}  // namespace

Outcome<OutputSet> OutputSet::create(const std::vector<PlannedOutput>& plan, const fs::path& input,
                                     const CommandLine& options) {
  OutputSet set;
  for (const PlannedOutput& planned : plan) {
    if (planned.to_stdout()) {
      set.outputs_.push_back({planned, nullptr});
      continue;
    }
    std::error_code ignored;
    if (options.skip_existing && fs::is_regular_file(planned.path, ignored)) continue;
    // Below a folder that was asked for; a named file's folder must be there.
    const bool into_folder = !options.output.empty() && planned.path != options.output;
    if (into_folder) {
      if (Done made = make_folder(planned.path.parent_path()); !made) return made.failure();
    }
    auto file = OutputFile::create(planned.path, input, options.force);
    if (!file) return file.failure();
    if (planned.video() && (*file)->temporary().empty()) {
      return Failure{ExitCode::kOutput,
                     planned.path.string() + " is not a regular file, which a video needs"};
    }
    set.outputs_.push_back({planned, std::move(*file)});
  }
  return set;
}

Done OutputSet::write_captions(const captions::Transcript& transcript,
                               const captions::WriteOptions& options) {
  for (const Output& output : outputs_) {
    const CaptionOutput* caption = output.plan.caption();
    if (!caption) continue;
    const std::string bytes =
        captions::CaptionWriter::create(caption->format, options)->write(transcript);
    if (Done written = output.file ? output.file->write(bytes) : print_to_stdout(bytes); !written) {
      return written;
    }
  }
  return done();
}

Done OutputSet::commit() {
  // What fails for want of space fails here, before any name is given.
  for (const Output& output : outputs_) {
    if (!output.file) continue;
    if (Done finished = output.file->finish(); !finished) return finished;
  }
  for (const Output& output : outputs_) {
    if (!output.file) continue;
    if (Done committed = output.file->commit(); !committed) return committed;
  }
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

}  // namespace npu::subtitle
