// SPDX-License-Identifier: LGPL-2.1-or-later
// How long inference goes on after a cancel, by what the device is doing.
//   cancel_bench [--threads N] [--cancels N] [--limit-ms X] CLIP
// Decodes the first window of CLIP with Whisper base, a long prompt and word times, once without a
// cancel and then with one at N moments of each stage.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "device/open.h"
#include "model/model.h"
#include "model/model_file.h"
#include "whisper/network.h"
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

enum Stage { kEncode, kStore, kPrompt, kDecode, kAlignment, kStages };
constexpr const char* kNames[kStages] = {"encoder", "cross K,V", "prompt", "decode", "alignment"};

Stage stage_of(size_t list, const Replay& replay) {
  if (list == kEncoder) return kEncode;
  if (list == kCrossKv) return kStore;
  if (list == kAlign) return kAlignment;
  return replay.rows.size() > 1 ? kPrompt : kDecode;
}

// Sees every replay begin and end. Shared by a device's contexts and whoever waits for a stage.
class Watch {
 public:
  // From now on the n-th replay of `stage` (from 0) is waited for.
  void arm(Stage stage, int n) {
    const std::lock_guard lock(mutex_);
    stage_ = stage;
    left_ = n;
    reached_ = false;
  }
  // Until it begins.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return reached_; });
  }
  void begins(Stage stage) {
    const std::lock_guard lock(mutex_);
    if (stage != stage_ || left_-- != 0) return;
    reached_ = true;
    changed_.notify_all();
  }
  // Lets whoever waits go, should the stage never have come.
  void give_up() {
    const std::lock_guard lock(mutex_);
    reached_ = true;
    changed_.notify_all();
  }
  void ended(Stage stage, double seconds) {
    const std::lock_guard lock(mutex_);
    spent_s_[stage] += seconds;
    ++replays_[stage];
  }
  double mean_s(Stage stage) const { return spent_s_[stage] / std::max(1, replays_[stage]); }
  int replays(Stage stage) const { return replays_[stage]; }

 private:
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  Stage stage_ = kStages;
  int left_ = 0;
  bool reached_ = false;
  double spent_s_[kStages] = {};
  int replays_[kStages] = {};
};

class WatchedContext : public Context {
 public:
  WatchedContext(std::unique_ptr<Context> context, Watch& watch)
      : context_(std::move(context)), watch_(watch) {}
  Result<void> write(std::string_view buffer, std::span<const float> data) override {
    return context_->write(buffer, data);
  }
  Result<void> read(std::string_view buffer, std::span<float> data) override {
    return context_->read(buffer, data);
  }
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override {
    const Stage stage = stage_of(list, replay);
    watch_.begins(stage);
    const auto start = Clock::now();
    Result<void> done = context_->run(list, replay, cancel, deadline);
    if (done) watch_.ended(stage, std::chrono::duration<double>(Clock::now() - start).count());
    return done;
  }

 private:
  std::unique_ptr<Context> context_;
  Watch& watch_;
};

class WatchedProgram : public Program {
 public:
  WatchedProgram(std::unique_ptr<Program> program, Watch& watch)
      : program_(std::move(program)), watch_(watch) {}
  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    NPU_TRY_ASSIGN(auto context, program_->create_context(limits));
    return std::unique_ptr<Context>(std::make_unique<WatchedContext>(std::move(context), watch_));
  }
  size_t weight_bytes() const override { return program_->weight_bytes(); }
  Precision precision() const override { return program_->precision(); }

 private:
  std::unique_ptr<Program> program_;
  Watch& watch_;
};

class WatchedDevice : public Device {
 public:
  WatchedDevice(std::unique_ptr<Device> device, Watch& watch)
      : device_(std::move(device)), watch_(watch) {}
  std::string_view name() const override { return device_->name(); }
  std::string description() const override { return device_->description(); }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    NPU_TRY_ASSIGN(auto program, device_->load(lists, source, precision, progress, cancel));
    return std::unique_ptr<Program>(std::make_unique<WatchedProgram>(std::move(program), watch_));
  }

 private:
  std::unique_ptr<Device> device_;
  Watch& watch_;
};

class Bench {
 public:
  Bench(std::shared_ptr<const Model> model, Watch& watch, std::vector<float> samples)
      : model_(std::move(model)), watch_(watch), samples_(std::move(samples)) {
    samples_.resize(std::min(samples_.size(), size_t{30} * kSampleRate));
    options_.decoding.language = "en";
    options_.temperatures = {0};
    options_.word_timestamps = true;
    for (int i = 0; i < 25; ++i)
      options_.initial_prompt += " We choose to go to the moon in this decade.";
  }

  Result<void> run(int cancels) {
    NPU_TRY_ASSIGN(const auto transcriber, ready());
    NPU_TRY(transcriber->step({}));
    double means_s[kStages];
    int replays[kStages];
    for (int stage = 0; stage < kStages; ++stage) {
      means_s[stage] = watch_.mean_s(static_cast<Stage>(stage));
      replays[stage] = watch_.replays(static_cast<Stage>(stage));
      std::printf("%-10s %3d replays of %6.1f ms\n", kNames[stage], replays[stage],
                  means_s[stage] * 1e3);
    }
    for (int stage = 0; stage < kStages; ++stage)
      for (int i = 0; i < cancels; ++i) {
        watch_.arm(static_cast<Stage>(stage), i * replays[stage] / cancels);
        NPU_TRY(cancelled_step(static_cast<Stage>(stage), means_s[stage] * (i + 0.5) / cancels));
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

  // Cancels `after_s` after the replay that watch_ waits for has begun.
  Result<void> cancelled_step(Stage stage, double after_s) {
    NPU_TRY_ASSIGN(const auto transcriber, ready());
    CancelSource cancel;
    Clock::time_point fired;
    std::thread canceller([&] {
      watch_.wait();
      std::this_thread::sleep_for(std::chrono::duration<double>(after_s));
      fired = Clock::now();
      cancel.cancel();
    });
    const auto step = transcriber->step(cancel.token());
    const auto ended = Clock::now();
    watch_.give_up();
    canceller.join();
    if (!step && step.error().code != ErrorCode::kCancelled) return step.error();
    // On a busy machine the step may be over before its cancel.
    if (ended > fired)
      took_ms_[stage].push_back(std::chrono::duration<double, std::milli>(ended - fired).count());
    return {};
  }

  std::shared_ptr<const Model> model_;
  Watch& watch_;
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
  Watch watch;
  NPU_TRY_ASSIGN(auto file, open_model_file(testing::base_model().string()));
  NPU_TRY_ASSIGN(auto device,
                 open_device({.name = "cpu", .index = 0, .threads = settings.threads}));
  NPU_TRY_ASSIGN(
      auto model,
      Model::create(std::move(file), std::make_unique<WatchedDevice>(std::move(device), watch),
                    Precision::kF32, {}, {}));
  NPU_TRY_ASSIGN(auto audio, testing::read_audio(settings.clip));
  Bench bench(std::move(model), watch, std::move(audio.samples));
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
