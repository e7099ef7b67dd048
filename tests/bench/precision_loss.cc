// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the precisions of the CPU device are from f32 with the text given: of the first window of
// each line of reference outputs, the encoder's output and the probabilities of every next token.
// Much finer than word errors, so that it shows what they cannot on few clips; it does not replace
// them.
//   precision_loss --clips DIR [--precision P]... [--threads N] [--layers] FILE.jsonl...
// Prints for each precision: the root mean square of the encoder's error over that of its output;
// mean and 99th percentile of the Kullback-Leibler divergence (nats) of a token's probabilities;
// how much the text's own log-probability per token falls, with the standard error over clips; how
// often the likeliest token is another. With --layers and the precision npu, the noise of each
// activation: the energy of its error by its own, in dB.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "audio_file.h"
#include "corpus.h"
#include "device/cpu/cpu_device.h"
#include "device/cpu/op_observer.h"
#include "device/open.h"
#include "golden_line.h"
#include "model/model.h"
#include "model/model_file.h"
#include "model/model_fingerprint.h"
#include "prepare/seen_activations.h"
#include "whisper/decoding.h"
#include "whisper/features.h"
#include "whisper/network.h"

namespace npu::bench {
namespace {

struct Settings {
  std::filesystem::path clips;
  std::vector<std::string> precisions;
  int threads = 2;
  bool layers = false;
  std::vector<std::filesystem::path> files;
};

// What one clip is replayed with.
struct Window {
  std::vector<float> mel;
  std::vector<Row> rows;
  std::vector<int> next;  // what the reference said after each row; -1: not asked
};

// What a precision makes of it.
struct Outcome {
  std::vector<float> encoded;
  std::vector<ScoreResult> rows;  // of those with a next token
};

// What one runner after the other makes of the same replays, activation by activation.
class Layers : public cpu::OpObserver {
 public:
  explicit Layers(prepare::SeenActivations& seen) : seen_(seen) {}

  void begin(bool exact) {
    exact_ = exact;
    if (exact) values_.clear();
  }
  void observe(const Op& op, const Values& values) override {
    seen_.see(op, values, 1, [&](const std::string& name, std::span<float> rows, size_t) {
      if (exact_) {
        values_[name].assign(rows.begin(), rows.end());
        return;
      }
      last_ = name;
    });
    if (!exact_) compare(op, values);
  }
  void print() const {
    for (const auto& name : order_)
      std::printf("%-44s %7.1f dB, greatest %.2f found as %.2f\n", name.c_str(),
                  10 * std::log10(noises_.at(name).error / noises_.at(name).power),
                  noises_.at(name).greatest, noises_.at(name).found);
  }

 private:
  struct Noise {
    double error = 0, power = 0, greatest = 0, found = 0;
  };
  static std::optional<ValueId> made(const Op& op) {
    return std::visit(
        [](const auto& kind) -> std::optional<ValueId> {
          if constexpr (requires { kind.out; })
            return kind.out;
          else
            return std::nullopt;
        },
        op);
  }
  // The integers are in the network's basis already.
  void compare(const Op& op, const Values& values) {
    const auto id = made(op);
    if (!id) return;
    const cpu::Matrix matrix = values(*id);
    const std::vector<float>& expected = values_[last_];
    if (!noises_.contains(last_)) order_.push_back(last_);
    Noise& noise = noises_[last_];
    for (size_t i = 0; i < expected.size(); ++i) {
      const double x = expected[i], e = matrix.row(i / matrix.cols)[i % matrix.cols] - x;
      noise.error += e * e;
      noise.power += x * x;
      if (std::abs(x) > std::abs(noise.greatest)) noise.greatest = x, noise.found = x + e;
    }
  }

  prepare::SeenActivations& seen_;
  bool exact_ = true;
  std::string last_;  // made by the last operation
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, Noise> noises_;
  std::vector<std::string> order_;
};

struct Runner {
  std::string name;
  std::unique_ptr<Device> device;
  std::unique_ptr<Program> program;
  std::unique_ptr<Context> context;
};

// Sums over all clips.
struct Loss {
  double error = 0, power = 0;  // squares
  std::vector<double> divergences;
  std::vector<double> falls;  // by clip: nats per token
  size_t changed = 0;

  void add(const Outcome& exact, const Outcome& other, const Window& window);
  void print(const std::string& name);
};

double log_sum_exp(std::span<const float> logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

void Loss::add(const Outcome& exact, const Outcome& other, const Window& window) {
  for (size_t i = 0; i < exact.encoded.size(); ++i) {
    const double x = exact.encoded[i], e = other.encoded[i] - x;
    error += e * e;
    power += x * x;
  }
  double fall = 0;
  size_t row = 0;
  for (const int next : window.next) {
    if (next < 0) continue;
    const std::span<const float> p = exact.rows[row].full_row, q = other.rows[row].full_row;
    ++row;
    const double p_sum = log_sum_exp(p), q_sum = log_sum_exp(q);
    double divergence = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      const double log_p = p[i] - p_sum;
      if (log_p > -30) divergence += std::exp(log_p) * (log_p - (q[i] - q_sum));
    }
    divergences.push_back(divergence);
    const auto at = static_cast<size_t>(next);
    fall += p[at] - p_sum - (q[at] - q_sum);
    changed += std::max_element(p.begin(), p.end()) - p.begin() !=
                       std::max_element(q.begin(), q.end()) - q.begin()
                   ? 1
                   : 0;
  }
  if (row > 0) falls.push_back(fall / static_cast<double>(row));
}

void Loss::print(const std::string& name) {
  if (divergences.empty()) return;
  std::sort(divergences.begin(), divergences.end());
  const auto count = static_cast<double>(divergences.size());
  const auto clips = static_cast<double>(falls.size());
  double mean = 0, fall = 0, square = 0;
  for (const double divergence : divergences) mean += divergence / count;
  for (const double one : falls) fall += one / clips;
  for (const double one : falls) square += (one - fall) * (one - fall) / clips;
  std::printf("%-24s %10.4f %12.6f %10.4f %10.5f +- %.5f %8zu of %zu\n", name.c_str(),
              std::sqrt(error / power), mean, divergences[static_cast<size_t>(0.99 * (count - 1))],
              fall, std::sqrt(square / clips), changed, divergences.size());
  std::fflush(stdout);
}

// The first window of a clip, as the reference began it.
Result<Window> first_window(const Model& model, const testing::GoldenLine& line,
                            const std::filesystem::path& clips) {
  NPU_TRY_ASSIGN(const testing::Audio audio, testing::read_audio(clips / line.file));
  Features features(model.mel_filters(), model.dims().mel_bands, Normalisation::kWhole);
  features.push(audio.samples);
  features.end_input();
  Window window;
  window.mel.resize(static_cast<size_t>(kWindowFrames * model.dims().mel_bands));
  features.cut(0, std::min(kWindowFrames, features.content_frames()), window.mel);

  const auto initial = initial_tokens(model.tokenizer(), line.options.decoding, line.language, {});
  std::vector<int> tokens = initial;
  for (const Segment& segment : line.segments)
    if (segment.seek == 0)
      tokens.insert(tokens.end(), segment.tokens.begin(), segment.tokens.end());
  for (size_t i = 0; i < tokens.size() && i < kTextPositions; ++i) {
    window.rows.push_back({tokens[i], static_cast<int>(i), 0, 0});
    const bool asked = i + 1 >= initial.size() && i + 1 < tokens.size();
    window.next.push_back(asked ? tokens[i + 1] : -1);
  }
  return window;
}

Result<Outcome> replay(Runner& runner, const Window& window) {
  Context& context = *runner.context;
  NPU_TRY(context.write(kMelBuffer, window.mel));
  NPU_TRY(context.run(kEncoder, {}, {}, {}));
  NPU_TRY(context.run(kCrossKv, {}, {}, {}));
  Outcome outcome;
  std::vector<ScoreRequest> requests;
  for (size_t row = 0; row < window.rows.size(); ++row) {
    if (window.next[row] < 0) continue;
    requests.emplace_back();
    requests.back().row = static_cast<int>(row);
    requests.back().full_row = true;
  }
  outcome.rows.resize(requests.size());
  Replay rows;
  rows.rows = window.rows;
  rows.score = requests;
  rows.results = outcome.rows;
  NPU_TRY(context.run(kDecodeStep, rows, {}, {}));
  return outcome;
}

Result<Runner> make_runner(const std::string& precision, int threads, Layers* layers) {
  Runner runner{precision, nullptr, nullptr, nullptr};
  NPU_TRY_ASSIGN(const Precision wanted, precision_from_name(precision));
  if (layers) {
    NPU_TRY_ASSIGN(runner.device, cpu::create_observed_cpu_device(threads, *layers));
  } else {
    NPU_TRY_ASSIGN(runner.device, open_device({"cpu", 0, threads}));
  }
  const std::string path = testing::base_model().string();
  NPU_TRY_ASSIGN(const auto file, open_model_file(path));
  NPU_TRY_ASSIGN(WeightIdentity identity, weight_identity(path));
  file->identify(std::move(identity));
  const ModelDims dims = file->dims();
  const auto lists = whisper_lists(dims, default_alignment_heads(dims));
  NPU_TRY_ASSIGN(runner.program, runner.device->load(lists, *file, wanted, {}, {}));
  ContextLimits limits;
  limits.max_rows = kTextPositions;
  NPU_TRY_ASSIGN(runner.context, runner.program->create_context(limits));
  return runner;
}

Result<void> run(const Settings& settings) {
  ModelRequest request;
  request.device = {"cpu", 0, settings.threads};
  request.model = testing::base_model();
  NPU_TRY_ASSIGN(const auto model, Model::load(request, {}, {}));
  NPU_TRY_ASSIGN(const auto weights, open_model_file(testing::base_model()));
  const auto lists = whisper_lists(weights->dims(), {});
  NPU_TRY_ASSIGN(const auto seen, prepare::SeenActivations::create(whole_network(lists), *weights));
  Layers layers(*seen);
  Layers* const observer = settings.layers ? &layers : nullptr;
  NPU_TRY_ASSIGN(Runner exact, make_runner("f32", settings.threads, observer));
  std::vector<Runner> runners;
  for (const std::string& precision : settings.precisions) {
    NPU_TRY_ASSIGN(Runner runner, make_runner(precision, settings.threads, observer));
    runners.push_back(std::move(runner));
  }
  std::vector<Loss> losses(runners.size());
  for (const auto& path : settings.files) {
    NPU_TRY_ASSIGN(const auto lines, testing::read_golden(path));
    for (const testing::GoldenLine& line : lines) {
      NPU_TRY_ASSIGN(const Window window, first_window(*model, line, settings.clips));
      const auto encoded = static_cast<size_t>(kAudioPositions * model->dims().width);
      layers.begin(true);
      NPU_TRY_ASSIGN(Outcome expected, replay(exact, window));
      expected.encoded.resize(encoded);
      NPU_TRY(exact.context->read(kEncodedBuffer, expected.encoded));
      for (size_t i = 0; i < runners.size(); ++i) {
        layers.begin(false);
        NPU_TRY_ASSIGN(Outcome found, replay(runners[i], window));
        found.encoded.resize(encoded);
        NPU_TRY(runners[i].context->read(kEncodedBuffer, found.encoded));
        losses[i].add(expected, found, window);
      }
    }
  }
  std::printf("%-24s %10s %12s %10s %21s %8s\n", "precision", "encoder", "divergence", "99 %",
              "fall", "changed");
  for (size_t i = 0; i < runners.size(); ++i) losses[i].print(runners[i].name);
  layers.print();
  return {};
}

bool parse(int count, char** arguments, Settings& settings) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (!name.starts_with("--")) {
      settings.files.emplace_back(name);
      continue;
    }
    if (name == "--layers") {
      settings.layers = true;
      continue;
    }
    if (++i == count) return false;
    if (name == "--clips")
      settings.clips = arguments[i];
    else if (name == "--precision")
      settings.precisions.emplace_back(arguments[i]);
    else if (name == "--threads")
      settings.threads = std::atoi(arguments[i]);
    else
      return false;
  }
  if (settings.precisions.empty()) settings.precisions = {"int8", "bf16"};
  return !settings.files.empty();
}

}  // namespace
}  // namespace npu::bench

int main(int count, char** arguments) {
  npu::bench::Settings settings;
  if (!npu::bench::parse(count, arguments, settings)) {
    std::fprintf(
        stderr,
        "usage: precision_loss --clips DIR [--precision P]... [--threads N] FILE.jsonl...\n");
    return 2;
  }
  const auto ran = npu::bench::run(settings);
  if (ran) return 0;
  std::fprintf(stderr, "precision_loss: %s\n", ran.error().message.c_str());
  return 1;
}
