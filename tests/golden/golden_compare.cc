// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcribes clips, with f32 unless told otherwise, and compares the outcome, token for token,
// with reference outputs.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "difference.h"
#include "golden_line.h"
#include "margin.h"
#include "model/model.h"
#include "whisper/transcriber.h"

namespace npu::testing {
namespace {

constexpr int kPassed = 0, kFailed = 1, kUsage = 2, kSkipped = 77;

constexpr const char* kHelp =
    "usage: golden_compare [OPTION...] FILE.jsonl...\n"
    "Compares transcriptions (samples through 16 bit) with reference outputs.\n"
    "  --clips DIR      folder that the lines' file names are relative to\n"
    "  --write FILE     writes the transcriptions there, one JSON document per line\n"
    "  --running        normalises with the maximum so far, not that of the whole input\n"
    "  --models DIR     folder that the lines' model names are relative to\n"
    "  --model PATH     Whisper base; default: the tests' one\n"
    "  --clip TEXT      only lines whose file name contains TEXT\n"
    "  --every N        only every N-th of the lines that are left\n"
    "  --max-seconds S  only clips of at most S seconds\n"
    "  --exact-only     only 16 kHz lossless clips\n"
    "  --threshold F    fraction of these that must be identical, default 0.99\n"
    "  --threads N      threads of the device, default 2\n"
    "  --precision P    f32 (the default), int8 or bf16\n"
    "  --verbose        one line per identical clip too\n"
    "Exit status: 0 enough lines are identical, 1 not, 77 no model or no clips.\n";

struct Settings {
  std::filesystem::path clips, models, model;
  std::string clip;
  size_t every = 1;
  double max_seconds = 1e9;
  bool exact_only = false;
  double threshold = 0.99;
  int threads = 2;
  Precision precision = Precision::kF32;
  bool verbose = false;
  bool running = false;
  std::filesystem::path write;
  std::vector<std::filesystem::path> files;
};

// Sums over the lines of one kind.
struct Totals {
  size_t lines = 0, identical = 0, scores_off = 0;
  double audio_s = 0, time_s = 0;
  WordErrors errors;
  Deviations most;

  void add(const Totals& other) {
    lines += other.lines;
    identical += other.identical;
    scores_off += other.scores_off;
    audio_s += other.audio_s;
    time_s += other.time_s;
    errors.errors += other.errors.errors;
    errors.words += other.errors.words;
    most.avg_logprob = std::max(most.avg_logprob, other.most.avg_logprob);
    most.no_speech_prob = std::max(most.no_speech_prob, other.most.no_speech_prob);
    most.compression_ratio = std::max(most.compression_ratio, other.most.compression_ratio);
    most.word_time_s = std::max(most.word_time_s, other.most.word_time_s);
    most.word_probability = std::max(most.word_probability, other.most.word_probability);
  }
};

void print(const std::string& name, const Totals& t) {
  if (t.lines == 0) return;
  std::cout << name << ": " << t.identical << " of " << t.lines << " identical, word errors "
            << t.errors.errors << "/" << t.errors.words << ", deviations: log-probability "
            << t.most.avg_logprob << ", no-speech " << t.most.no_speech_prob << ", compression "
            << t.most.compression_ratio << " (" << t.scores_off << " lines above "
            << kScoreTolerance << "), word times " << t.most.word_time_s << " s, word probability "
            << t.most.word_probability << "; " << t.audio_s << " s of audio in " << t.time_s << " s"
            << std::endl;
}

Result<Transcription> transcribe(const std::shared_ptr<const Model>& model,
                                 const TranscribeOptions& options, std::span<const float> samples) {
  NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(model, options));
  transcriber->push(samples);
  transcriber->end_input();
  Transcription found;
  std::vector<int> tokens;
  while (true) {
    NPU_TRY_ASSIGN(Step step, transcriber->step({}));
    for (Segment& segment : step.segments) {
      tokens.insert(tokens.end(), segment.tokens.begin(), segment.tokens.end());
      found.segments.push_back(std::move(segment));
    }
    if (step.kind == Step::Kind::kFinished) break;
  }
  found.text = model->tokenizer().decode(tokens);
  found.language = transcriber->language();
  found.fallbacks = transcriber->stats().fallbacks;
  return found;
}

// A model's folder; if it has weights but no vocabulary, as small test models may, a temporary one
// that links to its files and to `vocabulary`, whose text tokens all multilingual models share.
class WithVocabulary {
 public:
  WithVocabulary(const std::filesystem::path& model, const std::filesystem::path& vocabulary)
      : path_(model) {
    namespace fs = std::filesystem;
    if (!fs::exists(model / "model.safetensors") || fs::exists(model / "tokenizer.json")) return;
    std::string name = (fs::temp_directory_path() / "golden-XXXXXX").string();
    if (!mkdtemp(name.data())) return;
    temporary_ = path_ = name;
    for (const auto& entry : fs::directory_iterator(model))
      fs::create_symlink(entry.path(), path_ / entry.path().filename());
    fs::create_symlink(vocabulary, path_ / "tokenizer.json");
  }
  ~WithVocabulary() {
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
  }
  WithVocabulary(const WithVocabulary&) = delete;
  WithVocabulary& operator=(const WithVocabulary&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_, temporary_;
};

class Comparison {
 public:
  explicit Comparison(const Settings& settings) : settings_(settings) {
    if (!settings.write.empty()) written_.open(settings.write);
  }

  // Prints what differs. Errors: no such clip or model, or the engine failed.
  Result<void> compare(const std::string& name, const GoldenLine& golden) {
    NPU_TRY_ASSIGN(const auto model, load(golden.model));
    NPU_TRY_ASSIGN(const Audio audio, read_audio(settings_.clips / golden.file));
    if (settings_.exact_only && !audio.exact) return {};
    const auto begin = std::chrono::steady_clock::now();
    TranscribeOptions options = golden.options;
    if (settings_.running) options.normalisation = Normalisation::kRunning;
    NPU_TRY_ASSIGN(const Transcription found, transcribe(model, options, audio.samples));
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;

    if (written_.is_open())
      written_ << nlohmann::json{{"file", golden.file},
                                 {"language", found.language},
                                 {"text", found.text}}
                      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
               << std::endl;
    const auto difference = first_difference(golden, found);
    Totals line{1,
                difference ? size_t{0} : size_t{1},
                0,
                static_cast<double>(audio.samples.size()) / kSampleRate,
                time.count(),
                word_errors(golden.text, found.text),
                deviations(golden, found)};
    const bool scores_off = line.most.avg_logprob > kScoreTolerance ||
                            line.most.no_speech_prob > kScoreTolerance ||
                            line.most.compression_ratio > kScoreTolerance;
    line.scores_off = scores_off ? 1 : 0;
    (audio.exact ? exact_ : other_).add(line);
    of_file_[name].add(line);
    const std::string label =
        text(name, "  ", golden.file, audio.exact ? "" : " (resampled or lossy)");
    if (difference)
      report(label, *model, golden, found, *difference, audio.samples);
    else if (scores_off)
      print(label + "  scores off", line);
    else if (settings_.verbose)
      std::cout << label << "  identical" << std::endl;
    if (audio.samples.size() != golden.samples)
      std::cout << label << "  has " << audio.samples.size() << " samples instead of "
                << golden.samples << std::endl;
    return {};
  }

  void print_totals() const {
    for (const auto& [name, totals] : of_file_) print(name, totals);
    print("16 kHz lossless", exact_);
    print("resampled or lossy", other_);
  }

  const Totals& exact() const { return exact_; }
  const Totals& other() const { return other_; }

 private:
  Result<std::shared_ptr<const Model>> load(const std::string& name) {
    if (const auto loaded = loaded_.find(name); loaded != loaded_.end()) return loaded->second;
    ModelRequest request;
    request.device = {.name = "cpu", .index = 0, .threads = settings_.threads};
    request.precision = settings_.precision;
    request.model = settings_.model.string();
    if (!name.empty()) {
      const WithVocabulary folder(settings_.models / name, settings_.model / "tokenizer.json");
      request.model = folder.path().string();
      NPU_TRY_ASSIGN(loaded_[name], Model::load(request, {}, {}));
      return loaded_[name];
    }
    NPU_TRY_ASSIGN(auto model, Model::load(request, {}, {}));
    loaded_[name] = model;
    return model;
  }

  void report(const std::string& label, const Model& model, const GoldenLine& golden,
              const Transcription& found, const Difference& difference,
              std::span<const float> samples) {
    std::cout << label << "  DIFFERS in " << difference.what << " of segment "
              << difference.segment;
    if (difference.segment < golden.segments.size())
      std::cout << " (window at " << golden.segments[difference.segment].seek << ")";
    if (difference.what == "tokens") {
      std::cout << ", token " << difference.token << ": " << difference.found << " instead of "
                << difference.expected;
      const auto margin = choice_margin(model, golden, found, difference, samples);
      if (margin)
        std::cout << ", margin " << *margin;
      else
        std::cout << ", no margin: " << margin.error().message;
    }
    std::cout << "; " << difference.details << std::endl;
  }

  const Settings& settings_;
  std::map<std::string, std::shared_ptr<const Model>> loaded_;
  Totals exact_, other_;
  std::map<std::string, Totals> of_file_;
  std::ofstream written_;
};

bool parse(int count, char** arguments, Settings& settings) {
  settings.model = base_model();
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (!name.starts_with("--")) {
      settings.files.push_back(name);
      continue;
    }
    if (name == "--verbose") {
      settings.verbose = true;
      continue;
    }
    if (name == "--exact-only") {
      settings.exact_only = true;
      continue;
    }
    if (name == "--running") {
      settings.running = true;
      continue;
    }
    if (i + 1 == count) return false;
    const char* value = arguments[++i];
    if (name == "--clips")
      settings.clips = value;
    else if (name == "--models")
      settings.models = value;
    else if (name == "--model")
      settings.model = value;
    else if (name == "--write")
      settings.write = value;
    else if (name == "--clip")
      settings.clip = value;
    else if (name == "--every")
      settings.every = std::max<size_t>(1, std::strtoull(value, nullptr, 10));
    else if (name == "--max-seconds")
      settings.max_seconds = std::strtod(value, nullptr);
    else if (name == "--threshold")
      settings.threshold = std::strtod(value, nullptr);
    else if (name == "--threads")
      settings.threads = std::atoi(value);
    else if (const auto precision = precision_from_name(value); name == "--precision" && precision)
      settings.precision = *precision;
    else
      return false;
  }
  return !settings.files.empty();
}

int run(const Settings& settings) {
  Comparison comparison(settings);
  size_t chosen = 0;
  for (const auto& file : settings.files) {
    const auto lines = read_golden(file);
    if (!lines) {
      std::cerr << lines.error().message << std::endl;
      return lines.error().code == ErrorCode::kIo ? kSkipped : kFailed;
    }
    for (const GoldenLine& line : *lines) {
      if (line.file.find(settings.clip) == std::string::npos) continue;
      if (static_cast<double>(line.samples) / kSampleRate > settings.max_seconds) continue;
      if (chosen++ % settings.every != 0) continue;
      if (line.model.empty() && settings.model.empty()) {
        std::cout << "skipped: Whisper base is not there (-Dmodel=PATH, or fetch it)" << std::endl;
        return kSkipped;
      }
      const auto compared = comparison.compare(file.stem().string(), line);
      if (!compared) {
        std::cerr << line.file << ": " << compared.error().message << std::endl;
        return kFailed;
      }
    }
  }
  comparison.print_totals();
  const Totals& exact = comparison.exact();
  const size_t lines = exact.lines + comparison.other().lines;
  if (lines == 0) {
    std::cout << "no line was chosen" << std::endl;
    return kFailed;
  }
  const double needed = settings.threshold * static_cast<double>(exact.lines);
  return static_cast<double>(exact.identical) >= needed ? kPassed : kFailed;
}

}  // namespace
}  // namespace npu::testing

int main(int count, char** arguments) {
  npu::testing::Settings settings;
  if (!npu::testing::parse(count, arguments, settings)) {
    std::cerr << npu::testing::kHelp;
    return npu::testing::kUsage;
  }
  return npu::testing::run(settings);
}
