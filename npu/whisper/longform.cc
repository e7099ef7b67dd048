// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/longform.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "whisper/language.h"
#include "whisper/scope_timer.h"

namespace npu {
namespace {

constexpr int kUnknown = std::numeric_limits<int>::max();
// Word times may move the start of a window's first segment before the window: by twice the longest
// median of word durations.
constexpr double kWordsReachBack_s = 1.4;

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
      features_(model_->mel_filters(), model_->dims().mel_bands, options_.normalisation),
      clips_(options_.clips),
      aligner_(model_->tokenizer(), static_cast<int>(model_->alignment_heads().size()),
               limits.max_rows, limits.cross_positions),
      track_(model_->tokenizer(), options_, options_.decoding.task, 0, stats_),
      mel_(static_cast<size_t>(kWindowFrames) * static_cast<size_t>(model_->dims().mel_bands)) {
  reset();
}

void LongForm::reset() {
  driver_.clear();
  features_.reset();
  clips_.reset();
  track_.reset();
  language_ = given_language(*model_, options_);
  language_probability_ = language_.empty() ? 0.0F : 1.0F;
  encoded_frames_ = 0;
}

void LongForm::push(std::span<const float> samples) {
  const ScopeTimer timer(stats_.mel_s);
  features_.push(samples);
}

void LongForm::end_input() {
  const ScopeTimer timer(stats_.mel_s);
  features_.end_input();
}

double LongForm::pushed_s() const {
  return static_cast<double>(features_.samples()) / kSampleRate;
}

int LongForm::content() const {
  return features_.ended() ? features_.content_frames() : kUnknown;
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
  if (features_.ended() && !clips_.next(content())) return finish_step(Step::Kind::kFinished, {});
  if (language_.empty()) {
    if (!features_.ready(kWindowFrames)) return finish_step(Step::Kind::kNeedInput, {});
    NPU_TRY(detect());
  }
  const auto window = clips_.next(content());
  if (!window || !features_.ready(window->start + kWindowFrames + look_ahead()))
    return finish_step(Step::Kind::kNeedInput, {});
  NPU_TRY_ASSIGN(std::vector<Segment> segments, transcribe_window(*window));
  ++stats_.windows;
  return finish_step(Step::Kind::kWindow, std::move(segments));
}

Step LongForm::finish_step(Step::Kind kind, std::vector<Segment> segments) {
  // The language is detected on the first window, wherever the clips begin.
  const int needed = language_.empty() ? 0 : clips_.first_needed();
  features_.discard_before(needed);
  const double reach_back_s = options_.word_timestamps ? kWordsReachBack_s : 0;
  // A seek may lead beyond what has been pushed.
  const double decided_s =
      kind == Step::Kind::kFinished
          ? pushed_s()
          : std::min(pushed_s(), static_cast<double>(needed) / kFramesPerSecond - reach_back_s);
  return Step{kind, std::move(segments), std::max(0.0, decided_s)};
}

Result<void> LongForm::detect() {
  // The padding of a short input sounds like silence here, and not in the window that is decoded.
  NPU_TRY(encode(0, kWindowFrames));
  NPU_TRY_ASSIGN(const DetectedLanguage detected,
                 detect_language(model_->tokenizer(), inference_, cancel_));
  language_ = detected.code;
  language_probability_ = detected.probability;
  return {};
}

Result<void> LongForm::encode(int start, int frames) {
  if (encoded_start_ == start && encoded_frames_ == frames) return {};
  encoded_frames_ = 0;
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.cut(start, frames, mel_);
  }
  NPU_TRY(inference_.encode(mel_, cancel_));
  encoded_start_ = start;
  encoded_frames_ = frames;
  return {};
}

Result<void> LongForm::decode(int start) {
  track_.begin(language_, start);
  driver_.add(track_.search());
  while (!driver_.idle()) {
    NPU_TRY_ASSIGN(const auto finished, driver_.step(cancel_));
    if (!finished.empty() && !track_.advance()) driver_.add(track_.search());
  }
  return {};
}

Result<std::vector<Segment>> LongForm::transcribe_window(const Clips::Window& window) {
  const int start = window.start;
  const int frames = std::min(kWindowFrames, window.clip_end - start);
  NPU_TRY(encode(start, frames));
  NPU_TRY(decode(start));
  // While the input goes on its length counts as what is known of it, which is enough: see
  // look_ahead().
  const int known =
      features_.ended() ? features_.content_frames() : start + kWindowFrames + look_ahead();
  NPU_TRY_ASSIGN(TrackOutcome outcome,
                 track_.conclude({start, frames, known}, aligner_, inference_, cancel_));
  clips_.seek(outcome.next);
  return std::move(outcome.segments);
}

Result<std::unique_ptr<Transcriber>> Transcriber::create(std::shared_ptr<const Model> model,
                                                         const TranscribeOptions& options) {
  NPU_TRY(validate(options, model->tokenizer()));
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  limits.self_slots = histories_needed(options.decoding, options.temperatures);
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, model->program().create_context(limits));
  return std::unique_ptr<Transcriber>(
      std::make_unique<LongForm>(std::move(model), options, std::move(context), limits));
}

}  // namespace npu
