// SPDX-License-Identifier: LGPL-2.1-or-later
// One window to one sequence of tokens at one temperature.
// Source: openai/whisper:whisper/decoding.py, DecodingTask.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"
#include "whisper/options.h"
#include "whisper/rules.h"
#include "whisper/search.h"

namespace npu {

inline constexpr int kMaxPromptTokens = 223;   // of previous text: half the text context less one
inline constexpr int kMaxSampledTokens = 224;  // per window: half the text context
inline constexpr int kMaxSaidTokens = 150;     // of those, decided before it is decoded
// Before the first sampled one, without a prefix: start_of_prev, prompt, start sequence.
inline constexpr int kMaxInitialTokens = 1 + kMaxPromptTokens + 4;

// What a window was decoded to.
struct DecodedWindow {
  std::vector<int> tokens;  // sampled ones, behind what was said, up to but without end_of_text
  float temperature = 0;
  float avg_logprob = 0;
  float no_speech_prob = 0;
  float compression_ratio = 0;
  bool continues = false;  // what was said before in the window: the first timestamp is a beginning
};

// The tokens that the decoder is given before it samples: start_of_prev and the last 223 tokens of
// `prompt` (if there are any), the start sequence, and the prefix.
std::vector<int> initial_tokens(const Tokenizer& tokenizer, const DecodingOptions& options,
                                std::string_view language, std::span<const int> prompt);

// Ids of " " + `text` without the white space around it; none for blank text.
std::vector<int> encode_stripped(const Tokenizer& tokenizer, std::string_view text);

// Tokens that may follow `initial` ones, of which `said` are decided: options.max_tokens more, or
// fewer if the text context ends before.
int sampling_limit(const DecodingOptions& options, size_t initial, size_t said);

// What a window is decoded from.
struct WindowRequest {
  std::string_view language;
  std::span<const int> prompt;  // tokens of previous text
  std::span<const int> said;    // tokens of this window that are decided, at most kMaxSaidTokens
  float temperature;            // 0: greedy, or beam search if options.beam_size; above: best of
                                // options.best_of samples
  uint64_t window;              // tells the windows of a stream apart, for the seed of sampling
  int self_slot = 0;            // the first of histories_needed() histories
  int cross_slot = 0;           // holds the window's cross K,V
  std::span<const int> expected = {};  // what it may well be decoded to, `said` included; only
                                       // saves time
};

// Makes searches for one task, and reads their outcome. Immutable.
class WindowDecoder {
 public:
  // The tokenizer is borrowed, and so is `options`.
  WindowDecoder(const Tokenizer& tokenizer, const DecodingOptions& options);

  // A search to be stepped; it borrows from this decoder only.
  std::unique_ptr<Search> begin(const WindowRequest& request) const;
  // The best that `search`, which begin() made for `request` and is done, has found; once.
  DecodedWindow finish(Search& search, const WindowRequest& request) const;

 private:
  const Tokenizer& tokenizer_;
  const DecodingOptions& options_;
  Rules rules_;
};

// Histories that decoding with these options needs at these temperatures.
int histories_needed(const DecodingOptions& options, std::span<const float> temperatures);

}  // namespace npu
