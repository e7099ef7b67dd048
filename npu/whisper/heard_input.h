// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio of a stream as its transcriber hears it.
#pragma once

#include <memory>
#include <span>

#include "model/model.h"
#include "vad/speech_gate.h"
#include "whisper/clips.h"
#include "whisper/features.h"
#include "whisper/options.h"
#include "whisper/transcriber.h"

namespace npu {

// Log-mel frames, where speech is, and where the next window begins. Not thread-safe.
class HeardInput {
 public:
  // Borrowed: `model`, and `stats`, which counts time (mel_s, vad_s) and silence (speech_s,
  // skipped_s).
  HeardInput(const Model& model, const TranscribeOptions& options, TranscriberStats& stats);

  // As those of Transcriber.
  void push(std::span<const float> samples);
  void end_input();
  void reset();
  double pushed_s() const;

  bool ended() const { return features_.ended(); }
  // Frames of the input; the largest int while it goes on.
  int content() const;
  // The next window begins at `frame`, for there is no speech before.
  void skip_to(int frame);
  // As Features::cut().
  void cut(int start, int frames, int heard, std::span<float> mel);
  // Lets go what nobody needs who goes on at `frame`, and tells what was heard of speech.
  void discard_before(int frame, Step& step);

  Features& features() { return features_; }
  const Features& features() const { return features_; }
  Clips& clips() { return clips_; }
  const Clips& clips() const { return clips_; }
  // Null: without voice activity detection.
  const SpeechGate* gate() const { return gate_.get(); }

 private:
  TranscriberStats& stats_;
  Features features_;
  Clips clips_;
  std::unique_ptr<SpeechGate> gate_;
};

}  // namespace npu
