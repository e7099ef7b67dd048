// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/chunk_text.h"

#include <algorithm>
#include <cmath>

#include "log.h"
#include "scope_timer.h"
#include "whisper/batch/sentences.h"
#include "whisper/fallback.h"
#include "whisper/repetition.h"
#include "whisper/split.h"
#include "whisper/strip.h"

namespace npu {
namespace {

// What is heard again makes at least this way, and is at least as long.
constexpr int kLeastWay = 100;  // frames

DecodingOptions decoding_of(const TranscribeOptions& options, Task task) {
  DecodingOptions decoding = options.decoding;
  decoding.task = task;
  decoding.without_timestamps = decoding.without_timestamps || options.times_by_alignment;
  return decoding;
}

int to_frame(double seconds) {
  return static_cast<int>(std::lround(seconds * kFramesPerSecond));
}

}  // namespace

BatchTask::BatchTask(const Tokenizer& tokens, const TranscribeOptions& all, Task task)
    : tokenizer(tokens),
      options(all),
      decoding(decoding_of(all, task)),
      decoder(tokens, decoding),
      prompt(encode_stripped(tokens, all.initial_prompt)) {}

int histories_at_attempt(const TranscribeOptions& options, size_t attempt) {
  return histories_needed(options.decoding, std::span(options.temperatures).subspan(attempt, 1));
}

int positions_needed(const Tokenizer& tokenizer, const TranscribeOptions& options) {
  const std::vector<int> prompt = encode_stripped(tokenizer, options.initial_prompt);
  const DecodingOptions decoding = decoding_of(options, options.decoding.task);
  // An alignment has the start sequence of a decoding, its text and its end.
  const size_t initial = std::max(initial_tokens(tokenizer, decoding, "en", prompt).size(),
                                  initial_tokens(tokenizer, {}, "en", {}).size() + 1);
  return std::min(kTextPositions, static_cast<int>(initial) + options.decoding.max_tokens + 1);
}

WindowRequest ChunkText::request(int self_slot) const {
  WindowRequest request;
  request.language = language_;
  request.prompt = task_->prompt;
  request.temperature = task_->options.temperatures[attempt_];
  request.window = static_cast<uint64_t>(window_.start);
  request.self_slot = self_slot;
  request.cross_slot = window_.cross_slot;
  if (attempt_ > 0) request.expected = decoded_.tokens;
  return request;
}

void ChunkText::begin(std::string_view language, const ChunkWindow& window, int self_slot) {
  language_ = language;
  window_ = window;
  attempt_ = 0;
  wants_all_positions_ = false;
  again(self_slot);
}

void ChunkText::again(int self_slot) {
  search_ = task_->decoder.begin(request(self_slot));
}

bool ChunkText::advance() {
  stats_.decoded_tokens += search_->chosen_tokens();
  stats_.guesses += search_->checked_guesses();
  stats_.right_guesses += search_->right_guesses();
  decoded_ = task_->decoder.finish(*search_, request(/*self_slot=*/0));
  search_.reset();
  loop_cut_.reset();
  const bool last = attempt_ + 1 == task_->options.temperatures.size();
  const bool fails = needs_fallback(decoded_, task_->options, window_.little_speech);
  wants_all_positions_ = fails && window_.fitted;
  if (last || !fails || window_.fitted) return true;
  ++attempt_;
  ++stats_.fallbacks;
  return false;
}

void ChunkText::log_outcome(bool silence) const {
  log(LogLevel::kDebug,
      text(task_->decoding.task == Task::kTranslate ? "translation of the chunk at frame "
                                                    : "chunk at frame ",
           window_.start, " of ", window_.frames, ": ", decoded_.tokens.size(),
           " tokens at temperature ", decoded_.temperature, ", log-probability ",
           decoded_.avg_logprob, ", compression ", decoded_.compression_ratio, ", no speech ",
           decoded_.no_speech_prob, silence ? ": silence" : ""));
}

// Whether there may be more text than could be decoded.
bool ChunkText::is_full() const {
  const size_t initial =
      initial_tokens(task_->tokenizer, task_->decoding, language_, task_->prompt).size();
  return decoded_.tokens.size() >=
         static_cast<size_t>(sampling_limit(task_->decoding, initial, /*said=*/0));
}

// Takes the repetitions from a text that is too repetitive at every temperature. Returns whether
// there were any.
bool ChunkText::cut_loop() {
  const auto& limit = task_->options.compression_ratio_threshold;
  if (!limit || !(decoded_.compression_ratio > *limit)) return false;
  const auto tail = repeated_tail(decoded_.tokens, task_->tokenizer.special().timestamp_begin);
  if (!tail) return false;
  log(LogLevel::kInfo, text("chunk at frame ", window_.start, ": a loop of ",
                            decoded_.tokens.size() - *tail, " tokens was cut"));
  decoded_.tokens.resize(*tail);
  return true;
}

std::optional<int> ChunkText::rest_from(int frame) const {
  const int end = window_.start + window_.frames;
  if (frame - window_.start < kLeastWay || end - frame < kLeastWay) return std::nullopt;
  return frame;
}

Result<ChunkText::Outcome> ChunkText::conclude(int self_slot, Aligner& aligner,
                                               Inference& inference, const CancelToken& cancel) {
  const bool silence = is_silence(decoded_, task_->options, window_.little_speech);
  log_outcome(silence);
  if (silence || strip(task_->tokenizer.decode(decoded_.tokens)).empty()) return Outcome{};

  WordTimesRequest request;
  request.language = language_;
  request.task = task_->decoding.task;
  request.frames = window_.frames;
  request.self_slot = self_slot;
  request.cross_slot = window_.cross_slot;
  request.prepend_punctuations = task_->options.prepend_punctuations;
  request.append_punctuations = task_->options.append_punctuations;
  request.last_speech_s = static_cast<double>(window_.start) / kFramesPerSecond;

  if (!loop_cut_) loop_cut_ = cut_loop();
  const bool looped = *loop_cut_;
  const auto find =
      task_->decoding.without_timestamps ? &ChunkText::by_words : &ChunkText::by_timestamps;
  NPU_TRY_ASSIGN(Outcome outcome, (this->*find)(looped, request, aligner, inference, cancel));
  // What follows a loop is heard again, but not for a second loop.
  if (looped && looped_) outcome.rest.reset();
  looped_ = looped;
  blank_empty_segments(outcome.segments);
  confine_segments(outcome.segments, window_.start, window_.start + window_.frames);
  return outcome;
}

Result<ChunkText::Outcome> ChunkText::by_timestamps(bool looped, const WordTimesRequest& request,
                                                    Aligner& aligner, Inference& inference,
                                                    const CancelToken& cancel) const {
  SplitWindow split = split_window(task_->tokenizer, decoded_, window_.start, window_.frames);
  Outcome outcome;
  if (looped || is_full()) outcome.rest = rest_from(split.next);
  if (!outcome.rest) {
    auto tail = unfinished_segment(task_->tokenizer, decoded_, window_.start, window_.frames);
    if (tail) split.segments.push_back(*std::move(tail));
  }
  outcome.segments = std::move(split.segments);
  if (!task_->options.word_timestamps) return outcome;
  const ScopeTimer timer(stats_.alignment_s);
  NPU_TRY(add_word_times(outcome.segments, aligner, inference.context(), task_->tokenizer, request,
                         cancel, Deadline::in(kReplayLimit)));
  return outcome;
}

Result<ChunkText::Outcome> ChunkText::by_words(bool looped, const WordTimesRequest& request,
                                               Aligner& aligner, Inference& inference,
                                               const CancelToken& cancel) const {
  const ScopeTimer timer(stats_.alignment_s);
  const int end_of_text = task_->tokenizer.special().end_of_text;
  std::vector<int> tokens = decoded_.tokens;
  std::erase_if(tokens, [&](int id) { return id >= end_of_text; });
  const AlignmentRequest alignment{tokens,         request.language,  request.task,
                                   request.frames, request.self_slot, request.cross_slot};
  NPU_TRY_ASSIGN(const TokenTimes times,
                 aligner.align(inference.context(), alignment, cancel, Deadline::in(kReplayLimit)));
  tokens.push_back(end_of_text);
  std::vector<WordTiming> words =
      time_words(task_->tokenizer.split_words(tokens, request.language), times);
  Outcome outcome;
  if (words.empty()) return outcome;
  const auto frame_at = [&](double seconds) { return window_.start + to_frame(seconds); };
  if (looped) {
    outcome.rest = rest_from(frame_at(words.back().end_s));
  } else if (is_full() && words.size() > 1) {
    // The last word may be a part of one.
    outcome.rest = rest_from(frame_at(words.back().start_s));
    if (outcome.rest) words.pop_back();
  }
  const WordDurations durations = limit_durations(words);
  merge_punctuations(words, request.prepend_punctuations, request.append_punctuations);
  outcome.segments = sentences(words);
  deal_words(outcome.segments, words, durations, end_of_text, request.last_speech_s);
  return outcome;
}

// Segments that take in the whole window, until words are dealt to them.
std::vector<Segment> ChunkText::sentences(std::span<const WordTiming> words) const {
  std::vector<Segment> segments;
  size_t begin = 0;
  for (const size_t end : sentence_ends(words)) {
    Segment segment;
    segment.seek = window_.start;
    segment.start_s = static_cast<double>(window_.start) / kFramesPerSecond;
    segment.end_s = static_cast<double>(window_.start + window_.frames) / kFramesPerSecond;
    for (const WordTiming& word : words.subspan(begin, end - begin))
      segment.tokens.insert(segment.tokens.end(), word.tokens.begin(), word.tokens.end());
    segment.text = task_->tokenizer.decode(segment.tokens);
    segment.temperature = decoded_.temperature;
    segment.avg_logprob = decoded_.avg_logprob;
    segment.compression_ratio = decoded_.compression_ratio;
    segment.no_speech_prob = decoded_.no_speech_prob;
    segments.push_back(std::move(segment));
    begin = end;
  }
  return segments;
}

}  // namespace npu
