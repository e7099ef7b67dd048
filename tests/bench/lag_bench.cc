// SPDX-License-Identifier: LGPL-2.1-or-later
// How far text trails at a given max-lag, and the text that comes out, for score.py.
//   lag_bench [--threads N] [--lag S] [--vad on|off] [--language CODE] [--join NAME] [--write FILE]
//             CLIP...
// Clips are fed in pieces of 0.1 s; with --join, all of them as one input of that name. The lag of
// a segment is the input that was there when it came out, less its start (the largest) or middle
// (the mean); the engine's own time is not in it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "model/model.h"
#include "vad/vad_model.h"
#include "whisper/transcriber.h"

namespace npu::bench {
namespace {

constexpr size_t kFeed = kSampleRate / 10;

struct Settings {
  int threads = 2;
  double lag_s = -1;
  bool vad = false;
  std::string language = "en";
  std::string join;
  std::string write;
  std::vector<std::string> clips;
};

struct Sums {
  double audio_s = 0, time_s = 0, lag_s = 0, most_s = 0;
  size_t segments = 0;
  int64_t windows = 0, encoder_runs = 0, fallbacks = 0;
};

class Bench {
 public:
  // `vad`: null for none.
  Bench(std::shared_ptr<const Model> model, std::shared_ptr<const VadModel> vad,
        const Settings& settings)
      : model_(std::move(model)), vad_(std::move(vad)), settings_(settings) {
    if (!settings.write.empty()) written_.open(settings.write);
  }

  Result<void> transcribe(const std::string& name, std::span<const float> samples) {
    TranscribeOptions options;
    options.decoding.language = settings_.language;
    options.max_lag_s = settings_.lag_s;
    options.vad = vad_;
    NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(model_, options));
    const auto begin = std::chrono::steady_clock::now();
    std::string text;
    sums_.audio_s += static_cast<double>(samples.size()) / kSampleRate;
    while (!samples.empty()) {
      const size_t count = std::min(kFeed, samples.size());
      transcriber->push(samples.first(count));
      samples = samples.subspan(count);
      if (samples.empty()) transcriber->end_input();
      NPU_TRY(take(*transcriber, text));
    }
    sums_.time_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    sums_.windows += transcriber->stats().windows;
    sums_.encoder_runs += transcriber->stats().encoder_runs;
    sums_.fallbacks += transcriber->stats().fallbacks;
    if (written_.is_open())
      written_ << nlohmann::json{{"file", name}, {"text", text}}.dump(
                      -1, ' ', false, nlohmann::json::error_handler_t::replace)
               << std::endl;
    return {};
  }

  void print() const {
    std::printf(
        "max-lag %g s, vad %s: %.0f s of audio, %zu segments, lag: mean %.2f s, most %.2f s; %lld "
        "windows, %lld encoder runs, %lld fallbacks, %.1f x real time\n",
        settings_.lag_s, settings_.vad ? "on" : "off", sums_.audio_s, sums_.segments,
        sums_.lag_s / static_cast<double>(std::max<size_t>(1, sums_.segments)), sums_.most_s,
        static_cast<long long>(sums_.windows), static_cast<long long>(sums_.encoder_runs),
        static_cast<long long>(sums_.fallbacks), sums_.audio_s / sums_.time_s);
  }

 private:
  Result<void> take(Transcriber& transcriber, std::string& text) {
    for (;;) {
      NPU_TRY_ASSIGN(const Step step, transcriber.step({}));
      for (const Segment& segment : step.segments) {
        text += segment.text;
        if (segment.text.empty()) continue;
        ++sums_.segments;
        const double now_s = transcriber.pushed_s();
        sums_.lag_s += now_s - (segment.start_s + segment.end_s) / 2;
        sums_.most_s = std::max(sums_.most_s, now_s - segment.start_s);
      }
      if (step.kind != Step::Kind::kWindow) return {};
    }
  }

  std::shared_ptr<const Model> model_;
  std::shared_ptr<const VadModel> vad_;
  const Settings& settings_;
  std::ofstream written_;
  Sums sums_;
};

bool parse(int count, char** arguments, Settings& settings) {
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (!name.starts_with("--")) {
      settings.clips.push_back(name);
      continue;
    }
    if (i + 1 == count) return false;
    const char* value = arguments[++i];
    const std::string_view word = value;
    if (name == "--threads")
      settings.threads = std::atoi(value);
    else if (name == "--lag")
      settings.lag_s = std::strtod(value, nullptr);
    else if (name == "--vad" && (word == "on" || word == "off"))
      settings.vad = word == "on";
    else if (name == "--language")
      settings.language = value;
    else if (name == "--join")
      settings.join = value;
    else if (name == "--write")
      settings.write = value;
    else
      return false;
  }
  return !settings.clips.empty();
}

// The name by which score.py knows a clip: its last two parts.
std::string corpus_name(const std::filesystem::path& path) {
  return (path.parent_path().filename() / path.filename()).string();
}

Result<void> run(const Settings& settings) {
  ModelRequest request;
  request.model = testing::base_model().string();
  request.device = {.name = "cpu", .index = 0, .threads = settings.threads};
  NPU_TRY_ASSIGN(auto model, Model::load(request, {}, {}));
  std::shared_ptr<const VadModel> vad;
  if (settings.vad) {
    NPU_TRY_ASSIGN(vad, VadModel::load(kVadModelName, {}));
  }
  Bench bench(std::move(model), std::move(vad), settings);
  std::vector<float> joined;
  for (const std::string& clip : settings.clips) {
    NPU_TRY_ASSIGN(const auto audio, testing::read_audio(clip));
    if (settings.join.empty()) NPU_TRY(bench.transcribe(corpus_name(clip), audio.samples));
    joined.insert(joined.end(), audio.samples.begin(), audio.samples.end());
  }
  if (!settings.join.empty()) NPU_TRY(bench.transcribe(settings.join, joined));
  bench.print();
  return {};
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  if (!npu::bench::parse(count, arguments, settings)) {
    std::fprintf(
        stderr,
        "usage: lag_bench [--threads N] [--lag S] [--vad on|off] [--language CODE] [--join NAME] "
        "[--write FILE] CLIP...\n");
    return 2;
  }
  const auto done = npu::bench::run(settings);
  if (!done) std::fprintf(stderr, "lag_bench: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
