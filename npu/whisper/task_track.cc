// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/task_track.h"

#include <algorithm>

#include "log.h"
#include "whisper/fallback.h"
#include "whisper/hallucination.h"
#include "whisper/repetition.h"
#include "whisper/scope_timer.h"
#include "whisper/unspoken.h"
#include "whisper/word_times.h"

namespace npu {
namespace {

constexpr float kHighTemperature = 0.5F;  // above it a window's text is no context for the next

DecodingOptions with_task(DecodingOptions options, Task task) {
  options.task = task;
  return options;
}

}  // namespace

TaskTrack::TaskTrack(const Tokenizer& tokenizer, const TranscribeOptions& options, Task task,
                     int first_slot, TranscriberStats& stats)
    : tokenizer_(tokenizer),
      options_(options),
      decoding_(with_task(options.decoding, task)),
      decoder_(tokenizer, decoding_),
      first_slot_(first_slot),
      stats_(stats),
      history_(encode_stripped(tokenizer, options.initial_prompt), options.carry_initial_prompt) {}

void TaskTrack::reset() {
  search_.reset();
  history_.reset();
  has_text_ = false;
  cut_loop_ = false;
  last_speech_s_ = 0;
}

void TaskTrack::forget_text() {
  if (has_text_) history_.forget();
}

void TaskTrack::begin(std::string_view language, int start, bool little_speech) {
  language_ = language;
  little_speech_ = little_speech;
  start_ = start;
  attempt_ = 0;
  start_search();
}

void TaskTrack::start_search() {
  search_ = decoder_.begin({language_, history_.prompt(), options_.temperatures[attempt_],
                            static_cast<uint64_t>(start_), first_slot_, /*cross_slot=*/0});
}

bool TaskTrack::advance() {
  stats_.decoded_tokens += search_->chosen_tokens();
  decoded_ = decoder_.finish(*search_, options_.temperatures[attempt_]);
  if (!needs_fallback(decoded_, options_, little_speech_) ||
      ++attempt_ == options_.temperatures.size()) {
    search_.reset();
    return true;
  }
  ++stats_.fallbacks;
  start_search();
  return false;
}

Result<TrackOutcome> TaskTrack::conclude(const TrackWindow& window, std::optional<int> until,
                                         Aligner& aligner, Inference& inference,
                                         const CancelToken& cancel) {
  const bool silence = is_silence(decoded_, options_, little_speech_);
  log(LogLevel::kDebug,
      text(decoding_.task == Task::kTranslate ? "translation of the window at frame "
                                              : "window at frame ",
           window.start, ": ", decoded_.tokens.size(), " tokens at temperature ",
           decoded_.temperature, ", log-probability ", decoded_.avg_logprob, ", compression ",
           decoded_.compression_ratio, ", no speech ", decoded_.no_speech_prob,
           silence ? ": silence" : "",
           window.gate ? text(", speech ",
                              window.gate->speech_s(window.start, window.start + window.frames),
                              " s of ", window.frames / 100.0)
                       : std::string()));
  if (silence) return TrackOutcome{{}, until.value_or(window.start + window.frames)};

  const bool looped = window.gate && cut_loop();
  SplitWindow split = split_window(tokenizer_, decoded_, window.start, window.frames);
  // What follows a loop is heard again without its text for context, but not for a second loop.
  if (looped && cut_loop_) split.next = window.start + window.frames;
  cut_loop_ = looped;
  if (!until && split.next < window.least_next) until = window.start + window.frames;
  if (until)
    if (auto tail = unfinished_segment(tokenizer_, decoded_, window.start, window.frames))
      split.segments.push_back(*std::move(tail));
  bool kept = true;
  if (options_.word_timestamps) {
    NPU_TRY_ASSIGN(kept, add_words(split, window, aligner, inference, cancel));
  }
  // No rule leads backwards, but a loop without end must not hang on that.
  const int next = until.value_or(std::max(split.next, window.start + 1));
  if (!kept) return TrackOutcome{{}, next};
  if (until) cut_segments(split.segments, *until);
  if (window.late_starts) delay_segments(split.segments, window.start);
  if (window.gate) blank_unspoken(split.segments, *window.gate);
  blank_empty_segments(split.segments);
  for (const Segment& segment : split.segments) {
    history_.append(segment.tokens);
    has_text_ = has_text_ || !segment.tokens.empty();
  }
  if (looped || !options_.condition_on_previous_text || decoded_.temperature > kHighTemperature)
    history_.forget();
  return TrackOutcome{std::move(split.segments), next};
}

// Takes the repetitions from a window that is too repetitive at every temperature. Returns whether
// there were any.
bool TaskTrack::cut_loop() {
  const auto& limit = options_.compression_ratio_threshold;
  if (!limit || !(decoded_.compression_ratio > *limit)) return false;
  const auto tail = repeated_tail(decoded_.tokens, tokenizer_.special().timestamp_begin);
  if (!tail) return false;
  log(LogLevel::kInfo, text("window at frame ", start_, ": a loop of ",
                            decoded_.tokens.size() - *tail, " tokens was cut"));
  decoded_.tokens.resize(*tail);
  return true;
}

// False if the whole window was made up and is to be forgotten.
Result<bool> TaskTrack::add_words(SplitWindow& split, const TrackWindow& window, Aligner& aligner,
                                  Inference& inference, const CancelToken& cancel) {
  WordTimesRequest request;
  request.language = language_;
  request.task = decoding_.task;
  request.frames = window.frames;
  request.prepend_punctuations = options_.prepend_punctuations;
  request.append_punctuations = options_.append_punctuations;
  request.last_speech_s = last_speech_s_;
  request.self_slot = first_slot_;
  {
    const ScopeTimer timer(stats_.alignment_s);
    NPU_TRY(add_word_times(split.segments, aligner, inference.context(), tokenizer_, request,
                           cancel, Deadline::in(kReplayLimit)));
  }
  WindowFacts facts{window.start,        window.frames, split.next,    window.content_frames,
                    split.single_ending, std::nullopt,  last_speech_s_};
  if (options_.hallucination_silence_threshold_s)
    facts.silence_threshold_s = *options_.hallucination_silence_threshold_s;
  const WindowVerdict verdict = judge_window(split.segments, facts);
  split.next = verdict.next;
  last_speech_s_ = verdict.last_speech_s;
  return !verdict.dropped;
}

}  // namespace npu
