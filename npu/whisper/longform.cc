// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/longform.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "log.h"
#include "whisper/fallback.h"
#include "whisper/hallucination.h"
#include "whisper/language.h"
#include "whisper/word_times.h"

namespace npu {
namespace {

constexpr int kUnknown = std::numeric_limits<int>::max();
// Word times may move the start of a window's first segment before the window: by twice the longest
// median of word durations.
constexpr double kWordsReachBack_s = 1.4;
constexpr float kHighTemperature = 0.5F;  // above it a window's text is no context for the next

// Adds the time of a scope to `total_s`.
class ScopeTimer {
 public:
  explicit ScopeTimer(double& total_s) : total_s_(total_s) {}
  ~ScopeTimer() {
    total_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  ScopeTimer(const ScopeTimer&) = delete;
  ScopeTimer& operator=(const ScopeTimer&) = delete;

 private:
  double& total_s_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string given_language(const Model& model, const TranscribeOptions& options) {
  return model.tokenizer().multilingual() ? options.decoding.language : "en";
}

}  // namespace

LongForm::LongForm(std::shared_ptr<const Model> model, const TranscribeOptions& options,
                   std::unique_ptr<Context> context, int histories)
    : model_(std::move(model)),
      options_(options),
      inference_(std::move(context), histories, stats_),
      decoder_(model_->tokenizer(), options_.decoding, inference_, stats_),
      features_(model_->mel_filters(), model_->dims().mel_bands, options_.normalisation),
      history_(encode_stripped(model_->tokenizer(), options_.initial_prompt),
               options_.carry_initial_prompt),
      clips_(options_.clips),
      aligner_(model_->tokenizer(), static_cast<int>(model_->alignment_heads().size()),
               kTextPositions, kAudioPositions),
      mel_(static_cast<size_t>(kWindowFrames) * static_cast<size_t>(model_->dims().mel_bands)) {
  reset();
}

void LongForm::reset() {
  features_.reset();
  history_.reset();
  clips_.reset();
  language_ = given_language(*model_, options_);
  language_probability_ = language_.empty() ? 0.0F : 1.0F;
  encoded_frames_ = 0;
  last_speech_s_ = 0;
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

// Decodes at one temperature after the other until the result is good.
Result<DecodedWindow> LongForm::decode(int start) {
  DecodedWindow decoded;
  for (size_t i = 0; i < options_.temperatures.size(); ++i) {
    if (i > 0) ++stats_.fallbacks;
    NPU_TRY_ASSIGN(decoded, decoder_.decode(language_, history_.prompt(), options_.temperatures[i],
                                            static_cast<uint64_t>(start), cancel_));
    if (!needs_fallback(decoded, options_)) break;
  }
  return decoded;
}

Result<std::vector<Segment>> LongForm::transcribe_window(const Clips::Window& window) {
  const int start = window.start;
  const int frames = std::min(kWindowFrames, window.clip_end - start);
  NPU_TRY(encode(start, frames));
  NPU_TRY_ASSIGN(const DecodedWindow decoded, decode(start));
  const bool silence = is_silence(decoded, options_);
  log(LogLevel::kDebug, text("window at frame ", start, ": ", decoded.tokens.size(),
                             " tokens at temperature ", decoded.temperature, ", log-probability ",
                             decoded.avg_logprob, ", compression ", decoded.compression_ratio,
                             ", no speech ", decoded.no_speech_prob, silence ? ": silence" : ""));
  if (silence) {
    clips_.seek(start + frames);
    return std::vector<Segment>();
  }
  SplitWindow split = split_window(model_->tokenizer(), decoded, start, frames);
  if (options_.word_timestamps) {
    NPU_TRY_ASSIGN(const bool kept, add_words(split, start, frames));
    if (!kept) {
      clips_.seek(std::max(split.next, start + 1));
      return std::vector<Segment>();
    }
  }
  // No rule leads backwards, but a loop without end must not hang on that.
  clips_.seek(std::max(split.next, start + 1));
  blank_empty_segments(split.segments);
  for (const Segment& segment : split.segments) history_.append(segment.tokens);
  if (!options_.condition_on_previous_text || decoded.temperature > kHighTemperature)
    history_.forget();
  return std::move(split.segments);
}

// False if the whole window was made up and is to be forgotten.
Result<bool> LongForm::add_words(SplitWindow& split, int start, int frames) {
  WordTimesRequest request;
  request.language = language_;
  request.task = options_.decoding.task;
  request.frames = frames;
  request.prepend_punctuations = options_.prepend_punctuations;
  request.append_punctuations = options_.append_punctuations;
  request.last_speech_s = last_speech_s_;
  {
    const ScopeTimer timer(stats_.alignment_s);
    NPU_TRY(add_word_times(split.segments, aligner_, inference_.context(), model_->tokenizer(),
                           request, cancel_, Deadline::in(kReplayLimit)));
  }
  // While the input goes on its length counts as what is known of it, which is enough: see
  // look_ahead().
  const int known =
      features_.ended() ? features_.content_frames() : start + kWindowFrames + look_ahead();
  WindowFacts facts{start,        frames,        split.next, known, split.single_ending,
                    std::nullopt, last_speech_s_};
  if (options_.hallucination_silence_threshold_s)
    facts.silence_threshold_s = *options_.hallucination_silence_threshold_s;
  const WindowVerdict verdict = judge_window(split.segments, facts);
  split.next = verdict.next;
  last_speech_s_ = verdict.last_speech_s;
  return !verdict.dropped;
}

Result<std::unique_ptr<Transcriber>> Transcriber::create(std::shared_ptr<const Model> model,
                                                         const TranscribeOptions& options) {
  NPU_TRY(validate(options, model->tokenizer()));
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  limits.self_slots = histories_needed(options.decoding, options.temperatures);
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, model->program().create_context(limits));
  return std::unique_ptr<Transcriber>(
      std::make_unique<LongForm>(std::move(model), options, std::move(context), limits.self_slots));
}

}  // namespace npu
