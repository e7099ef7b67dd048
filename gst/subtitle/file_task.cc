// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/file_task.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "subtitle/clock.h"
#include "subtitle/output_set.h"
#include "subtitle/profile.h"
#include "subtitle/remux_pipeline.h"

namespace npu::subtitle {
namespace {

// What can be said before the medium is opened.
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

std::string counted(size_t number, const char* unit) {
  return std::to_string(number) + " " + unit + (number == 1 ? "" : "s");
}

std::string summary(const Transcription& run) {
  const double speed = run.work_s > 0 ? run.heard_s / run.work_s : 0;
  char figures[64];
  std::snprintf(figures, sizeof figures, " in %s (%.1fx real time)", clock_text(run.work_s).c_str(),
                speed);
  return counted(captions::shown_captions(run.transcript.captions).size(), "caption") + figures;
}

// The videos among the outputs, one after the other, from the finished captions.
Done write_videos(const OutputSet& outputs, const std::string& input, const CommandLine& options,
                  const captions::Transcript& transcript, const StopRequest& stop,
                  FileReport& report) {
  for (const OutputSet::Output& output : outputs.outputs()) {
    const VideoOutput* video = output.plan.video();
    if (!video) continue;
    RemuxRequest request{
        input,     output.file->temporary(), output.plan.path, video->container, std::nullopt,
        transcript};
    if (video->burn) request.burn = BurnSettings{options.quality, options.font};
    auto pipeline = RemuxPipeline::create(std::move(request));
    if (!pipeline) return pipeline.failure();
    if (Done written = (*pipeline)->run(stop, report); !written) return written;
  }
  return done();
}

}  // namespace

Outcome<FileResult> subtitle_file(const Job& job, const CommandLine& options,
                                  TranscriptionPipeline& pipeline, const StopRequest& stop,
                                  Report& report) {
  const std::string input = job.input.string();
  if (Done readable = check_input(input); !readable) return readable.failure();
  Outcome<OutputSet> outputs = OutputSet::create(job.outputs, job.input, options);
  if (!outputs) return outputs.failure();
  FileReport file(report, input);
  if (outputs->empty()) {
    file.line("skipped, " + job.outputs.front().path.string() + " exists");
    return FileResult::kSkipped;
  }
  Outcome<Transcription> run = pipeline.run(input, file);
  if (!run) return run.failure();
  const captions::WriteOptions writing{.mark_words = options.word_timestamps};
  if (Done written = outputs->write_captions(run->transcript, writing); !written) {
    return written.failure();
  }
  if (Done videos = write_videos(*outputs, input, options, run->transcript, stop, file); !videos) {
    return videos.failure();
  }
  if (const auto stopped = stop.reason()) return *stopped;
  if (Done committed = outputs->commit(); !committed) return committed.failure();
  for (const OutputSet::Output& output : outputs->outputs()) {
    if (output.file) report.line(output.plan.path.string() + ": " + summary(*run));
  }
  return FileResult::kWritten;
}

Outcome<FileResult> profile_file(const Job& job, const CommandLine& options,
                                 TranscriptionPipeline& pipeline, Report& report) {
  const std::string input = job.input.string();
  if (Done readable = check_input(input); !readable) return readable.failure();
  FileReport file(report, input);
  const Outcome<Transcription> run = pipeline.run(input, file);
  if (!run) return run.failure();
  const Outcome<Profile> figures = profile_of(input, *run);
  if (!figures) return figures.failure();
  if (Done printed = print_to_stdout(options.json ? json(*figures) : table(*figures)); !printed) {
    return printed.failure();
  }
  return FileResult::kWritten;
}

}  // namespace npu::subtitle
