// SPDX-License-Identifier: LGPL-2.1-or-later
// How long inference goes on after a cancel, by what it was doing.
//   cancel_bench [--threads N] [--cancels N] [--limit-ms X] CLIP
// Decodes the first window of CLIP with Whisper base, a full prompt and word times, once without a
// cancel and then with one at N moments of each stage.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "model/model.h"
#include "whisper/transcriber.h"

namespace npu::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  int threads = 2;
  int cancels = 20;
  double limit_ms = 100;
  std::string clip;
};

enum Stage { kEncoder, kCrossKv, kPrompt, kDecode, kAlignment, kStages };
constexpr const char* kNames[kStages] = {"encoder", "cross K,V", "prompt", "decode", "alignment"};

// What was going on when a step() with these stats ended early.
Stage stage_of(const TranscriberStats& stats) {
  if (stats.alignment_s > 0) return kAlignment;
  if (stats.decode_steps > 1) return kDecode;
  if (stats.decode_steps == 1) return kPrompt;
  return stats.cross_kv_s > 0 ? kCrossKv : kEncoder;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Bench {
 public:
  Bench(std::shared_ptr<const Model> model, std::vector<float> samples)
      : model_(std::move(model)), samples_(std::move(samples)) {
    samples_.resize(std::min(samples_.size(), size_t{30} * kSampleRate));
    options_.decoding.language = "en";
    options_.temperatures = {0};
    options_.word_timestamps = true;
    for (int i = 0; i < 300; ++i) options_.initial_prompt += " and";
  }

  Result<void> run(int cancels) {
    // When each stage ends, in seconds from the start of the step.
    double ends_s[kStages] = {};
    NPU_TRY(whole_step(ends_s));
    double begin_s = 0;
    for (int stage = 0; stage < kStages; ++stage) {
      for (int i = 0; i < cancels; ++i) {
        const double at_s = begin_s + (ends_s[stage] - begin_s) * (i + 0.5) / cancels;
        NPU_TRY(cancelled_step(at_s));
      }
      begin_s = ends_s[stage];
    }
    return {};
  }

  // False if one took longer than `limit_ms`.
  bool print(double limit_ms) {
    bool good = true;
    for (int stage = 0; stage < kStages; ++stage) {
      std::vector<double>& all = took_ms_[stage];
      if (all.empty()) continue;
      std::sort(all.begin(), all.end());
      std::printf("%-10s %3zu cancels: median %6.2f ms, 95 %% %6.2f ms, most %6.2f ms\n",
                  kNames[stage], all.size(), all[all.size() / 2], all[all.size() * 95 / 100],
                  all.back());
      good = good && all.back() <= limit_ms;
    }
    return good;
  }

 private:
  Result<std::unique_ptr<Transcriber>> ready() const {
    NPU_TRY_ASSIGN(auto transcriber, Transcriber::create(model_, options_));
    transcriber->push(samples_);
    transcriber->end_input();
    return transcriber;
  }

  Result<void> whole_step(double (&ends_s)[kStages]) const {
    NPU_TRY_ASSIGN(const auto transcriber, ready());
    const auto start = Clock::now();
    NPU_TRY(transcriber->step({}));
    const double all_s = seconds_since(start);
    const TranscriberStats& stats = transcriber->stats();
    std::printf(
        "whole step %.0f ms: encoder %.0f, cross K,V %.0f, prompt and %lld decode steps "
        "%.0f, alignment %.0f\n",
        all_s * 1e3, stats.encoder_s * 1e3, stats.cross_kv_s * 1e3,
        static_cast<long long>(stats.decode_steps - 1), stats.decode_s * 1e3,
        stats.alignment_s * 1e3);
    // The prompt of 227 rows takes as long as a dozen steps.
    const double prompt_s =
        stats.decode_s * 12 / (12 + static_cast<double>(stats.decode_steps - 1));
    ends_s[kEncoder] = stats.encoder_s;
    ends_s[kCrossKv] = ends_s[kEncoder] + stats.cross_kv_s;
    ends_s[kPrompt] = ends_s[kCrossKv] + prompt_s;
    ends_s[kDecode] = ends_s[kCrossKv] + stats.decode_s;
    ends_s[kAlignment] = ends_s[kDecode] + stats.alignment_s;
    return {};
  }

  Result<void> cancelled_step(double at_s) {
    NPU_TRY_ASSIGN(const auto transcriber, ready());
    CancelSource cancel;
    Clock::time_point fired;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(at_s));
      fired = Clock::now();
      cancel.cancel();
    });
    const auto step = transcriber->step(cancel.token());
    const auto ended = Clock::now();
    canceller.join();
    // On a busy machine the step may be over before its cancel.
    if (step) return {};
    if (step.error().code != ErrorCode::kCancelled) return step.error();
    took_ms_[stage_of(transcriber->stats())].push_back(
        std::chrono::duration<double, std::milli>(ended - fired).count());
    return {};
  }

  std::shared_ptr<const Model> model_;
  std::vector<float> samples_;
  TranscribeOptions options_;
  std::vector<double> took_ms_[kStages];
};

bool parse(int count, char** arguments, Settings& settings) {
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (!name.starts_with("--")) {
      settings.clip = name;
      continue;
    }
    if (i + 1 == count) return false;
    const char* value = arguments[++i];
    if (name == "--threads")
      settings.threads = std::atoi(value);
    else if (name == "--cancels")
      settings.cancels = std::max(1, std::atoi(value));
    else if (name == "--limit-ms")
      settings.limit_ms = std::strtod(value, nullptr);
    else
      return false;
  }
  return !settings.clip.empty();
}

Result<bool> run(const Settings& settings) {
  ModelRequest request;
  request.model = testing::base_model().string();
  request.device = {.name = "cpu", .index = 0, .threads = settings.threads};
  NPU_TRY_ASSIGN(auto model, Model::load(request, {}, {}));
  NPU_TRY_ASSIGN(auto audio, testing::read_audio(settings.clip));
  Bench bench(std::move(model), std::move(audio.samples));
  NPU_TRY(bench.run(settings.cancels));
  return bench.print(settings.limit_ms);
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  if (!npu::bench::parse(count, arguments, settings)) {
    std::fprintf(stderr, "usage: cancel_bench [--threads N] [--cancels N] [--limit-ms X] CLIP\n");
    return 2;
  }
  const auto good = npu::bench::run(settings);
  if (!good) std::fprintf(stderr, "cancel_bench: %s\n", good.error().message.c_str());
  return good && *good ? 0 : 1;
}
