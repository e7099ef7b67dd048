// SPDX-License-Identifier: LGPL-2.1-or-later
// The Transcriber: the reference's loop over windows, one turn per step().
// Source: openai/whisper:whisper/transcribe.py, transcribe().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "whisper/alignment.h"
#include "whisper/clips.h"
#include "whisper/features.h"
#include "whisper/inference.h"
#include "whisper/search_driver.h"
#include "whisper/task_track.h"
#include "whisper/transcriber.h"

namespace npu {

class LongForm : public Transcriber {
 public:
  // Precondition: validate(options, model->tokenizer()) succeeded; `context` was made with
  // `limits`, which fit them.
  LongForm(std::shared_ptr<const Model> model, const TranscribeOptions& options,
           std::unique_ptr<Context> context, const ContextLimits& limits);

  void push(std::span<const float> samples) override;
  void end_input() override;
  Result<Step> step(const CancelToken& cancel) override;
  void reset() override;
  const std::string& language() const override { return language_; }
  float language_probability() const override { return language_probability_; }
  double pushed_s() const override;
  const TranscriberStats& stats() const override { return stats_; }

 private:
  int content() const;
  int look_ahead() const;
  Result<void> detect();
  Result<void> encode(int start, int frames);
  Result<void> decode(int start);
  Result<std::vector<Segment>> transcribe_window(const Clips::Window& window);
  Step finish_step(Step::Kind kind, std::vector<Segment> segments);

  std::shared_ptr<const Model> model_;  // first: outlives the context
  TranscribeOptions options_;
  TranscriberStats stats_;
  Inference inference_;
  SearchDriver driver_;
  Features features_;
  Clips clips_;
  Aligner aligner_;
  TaskTrack track_;

  CancelToken cancel_;  // of the step that runs
  std::string language_;
  float language_probability_ = 0;
  std::vector<float> mel_;  // [3000][bands] of the window
  int encoded_start_ = 0;   // the window whose cross K,V the context holds;
  int encoded_frames_ = 0;  // 0: none
};

}  // namespace npu
