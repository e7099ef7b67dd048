// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/task_track.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "log.h"
#include "scope_timer.h"
#include "whisper/fallback.h"
#include "whisper/hallucination.h"
#include "whisper/repetition.h"
#include "whisper/strip.h"
#include "whisper/unspoken.h"
#include "whisper/word_times.h"

namespace npu {
namespace {

constexpr size_t kFailedBeforeAhead = 2;  // temperatures
constexpr float kHighTemperature = 0.5F;  // above it a window's text is no context for the next
// What is heard again because of its words makes at least this way.
constexpr int kLeastWay = 100;  // frames

int to_frame(double seconds) {
  return static_cast<int>(std::lround(seconds * kFramesPerSecond));
}

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
      hears_back_(options.condition_on_previous_text && options.decoding.prefix.empty() &&
                  !options.decoding.without_timestamps),
      history_(encode_stripped(tokenizer, options.initial_prompt), options.carry_initial_prompt) {}

void TaskTrack::reset() {
  search_.reset();
  ahead_.reset();
  history_.reset();
  recent_.clear();
  has_text_ = false;
  cut_loop_ = false;
  last_speech_s_ = 0;
  unfinished_.clear();
}

void TaskTrack::forget_text() {
  recent_.clear();
  if (has_text_) history_.forget();
}

void TaskTrack::leave_audio() {
  forget_before(std::numeric_limits<int>::max());
}

int TaskTrack::origin(int start, int earliest) const {
  size_t tokens = 0;
  int origin = start;
  for (auto segment = recent_.rbegin(); segment != recent_.rend(); ++segment) {
    tokens += segment->tokens.size() + 2;
    const int begin = to_frame(segment->start_s);
    if (begin < earliest || tokens > kMaxSaidTokens) break;
    origin = begin;
  }
  return origin;
}

void TaskTrack::begin(std::string_view language, int start, int origin, bool little_speech,
                      bool fitted) {
  language_ = language;
  little_speech_ = little_speech;
  fitted_ = fitted;
  wants_all_positions_ = false;
  start_ = start;
  attempt_ = 0;
  search_slot_ = first_slot_;
  forget_before(origin);
  said_.clear();
  const int begin = tokenizer_.special().timestamp_begin;
  const auto timestamp = [&](double seconds) {
    return begin + std::max(0, to_frame(seconds) - origin) / kFramesPerPosition;
  };
  for (const Segment& segment : recent_) {
    said_.push_back(timestamp(segment.start_s));
    std::copy_if(segment.tokens.begin(), segment.tokens.end(), std::back_inserter(said_),
                 [&](int id) { return id < begin; });
    said_.push_back(timestamp(segment.end_s));
  }
  expect_unfinished(origin);
  start_search();
}

// What the window before left out is heard again in this one.
void TaskTrack::expect_unfinished(int origin) {
  expected_ = said_;
  const int begin = tokenizer_.special().timestamp_begin;
  const int moved = (origin - unfinished_origin_) / kFramesPerPosition;
  for (const int id : unfinished_) {
    if (id >= begin && id - moved < begin) {
      expected_.clear();  // it lies before this one
      break;
    }
    expected_.push_back(id >= begin ? id - moved : id);
  }
  unfinished_.clear();
}

// Leaves segments that lie before `origin` to the previous text.
void TaskTrack::forget_before(int origin) {
  const auto first = std::find_if(recent_.begin(), recent_.end(), [&](const Segment& segment) {
    return to_frame((segment.start_s + segment.end_s) / 2) >= origin;
  });
  for (auto segment = recent_.begin(); segment != first; ++segment)
    history_.append(segment->tokens);
  recent_.erase(recent_.begin(), first);
}

WindowRequest TaskTrack::request(size_t attempt, int self_slot) {
  return {language_,
          history_.prompt(kMaxPromptTokens - std::min<size_t>(said_.size(), kMaxPromptTokens)),
          said_,
          options_.temperatures[attempt],
          static_cast<uint64_t>(start_),
          self_slot,
          /*cross_slot=*/0,
          expected_};
}

void TaskTrack::start_search() {
  search_ = decoder_.begin(request(attempt_, search_slot_));
}

bool TaskTrack::start_ahead(int spare_slot) {
  if (ahead_ || attempt_ < kFailedBeforeAhead || attempt_ + 1 >= options_.temperatures.size())
    return false;
  ahead_slot_ = search_slot_ == spare_slot ? first_slot_ : spare_slot;
  ahead_ = decoder_.begin(request(attempt_ + 1, ahead_slot_));
  return true;
}

void TaskTrack::forget_ahead() {
  if (ahead_) count(*ahead_);
  ahead_.reset();
}

void TaskTrack::count(const Search& search) {
  stats_.decoded_tokens += search.chosen_tokens();
  stats_.guesses += search.checked_guesses();
  stats_.right_guesses += search.right_guesses();
}

bool TaskTrack::advance() {
  for (;;) {
    count(*search_);
    decoded_ = decoder_.finish(*search_, request(attempt_, search_slot_));
    // A window that goes on with nothing is heard again without what came before it, which says
    // more than higher temperatures would.
    const bool nothing_more = decoded_.continues && !found_text();
    const bool fails = !nothing_more && needs_fallback(decoded_, options_, little_speech_);
    wants_all_positions_ = fails && fitted_;
    if (!fails || fitted_ || ++attempt_ == options_.temperatures.size()) {
      search_.reset();
      return true;
    }
    ++stats_.fallbacks;
    expected_ = said_;
    expected_.insert(expected_.end(), decoded_.tokens.begin(), decoded_.tokens.end());
    if (!ahead_) {
      start_search();
      return false;
    }
    search_ = std::move(ahead_);
    std::swap(search_slot_, ahead_slot_);
    if (!search_->done()) return false;
  }
}

bool TaskTrack::found_text() const {
  return !is_silence(decoded_, options_, little_speech_) &&
         !strip(tokenizer_.decode(decoded_.tokens)).empty();
}

Result<TrackOutcome> TaskTrack::conclude(const TrackWindow& window, std::optional<int> until,
                                         Aligner& aligner, Inference& inference,
                                         const CancelToken& cancel) {
  const int end = window.origin + window.frames;
  const bool silence = is_silence(decoded_, options_, little_speech_);
  log(LogLevel::kDebug,
      text(decoding_.task == Task::kTranslate ? "translation of the window at frame "
                                              : "window at frame ",
           window.start, ": ", decoded_.tokens.size(), " tokens at temperature ",
           decoded_.temperature, ", log-probability ", decoded_.avg_logprob, ", compression ",
           decoded_.compression_ratio, ", no speech ", decoded_.no_speech_prob,
           silence ? ": silence" : "",
           window.gate ? text(", speech ", window.gate->speech_s(window.start, end), " s of ",
                              (end - window.start) / 100.0)
                       : std::string()));
  if (silence) return TrackOutcome{{}, until.value_or(end)};

  const bool looped = window.gate && cut_loop();
  SplitWindow split = split_window(tokenizer_, decoded_, window.origin, window.frames);
  // What follows a loop is heard again without its text for context, but not for a second loop.
  if (looped && cut_loop_) split.next = end;
  if (!looped) unfinished_ = unfinished_tokens(tokenizer_, decoded_);
  unfinished_origin_ = window.origin;
  cut_loop_ = looped;
  if (!until && split.next < window.least_next) until = end;
  if (until)
    if (auto tail = unfinished_segment(tokenizer_, decoded_, window.origin, window.frames))
      split.segments.push_back(*std::move(tail));
  bool kept = true;
  if (options_.word_timestamps) {
    NPU_TRY_ASSIGN(kept, add_words(split, window, aligner, inference, cancel));
  }
  // No rule leads backwards, but a loop without end must not hang on that.
  const int least_next = std::min(window.least_next, window.start + kLeastWay);
  const int next = until.value_or(std::clamp(split.next, least_next, std::max(end, least_next)));
  if (!kept) return TrackOutcome{{}, next};
  blank_empty_segments(split.segments);
  if (window.late_starts) confine_segments(split.segments, window.start, end);
  if (until) cut_segments(split.segments, *until);
  if (window.gate) blank_unspoken(split.segments, *window.gate);
  remember(split.segments, window, looped);
  return TrackOutcome{std::move(split.segments), next};
}

// As context of the next windows.
void TaskTrack::remember(const std::vector<Segment>& segments, const TrackWindow& window,
                         bool looped) {
  if (looped || !options_.condition_on_previous_text || decoded_.temperature > kHighTemperature) {
    recent_.clear();
    history_.forget();
    return;
  }
  for (const Segment& segment : segments) {
    if (segment.tokens.empty()) continue;
    has_text_ = true;
    if (window.heard_again && hears_back_) {
      recent_.push_back(segment);
      recent_.back().words.clear();
    } else {
      history_.append(segment.tokens);
    }
  }
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
  // What was said before in the window is aligned too, for nothing else explains its audio.
  std::vector<Segment> segments = recent_;
  for (Segment& segment : segments) segment.seek = window.origin;
  std::move(split.segments.begin(), split.segments.end(), std::back_inserter(segments));
  {
    const ScopeTimer timer(stats_.alignment_s);
    NPU_TRY(add_word_times(segments, aligner, inference.context(), tokenizer_, request, cancel,
                           Deadline::in(kReplayLimit)));
  }
  split.segments.assign(
      std::make_move_iterator(segments.begin() + static_cast<std::ptrdiff_t>(recent_.size())),
      std::make_move_iterator(segments.end()));
  WindowFacts facts{window.origin,       window.frames, split.next,    window.content_frames,
                    split.single_ending, std::nullopt,  last_speech_s_};
  if (options_.hallucination_silence_threshold_s)
    facts.silence_threshold_s = *options_.hallucination_silence_threshold_s;
  const WindowVerdict verdict = judge_window(split.segments, facts);
  split.next = verdict.next;
  last_speech_s_ = verdict.last_speech_s;
  return !verdict.dropped;
}

}  // namespace npu
