// SPDX-License-Identifier: LGPL-2.1-or-later
#include "margin.h"

#include <algorithm>
#include <cmath>

#include "whisper/decoding.h"
#include "whisper/features.h"
#include "whisper/network.h"
#include "whisper/rules.h"

namespace npu::testing {
namespace {

// The window that the reference decoded from `seek` on.
std::vector<float> window_mel(const Model& model, const TranscribeOptions& options, int seek,
                              std::span<const float> samples) {
  Features features(model.mel_filters(), model.dims().mel_bands, Normalisation::kWhole);
  features.push(samples);
  features.end_input();
  int end = features.content_frames();
  for (const Clip& clip : options.clips) {
    const int clip_end = static_cast<int>(std::nearbyint(clip.end_s * kFramesPerSecond));
    if (clip.end_s >= 0 && seek < clip_end) {
      end = std::min(end, clip_end);
      break;
    }
  }
  std::vector<float> mel(static_cast<size_t>(kWindowFrames * model.dims().mel_bands));
  features.cut(seek, std::min(kWindowFrames, end - seek), mel);
  return mel;
}

// The previous text that the window at segments[first_of_window] was given.
std::vector<int> window_prompt(const Tokenizer& tokenizer, const TranscribeOptions& options,
                               std::span<const Segment> before) {
  const std::vector<int> initial = encode_stripped(tokenizer, options.initial_prompt);
  std::vector<int> history = initial;
  const bool forget = !options.condition_on_previous_text;
  if (!before.empty() && forget) history.clear();
  for (const Segment& segment : before) {
    if (!forget) history.insert(history.end(), segment.tokens.begin(), segment.tokens.end());
    if (segment.temperature > 0.5F) history.clear();
  }
  if (!options.carry_initial_prompt) return history;
  std::vector<int> said(history.begin() + static_cast<ptrdiff_t>(initial.size()), history.end());
  const size_t room = kTextPositions / 2 - 1 - initial.size();
  if (said.size() > room) said.erase(said.begin(), said.end() - static_cast<ptrdiff_t>(room));
  std::vector<int> prompt = initial;
  prompt.insert(prompt.end(), said.begin(), said.end());
  return prompt;
}

// What the filters leave of the logits after `initial` and `sampled`.
Result<ScoreResult> score_next(const Model& model, const TranscribeOptions& options,
                               const std::vector<int>& initial, const std::vector<int>& sampled,
                               std::span<const float> mel) {
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  NPU_TRY_ASSIGN(const auto context, model.program().create_context(limits));
  NPU_TRY(context->write(kMelBuffer, mel));
  NPU_TRY(context->run(kEncoder, {}, {}, {}));
  NPU_TRY(context->run(kCrossKv, {}, {}, {}));
  std::vector<Row> rows;
  for (const auto* tokens : {&initial, &sampled})
    for (const int token : *tokens) rows.push_back({token, static_cast<int>(rows.size()), 0, 0});
  const Rules rules(model.tokenizer(), options.decoding);
  ScoreRequest request;
  rules.apply(sampled, request);
  request.row = static_cast<int>(rows.size()) - 1;
  request.full_row = true;
  ScoreResult result;
  Replay replay;
  replay.rows = rows;
  replay.score = std::span(&request, 1);
  replay.results = std::span(&result, 1);
  NPU_TRY(context->run(kDecodeStep, replay, {}, {}));
  return result;
}

}  // namespace

Result<double> choice_margin(const Model& model, const GoldenLine& golden,
                             const Transcription& found, const Difference& difference,
                             std::span<const float> samples) {
  const Tokenizer& tokenizer = model.tokenizer();
  const int seek = golden.segments[difference.segment].seek;
  const std::span<const Segment> segments(found.segments);
  size_t first = difference.segment;
  while (first > 0 && segments[first - 1].seek == seek) --first;
  std::vector<int> sampled;
  for (size_t i = first; i < difference.segment; ++i)
    sampled.insert(sampled.end(), segments[i].tokens.begin(), segments[i].tokens.end());
  const auto& tokens = segments[difference.segment].tokens;
  sampled.insert(sampled.end(), tokens.begin(),
                 tokens.begin() + static_cast<ptrdiff_t>(difference.token));

  const auto prompt = window_prompt(tokenizer, golden.options, segments.first(first));
  const auto initial = initial_tokens(tokenizer, golden.options.decoding, found.language, prompt);
  const auto mel = window_mel(model, golden.options, seek, samples);
  NPU_TRY_ASSIGN(const ScoreResult result,
                 score_next(model, golden.options, initial, sampled, mel));

  const int end_of_text = tokenizer.special().end_of_text;
  const auto id = [&](int token) { return token < 0 ? end_of_text : token; };
  const int ours = id(difference.found), theirs = id(difference.expected);
  if (tokenizer.is_timestamp(ours) != tokenizer.is_timestamp(theirs) &&
      !result.groups[kText].top.empty())
    return std::abs(static_cast<double>(result.groups[kTimestamps].log_sum_exp) -
                    static_cast<double>(result.groups[kText].top[0].logit));
  return std::abs(static_cast<double>(result.full_row[static_cast<size_t>(ours)]) -
                  static_cast<double>(result.full_row[static_cast<size_t>(theirs)]));
}

}  // namespace npu::testing
