// SPDX-License-Identifier: LGPL-2.1-or-later
// A detector of loudness in the place of Whisper.
#include "scripted_engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>

namespace npu::testing {

void Gate::close() {
  std::lock_guard lock(mutex_);
  open_ = false;
}

void Gate::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Gate::pass(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  ++held_;
  changed_.notify_all();
  // A token has no way to wake: it is looked at, as devices do.
  while (!open_ && !cancel.cancelled())
    changed_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::milliseconds(1));
  --held_;
  return open_ && !cancel.cancelled();
}

void Gate::wait_until_held() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_ > 0; });
}

namespace {

constexpr int kRate = 16000;
constexpr float kLoud = 0.05F;
constexpr size_t kPause = kRate / 10;

struct Stretch {
  size_t begin;
  size_t end;
};

std::vector<Stretch> loud_stretches(std::span<const float> samples, size_t from) {
  std::vector<Stretch> stretches;
  for (size_t i = from; i < samples.size(); ++i) {
    if (std::fabs(samples[i]) <= kLoud) continue;
    if (!stretches.empty() && i - stretches.back().end < kPause)
      stretches.back().end = i + 1;
    else
      stretches.push_back({i, i + 1});
  }
  return stretches;
}

// The words of a text, a space before each, with times in proportion to their bytes.
std::vector<Word> spread_words(const std::string& text, double start_s, double end_s) {
  std::vector<Word> words;
  const double per_byte_s = (end_s - start_s) / static_cast<double>(text.size());
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin + 1), text.size());
    words.push_back({text.substr(begin, end - begin),
                     start_s + per_byte_s * static_cast<double>(begin),
                     start_s + per_byte_s * static_cast<double>(end), 0.75F});
    begin = end;
  }
  return words;
}

class ScriptedTranscriber : public Transcriber {
 public:
  ScriptedTranscriber(std::shared_ptr<Script> script, const TranscribeOptions& options)
      : script_(std::move(script)),
        given_(options.decoding.language),
        with_words_(options.word_timestamps),
        detects_speech_(options.vad != nullptr),
        lag_s_(options.max_lag_s),
        translating_(options.also_translate),
        language_(given_) {
    script_->translating = translating_;
    ++script_->transcribers;
    script_->detects_speech = detects_speech_;
  }
  ~ScriptedTranscriber() override { keep_run(); }

  void push(std::span<const float> samples) override {
    samples_.insert(samples_.end(), samples.begin(), samples.end());
  }
  void end_input() override { ended_ = true; }

  Result<Step> step(const CancelToken& cancel) override {
    const size_t left = samples_.size() - seek_;
    const size_t window = window_samples(left);
    if (left == 0 && ended_) return Step{Step::Kind::kFinished, {}, seconds(seek_)};
    if (left < window && !ended_) return Step{Step::Kind::kNeedInput, {}, seconds(seek_)};
    if (!script_->step_gate.pass(cancel)) return Error{ErrorCode::kCancelled, "step: cancelled"};
    if (++script_->steps == script_->fail_step) return script_->failure;
    if (language_.empty()) language_ = script_->language;
    return decode(std::min(seek_ + window, samples_.size()));
  }

  void set_lag(double max_lag_s, bool catch_up) override {
    lag_s_ = max_lag_s;
    catch_up_ = catch_up;
  }

  void reset() override {
    keep_run();
    samples_.clear();
    seek_ = 0;
    count_ = 0;
    ended_ = false;
    language_ = given_;
  }

  const std::string& language() const override { return language_; }
  bool language_settled() const override { return !language_.empty(); }
  float language_probability() const override { return given_.empty() ? 0.9F : 1.0F; }
  double pushed_s() const override { return seconds(samples_.size()); }
  const TranscriberStats& stats() const override { return stats_; }

 private:
  static double seconds(size_t samples) { return static_cast<double>(samples) / kRate; }

  Result<Step> decode(size_t end) {
    Step step{Step::Kind::kWindow, {}, 0};
    const bool last = ended_ && end == samples_.size();
    size_t next = end;
    for (const Stretch& stretch : loud_stretches(std::span(samples_).first(end), seek_)) {
      if (!last && end - stretch.end < kPause && stretch.begin > seek_) {
        next = stretch.begin;
        break;
      }
      step.segments.push_back(make_segment(stretch, next_text()));
      if (translating_)
        step.translation.push_back(make_segment(stretch, script_->translation_text));
      if (!detects_speech_) continue;
      step.speech.push_back({true, seconds(stretch.begin)});
      step.speech.push_back({false, seconds(stretch.end)});
    }
    if (last && script_->overrun_s > 0 && !step.segments.empty()) overrun(step.segments);
    ++stats_.windows;
    seek_ = next;
    step.decided_s = seconds(next);
    if (translating_) step.translation_decided_s = step.decided_s;
    return step;
  }

  // `left`: samples that are not decoded.
  size_t window_samples(size_t left) const {
    const auto whole = static_cast<size_t>(script_->window_s * kRate);
    if (lag_s_ < 0) return whole;
    const auto piece = static_cast<size_t>(lag_s_ * kRate);
    if (piece >= whole) return whole;
    return catch_up_ ? std::clamp(left, piece, whole) : piece;
  }

  Segment make_segment(const Stretch& stretch, std::string words) const {
    Segment segment{};
    segment.start_s = std::round(seconds(stretch.begin) * 1000) / 1000;
    segment.end_s = std::round(seconds(stretch.end) * 1000) / 1000;
    segment.text = std::move(words);
    give_words(segment);
    segment.avg_logprob = -0.25F;
    segment.no_speech_prob = 0.125F;
    segment.temperature = 0.5F;
    return segment;
  }

  void give_words(Segment& segment) const {
    if (with_words_) segment.words = spread_words(segment.text, segment.start_s, segment.end_s);
  }

  // The last segment lasts longer than the input, and another follows.
  void overrun(std::vector<Segment>& segments) const {
    Segment& ending = segments.back();
    ending.end_s = seconds(samples_.size()) + script_->overrun_s;
    give_words(ending);
    Segment invented = ending;
    invented.start_s = ending.end_s;
    invented.end_s = ending.end_s + script_->overrun_s;
    give_words(invented);
    segments.push_back(std::move(invented));
  }

  std::string next_text() {
    const auto number = static_cast<size_t>(count_++);
    const std::vector<std::string>& texts = script_->segment_texts;
    if (!texts.empty()) return texts[number % texts.size()];
    return script_->segment_text.empty() ? text(" loud ", number + 1) : script_->segment_text;
  }

  void keep_run() {
    if (samples_.empty()) return;
    std::lock_guard lock(script_->mutex);
    script_->runs.push_back(samples_);
  }

  const std::shared_ptr<Script> script_;
  const std::string given_;
  const bool with_words_;
  const bool detects_speech_;
  double lag_s_;
  bool catch_up_ = false;
  const bool translating_;
  std::string language_;
  std::vector<float> samples_;
  size_t seek_ = 0;
  int count_ = 0;
  bool ended_ = false;
  TranscriberStats stats_;
};

class ScriptedModel : public gst::LoadedModel {
 public:
  explicit ScriptedModel(std::shared_ptr<Script> script) : script_(std::move(script)) {
    ++script_->living_models;
  }
  ~ScriptedModel() override { --script_->living_models; }

  std::string device() const override { return script_->lose_step > 0 && !lost() ? "npu" : "cpu"; }
  std::optional<std::string> loss() const override {
    if (!lost()) return {};
    return "the script said so";
  }
  std::string arithmetic() const override { return "a script"; }
  std::string description() const override { return "a scripted model"; }
  Result<std::unique_ptr<Transcriber>> transcriber(
      const TranscribeOptions& options) const override {
    return std::unique_ptr<Transcriber>(std::make_unique<ScriptedTranscriber>(script_, options));
  }

 private:
  bool lost() const { return script_->lose_step > 0 && script_->steps >= script_->lose_step; }

  const std::shared_ptr<Script> script_;
};

class ScriptedEngine : public gst::Engine {
 public:
  explicit ScriptedEngine(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<std::shared_ptr<const gst::LoadedModel>> load(const ModelRequest&,
                                                       const LoadProgress& progress,
                                                       const CancelToken& cancel) override {
    ++script_->loads;
    if (!script_->load_gate.pass(cancel)) return Error{ErrorCode::kCancelled, "load: cancelled"};
    if (script_->load_failure) return *script_->load_failure;
    progress(0.5);
    return std::shared_ptr<const gst::LoadedModel>(std::make_shared<ScriptedModel>(script_));
  }

 private:
  const std::shared_ptr<Script> script_;
};

}  // namespace

std::shared_ptr<gst::Engine> scripted_engine(std::shared_ptr<Script> script) {
  return std::make_shared<ScriptedEngine>(std::move(script));
}

}  // namespace npu::testing
