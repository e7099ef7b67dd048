// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio of one stream to cues: converts, feeds the engine, and gives its segments their place in
// the stream.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "converter.h"
#include "engine.h"
#include "loader.h"
#include "settings.h"
#include "text/text_branches.h"
#include "timeline.h"

namespace npu::gst {

// What has been done since the stream began, for the stats property.
struct WorkDone {
  double audio_s = 0;  // given to the engine
  TranscriberStats engine;
};

// What the recogniser asks its surroundings. The functions are called on the worker's thread
// without a lock, and must not block.
struct Surroundings {
  // Fires on flush and stop. A new one after each flush.
  std::function<CancelToken()> cancel;
  // Whether audio comes from a live source, so that text must come in time.
  std::function<bool()> live;
  // Whether more audio waits already.
  std::function<bool()> more_audio;
  // How much a live stream may be delayed, ns.
  std::function<int64_t()> latency_ns;
  // Told of the running time at which a live piece began, once its text is out.
  std::function<void(int64_t running_ns)> live_piece_done;
  // Told of the work after each window.
  std::function<void(const WorkDone&)> worked;
};

// Works in runs: unbroken audio that the engine sees as one input. A hole, a new segment or format
// and the end finish a run, which decides all of its text.
//
// Errors of all methods: kCancelled (flush or stop; only reset() may follow), those of the engine,
// of Transcriber::create() and Converter. Worker thread only, or any while the worker is parked.
class Recogniser {
 public:
  Recogniser(GstElement* element, TextBranches& output, Surroundings surroundings)
      : element_(element), output_(output), surroundings_(std::move(surroundings)) {}

  // Options of the transcribers made from now on. Must be called before audio.
  Result<void> configure(const Settings& settings);

  Result<void> set_format(const GstAudioInfo& info);
  // Finishes the run; audio that follows lies in `segment`, which is_plain().
  Result<void> set_segment(const GstSegment& segment);
  // Audio inside the segment, with a time stamp.
  Result<void> audio(const Loader::Outcome& loaded, GstBuffer* buffer);
  // The stream says that there is no audio here.
  Result<void> gap(int64_t pts_ns, int64_t duration_ns);
  // Ends the run: all of its text goes out.
  Result<void> finish();

  // Forgets audio, text and segment; keeps transcriber and format.
  void reset();
  // Lets transcriber and model go too: another stream begins.
  void forget_stream();

  bool has_format() const { return converter_ != nullptr; }
  const GstAudioInfo& format() const { return converter_->info(); }

 private:
  Result<void> ensure_transcriber();
  Result<void> begin_run(int64_t pts_ns);
  Result<void> feed();
  double live_lag_s() const;
  Result<void> infer();
  Result<void> end_engine_input();
  Result<void> piece_done(int64_t start_ns);
  Result<void> give(const Step& step);
  void note_speech(const std::vector<SpeechTurn>& turns) const;
  Result<void> advance(int64_t pts_ns);
  bool wants_translation() const;
  Result<void> follow_pads();
  WorkDone work_done() const;
  void drop_transcriber();
  void hand_over(size_t samples);
  std::vector<SpokenSegment> spoken(const std::vector<Segment>& segments) const;
  Result<void> note_language();
  void keep_language();
  int64_t stream_ns(int64_t pts_ns) const;

  GstElement* const element_;
  TextBranches& output_;
  const Surroundings surroundings_;

  Task task_ = Task::kTranscribe;
  bool as_decoded_ = false;  // text is given as Whisper gives it, beyond the end of the audio too
  TranscribeOptions options_;
  std::string locked_language_;  // of a live stream, once it is sure

  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<Transcriber> transcriber_;  // after model_: goes first
  bool also_translating_ = false;             // whether it was made for a translation too
  std::unique_ptr<Converter> converter_;
  Timeline timeline_;
  GstSegment segment_{};
  std::vector<float> pending_;  // converted, not yet pushed
  size_t pushed_ = 0;           // samples of the run that the engine has
  double decided_s_ = 0;        // of the run
  int64_t silent_ns_ = 0;       // GAP events since the last buffer
  std::string reported_language_;
  WorkDone earlier_;           // by transcribers that are gone
  size_t engine_samples_ = 0;  // given to this one
};

}  // namespace npu::gst
