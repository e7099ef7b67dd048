// SPDX-License-Identifier: LGPL-2.1-or-later
// One window to one sequence of tokens at one temperature.
// Source: openai/whisper:whisper/decoding.py, DecodingTask.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cancel.h"
#include "model/tokenizer.h"
#include "result.h"
#include "whisper/inference.h"
#include "whisper/options.h"
#include "whisper/rules.h"
#include "whisper/sequence.h"

namespace npu {

inline constexpr int kMaxPromptTokens = 223;   // of previous text: half the text context less one
inline constexpr int kMaxSampledTokens = 224;  // per window: half the text context

// What a window was decoded to.
struct DecodedWindow {
  std::vector<int> tokens;  // sampled ones, up to but without end_of_text
  float temperature = 0;
  float avg_logprob = 0;
  float no_speech_prob = 0;
  float compression_ratio = 0;
};

// The tokens that the decoder is given before it samples: start_of_prev and the last 223 tokens of
// `prompt` (if there are any), the start sequence, and the prefix.
std::vector<int> initial_tokens(const Tokenizer& tokenizer, const DecodingOptions& options,
                                std::string_view language, std::span<const int> prompt);

// Ids of " " + `text` without the white space around it; none for blank text.
std::vector<int> encode_stripped(const Tokenizer& tokenizer, std::string_view text);

// How often a history may be continued after `initial` tokens: options.max_tokens, or fewer if the
// text context ends before.
int sampling_limit(const DecodingOptions& options, size_t initial);

// Decodes the window that `inference` encoded last. Buffers are kept from call to call. One thread.
class WindowDecoder {
 public:
  WindowDecoder(const Tokenizer& tokenizer, const DecodingOptions& options, Inference& inference,
                TranscriberStats& stats);

  // `window`: a number that tells the windows of a stream apart, for the seed of sampling.
  // Temperature 0: greedy, or beam search if options.beam_size; above: best of options.best_of
  // samples. Errors: those of Context::run().
  Result<DecodedWindow> decode(std::string_view language, std::span<const int> prompt,
                               float temperature, uint64_t window, const CancelToken& cancel);

 private:
  // Feeds the initial tokens, asks for the first sampled one, and returns the no-speech
  // probability.
  Result<float> prefill(std::span<const int> initial, float temperature, const CancelToken& cancel);

  const Tokenizer& tokenizer_;
  const DecodingOptions& options_;
  Inference& inference_;
  TranscriberStats& stats_;
  Rules rules_;
  std::vector<ScoreResult> results_;
};

// Histories that decoding with these options needs at these temperatures.
int histories_needed(const DecodingOptions& options, std::span<const float> temperatures);

}  // namespace npu
