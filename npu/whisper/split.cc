// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/split.h"

#include <algorithm>
#include <span>

#include "whisper/strip.h"

namespace npu {
namespace {

constexpr double kTimestampStep = 0.02;  // seconds

class Splitter {
 public:
  Splitter(const Tokenizer& tokenizer, const DecodedWindow& decoded, int start)
      : tokenizer_(tokenizer), decoded_(decoded), start_(start) {}

  bool is_timestamp(size_t index) const {
    return decoded_.tokens[index] >= tokenizer_.special().timestamp_begin;
  }
  int steps(int timestamp) const { return timestamp - tokenizer_.special().timestamp_begin; }
  double time_offset() const { return static_cast<double>(start_) * kHopSamples / kSampleRate; }

  Segment segment(std::span<const int> tokens, double start_s, double end_s) const {
    Segment segment;
    segment.seek = start_;
    segment.start_s = start_s;
    segment.end_s = end_s;
    segment.text = tokenizer_.decode(tokens);
    segment.tokens.assign(tokens.begin(), tokens.end());
    segment.temperature = decoded_.temperature;
    segment.avg_logprob = decoded_.avg_logprob;
    segment.compression_ratio = decoded_.compression_ratio;
    segment.no_speech_prob = decoded_.no_speech_prob;
    return segment;
  }

 private:
  const Tokenizer& tokenizer_;
  const DecodedWindow& decoded_;
  int start_;
};

// Indices before which the tokens are cut: between two timestamps, and at a single ending.
std::vector<size_t> cut_points(const Splitter& splitter, size_t tokens, bool single_ending) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < tokens; ++i)
    if (splitter.is_timestamp(i - 1) && splitter.is_timestamp(i)) cuts.push_back(i);
  if (!cuts.empty() && single_ending) cuts.push_back(tokens);
  return cuts;
}

}  // namespace

SplitWindow split_window(const Tokenizer& tokenizer, const DecodedWindow& decoded, int start,
                         int frames) {
  const Splitter splitter(tokenizer, decoded, start);
  const std::span<const int> tokens = decoded.tokens;
  const double offset = splitter.time_offset();
  SplitWindow split;
  split.single_ending = tokens.size() >= 2 && !splitter.is_timestamp(tokens.size() - 2) &&
                        splitter.is_timestamp(tokens.size() - 1);
  split.next = start + frames;

  const std::vector<size_t> cuts = cut_points(splitter, tokens.size(), split.single_ending);
  if (!cuts.empty()) {
    size_t from = 0;
    for (size_t cut : cuts) {
      const auto slice = tokens.subspan(from, cut - from);
      split.segments.push_back(
          splitter.segment(slice, offset + splitter.steps(slice.front()) * kTimestampStep,
                           offset + splitter.steps(slice.back()) * kTimestampStep));
      from = cut;
    }
    // What follows the last cut is unfinished and heard again in the next window.
    if (!split.single_ending)
      split.next = start + splitter.steps(tokens[from - 1]) * kFramesPerPosition;
    return split;
  }
  double start_s = offset;
  double end_s = offset + static_cast<double>(frames) * kHopSamples / kSampleRate;
  const bool begins_late = decoded.continues && !tokens.empty() && splitter.is_timestamp(0);
  if (begins_late) start_s += splitter.steps(tokens.front()) * kTimestampStep;
  const auto last = std::find_if(tokens.rbegin(), tokens.rend(),
                                 [&](int id) { return id >= tokenizer.special().timestamp_begin; });
  const bool is_beginning = begins_late && last == std::prev(tokens.rend());
  if (last != tokens.rend() && splitter.steps(*last) != 0 && !is_beginning)
    end_s = offset + splitter.steps(*last) * kTimestampStep;
  split.segments.push_back(splitter.segment(tokens, start_s, end_s));
  return split;
}

std::optional<Segment> unfinished_segment(const Tokenizer& tokenizer, const DecodedWindow& decoded,
                                          int start, int frames) {
  const Splitter splitter(tokenizer, decoded, start);
  const std::span<const int> tokens = decoded.tokens;
  const std::vector<size_t> cuts = cut_points(splitter, tokens.size(), /*single_ending=*/false);
  if (cuts.empty()) return std::nullopt;
  const auto tail = tokens.subspan(cuts.back());
  if (tail.size() < 2 || splitter.is_timestamp(tokens.size() - 1)) return std::nullopt;
  // It gets the last timestamp that a window of this length has room for, so that as previous text
  // it looks like all others.
  std::vector<int> closed(tail.begin(), tail.end());
  closed.push_back(tokenizer.special().timestamp_begin + frames / kFramesPerPosition);
  return splitter.segment(closed,
                          splitter.time_offset() + splitter.steps(closed.front()) * kTimestampStep,
                          splitter.time_offset() + splitter.steps(closed.back()) * kTimestampStep);
}

std::vector<int> unfinished_tokens(const Tokenizer& tokenizer, const DecodedWindow& decoded) {
  const Splitter splitter(tokenizer, decoded, 0);
  const std::vector<size_t> cuts =
      cut_points(splitter, decoded.tokens.size(), /*single_ending=*/false);
  if (cuts.empty()) return {};
  const auto tail = std::span(decoded.tokens).subspan(cuts.back());
  if (splitter.is_timestamp(decoded.tokens.size() - 1)) return {};
  return {tail.begin(), tail.end()};
}

void cut_segments(std::vector<Segment>& segments, int end) {
  const double end_s = static_cast<double>(end) / kFramesPerSecond;
  std::erase_if(segments, [&](const Segment& segment) {
    return segment.start_s + segment.end_s >= 2 * end_s;
  });
  for (Segment& segment : segments) {
    segment.end_s = std::min(segment.end_s, end_s);
    for (Word& word : segment.words) {
      word.start_s = std::min(word.start_s, segment.end_s);
      word.end_s = std::min(word.end_s, segment.end_s);
    }
  }
}

void confine_segments(std::vector<Segment>& segments, int start, int end) {
  const double start_s = static_cast<double>(start) / kFramesPerSecond;
  const double end_s = static_cast<double>(end) / kFramesPerSecond;
  for (Segment& segment : segments) {
    const double least_s = segment.text.empty() ? 0 : std::min(kTimestampStep, end_s - start_s);
    segment.start_s = std::clamp(segment.start_s, start_s, end_s - least_s);
    segment.end_s = std::clamp(segment.end_s, segment.start_s + least_s, end_s);
    for (Word& word : segment.words) {
      word.start_s = std::clamp(word.start_s, start_s, end_s);
      word.end_s = std::clamp(word.end_s, start_s, end_s);
    }
  }
}

void blank_empty_segments(std::vector<Segment>& segments) {
  for (Segment& segment : segments) {
    if (segment.start_s != segment.end_s && !strip(segment.text).empty()) continue;
    segment.text.clear();
    segment.tokens.clear();
    segment.words.clear();
  }
}

}  // namespace npu
