// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/run_files.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "subtitle/file_task.h"
#include "subtitle/job_list.h"
#include "subtitle/report.h"
#include "subtitle/stop_request.h"
#include "subtitle/transcription_pipeline.h"

namespace npu::subtitle {
namespace {

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

// Whether the next file would fail in the same way.
bool is_final(ExitCode code) {
  return code == ExitCode::kUsage || code == ExitCode::kModel || code == ExitCode::kDevice ||
         code == ExitCode::kInterrupted || code == ExitCode::kTerminated;
}

class Run {
 public:
  explicit Run(const CommandLine& options)
      : options_(options),
        jobs_(list_jobs(options)),
        report_(to_stderr, terminal_columns(), options.quiet, jobs_.size()) {}

  ExitCode work() {
    // Documents on standard output come one after the other, in order.
    const size_t most = options_.output == "-" || options_.action == Action::kProfile
                            ? 1
                            : std::min<size_t>(options_.jobs, jobs_.size());
    std::vector<std::thread> helpers;
    for (size_t helper = 1; helper < most; ++helper) helpers.emplace_back([this] { work_on(); });
    work_on();
    for (std::thread& helper : helpers) helper.join();
    if (jobs_.size() > 1) report_.line(tally());
    return first_failure_;
  }

 private:
  // One of the threads: a pipeline of its own, and job after job.
  void work_on() {
    auto pipeline = TranscriptionPipeline::create(options_, stop_);
    if (!pipeline) {
      note(pipeline.failure(), true);
      return;
    }
    for (size_t next = next_++; next < jobs_.size(); next = next_++) {
      if (stop_.reason()) break;
      const Job& job = jobs_[next];
      const Outcome<FileResult> result =
          job.failure ? *job.failure
          : options_.action == Action::kProfile
              ? profile_file(job, options_, **pipeline, report_)
              : subtitle_file(job, options_, **pipeline, stop_, report_);
      result ? note(*result) : note(result.failure(), is_final(result.failure().code));
    }
    if (const auto reason = stop_.reason()) note(*reason, true);
  }

  void note(FileResult result) {
    const std::lock_guard lock(mutex_);
    ++(result == FileResult::kWritten ? written_ : skipped_);
  }

  // What comes after a final failure is only its echo in the other threads.
  void note(const Failure& failure, bool final) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    is_over_ = final;
    if (final) stop_.request();
    if (!final) ++failed_;
    if (first_failure_ == ExitCode::kSuccess) first_failure_ = failure.code;
    report_.error(failure.message);
  }

  std::string tally() const {
    std::string text =
        std::to_string(jobs_.size()) + " files: " + std::to_string(written_) + " written";
    if (skipped_ > 0) text += ", " + std::to_string(skipped_) + " skipped";
    if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
    const size_t left = jobs_.size() - written_ - skipped_ - failed_;
    if (left > 0) text += ", " + std::to_string(left) + " not done";
    return text;
  }

  const CommandLine& options_;
  const std::vector<Job> jobs_;
  Report report_;
  StopRequest stop_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;  // guards the rest, and is taken before the report's
  ExitCode first_failure_ = ExitCode::kSuccess;
  bool is_over_ = false;
  size_t written_ = 0;
  size_t skipped_ = 0;
  size_t failed_ = 0;
};

}  // namespace

ExitCode run_files(const CommandLine& options) {
  return Run(options).work();
}

}  // namespace npu::subtitle
