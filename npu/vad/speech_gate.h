// SPDX-License-Identifier: LGPL-2.1-or-later
// Where speech is in a stream, in the mel frames (10 ms) in which windows are counted.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vad/speech_pauses.h"
#include "vad/speech_probability.h"
#include "vad/speech_segmenter.h"
#include "vad/speech_turn.h"

namespace npu {

// Listens to the samples and answers where there is speech. Stretches of speech are widened by
// 0.2 s on both sides, and pauses shorter than 0.5 s belong to them. Not thread-safe. Memory grows
// with what has not been discarded, by 16 bytes per stretch.
class SpeechGate {
 public:
  // How far settled() can trail the input, in frames: a batch of chunks, then a pause that may
  // still be bridged or a beginning that may still be too short.
  static constexpr int kDelay = 130;

  SpeechGate(std::shared_ptr<const VadModel> model, float threshold);

  void push(std::span<const float> samples);
  void end_input();
  void reset();
  // Stretches that end before `frame` are not asked for any more.
  void discard_before(int frame);

  // Before this frame it is settled where speech is; the largest int after the end of the input.
  int settled() const;
  // The first frame from `from` on at which there is speech; nothing if there is none before
  // settled(). A rest of less than 0.35 s of speech that began earlier does not count: its sound
  // has been heard, all but the widening.
  std::optional<int> next_speech(int from) const;
  // The end of the first stretch that ends after `from` and is followed by `pause` frames without
  // speech, all of them before `until` and settled.
  std::optional<int> end_before_pause(int from, int pause, int until) const;
  // The middle of the longest pause, the latest of equals, between two frames before settled();
  // nothing if there is speech all the time.
  std::optional<int> pause(int from, int until) const;
  // The stretches between two frames, in order, that of the speech that goes on among them.
  std::vector<FrameSpan> speech(int from, int until) const;
  // The pauses between two frames, those within stretches too.
  std::vector<FrameSpan> pauses(int from, int until) const { return pauses_.between(from, until); }
  // Seconds of speech between two frames, without the widening. What is not settled counts as
  // speech.
  double speech_s(int begin, int end) const;

  // What began and ended since the last call, in order. A beginning is told as soon as it is
  // settled, before its end.
  std::vector<SpeechTurn> take_turns();
  // Seconds of speech that have ended, without the widening.
  double heard_s() const { return heard_s_; }

 private:
  struct Stretch {
    int begin;
    int end;
  };

  void segment();
  std::optional<Stretch> speaking() const;

  SpeechProbability probability_;
  SpeechSegmenter segmenter_;
  SpeechPauses pauses_;
  std::vector<float> probabilities_;
  int64_t samples_ = 0;
  std::deque<Stretch> stretches_;  // that are over
  std::vector<SpeechTurn> turns_;
  bool begun_ = false;  // the beginning of the speech that goes on was told
  double heard_s_ = 0;
};

}  // namespace npu
