// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples in, segments out: the long-form algorithm of the reference as a state machine that is
// fed. Source: openai/whisper:whisper/transcribe.py, transcribe().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cancel.h"
#include "model/model.h"
#include "result.h"
#include "vad/speech_turn.h"
#include "whisper/options.h"
#include "whisper/segment.h"

namespace npu {

// Time and work spent since the transcriber was made, for profiles. Where streams share a batch,
// those of its own windows: of a decode step's time the part that its rows are of all, and every
// step in which it had rows.
struct TranscriberStats {
  double mel_s = 0;
  double encoder_s = 0;
  double cross_kv_s = 0;
  double decode_s = 0;  // decode steps and prefills, without alignment
  double alignment_s = 0;
  double vad_s = 0;
  int64_t windows = 0;
  int64_t encoder_runs = 0;
  int64_t fitting_runs = 0;    // of those, on fewer positions (EncoderPositions::kFitting)
  int64_t decoded_tokens = 0;  // sampled, over all temperatures
  int64_t decode_steps = 0;
  int64_t guesses = 0;        // of tokens to come, checked in steps (see draft.h)
  int64_t right_guesses = 0;  // of those
  // With voice activity detection: seconds of the input in which speech was heard, and that no
  // window covers because there was none.
  double speech_s = 0;
  double skipped_s = 0;
  int64_t fallbacks = 0;  // windows decoded again at a higher temperature

  TranscriberStats& operator+=(const TranscriberStats& more);
};

// What one step() did.
struct Step {
  enum class Kind {
    kNeedInput,  // not enough audio for the next window: push() more or end_input()
    kWindow,     // a window was decoded; both texts may be empty (silence)
    kFinished,   // everything up to the end of the input is done, which end_input() marked
  };
  Kind kind;
  std::vector<Segment> segments;
  // Seconds from the start of the input before which no later segment can begin. Never decreases,
  // never beyond what was pushed.
  double decided_s;
  // With also_translate: the English of what was said. Its segments are in order and do not overlap
  // each other; they need not correspond to those of the transcript one to one.
  std::vector<Segment> translation = {};
  // As decided_s, for the translation, which may come later at the end of a clip.
  double translation_decided_s = 0;
  // With voice activity detection: what began and ended since the last step, in order. Told as soon
  // as it is settled, mostly before the text.
  std::vector<SpeechTurn> speech = {};
};

// One stream of audio. One thread at a time, except that the CancelToken may fire from any.
class Transcriber {
 public:
  // Errors: those of validate() and Program::create_context().
  static Result<std::unique_ptr<Transcriber>> create(std::shared_ptr<const Model> model,
                                                     const TranscribeOptions& options);
  virtual ~Transcriber() = default;

  // Adds samples: 16 kHz, mono, nominally -1..1. Computes log-mel frames, never infers. NaN and
  // infinities count as 0. Precondition: end_input() was not called.
  virtual void push(std::span<const float> samples) = 0;
  // No more samples follow.
  virtual void end_input() = 0;

  // Decodes at most one window. Errors: kCancelled (within 100 ms for base; the transcriber can
  // only be reset() or destroyed afterwards), kDeviceLost, kTimeout.
  virtual Result<Step> step(const CancelToken& cancel) = 0;

  // Replaces TranscribeOptions::max_lag_s from the next window on. With `catch_up`, a caller that
  // is behind gets longer pieces, up to a window, if more audio has been pushed than one piece
  // takes: they cost less per second. What is found then depends on how it was pushed.
  // Precondition: the lag is valid there.
  virtual void set_lag(double max_lag_s, bool catch_up) = 0;

  // Forgets all audio, text and detected language; keeps model, options, buffers. For seeks.
  virtual void reset() = 0;

  // Code of the language in use; empty until it is detected. With pieces shorter than a window, or
  // voice activity detection, it is detected anew in each, until one had text and a probability of
  // at least one half.
  virtual const std::string& language() const = 0;
  // Whether language() stays as it is to the end of the input.
  virtual bool language_settled() const = 0;
  // Probability of the detected language; 1 if it was given.
  virtual float language_probability() const = 0;
  // Seconds of audio pushed so far.
  virtual double pushed_s() const = 0;
  virtual const TranscriberStats& stats() const = 0;
};

}  // namespace npu
