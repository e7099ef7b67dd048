// SPDX-License-Identifier: LGPL-2.1-or-later
// filesrc ! decodebin ! npuwhisper ! appsink: the element does the work, this class watches it.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "captions/caption.h"
#include "gst_ptr.h"
#include "subtitle/bus_errors.h"
#include "subtitle/caption_sink.h"
#include "subtitle/command_line.h"
#include "subtitle/cue_details.h"
#include "subtitle/failure.h"
#include "subtitle/medium.h"
#include "subtitle/report.h"
#include "subtitle/stop_request.h"

namespace npu::subtitle {

// What a file gave.
struct Transcription {
  captions::Transcript transcript;
  gst::StructurePtr stats;  // of the element; null if it has none
  std::string device;       // that did the work: "cpu", "npu"
  double heard_s = 0;       // of the medium
  double load_s = 0;        // until the model was ready
  double work_s = 0;        // from then on to the end
};

// One pipeline for one file after the other, so that the model stays loaded. One thread; several
// pipelines of a process share the model.
class TranscriptionPipeline {
 public:
  // `stop` must outlive the object. Failures: kMissingDecoder (an element is not installed), kUsage
  // (an option's value).
  static Outcome<std::unique_ptr<TranscriptionPipeline>> create(const CommandLine& options,
                                                                const StopRequest& stop);
  ~TranscriptionPipeline();
  TranscriptionPipeline(const TranscriptionPipeline&) = delete;
  TranscriptionPipeline& operator=(const TranscriptionPipeline&) = delete;

  // Runs one file to its end, and shows how far it is. Times are those of the whole medium, also
  // with a range. Ends within a moment of a request to stop.
  Outcome<Transcription> run(const std::string& file, FileReport& report);

 private:
  struct Watch;  // what is known of the run so far

  TranscriptionPipeline(const CommandLine& options, const StopRequest& stop);
  Done build();
  Outcome<int> track_number(const std::string& file) const;
  Done handle(GstMessage* message, const std::string& file, FileReport& report, Watch& watch);
  void note_progress(GstMessage* message, FileReport& report, Watch& watch);
  static void show_language(const std::string& code, double probability, FileReport& report,
                            Watch& watch);
  void show(FileReport& report, Watch& watch) const;
  Transcription result(const std::string& file, const Watch& watch);

  const CommandLine options_;
  const StopRequest& stop_;
  gst::ObjectPtr<GstElement> pipeline_;
  GstElement* whisper_ = nullptr;  // owned by the pipeline
  GstElement* first_ = nullptr;    // takes the audio: whisper_, or a converter before it
  CaptionSink sink_;
  BusErrors errors_;
  CueDetails cue_details_;
  bool model_ready_ = false;
};

}  // namespace npu::subtitle
