// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/longform.h"

#include <algorithm>
#include <cmath>

#include "whisper/language.h"
#include "whisper/network.h"
#include "whisper/unspoken.h"

namespace npu {
namespace {

constexpr float kSureOfLanguage = 0.5F;  // in less than a window, or a window of speech
// Word times may move the start of a window's first segment before the window: by twice the longest
// median of word durations.
constexpr double kWordsReachBack_s = 1.4;
// With voice activity detection, in frames. Silence in front of a window that is skipped:
constexpr int kLeastSkip = 100;
// Silence that ends a window:
constexpr int kLongPause = 300;
// Silence after which what was said before is no context any more:
constexpr int kForgettingPause = 1000;

bool any_text(const std::vector<Segment>& segments) {
  return std::any_of(segments.begin(), segments.end(),
                     [](const Segment& segment) { return !segment.text.empty(); });
}

std::string given_language(const Model& model, const TranscribeOptions& options) {
  return model.tokenizer().multilingual() ? options.decoding.language : "en";
}

}  // namespace

LongForm::LongForm(std::shared_ptr<const Model> model, const TranscribeOptions& options,
                   std::unique_ptr<Context> context, const ContextLimits& limits)
    : model_(std::move(model)),
      options_(options),
      inference_(std::move(context), limits, stats_),
      driver_(inference_),
      input_(*model_, options_, stats_),
      aligner_(model_->tokenizer(), static_cast<int>(model_->alignment_heads().size()),
               limits.max_rows, limits.cross_positions),
      transcript_(model_->tokenizer(), options_, options_.decoding.task, 0, stats_),
      mel_(static_cast<size_t>(kWindowFrames) * static_cast<size_t>(model_->dims().mel_bands)) {
  if (options_.also_translate)
    translation_ = std::make_unique<TaskTrack>(model_->tokenizer(), options_, Task::kTranslate,
                                               limits.self_slots / 2, stats_);
  pieces_.set_lag(options_.max_lag_s, /*catch_up=*/false);
  reset();
}

void LongForm::reset() {
  driver_.clear();
  input_.reset();
  skipped_to_ = -1;
  silence_from_ = 0;
  transcript_.reset();
  if (translation_) translation_->reset();
  translation_way_.reset();
  heard_clip_ = 0;
  language_ = given_language(*model_, options_);
  language_probability_ = language_.empty() ? 0.0F : 1.0F;
  language_sure_ = !language_.empty();
  encoded_frames_ = 0;
}

// Frames beyond the window that must be known: whether the input ends soon after it decides about
// what was made up.
int LongForm::look_ahead() const {
  const float threshold_s = options_.hallucination_silence_threshold_s.value_or(0);
  return static_cast<int>(std::ceil(threshold_s * kFramesPerSecond)) + (threshold_s > 0 ? 1 : 0);
}

Result<Step> LongForm::step(const CancelToken& cancel) {
  NPU_TRY(check_interrupt(cancel, {}, "transcribing"));
  cancel_ = cancel;
  if (input_.gate()) skip_silence();
  if (input_.ended() && !next_turn()) return finish_step({Step::Kind::kFinished, {}, 0});
  if (pieces_.whole() && !input_.gate() && !language_sure_) {
    if (!input_.features().ready(kWindowFrames))
      return finish_step({Step::Kind::kNeedInput, {}, 0});
    // The padding of a short input sounds like silence here, and not in the window that is decoded.
    NPU_TRY(encode(0, kWindowFrames, kWindowFrames, kAudioPositions));
    NPU_TRY(detect());
    language_sure_ = true;
  }
  const auto turn = next_turn();
  if (!turn) return finish_step({Step::Kind::kNeedInput, {}, 0});
  const auto piece = next_piece(turn->window);
  if (!piece) return finish_step({Step::Kind::kNeedInput, {}, 0});
  NPU_TRY_ASSIGN(Step step, run_turn(*turn, *piece));
  ++stats_.windows;
  return finish_step(std::move(step));
}

void LongForm::skip_to(int frame) {
  input_.skip_to(frame);
  skipped_to_ = frame;
}

// Moves the next window over what holds no speech, as far as that is settled. Where it begins does
// not depend on how the samples were pushed.
void LongForm::skip_silence() {
  while (const auto window = input_.clips().next(input_.content())) {
    const bool skipping = window->start == skipped_to_;
    if (!skipping) silence_from_ = window->start;
    const auto speech = input_.gate()->next_speech(window->start);
    const int silent_until = std::min(speech.value_or(input_.gate()->settled()), window->clip_end);
    const bool to_end = silent_until == window->clip_end;
    if (to_end || skipping || silent_until - silence_from_ > kLeastSkip) skip_to(silent_until);
    if (to_end) continue;
    if (speech && *speech - silence_from_ >= kForgettingPause) {
      transcript_.forget_text();
      if (translation_) translation_->forget_text();
    }
    break;
  }
  if (!translation_way_) return;
  Clips::Window& way = *translation_way_;
  const int speech = input_.gate()->next_speech(way.start).value_or(way.clip_end);
  if (speech - way.start > kLeastSkip || speech >= way.clip_end)
    way.start = std::min(speech, way.clip_end);
}

// The audio to be decoded from the start of `window` on; nothing if more must come.
std::optional<Piece> LongForm::next_piece(const Clips::Window& window) {
  if (input_.gate()) {
    if (!input_.gate()->next_speech(window.start)) return std::nullopt;
    // What is settled depends on how much has been pushed; up to here everything is once the piece
    // has been heard.
    const int until =
        std::min(window.start + pieces_.longest() - SpeechGate::kDelay, window.clip_end);
    const auto end = input_.gate()->end_before_pause(window.start, kLongPause, until);
    if (end && input_.features().ready(*end))
      return Piece{*end - window.start, *end, window.start + 1};
  }
  return pieces_.next(window, look_ahead(), input_.features(), input_.gate());
}

void LongForm::set_lag(double max_lag_s, bool catch_up) {
  pieces_.set_lag(max_lag_s, catch_up);
}

std::optional<LongForm::Turn> LongForm::next_turn() {
  const auto window = input_.clips().next(input_.content());
  if (translation_way_) {
    const Clips::Window& way = *translation_way_;
    const bool same_clip = window && window->clip == way.clip;
    if (way.start < way.clip_end && (!same_clip || way.start < window->start))
      return Turn{way, false, true};
    if (same_clip) return Turn{*window, true, way.start == window->start};
    translation_way_.reset();
  }
  if (!window) return std::nullopt;
  return Turn{*window, true, translation_ != nullptr};
}

double LongForm::decided_s(Step::Kind kind, int needed) const {
  if (kind == Step::Kind::kFinished) return pushed_s();
  const bool early_words = options_.word_timestamps && pieces_.whole() && needed != skipped_to_;
  const double reach_back_s = early_words ? kWordsReachBack_s : 0;
  // A seek may lead beyond what has been pushed.
  const double needed_s = static_cast<double>(needed) / kFramesPerSecond - reach_back_s;
  return std::max(0.0, std::min(pushed_s(), needed_s));
}

// Fills in what is decided, and lets audio go that nobody needs any more.
Step LongForm::finish_step(Step step) {
  // The language is detected on the first window, wherever the clips begin.
  const bool from_first = pieces_.whole() && !input_.gate() && !language_sure_;
  const int needed = from_first ? 0 : input_.clips().first_needed();
  int translation_needed = needed;
  if (translation_way_ && translation_way_->clip == input_.clips().current())
    translation_needed = input_.clips().first_needed(translation_way_->start);
  else if (translation_way_)
    translation_needed = std::min(needed, translation_way_->start);
  // Pieces may hear again what came before them.
  const int back = pieces_.whole() ? 0 : kWindowFrames;
  const int kept = std::min(needed, translation_needed) - back;
  input_.discard_before(kept, step);
  step.decided_s = decided_s(step.kind, needed);
  step.translation_decided_s = decided_s(step.kind, translation_needed);
  return step;
}

// Of the window that was encoded last.
Result<void> LongForm::detect() {
  NPU_TRY_ASSIGN(const DetectedLanguage detected,
                 detect_language(model_->tokenizer(), inference_, {}, cancel_));
  language_ = detected.code;
  language_probability_ = detected.probability;
  return {};
}

Result<void> LongForm::encode(int start, int frames, int heard, int positions) {
  if (encoded_start_ == start && encoded_frames_ == frames && encoded_positions_ >= positions)
    return {};
  encoded_frames_ = 0;
  input_.cut(start, frames, heard, mel_);
  NPU_TRY(inference_.encode(mel_, positions, /*cross_slot=*/0, cancel_));
  encoded_start_ = start;
  encoded_frames_ = frames;
  encoded_positions_ = positions;
  return {};
}

Result<void> LongForm::decode(const Turn& turn, const Piece& piece, int origin) {
  const int start = turn.window.start;
  const int end = start + piece.frames;
  // Of speech that goes on in the next piece there may be more than this one has.
  const bool cut = end != piece.heard && end != turn.window.clip_end;
  const bool little_speech =
      input_.gate() && !cut && is_little_speech(*input_.gate(), start, piece.frames);
  const auto begin = [&](TaskTrack& track) {
    track.begin(language_, start, origin, little_speech, encoded_positions_ < kAudioPositions);
    driver_.add(track.search());
  };
  if (turn.transcript) begin(transcript_);
  if (turn.translation) begin(*translation_);
  while (!driver_.idle()) {
    NPU_TRY(driver_.step(cancel_));
    for (TaskTrack* track : {&transcript_, translation_.get()})
      if (track && track->is_decoding() && track->search().done()) go_on(*track);
    if (wants_all_positions(turn)) driver_.clear();
  }
  return {};
}

bool LongForm::wants_all_positions(const Turn& turn) const {
  return (turn.transcript && transcript_.wants_all_positions()) ||
         (turn.translation && translation_->wants_all_positions());
}

// Encodes and decodes what a turn hears from frame `origin` on.
Result<void> LongForm::hear(const Turn& turn, const Piece& piece, int origin) {
  const int frames = turn.window.start + piece.frames - origin;
  const bool fitting = options_.encoder_positions == EncoderPositions::kFitting && language_sure_;
  NPU_TRY(
      encode(origin, frames, piece.heard, fitting ? fitting_positions(frames) : kAudioPositions));
  if (!language_sure_) NPU_TRY(detect());
  NPU_TRY(decode(turn, piece, origin));
  if (!wants_all_positions(turn)) return {};
  NPU_TRY(encode(origin, frames, piece.heard, kAudioPositions));
  return decode(turn, piece, origin);
}

// Where the search of `track` is done.
void LongForm::go_on(TaskTrack& track) {
  TaskTrack* const other = &track == &transcript_ ? translation_.get() : &transcript_;
  // The histories of a text that is decoded serve the other one.
  const auto lend = [&](TaskTrack& to, const TaskTrack& from) {
    if (to.start_ahead(from.first_slot())) driver_.add(*to.ahead());
  };
  if (track.advance()) {
    if (track.ahead()) driver_.remove(*track.ahead());
    track.forget_ahead();
    if (other && other->is_decoding()) lend(*other, track);
    return;
  }
  if (!driver_.runs(track.search())) driver_.add(track.search());
  if (other && !other->is_decoding()) lend(track, *other);
}

Result<Step> LongForm::run_turn(const Turn& turn, const Piece& piece) {
  const int start = turn.window.start;
  if (turn.window.clip != heard_clip_) {
    transcript_.leave_audio();
    if (translation_) translation_->leave_audio();
    heard_clip_ = turn.window.clip;
  }
  Step step{Step::Kind::kWindow, {}, 0};
  Turn left = turn;
  const int origin = pieces_.whole() ? start : hearing_origin(turn, piece);
  if (origin < start) NPU_TRY(run_tracks(left, piece, origin, step));
  if (left.transcript || left.translation) NPU_TRY(run_tracks(left, piece, start, step));
  return step;
}

// Where the audio of the window begins: where both texts before it can be continued.
int LongForm::hearing_origin(const Turn& turn, const Piece& piece) const {
  const int start = turn.window.start;
  const int earliest = start + piece.frames - kWindowFrames;
  int origin = 0;
  if (turn.transcript) origin = transcript_.origin(start, earliest);
  if (turn.translation) origin = std::max(origin, translation_->origin(start, earliest));
  return origin;
}

// Decodes and concludes what is left of a turn. Where going on from earlier text gives nothing,
// that text is forgotten and the track still left.
Result<void> LongForm::run_tracks(Turn& left, const Piece& piece, int origin, Step& step) {
  const int start = left.window.start;
  const int end = start + piece.frames;
  NPU_TRY(hear(left, piece, origin));
  // While the input goes on its length counts as what is known of it, which is enough for whole
  // windows: see look_ahead().
  const int known =
      input_.ended() ? input_.features().content_frames() : piece.heard + look_ahead();
  const TrackWindow window{start,
                           origin,
                           end - origin,
                           known,
                           piece.least_next,
                           !pieces_.whole() || start == skipped_to_,
                           !pieces_.whole(),
                           input_.gate()};
  const auto missed = [&](TaskTrack& track) {
    if (origin == start || track.found_text()) return false;
    track.forget_text();
    return true;
  };
  if (left.transcript) {
    if (missed(transcript_)) return {};
    NPU_TRY_ASSIGN(TrackOutcome outcome,
                   transcript_.conclude(window, std::nullopt, aligner_, inference_, cancel_));
    input_.clips().seek(outcome.next);
    step.segments = std::move(outcome.segments);
    // What is taken for speech without giving text says nothing about the language.
    language_sure_ =
        language_sure_ || (language_probability_ >= kSureOfLanguage && any_text(step.segments));
    left.transcript = false;
  }
  if (left.translation) {
    if (missed(*translation_)) return {};
    NPU_TRY(conclude_translation(left.window, window, step));
    left.translation = false;
  }
  return {};
}

Result<void> LongForm::conclude_translation(const Clips::Window& clip, const TrackWindow& window,
                                            Step& step) {
  const bool reaches_end = window.origin + window.frames == clip.clip_end;
  const std::optional<int> until =
      reaches_end ? std::nullopt : std::optional<int>(input_.clips().position());
  NPU_TRY_ASSIGN(TrackOutcome outcome,
                 translation_->conclude(window, until, aligner_, inference_, cancel_));
  step.translation = std::move(outcome.segments);
  if (reaches_end) translation_way_ = {outcome.next, clip.clip_end, clip.clip};
  return {};
}

Result<std::unique_ptr<Transcriber>> LongForm::create(std::shared_ptr<const Model> model,
                                                      const TranscribeOptions& options) {
  ContextLimits limits;
  const int tasks = options.also_translate ? 2 : 1;
  limits.max_rows = std::max(kTextPositions, tasks * kMaxInitialTokens);
  limits.self_slots = tasks * histories_needed(options.decoding, options.temperatures);
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, model->program().create_context(limits));
  return std::unique_ptr<Transcriber>(
      std::make_unique<LongForm>(std::move(model), options, std::move(context), limits));
}

}  // namespace npu
