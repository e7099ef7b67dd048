// SPDX-License-Identifier: LGPL-2.1-or-later
// What a translation beside the transcript costs, and whether both texts are those of separate
// runs.
//   translate_bench [--threads N] [--rounds N] [--max-seconds S] [--precision P] CLIP...
// Each clip is transcribed alone and with the translation, in turns; times are CPU time of the
// process.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "model/model.h"
#include "whisper/transcriber.h"

namespace npu::bench {
namespace {

struct Settings {
  int threads = 2;
  int rounds = 1;
  double max_seconds = 30;
  Precision precision = Precision::kF32;
  std::vector<std::string> clips;
};

struct Run {
  std::string transcript, translation;
  double cpu_s = 0;
  TranscriberStats stats;
};

double cpu_now_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// One segment a line, with its times.
void add_lines(const std::vector<Segment>& segments, std::string& to) {
  char times[48];
  for (const Segment& segment : segments) {
    std::snprintf(times, sizeof times, "%.2f-%.2f", segment.start_s, segment.end_s);
    to += times + segment.text + '\n';
  }
}

Result<Run> transcribe(const std::shared_ptr<const Model>& model, Task task, bool also_translate,
                       const std::vector<float>& samples) {
  TranscribeOptions options;
  options.decoding.task = task;
  options.also_translate = also_translate;
  NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(model, options));
  Run run;
  const double begin_s = cpu_now_s();
  transcriber->push(samples);
  transcriber->end_input();
  for (;;) {
    NPU_TRY_ASSIGN(const Step step, transcriber->step({}));
    add_lines(step.segments, run.transcript);
    add_lines(step.translation, run.translation);
    if (step.kind == Step::Kind::kFinished) break;
  }
  run.cpu_s = cpu_now_s() - begin_s;
  run.stats = transcriber->stats();
  return run;
}

std::string work(const TranscriberStats& stats) {
  return text(stats.encoder_runs, " encoder runs, ", stats.decode_steps, " steps, ",
              stats.fallbacks, " fallbacks, ", stats.right_guesses, " of ", stats.guesses,
              " guesses");
}

class Bench {
 public:
  explicit Bench(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

  Result<void> clip(const std::string& path, const Settings& settings) {
    NPU_TRY_ASSIGN(const auto audio, testing::read_audio(path));
    const double seconds = static_cast<double>(audio.samples.size()) / kSampleRate;
    if (seconds > settings.max_seconds) return {};
    Run alone, both;
    double alone_s = 1e9, both_s = 1e9;
    for (int round = 0; round < settings.rounds; ++round) {
      NPU_TRY_ASSIGN(alone, transcribe(model_, Task::kTranscribe, false, audio.samples));
      NPU_TRY_ASSIGN(both, transcribe(model_, Task::kTranscribe, true, audio.samples));
      alone_s = std::min(alone_s, alone.cpu_s);
      both_s = std::min(both_s, both.cpu_s);
    }
    NPU_TRY_ASSIGN(const Run translation,
                   transcribe(model_, Task::kTranslate, false, audio.samples));
    const bool same =
        both.transcript == alone.transcript && both.translation == translation.transcript;
    std::printf("%-52s %6.2f s  alone %6.3f s  both %6.3f s  %.3f x  %s; %s; %s\n", path.c_str(),
                seconds, alone_s, both_s, both_s / alone_s, work(alone.stats).c_str(),
                work(both.stats).c_str(), same ? "same texts" : "DIFFERS");
    if (!same)
      std::printf("transcript alone:\n%sbeside:\n%stranslation alone:\n%sbeside:\n%s",
                  alone.transcript.c_str(), both.transcript.c_str(), translation.transcript.c_str(),
                  both.translation.c_str());
    std::fflush(stdout);
    ++clips_;
    different_ += same ? 0 : 1;
    alone_s_ += alone_s;
    both_s_ += both_s;
    translation_s_ += translation.cpu_s;
    return {};
  }

  // False if a text differs from that of a separate run.
  bool print_sum() const {
    std::printf(
        "%d clips: transcript alone %.2f s, with translation %.2f s: %.3f x; two runs "
        "%.3f x; %d clips with other texts\n",
        clips_, alone_s_, both_s_, both_s_ / alone_s_, (alone_s_ + translation_s_) / alone_s_,
        different_);
    return clips_ > 0 && different_ == 0;
  }

 private:
  std::shared_ptr<const Model> model_;
  int clips_ = 0, different_ = 0;
  double alone_s_ = 0, both_s_ = 0, translation_s_ = 0;
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
    if (name == "--threads")
      settings.threads = std::atoi(value);
    else if (name == "--rounds")
      settings.rounds = std::max(1, std::atoi(value));
    else if (name == "--max-seconds")
      settings.max_seconds = std::strtod(value, nullptr);
    else if (const auto precision = precision_from_name(value); precision && name == "--precision")
      settings.precision = *precision;
    else
      return false;
  }
  return !settings.clips.empty();
}

int run(const Settings& settings) {
  ModelRequest request;
  request.model = testing::base_model().string();
  request.precision = settings.precision;
  request.device = {.name = "cpu", .index = 0, .threads = settings.threads};
  auto model = Model::load(request, {}, {});
  if (!model) {
    std::fprintf(stderr, "translate_bench: %s\n", model.error().message.c_str());
    return 1;
  }
  Bench bench(*std::move(model));
  for (const std::string& clip : settings.clips)
    if (const auto done = bench.clip(clip, settings); !done) {
      std::fprintf(stderr, "%s: %s\n", clip.c_str(), done.error().message.c_str());
      return 1;
    }
  return bench.print_sum() ? 0 : 1;
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  if (!npu::bench::parse(count, arguments, settings)) {
    std::fprintf(stderr,
                 "usage: translate_bench [--threads N] [--rounds N] [--max-seconds S] "
                 "[--precision P] CLIP...\n");
    return 2;
  }
  return npu::bench::run(settings);
}
