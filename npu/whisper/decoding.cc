// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/decoding.h"

#include <algorithm>
#include <utility>

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

int sampling_limit(const DecodingOptions& options, size_t initial, size_t said) {
  // The last token of all needs no position of its own.
  return std::min(static_cast<int>(said) + options.max_tokens,
                  kTextPositions + 1 - static_cast<int>(initial));
}

int histories_needed(const DecodingOptions& options, std::span<const float> temperatures) {
  int needed = 1;
  for (float temperature : temperatures)
    needed = std::max(needed, histories_at(options, temperature));
  return needed;
}

WindowDecoder::WindowDecoder(const Tokenizer& tokenizer, const DecodingOptions& options)
    : tokenizer_(tokenizer), options_(options), rules_(tokenizer, options) {}

std::unique_ptr<Search> WindowDecoder::begin(const WindowRequest& request) const {
  SearchStart start;
  start.initial = initial_tokens(tokenizer_, options_, request.language, request.prompt);
  start.said.assign(request.said.begin(), request.said.end());
  start.limit = sampling_limit(options_, start.initial.size(), start.said.size());
  start.self_slot = request.self_slot;
  start.cross_slot = request.cross_slot;
  start.expected.assign(request.expected.begin(), request.expected.end());
  if (request.temperature > 0) {
    const SamplingOptions sampling{histories_at(options_, request.temperature), request.temperature,
                                   options_.seed, request.window};
    return std::make_unique<SamplingSearch>(rules_, std::move(start), sampling);
  }
  if (!options_.beam_size) return std::make_unique<GreedySearch>(rules_, std::move(start));
  const BeamOptions beams{*options_.beam_size, options_.patience.value_or(1.0F)};
  return std::make_unique<BeamSearch>(rules_, std::move(start), beams);
}

DecodedWindow WindowDecoder::finish(Search& search, const WindowRequest& request) const {
  std::vector<Sequence> sequences = search.take_sequences();
  const auto said = static_cast<std::ptrdiff_t>(request.said.size());
  for (Sequence& sequence : sequences)
    sequence.tokens.erase(sequence.tokens.begin(), sequence.tokens.begin() + said);
  Sequence& best = sequences[best_sequence(sequences, options_.length_penalty)];
  DecodedWindow decoded;
  decoded.temperature = request.temperature;
  decoded.continues = said > 0;
  decoded.no_speech_prob = search.no_speech_prob();
  decoded.avg_logprob =
      static_cast<float>(best.sum_logprob / static_cast<double>(best.tokens.size() + 1));
  decoded.compression_ratio =
      compression_ratio(strip(text_without_timestamps(tokenizer_, best.tokens)));
  decoded.tokens = std::move(best.tokens);
  return decoded;
}

}  // namespace npu
