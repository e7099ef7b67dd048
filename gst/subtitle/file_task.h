// SPDX-License-Identifier: LGPL-2.1-or-later
// One medium from begin to end: listened to, written, muxed.
#pragma once

#include "subtitle/command_line.h"
#include "subtitle/failure.h"
#include "subtitle/job_list.h"
#include "subtitle/report.h"
#include "subtitle/stop_request.h"
#include "subtitle/transcription_pipeline.h"

namespace npu::subtitle {

// What came of a job that did not fail.
enum class FileResult { kWritten, kSkipped };

// Everything the job asks for. The files appear together at the end, or not at all. One thread per
// pipeline. Failures: of any kind.
Outcome<FileResult> subtitle_file(const Job& job, const CommandLine& options,
                                  TranscriptionPipeline& pipeline, const StopRequest& stop,
                                  Report& report);

// --profile: prints where the time went.
Outcome<FileResult> profile_file(const Job& job, const CommandLine& options,
                                 TranscriptionPipeline& pipeline, Report& report);

}  // namespace npu::subtitle
