// SPDX-License-Identifier: LGPL-2.1-or-later
// An input of which half is silent, with voice activity detection, against its speech alone
// without.
//   half_silent MINUTES CLIP...
// The clips, over and over, each followed by as much silence: none at all, noise of -66 dB, then a
// tone, in turn. Prints encoder runs, CPU time and words of both. Exit status 1 if the encoder ran
// for the silent half, or more often than for the speech alone; 77 without model or detector.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "model/model.h"
#include "vad/vad_model.h"
#include "whisper/transcriber.h"

namespace npu::bench {
namespace {

constexpr int kSkipped = 77;
// After this much silence what was said before it is decoded.
constexpr double kSettled_s = 5;

using Samples = std::vector<float>;

Samples silence(size_t count, int kind) {
  Samples samples(count);
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 0.0005F);
  for (size_t i = 0; i < count; ++i) {
    if (kind == 1) samples[i] = noise(random);
    if (kind == 2) samples[i] = 0.1F * static_cast<float>(std::sin(static_cast<double>(i) * 0.17));
  }
  return samples;
}

struct Sums {
  std::string text;
  int64_t encoder_runs = 0;
  int64_t tokens = 0;
  double audio_s = 0;
  double cpu_s = 0;

  int words() const {
    std::istringstream in(text);
    int count = 0;
    for (std::string word; in >> word;) ++count;
    return count;
  }
};

// Feeds one input and adds up what it costs.
class Feeder {
 public:
  Feeder(const std::shared_ptr<const Model>& model, const TranscribeOptions& options, Sums& sums)
      : sums_(sums), transcriber_(Transcriber::create(model, options).value()) {}

  Result<void> push(std::span<const float> samples) {
    while (!samples.empty()) {
      const size_t count = std::min<size_t>(1600, samples.size());
      const std::clock_t begin = std::clock();
      transcriber_->push(samples.first(count));
      NPU_TRY(infer());
      sums_.cpu_s += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
      sums_.audio_s += static_cast<double>(count) / kSampleRate;
      samples = samples.subspan(count);
    }
    return {};
  }
  Result<void> end() {
    const std::clock_t begin = std::clock();
    transcriber_->end_input();
    NPU_TRY(infer());
    sums_.cpu_s += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    sums_.encoder_runs += encoder_runs();
    sums_.tokens += transcriber_->stats().decoded_tokens;
    return {};
  }
  int64_t encoder_runs() const { return transcriber_->stats().encoder_runs; }

 private:
  Result<void> infer() {
    for (;;) {
      NPU_TRY_ASSIGN(const Step step, transcriber_->step({}));
      for (const Segment& segment : step.segments) sums_.text += segment.text;
      if (step.kind != Step::Kind::kWindow) return {};
    }
  }

  Sums& sums_;
  std::unique_ptr<Transcriber> transcriber_;
};

void print(const char* name, const Sums& sums) {
  std::printf("%s: %.0f s of audio, %lld encoder runs, %lld tokens, %d words, %.1f s of CPU\n",
              name, sums.audio_s, static_cast<long long>(sums.encoder_runs),
              static_cast<long long>(sums.tokens), sums.words(), sums.cpu_s);
}

// Both in turn, so that what else the machine does falls on both.
Result<bool> run(const std::shared_ptr<const Model>& model, std::shared_ptr<const VadModel> vad,
                 double minutes, const std::vector<Samples>& clips) {
  TranscribeOptions options;
  options.decoding.language = "en";
  TranscribeOptions gated = options;
  gated.vad = std::move(vad);
  Sums speech, half;
  Feeder whole(model, gated, half);
  int64_t in_silence = 0;
  for (size_t i = 0; half.audio_s < minutes * 60; ++i) {
    const Samples& clip = clips[i % clips.size()];
    Feeder alone(model, options, speech);
    NPU_TRY(alone.push(clip));
    NPU_TRY(alone.end());
    NPU_TRY(whole.push(clip));
    const Samples quiet = silence(clip.size(), static_cast<int>(i % 3));
    const auto settled = std::min(quiet.size(), static_cast<size_t>(kSettled_s * kSampleRate));
    NPU_TRY(whole.push(std::span(quiet).first(settled)));
    const int64_t before = whole.encoder_runs();
    NPU_TRY(whole.push(std::span(quiet).subspan(settled)));
    in_silence += whole.encoder_runs() - before;
  }
  NPU_TRY(whole.end());
  print("speech alone, without detection", speech);
  print("half silent, with detection", half);
  std::printf("CPU time %.3f of the speech alone; %lld encoder runs in silence\n",
              half.cpu_s / speech.cpu_s, static_cast<long long>(in_silence));
  return in_silence == 0 && half.encoder_runs <= speech.encoder_runs;
}

int main_with(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: half_silent MINUTES CLIP...\n");
    return 2;
  }
  ModelRequest request;
  request.model = testing::base_model().string();
  request.device = {.name = "cpu", .index = 0, .threads = 2};
  const auto model = Model::load(request, {}, {});
  const auto vad = VadModel::load(kVadModelName, {});
  if (!model || !vad) {
    std::printf("skipped: %s\n", (model ? vad.error() : model.error()).message.c_str());
    return kSkipped;
  }
  std::vector<Samples> clips;
  for (int i = 2; i < count; ++i) {
    auto audio = testing::read_audio(arguments[i]);
    if (!audio) {
      std::fprintf(stderr, "%s\n", audio.error().message.c_str());
      return 1;
    }
    clips.push_back(std::move(audio->samples));
  }
  const auto good = run(*model, *vad, std::atof(arguments[1]), clips);
  if (!good) std::fprintf(stderr, "%s\n", good.error().message.c_str());
  return good && *good ? 0 : 1;
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  return npu::bench::main_with(count, arguments);
}
