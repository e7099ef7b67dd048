// SPDX-License-Identifier: LGPL-2.1-or-later
// From token times to the words of segments: durations made plausible, punctuation joined.
// Source: openai/whisper:whisper/timing.py, find_alignment(), merge_punctuations(),
// add_word_timestamps().
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"
#include "whisper/alignment.h"
#include "whisper/segment.h"

namespace npu {

// A word before it is dealt to a segment. Times in seconds from the start of the window.
struct WordTiming {
  std::string text;
  std::vector<int> tokens;
  double start_s;
  double end_s;
  double probability;
};

// What is a usual and what is too long a word in this window, seconds.
struct WordDurations {
  double median_s;  // of the words with a duration, at most 0.7
  double max_s;     // twice that
};

// Words of a window. `words`: split_words() of the text tokens and EOT, the last word being EOT's.
// Empty if there is no word beside it.
std::vector<WordTiming> time_words(const Tokenizer::WordTokens& words, const TokenTimes& times);

// Measures the durations, and cuts words next to a sentence's end to max_s.
WordDurations limit_durations(std::span<WordTiming> words);

// Joins opening punctuation to the word after it and closing punctuation to the word before it. The
// words that were joined stay, empty.
void merge_punctuations(std::span<WordTiming> words, std::string_view prepended,
                        std::string_view appended);

// Deals `words` to the segments of a window by counting their text tokens (ids below end_of_text),
// sets Segment::words, with times from the start of the input rounded to 10 ms, and adjusts the
// segments' start and end to them. `last_speech_s`: end of the last speech before the window.
void deal_words(std::span<Segment> segments, std::span<const WordTiming> words,
                const WordDurations& durations, int end_of_text, double last_speech_s);

struct WordTimesRequest {
  std::string_view language;
  Task task = Task::kTranscribe;
  int frames = 0;  // mel frames of audio in the window
  int self_slot = 0;
  int cross_slot = 0;
  std::string_view prepend_punctuations;
  std::string_view append_punctuations;
  double last_speech_s = 0;
};

// All of the above for the segments of one window, which share `seek`. The segments' tokens and
// text are only read. Errors: those of Context::run(); the segments are then as they were.
Result<void> add_word_times(std::span<Segment> segments, Aligner& aligner, Context& context,
                            const Tokenizer& tokenizer, const WordTimesRequest& request,
                            const CancelToken& cancel, Deadline deadline);

}  // namespace npu
