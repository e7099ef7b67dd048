// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything a caller may choose about a transcription. Defaults are those of the reference's
// Python function (openai/whisper:whisper/transcribe.py, decoding.py), except where a comment says
// so.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/tokenizer.h"
#include "result.h"
#include "whisper/log_mel_frames.h"

namespace npu {

class VadModel;

// How one window is decoded.
struct DecodingOptions {
  Task task = Task::kTranscribe;
  std::string language;                 // a code; empty: detect from the first window
  std::optional<int> best_of = 5;       // samples at temperature > 0
  std::optional<int> beam_size;         // at temperature 0; unset: greedy
  std::optional<float> patience;        // with beam_size; 1 if unset
  std::optional<float> length_penalty;  // alpha of Google NMT; unset: mean log-probability
  std::string prefix;                   // text that every window begins with; not in the result
  bool suppress_blank = true;
  std::vector<int> suppress_tokens = {-1};  // -1: the tokenizer's non-speech tokens
  bool without_timestamps = false;
  float max_initial_timestamp_s = 1.0F;
  // Sampled per window, 1..224: the text context holds 448, of which the reference leaves half to
  // the previous text.
  int max_tokens = 224;
  uint64_t seed = 0;  // of sampling at temperature > 0
};

// Which maximum the log-mel clamp uses.
enum class Normalisation {
  kRunning,  // of the audio up to the end of the window: bounded memory
  kWhole,    // of the whole input, as the reference: nothing comes out before the end
};

// On how many of its 1500 positions the encoder computes a window.
enum class EncoderPositions {
  kFull,     // on all, as the reference
  kFitting,  // on those that its audio needs and some more (fitting_positions()); what is then
             // decoded to text that fails the compression or log-probability test is decoded again
             // on all, and so is every window that decides about the language
};

// A stretch of the input to transcribe, in seconds; end < 0: to the end of the input. Ends beyond
// the input are cut to it. Clips may come in any order; only clips that go back make the
// transcriber keep what it has heard.
struct Clip {
  double start_s;
  double end_s;
};

// How a stream is divided into windows.
enum class Mode {
  kFile,   // the reference's long-form algorithm, one window after the other (LongForm)
  kBatch,  // chunks of speech, cut in pauses and decoded side by side (BatchTranscriber)
};

inline constexpr int kMaxBatch = 16;

inline constexpr double kLeastLag_s = 1;  // of TranscribeOptions::max_lag_s

struct TranscribeOptions {
  DecodingOptions decoding;
  Mode mode = Mode::kFile;
  // In batch mode: chunks that are decoded at once, up to kMaxBatch; 0: as many as suit the
  // precision.
  int batch_size = 0;
  // In batch mode: no timestamps are decoded; sentences get their times from the alignment of their
  // words.
  bool times_by_alignment = true;
  std::vector<float> temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};  // tried in order
  std::optional<float> compression_ratio_threshold = 2.4F;
  std::optional<float> logprob_threshold = -1.0F;
  std::optional<float> no_speech_threshold = 0.6F;
  bool condition_on_previous_text = true;
  std::string initial_prompt;
  bool carry_initial_prompt = false;
  bool word_timestamps = false;
  std::string prepend_punctuations = "\"'“¿([{-";
  std::string append_punctuations = "\"'.。,，!！?？:：”)]}、";
  std::optional<float> hallucination_silence_threshold_s;  // needs word_timestamps
  std::vector<Clip> clips;                                 // empty: everything
  // How far text may trail the input: what is said at time t is decided once t + max_lag_s of input
  // is there. At least 1; below 0, or from 30 on: whole windows of 30 s, as the reference. Shorter
  // pieces cost accuracy and time. They hear earlier ones again, unless a prefix is set, timestamps
  // are off or condition_on_previous_text is. Needs Normalisation::kRunning.
  double max_lag_s = -1;
  // Also translate each window to English, from the same encoder run: Step::translation. Needs the
  // task transcribe and a multilingual model. See LongForm for how the two keep together.
  bool also_translate = false;
  Normalisation normalisation = Normalisation::kRunning;
  MakeLogMelFrames log_mel;  // empty: f32 on the host
  EncoderPositions encoder_positions = EncoderPositions::kFull;
  // Voice activity detection: only speech is decoded, and text where none is heard is dropped.
  // Null: the reference's algorithm. See LongForm.
  std::shared_ptr<const VadModel> vad;
  float vad_threshold = 0.5F;  // probability from which on sound is speech, 0.01..0.99
};

// Checks ranges and combinations against a tokenizer; the message names the option.
Result<void> validate(const TranscribeOptions& options, const Tokenizer& tokenizer);

}  // namespace npu
