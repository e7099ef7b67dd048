// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/options.h"

#include <algorithm>
#include <cmath>

#include "model/dims.h"
#include "whisper/decoding.h"

namespace npu {
namespace {

constexpr int kMaxHistories = 64;              // beams or samples: memory, not principle
constexpr double kLatestStart_s = 10'000'000;  // of a clip; frames are counted in int

Error refused(const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, what};
}

Result<void> validate_search(const DecodingOptions& options) {
  const auto in_range = [](int n) { return 1 <= n && n <= kMaxHistories; };
  if (options.best_of && !in_range(*options.best_of))
    return refused(text("best_of: expected 1 to ", kMaxHistories, ", found ", *options.best_of));
  if (options.beam_size && !in_range(*options.beam_size))
    return refused(
        text("beam_size: expected 1 to ", kMaxHistories, ", found ", *options.beam_size));
  if (options.patience && !options.beam_size)
    return refused("patience needs beam_size to be set as well");
  if (options.patience && !(0 < *options.patience && *options.patience <= 100))
    return refused(text("patience: expected more than 0, at most 100, found ", *options.patience));
  if (options.length_penalty && !(0 <= *options.length_penalty && *options.length_penalty <= 1))
    return refused(text("length_penalty: expected 0 to 1, found ", *options.length_penalty));
  if (options.max_tokens < 1 || options.max_tokens > kMaxSampledTokens)
    return refused(text("max_tokens: expected 1 to ", kMaxSampledTokens,
                        " (half of the model's text context), found ", options.max_tokens));
  if (!(0 <= options.max_initial_timestamp_s && options.max_initial_timestamp_s <= 30))
    return refused(
        text("max_initial_timestamp_s: expected 0 to 30, found ", options.max_initial_timestamp_s));
  return {};
}

Result<void> validate_text(const DecodingOptions& options, const Tokenizer& tokenizer) {
  if (!options.language.empty() && tokenizer.multilingual() &&
      tokenizer.language_token(options.language) < 0)
    return refused(text("language: expected a code that the model knows, such as \"en\", found \"",
                        options.language, '"'));
  for (int id : options.suppress_tokens)
    if (id < -1 || id >= tokenizer.vocabulary())
      return refused(text("suppress_tokens: expected -1 or ids below ", tokenizer.vocabulary(),
                          ", found ", id));
  if (!tokenizer.multilingual() && options.task == Task::kTranslate)
    return refused("task: this model knows English only and cannot translate");
  // A full prompt, the longest start sequence, the prefix and one sampled token must fit.
  const size_t room = kTextPositions - (1 + kMaxPromptTokens) - 4 - 1;
  const size_t prefix = encode_stripped(tokenizer, options.prefix).size();
  if (prefix > room)
    return refused(text("prefix: expected at most ", room, " tokens, found ", prefix));
  return {};
}

Result<void> validate_threshold(const char* name, std::optional<float> threshold) {
  if (threshold && std::isnan(*threshold)) return refused(text(name, ": expected a number"));
  return {};
}

Result<void> validate_batch(const TranscribeOptions& options) {
  if (options.mode != Mode::kBatch) return {};
  if (options.batch_size < 0 || options.batch_size > kMaxBatch)
    return refused(text("batch_size: expected 0 to ", kMaxBatch, ", found ", options.batch_size));
  if (options.max_lag_s >= 0)
    return refused(
        text("max_lag_s: expected below 0 in batch mode, whose text trails the input by a batch of "
             "chunks, found ",
             options.max_lag_s));
  if (options.hallucination_silence_threshold_s)
    return refused(
        "hallucination_silence_threshold_s: needs the mode file, in which windows follow each "
        "other");
  return {};
}

}  // namespace

Result<void> validate(const TranscribeOptions& options, const Tokenizer& tokenizer) {
  NPU_TRY(validate_search(options.decoding));
  NPU_TRY(validate_text(options.decoding, tokenizer));
  NPU_TRY(validate_batch(options));
  if (options.temperatures.empty())
    return refused("temperatures: expected at least one, found none");
  for (float temperature : options.temperatures)
    if (!(0 <= temperature && temperature <= 10))
      return refused(text("temperatures: expected 0 to 10, found ", temperature));
  NPU_TRY(validate_threshold("compression_ratio_threshold", options.compression_ratio_threshold));
  NPU_TRY(validate_threshold("logprob_threshold", options.logprob_threshold));
  NPU_TRY(validate_threshold("no_speech_threshold", options.no_speech_threshold));
  if (const auto& threshold = options.hallucination_silence_threshold_s) {
    if (!options.word_timestamps)
      return refused("hallucination_silence_threshold_s needs word_timestamps");
    if (!(0 <= *threshold && *threshold <= 3600))
      return refused(
          text("hallucination_silence_threshold_s: expected 0 to 3600, found ", *threshold));
  }
  if (std::isnan(options.max_lag_s) || (options.max_lag_s >= 0 && options.max_lag_s < kLeastLag_s))
    return refused(text("max_lag_s: expected at least ", kLeastLag_s,
                        ", or below 0 for whole windows, found ", options.max_lag_s));
  if (options.max_lag_s >= 0 && options.normalisation == Normalisation::kWhole)
    return refused(
        text("max_lag_s: expected below 0 with the normalisation whole, which waits for "
             "the end of the input, found ",
             options.max_lag_s));
  if (options.also_translate && options.decoding.task != Task::kTranscribe)
    return refused("also_translate needs the task transcribe");
  if (options.also_translate && !tokenizer.multilingual())
    return refused("also_translate: this model knows English only and cannot translate");
  if (!(0.01F <= options.vad_threshold && options.vad_threshold <= 0.99F))
    return refused(text("vad_threshold: expected 0.01 to 0.99, found ", options.vad_threshold));
  for (const Clip& clip : options.clips)
    if (!(0 <= clip.start_s && clip.start_s <= kLatestStart_s) || std::isnan(clip.end_s))
      return refused(text("clips: expected a start of 0 to ", kLatestStart_s, " s, found ",
                          clip.start_s, " to ", clip.end_s));
  return {};
}

}  // namespace npu
