// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/word_times.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/dims.h"
#include "whisper/strip.h"

namespace npu {
namespace {

constexpr double kLongestMedian = 0.7;  // seconds
constexpr double kSlack = 0.5;          // seconds by which a word may overhang its segment
constexpr std::string_view kSentenceEnds = ".。!！?？";

double time_of_word(double seconds) {
  return std::nearbyint(seconds * 100) / 100;
}

double duration(const WordTiming& word) {
  return word.end_s - word.start_s;
}
double duration(const Word& word) {
  return word.end_s - word.start_s;
}

// Half the sum of the two middle ones, if their number is even; 0 of nothing.
double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// The first words after a pause tend to begin in the pause: cuts them to plausible lengths.
void trim_after_pause(std::vector<Word>& words, const WordDurations& durations,
                      double last_speech_s) {
  Word& first = words[0];
  Word* second = words.size() > 1 ? &words[1] : nullptr;
  if (!(first.end_s - last_speech_s > durations.median_s * 4)) return;
  const bool both_long = second && second->end_s - first.start_s > durations.max_s * 2;
  if (!(duration(first) > durations.max_s || both_long)) return;
  if (second && duration(*second) > durations.max_s)
    first.end_s = second->start_s = std::max(second->end_s / 2, second->end_s - durations.max_s);
  first.start_s = std::max(0.0, first.end_s - durations.max_s);
}

// Segment times give way to word times, unless a word overhangs its segment by more than kSlack.
void fit_segment(Segment& segment, double median_s) {
  Word& first = segment.words.front();
  if (segment.start_s < first.end_s && segment.start_s - kSlack > first.start_s)
    first.start_s = std::max(0.0, std::min(first.end_s - median_s, segment.start_s));
  else
    segment.start_s = first.start_s;

  Word& last = segment.words.back();
  if (segment.end_s > last.start_s && segment.end_s + kSlack < last.end_s)
    last.end_s = std::max(last.start_s + median_s, segment.end_s);
  else
    segment.end_s = last.end_s;
}

}  // namespace

std::vector<WordTiming> time_words(const Tokenizer::WordTokens& words, const TokenTimes& times) {
  std::vector<WordTiming> timed;
  size_t begin = 0;
  for (size_t i = 0; i + 1 < words.tokens.size(); ++i) {
    const size_t end = begin + words.tokens[i].size();
    if (end >= times.starts_s.size()) break;
    const double sum =
        std::accumulate(times.probabilities.begin() + static_cast<ptrdiff_t>(begin),
                        times.probabilities.begin() + static_cast<ptrdiff_t>(end), 0.0);
    timed.push_back({words.words[i], words.tokens[i], times.starts_s[begin], times.starts_s[end],
                     end > begin ? sum / static_cast<double>(end - begin) : 0});
    begin = end;
  }
  return timed;
}

WordDurations limit_durations(std::span<WordTiming> words) {
  std::vector<double> durations;
  for (const auto& word : words)
    if (duration(word) != 0) durations.push_back(duration(word));
  const double median_s = std::min(kLongestMedian, median(durations));
  const WordDurations limits{median_s, median_s * 2};
  if (durations.empty()) return limits;
  for (size_t i = 1; i < words.size(); ++i) {
    if (!(duration(words[i]) > limits.max_s)) continue;
    if (contains(kSentenceEnds, words[i].text))
      words[i].end_s = words[i].start_s + limits.max_s;
    else if (contains(kSentenceEnds, words[i - 1].text))
      words[i].start_s = words[i].end_s - limits.max_s;
  }
  return limits;
}

void merge_punctuations(std::span<WordTiming> words, std::string_view prepended,
                        std::string_view appended) {
  const auto join = [](WordTiming& into, const WordTiming& first, const WordTiming& second) {
    std::string joined = first.text + second.text;
    std::vector<int> tokens = first.tokens;
    tokens.insert(tokens.end(), second.tokens.begin(), second.tokens.end());
    into.text = std::move(joined);
    into.tokens = std::move(tokens);
  };
  const auto empty = [](WordTiming& word) {
    word.text.clear();
    word.tokens.clear();
  };
  if (words.empty()) return;

  for (size_t previous = words.size() - 1, following = previous; previous-- > 0;) {
    WordTiming& word = words[previous];
    if (word.text.starts_with(' ') && contains(prepended, strip(word.text))) {
      join(words[following], word, words[following]);
      empty(word);
    } else {
      following = previous;
    }
  }
  for (size_t previous = 0, following = 1; following < words.size(); ++following) {
    WordTiming& word = words[following];
    if (!words[previous].text.ends_with(' ') && contains(appended, word.text)) {
      join(words[previous], words[previous], word);
      empty(word);
    } else {
      previous = following;
    }
  }
}

void deal_words(std::span<Segment> segments, std::span<const WordTiming> words,
                const WordDurations& durations, int end_of_text, double last_speech_s) {
  if (segments.empty()) return;
  const double offset_s = static_cast<double>(segments[0].seek) / kFramesPerSecond;
  size_t next = 0;
  for (Segment& segment : segments) {
    const auto text_tokens = std::count_if(segment.tokens.begin(), segment.tokens.end(),
                                           [&](int id) { return id < end_of_text; });
    segment.words.clear();
    for (ptrdiff_t dealt = 0; next < words.size() && dealt < text_tokens; ++next) {
      const WordTiming& word = words[next];
      if (!word.text.empty())
        segment.words.push_back({word.text, time_of_word(offset_s + word.start_s),
                                 time_of_word(offset_s + word.end_s),
                                 static_cast<float>(word.probability)});
      dealt += static_cast<ptrdiff_t>(word.tokens.size());
    }
    if (segment.words.empty()) continue;
    trim_after_pause(segment.words, durations, last_speech_s);
    fit_segment(segment, durations.median_s);
    last_speech_s = segment.end_s;
  }
}

Result<void> add_word_times(std::span<Segment> segments, Aligner& aligner, Context& context,
                            const Tokenizer& tokenizer, const WordTimesRequest& request,
                            const CancelToken& cancel, Deadline deadline) {
  const int end_of_text = tokenizer.special().end_of_text;
  std::vector<int> tokens;
  for (const Segment& segment : segments)
    std::copy_if(segment.tokens.begin(), segment.tokens.end(), std::back_inserter(tokens),
                 [&](int id) { return id < end_of_text; });

  std::vector<WordTiming> words;
  if (!tokens.empty()) {
    const AlignmentRequest alignment{tokens,         request.language,  request.task,
                                     request.frames, request.self_slot, request.cross_slot};
    NPU_TRY_ASSIGN(const TokenTimes times, aligner.align(context, alignment, cancel, deadline));
    tokens.push_back(end_of_text);
    words = time_words(tokenizer.split_words(tokens, request.language), times);
  }
  const WordDurations durations = limit_durations(words);
  merge_punctuations(words, request.prepend_punctuations, request.append_punctuations);
  deal_words(segments, words, durations, end_of_text, request.last_speech_s);
  return {};
}

}  // namespace npu
