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
#include "subtitle/progress.h"

namespace npu::subtitle {

// What a file gave.
struct SubtitleRun {
  captions::Transcript transcript;
  gst::StructurePtr stats;  // of the element; null if it has none
  std::string device;       // that did the work: "cpu", "npu"
  double load_s = 0;        // until the model was ready
  double work_s = 0;        // from then on to the end
};

// One pipeline for all files, so that the model is loaded once. One thread.
class SubtitlePipeline {
 public:
  // Failures: kFailed (the element is not installed), kUsage (an option's value).
  static Outcome<std::unique_ptr<SubtitlePipeline>> create(const CommandLine& options);
  ~SubtitlePipeline();
  SubtitlePipeline(const SubtitlePipeline&) = delete;
  SubtitlePipeline& operator=(const SubtitlePipeline&) = delete;

  // Runs one file to its end, and shows how far it is. Ends within a moment of SIGINT or SIGTERM.
  Outcome<SubtitleRun> run(const std::string& file, Progress& progress);

 private:
  struct Watch;  // what is known of the run so far

  explicit SubtitlePipeline(const CommandLine& options);
  Done build();
  Done watch(const std::string& file, const Medium& medium, Progress& progress, Watch& watch);
  Done handle(GstMessage* message, const std::string& file, Progress& progress, Watch& watch);
  void show(Progress& progress, Watch& watch) const;
  SubtitleRun result(const std::string& file, const Watch& watch);

  const CommandLine options_;
  gst::ObjectPtr<GstElement> pipeline_;
  GstElement* whisper_ = nullptr;  // owned by the pipeline
  GstElement* first_ = nullptr;    // takes the audio: whisper_, or a converter before it
  CaptionSink sink_;
  BusErrors errors_;
  CueDetails cue_details_;
  bool model_ready_ = false;
};

}  // namespace npu::subtitle
