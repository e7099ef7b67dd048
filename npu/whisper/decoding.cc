// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/decoding.h"

#include <algorithm>
#include <cmath>

#include "whisper/beam.h"
#include "whisper/compression_ratio.h"
#include "whisper/greedy.h"
#include "whisper/sampling.h"
#include "whisper/strip.h"

namespace npu {
namespace {

// The text whose repetitiveness the reference measures: with special tokens, without timestamps.
std::string text_without_timestamps(const Tokenizer& tokenizer, std::span<const int> tokens) {
  std::vector<int> kept;
  std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(kept),
               [&](int id) { return id < tokenizer.special().timestamp_begin; });
  return tokenizer.decode_with_timestamps(kept);
}

// "best_of" at temperature > 0, beams at 0.
int histories_at(const DecodingOptions& options, float temperature) {
  return (temperature > 0 ? options.best_of : options.beam_size).value_or(1);
}

}  // namespace

std::vector<int> encode_stripped(const Tokenizer& tokenizer, std::string_view text) {
  const std::string_view stripped = strip(text);
  if (stripped.empty()) return {};
  return tokenizer.encode(" " + std::string(stripped));
}

std::vector<int> initial_tokens(const Tokenizer& tokenizer, const DecodingOptions& options,
                                std::string_view language, std::span<const int> prompt) {
  std::vector<int> tokens;
  if (!prompt.empty()) {
    tokens.push_back(tokenizer.special().start_of_prev);
    const auto kept = prompt.last(std::min<size_t>(prompt.size(), kMaxPromptTokens));
    tokens.insert(tokens.end(), kept.begin(), kept.end());
  }
  const std::vector<int> start =
      tokenizer.start_sequence(language, options.task, options.without_timestamps);
  tokens.insert(tokens.end(), start.begin(), start.end());
  std::vector<int> prefix = encode_stripped(tokenizer, options.prefix);
  // The reference's limit of 224 - max_tokens, which is none where it gives 0.
  const size_t limit = static_cast<size_t>(kMaxSampledTokens - options.max_tokens);
  if (limit > 0 && prefix.size() > limit)
    prefix.erase(prefix.begin(), prefix.end() - static_cast<std::ptrdiff_t>(limit));
  tokens.insert(tokens.end(), prefix.begin(), prefix.end());
  return tokens;
}

int sampling_limit(const DecodingOptions& options, size_t initial) {
  // The last token of all needs no position of its own.
  return std::min(options.max_tokens, kTextPositions + 1 - static_cast<int>(initial));
}

int histories_needed(const DecodingOptions& options, std::span<const float> temperatures) {
  int needed = 1;
  for (float temperature : temperatures)
    needed = std::max(needed, histories_at(options, temperature));
  return needed;
}

WindowDecoder::WindowDecoder(const Tokenizer& tokenizer, const DecodingOptions& options,
                             Inference& inference, TranscriberStats& stats)
    : tokenizer_(tokenizer),
      options_(options),
      inference_(inference),
      stats_(stats),
      rules_(tokenizer, options),
      results_(static_cast<size_t>(std::max(2, inference.histories()))) {}

Result<float> WindowDecoder::prefill(std::span<const int> initial, float temperature,
                                     const CancelToken& cancel) {
  const int no_speech = rules_.special().no_speech;
  const auto start =
      std::find(initial.begin(), initial.end(), rules_.special().start_of_transcript);
  ScoreRequest requests[2];
  ScoreRequest& last = requests[0];
  last.row = static_cast<int>(initial.size()) - 1;
  last.full_row = temperature > 0;
  last.top_k = temperature > 0 || !options_.beam_size ? 1 : *options_.beam_size + 1;
  rules_.apply({}, last);
  ScoreRequest& silence = requests[1];
  silence.row = static_cast<int>(start - initial.begin());
  silence.top_k = 0;
  silence.named = {&no_speech, 1};
  silence.raw_log_sum_exp = true;
  NPU_TRY(inference_.prefill(initial, requests, std::span(results_).first(2), cancel));
  return std::exp(results_[1].named[0] - results_[1].raw_log_sum_exp);
}

Result<DecodedWindow> WindowDecoder::decode(std::string_view language, std::span<const int> prompt,
                                            float temperature, uint64_t window,
                                            const CancelToken& cancel) {
  const std::vector<int> initial = initial_tokens(tokenizer_, options_, language, prompt);
  DecodedWindow decoded;
  decoded.temperature = temperature;
  NPU_TRY_ASSIGN(decoded.no_speech_prob, prefill(initial, temperature, cancel));

  const Search search{inference_,
                      rules_,
                      static_cast<int>(initial.size()),
                      sampling_limit(options_, initial.size()),
                      results_,
                      stats_,
                      cancel};
  std::vector<Sequence> sequences;
  if (temperature > 0) {
    const SamplingOptions sampling{histories_at(options_, temperature), temperature, options_.seed,
                                   window};
    NPU_TRY_ASSIGN(sequences, search_by_sampling(search, sampling));
  } else if (options_.beam_size) {
    const BeamOptions beams{*options_.beam_size, options_.patience.value_or(1.0F)};
    NPU_TRY_ASSIGN(sequences, search_by_beams(search, beams));
  } else {
    NPU_TRY_ASSIGN(Sequence sequence, search_greedily(search));
    sequences.push_back(std::move(sequence));
  }
  Sequence& best = sequences[best_sequence(sequences, options_.length_penalty)];
  decoded.avg_logprob =
      static_cast<float>(best.sum_logprob / static_cast<double>(best.tokens.size() + 1));
  decoded.compression_ratio =
      compression_ratio(strip(text_without_timestamps(tokenizer_, best.tokens)));
  decoded.tokens = std::move(best.tokens);
  return decoded;
}

}  // namespace npu
