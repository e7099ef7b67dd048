// SPDX-License-Identifier: LGPL-2.1-or-later
// What voice activity detection, the arithmetic or chance change in the words: transcribes files,
// with detection and without, prints words, encoder runs and CPU time, and writes the texts.
//   words_bench [OPTION...] FILE...
//     --off            only without; --on: only with
//     --threshold P    probability of speech, default 0.5
//     --language CODE  default: detected
//     --words          with word times
//     --temperature-0  without fallback
//     --batch N        batch mode, N chunks at once; --timestamps: with timestamps
//     --fitting        the encoder on the positions that the audio needs
//     --array-mel      log-mel by the kernels of the array, on their host model
//     --precision P    auto (the default), f32, int8, bf16 or npu
//     --seed N         of sampling
//     --shift N        leaves out the first N samples: below 160 the same sound, in other frames
//     --write FILE     appends the texts with VAD (or without, with --off) as JSON, for score.py
//     --base DIR       folder that the written file names are relative to
//     --text           prints the texts; --verbose: every window, too
//     --model PATH     default: Whisper base; --threads N: default 2
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "array_log_mel.h"
#include "audio_file.h"
#include "corpus.h"
#include "log.h"
#include "model/model.h"
#include "vad/vad_model.h"
#include "whisper/transcriber.h"

namespace npu::bench {
namespace {

struct Settings {
  bool on = true, off = true, text = false, array_mel = false;
  TranscribeOptions options;
  std::filesystem::path write, base;
  std::string model = testing::base_model().string();
  std::string precision = "auto";
  int threads = 2;
  size_t shift = 0;
  std::vector<std::string> files;
};

struct Outcome {
  std::string text, language;
  TranscriberStats stats;
  double cpu_s = 0;
};

double cpu_now() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int words(const std::string& text) {
  std::istringstream in(text);
  int count = 0;
  for (std::string word; in >> word;) ++count;
  return count;
}

// In pushes of 0.1 s, as the element does it.
Result<Outcome> transcribe(const std::shared_ptr<const Model>& model,
                           const TranscribeOptions& options, std::span<const float> samples) {
  const double begin = cpu_now();
  NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(model, options));
  Outcome outcome;
  for (;;) {
    NPU_TRY_ASSIGN(const Step step, transcriber->step({}));
    for (const Segment& segment : step.segments) outcome.text += segment.text;
    if (step.kind == Step::Kind::kFinished) break;
    if (step.kind == Step::Kind::kWindow) continue;
    const size_t count = std::min<size_t>(1600, samples.size());
    if (count == 0) {
      transcriber->end_input();
      continue;
    }
    transcriber->push(samples.first(count));
    samples = samples.subspan(count);
  }
  outcome.language = transcriber->language();
  outcome.stats = transcriber->stats();
  outcome.cpu_s = cpu_now() - begin;
  return outcome;
}

bool parse(int count, char** arguments, Settings& settings) {
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return i + 1 < count ? arguments[++i] : ""; };
    if (!name.starts_with("--"))
      settings.files.push_back(name);
    else if (name == "--off")
      settings.on = false;
    else if (name == "--on")
      settings.off = false;
    else if (name == "--text")
      settings.text = true;
    else if (name == "--words")
      settings.options.word_timestamps = true;
    else if (name == "--fitting")
      settings.options.encoder_positions = EncoderPositions::kFitting;
    else if (name == "--array-mel")
      settings.array_mel = true;
    else if (name == "--temperature-0")
      settings.options.temperatures = {0};
    else if (name == "--verbose")
      set_log_sink([](LogLevel, std::string_view line) {
        std::printf("    %.*s\n", static_cast<int>(line.size()), line.data());
      });
    else if (name == "--threshold")
      settings.options.vad_threshold = std::strtof(value(), nullptr);
    else if (name == "--batch") {
      settings.options.mode = Mode::kBatch;
      settings.options.batch_size = std::atoi(value());
    } else if (name == "--timestamps")
      settings.options.times_by_alignment = false;
    else if (name == "--precision")
      settings.precision = value();
    else if (name == "--seed")
      settings.options.decoding.seed = std::strtoull(value(), nullptr, 10);
    else if (name == "--shift")
      settings.shift = std::strtoul(value(), nullptr, 10);
    else if (name == "--language")
      settings.options.decoding.language = value();
    else if (name == "--write")
      settings.write = value();
    else if (name == "--base")
      settings.base = value();
    else if (name == "--model")
      settings.model = value();
    else if (name == "--threads")
      settings.threads = std::atoi(value());
    else
      return false;
  }
  return !settings.files.empty();
}

Result<void> run(const Settings& settings) {
  ModelRequest request;
  request.model = settings.model;
  NPU_TRY_ASSIGN(request.precision, precision_from_name(settings.precision));
  request.device = {.name = "cpu", .index = 0, .threads = settings.threads};
  NPU_TRY_ASSIGN(const auto model, Model::load(request, {}, {}));
  NPU_TRY_ASSIGN(const auto vad, VadModel::load(kVadModelName, {}));
  std::ofstream written;
  if (!settings.write.empty()) written.open(settings.write, std::ios::app);
  for (const std::string& file : settings.files) {
    NPU_TRY_ASSIGN(const testing::Audio audio, testing::read_audio(file));
    const double seconds = static_cast<double>(audio.samples.size()) / kSampleRate;
    std::printf("%s: %.1f s\n", file.c_str(), seconds);
    Outcome last;
    for (const bool with : {false, true}) {
      if (!(with ? settings.on : settings.off)) continue;
      TranscribeOptions options = settings.options;
      if (with) options.vad = vad;
      if (settings.array_mel)
        options.log_mel = [bands = static_cast<unsigned>(model->dims().mel_bands)] {
          return std::make_unique<ArrayLogMel>(bands);
        };
      const std::span<const float> samples = audio.samples;
      NPU_TRY_ASSIGN(last, transcribe(model, options,
                                      samples.subspan(std::min(settings.shift, samples.size()))));
      std::printf(
          "  %s: %d words, %lld encoder runs (%lld fitting), %lld fallbacks, %.2f s of CPU (%.2f s "
          "detection), "
          "speech %.1f s, skipped %.1f s, language %s\n",
          with ? "with   " : "without", words(last.text),
          static_cast<long long>(last.stats.encoder_runs),
          static_cast<long long>(last.stats.fitting_runs),
          static_cast<long long>(last.stats.fallbacks), last.cpu_s, last.stats.vad_s,
          last.stats.speech_s, last.stats.skipped_s, last.language.c_str());
      if (settings.text) std::printf("    \"%s\"\n", last.text.c_str());
      std::fflush(stdout);
    }
    if (!written.is_open()) continue;
    const auto name = settings.base.empty() ? std::filesystem::path(file)
                                            : std::filesystem::relative(file, settings.base);
    written << nlohmann::json{{"file", name.string()}, {"text", last.text}}.dump(
                   -1, ' ', false, nlohmann::json::error_handler_t::replace)
            << std::endl;
  }
  return {};
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  if (!npu::bench::parse(count, arguments, settings)) {
    std::fprintf(stderr, "usage: see the beginning of tests/bench/words_bench.cc\n");
    return 2;
  }
  const auto done = npu::bench::run(settings);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return 1;
}
