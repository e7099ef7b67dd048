// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/hallucination.h"

#include <algorithm>
#include <cmath>

#include "model/dims.h"
#include "whisper/strip.h"

namespace npu {
namespace {

constexpr std::string_view kPunctuation = "\"'“¿([{-\"'.。,，!！?？:：”)]}、";
constexpr size_t kWordsJudged = 8;  // of a segment, from its start
constexpr double kNearEdge = 2.0;   // seconds from the edge of a window that count as silence

int to_frames(double seconds) {
  return static_cast<int>(std::nearbyint(seconds * kFramesPerSecond));
}

double to_seconds(int frames) {
  return static_cast<double>(frames) / kFramesPerSecond;
}

double anomaly(const Word& word) {
  const double duration = word.end_s - word.start_s;
  double score = 0;
  if (word.probability < 0.15F) score += 1;
  if (duration < 0.133) score += (0.133 - duration) * 15;
  if (duration > 2) score += duration - 2;
  return score;
}

// End of the last word; of the last segment if there are no words; nothing without segments.
std::optional<double> speech_end(const std::vector<Segment>& segments) {
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment)
    if (!segment->words.empty()) return segment->words.back().end_s;
  if (segments.empty()) return std::nullopt;
  return segments.back().end_s;
}

using SegmentIterator = std::vector<Segment>::const_iterator;

SegmentIterator next_with_words(SegmentIterator from, SegmentIterator end) {
  return std::find_if(from, end, [](const Segment& segment) { return !segment.words.empty(); });
}

// Whether segments[index], which looks made up, has silence or more of its kind on both sides.
bool stands_in_silence(const std::vector<Segment>& segments, size_t index, double speech_before_s,
                       const WindowFacts& facts, double threshold_s) {
  const Segment& segment = segments[index];
  const double offset_s = to_seconds(facts.start);
  const double window_end_s = to_seconds(facts.start + kWindowFrames);
  const auto next =
      next_with_words(segments.begin() + static_cast<ptrdiff_t>(index) + 1, segments.end());
  const bool any_next = next != segments.end();
  const double next_start_s =
      any_next ? next->words.front().start_s : offset_s + to_seconds(facts.frames);

  const bool silence_before = segment.start_s - speech_before_s > threshold_s ||
                              segment.start_s < threshold_s ||
                              segment.start_s - offset_s < kNearEdge;
  const bool silence_after = next_start_s - segment.end_s > threshold_s ||
                             (any_next && is_anomalous(*next)) ||
                             window_end_s - segment.end_s < kNearEdge;
  return silence_before && silence_after;
}

// Cuts `segments` before the first made-up one that stands in silence. Returns where to go on, if
// there is one.
std::optional<int> cut_made_up(std::vector<Segment>& segments, const WindowFacts& facts,
                               double threshold_s) {
  double speech_before_s = facts.last_speech_s;
  for (size_t index = 0; index < segments.size(); ++index) {
    const Segment& segment = segments[index];
    if (segment.words.empty()) continue;
    if (is_anomalous(segment) &&
        stands_in_silence(segments, index, speech_before_s, facts, threshold_s)) {
      int next = to_frames(std::max(to_seconds(facts.start) + 1, segment.start_s));
      if (to_seconds(facts.content_frames) - segment.end_s < threshold_s)
        next = facts.content_frames;
      segments.resize(index);
      return next;
    }
    speech_before_s = segment.end_s;
  }
  return std::nullopt;
}

}  // namespace

bool is_anomalous(const Segment& segment) {
  if (segment.words.empty()) return false;
  double score = 0;
  size_t words = 0;
  for (const Word& word : segment.words) {
    if (words == kWordsJudged) break;
    if (contains(kPunctuation, word.text)) continue;
    score += anomaly(word);
    ++words;
  }
  return score >= 3 || score + 0.01 >= static_cast<double>(words);
}

WindowVerdict judge_window(std::vector<Segment>& segments, const WindowFacts& facts) {
  WindowVerdict verdict{facts.next, false, facts.last_speech_s};
  const double offset_s = to_seconds(facts.start);
  const double window_end_s = to_seconds(facts.start + kWindowFrames);
  const auto words_end_s = speech_end(segments);
  const bool heard_to_a_word = !facts.single_ending && words_end_s && *words_end_s > offset_s;
  if (heard_to_a_word) verdict.next = to_frames(*words_end_s);

  if (facts.silence_threshold_s) {
    const double threshold_s = *facts.silence_threshold_s;
    if (heard_to_a_word && !(window_end_s - *words_end_s > threshold_s))
      verdict.next = facts.start + facts.frames;

    const auto first = next_with_words(segments.begin(), segments.end());
    if (first != segments.end() && is_anomalous(*first) &&
        first->start_s - offset_s > threshold_s) {
      verdict.next = facts.start + to_frames(first->start_s - offset_s);
      verdict.dropped = true;
      segments.clear();
      return verdict;
    }
    if (const auto next = cut_made_up(segments, facts, threshold_s)) verdict.next = *next;
  }
  if (const auto end_s = speech_end(segments)) verdict.last_speech_s = *end_s;
  return verdict;
}

}  // namespace npu
