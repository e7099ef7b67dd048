// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace npu {
namespace {

constexpr float kTimestampStep = 0.02F;  // seconds
constexpr float kNothing = -std::numeric_limits<float>::infinity();

float log_add(float a, float b) {
  const float larger = std::max(a, b);
  if (larger == kNothing) return kNothing;
  return larger + std::log1p(std::exp(std::min(a, b) - larger));
}

}  // namespace

Rules::Rules(const Tokenizer& tokenizer, const DecodingOptions& options)
    : special_(tokenizer.special()),
      vocabulary_(tokenizer.vocabulary()),
      timestamps_(!options.without_timestamps),
      mask_(vocabulary_) {
  for (int id : options.suppress_tokens) {
    if (id >= 0) {
      mask_.insert(id);
      continue;
    }
    for (int non_speech : tokenizer.non_speech_tokens()) mask_.insert(non_speech);
  }
  // The reference drops its whole list, these included, when it is given an empty one.
  if (!options.suppress_tokens.empty())
    for (int id : {special_.transcribe, special_.translate, special_.start_of_transcript,
                   special_.start_of_prev, special_.start_of_lm, special_.no_speech})
      mask_.insert(id);
  if (timestamps_) mask_.insert(special_.no_timestamps);
  first_mask_ = mask_;
  if (options.suppress_blank) {
    for (int id : tokenizer.encode(" ")) first_mask_.insert(id);
    first_mask_.insert(special_.end_of_text);
  }
  // The reference takes a limit of 0 for none.
  const long steps = std::lround(options.max_initial_timestamp_s / kTimestampStep);
  last_initial_timestamp_ = options.max_initial_timestamp_s > 0
                                ? static_cast<int>(special_.timestamp_begin + steps)
                                : vocabulary_ - 1;
}

void Rules::apply(std::span<const int> sampled, ScoreRequest& request) const {
  request.mask = sampled.empty() ? &first_mask_ : &mask_;
  if (timestamps_) {
    apply_timestamp_rules(sampled, request);
  } else {
    request.ranges[kText] = {0, vocabulary_};
    request.ranges[kTimestamps] = {};
  }
}

void Rules::apply_timestamp_rules(std::span<const int> sampled, ScoreRequest& request) const {
  const int begin = special_.timestamp_begin;
  IdRange text{0, begin};
  IdRange timestamps{begin, vocabulary_};
  const size_t count = sampled.size();
  const auto is_timestamp = [&](int id) { return id >= begin; };

  if (count == 0) {
    text = {};
    timestamps.end = std::min(vocabulary_, last_initial_timestamp_ + 1);
  } else {
    const bool last = is_timestamp(sampled[count - 1]);
    const bool pair = count < 2 || is_timestamp(sampled[count - 2]);
    // Timestamps never decrease, and only the second of a pair may repeat the first.
    const auto newest = std::find_if(sampled.rbegin(), sampled.rend(), is_timestamp);
    if (newest != sampled.rend()) timestamps.begin = last && !pair ? *newest : *newest + 1;
    if (last && pair) timestamps = {};
    if (last && !pair) text.begin = special_.end_of_text;
  }
  request.ranges[kText] = text;
  request.ranges[kTimestamps] = timestamps;
}

Choices choices(const ScoreResult& result) {
  const GroupScore& text = result.groups[kText];
  const GroupScore& timestamps = result.groups[kTimestamps];
  const float best_text = text.top.empty() ? kNothing : text.top.front().logit;
  // The normaliser of log-softmax is the same on both sides, so logits will do.
  if (timestamps.log_sum_exp > best_text) return {true, timestamps.log_sum_exp};
  return {false, log_add(text.log_sum_exp, timestamps.log_sum_exp)};
}

Candidate best_candidate(const ScoreResult& result, const Choices& choices) {
  Candidate best{-1, kNothing};
  for (int group = choices.only_timestamps ? kTimestamps : kText; group < kScoreGroups; ++group) {
    const std::vector<Candidate>& top = result.groups[group].top;
    if (!top.empty() && (best.id < 0 || top.front().logit > best.logit)) best = top.front();
  }
  return best;
}

void best_candidates(const ScoreResult& result, const Choices& choices, size_t count,
                     std::vector<Candidate>& out) {
  const std::vector<Candidate>& text = result.groups[kText].top;
  const std::vector<Candidate>& timestamps = result.groups[kTimestamps].top;
  out.clear();
  size_t next_text = choices.only_timestamps ? text.size() : 0;
  size_t next_timestamp = 0;
  while (out.size() < count) {
    const bool has_text = next_text < text.size();
    const bool has_timestamp = next_timestamp < timestamps.size();
    if (!has_text && !has_timestamp) return;
    // Ids of text are below those of timestamps.
    const bool take_text =
        has_text && (!has_timestamp || text[next_text].logit >= timestamps[next_timestamp].logit);
    out.push_back(take_text ? text[next_text++] : timestamps[next_timestamp++]);
  }
}

}  // namespace npu
