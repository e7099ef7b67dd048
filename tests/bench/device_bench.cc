// SPDX-License-Identifier: LGPL-2.1-or-later
// Times the lists on the CPU device in all its precisions with weights from a seed, beside what the
// machine can do.
//   device_bench [tiny|base|small|medium] [threads] [rounds] [precision|all] [part of a name]...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <vector>

#include "device/open.h"
#include "peak.h"
#include "random_weights.h"
#include "whisper/network.h"

namespace npu::bench {
namespace {

struct Size {
  const char* name;
  ModelDims dims;
};

constexpr Size kSizes[] = {
    {"tiny", {80, 384, 6, 4, 4, 51865, 1536}},
    {"base", {80, 512, 8, 6, 6, 51865, 2048}},
    {"small", {80, 768, 12, 12, 12, 51865, 3072}},
    {"medium", {80, 1024, 16, 24, 24, 51865, 4096}},
};

constexpr int kDecodePosition = 100;  // where the timed steps are, as in the middle of a window
constexpr int kForkPosition = 92;     // up to which beams have their history in common

double number(size_t value) {
  return static_cast<double>(value);
}

// Multiply-adds of one encoder window, and of its cross K,V.
double encoder_gmac(const ModelDims& d) {
  const double c = d.width, t = kAudioPositions;
  return (2 * t * 3 * d.mel_bands * c + t * 3 * c * c +
          d.encoder_layers * (t * (4 * c * c + 2 * c * d.feed_forward) + 2 * t * t * c)) *
         1e-9;
}
double cross_gmac(const ModelDims& d) {
  return 2.0 * d.decoder_layers * kAudioPositions * d.width * d.width * 1e-9;
}
// Bytes that a decode step of one row reads: weights, vocabulary, cross K,V.
double step_gb(const ModelDims& d) {
  const double c = d.width;
  const double layer = 6 * c * c + 2 * c * d.feed_forward + 2.0 * kAudioPositions * c;
  return (d.decoder_layers * layer + d.vocabulary * c) * sizeof(float) * 1e-9;
}

// Stops the benchmark with the error of a failed call.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "device_bench: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Whether times are the CPU's rather than the clock's: with one thread they are the same on an idle
// machine, and count less of what else runs on a busy one.
bool cpu_time = false;

double now_ms() {
  timespec time;
  clock_gettime(cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// Milliseconds of the fastest of `runs` calls.
template <typename Body>
double best_ms(int runs, const Body& body) {
  double best = 1e9;
  for (int run = 0; run < runs; ++run) {
    const double start = now_ms();
    body();
    best = std::min(best, now_ms() - start);
  }
  return best;
}

// What the rows of a step are.
enum class Rows { kBeams, kWindows, kPrompt };

// Milliseconds of a decode step of `rows` rows: beams of one window, one of each of as many
// windows, or one prompt.
double step_ms(Context& context, size_t rows, Rows kind) {
  const bool prefill = kind == Rows::kPrompt;
  std::vector<Row> table(rows);
  std::vector<ScoreRequest> requests(prefill ? 1 : rows);
  std::vector<ScoreResult> results(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].row = static_cast<int>(prefill ? rows - 1 : i);
    // As beam search asks, and greedy decoding of a window.
    requests[i].top_k = kind == Rows::kBeams && rows > 1 ? static_cast<int>(rows) + 1 : 1;
    requests[i].ranges[kText] = {0, 50257};
    requests[i].ranges[kTimestamps] = {50364, 51865};
    requests[i].raw_log_sum_exp = prefill;
  }
  Replay replay;
  replay.rows = table;
  replay.score = requests;
  replay.results = results;
  const auto step = [&](int position) {
    for (size_t row = 0; row < rows; ++row) {
      const int r = static_cast<int>(row);
      table[row] =
          prefill ? Row{1000, r, 0, 0} : Row{1000 + r, position, r, kind == Rows::kWindows ? r : 0};
    }
    must(context.run(kDecodeStep, replay, {}, {}));
  };
  if (prefill) return best_ms(3, [&] { step(0); });
  int position = 0;
  if (kind == Rows::kBeams) {
    replay.rows = {table.data(), 1};
    replay.score = {requests.data(), 1};
    replay.results = {results.data(), 1};
    for (; position < kForkPosition; ++position) step(position);
    replay.rows = table;
    replay.score = requests;
    replay.results = results;
    const std::vector<int> parents(rows, 0);
    replay.self_parents = parents;
    step(position++);
    replay.self_parents = {};
  }
  for (; position < kDecodePosition; ++position) step(position);
  return best_ms(20, [&] { step(kDecodePosition); });
}

// A model loaded in one precision, and the best times of its parts so far.
struct Candidate {
  Precision precision;
  std::unique_ptr<Program> program;
  std::unique_ptr<Context> context;
  std::vector<double> best;
};

// What is timed, in one call each.
struct Part {
  const char* name;
  double gmac;  // 0: not bound by computing
  std::function<double(Context&)> ms;
};

std::vector<Part> parts_of(const ModelDims& dims) {
  const auto list_ms = [](size_t list) {
    return [list](Context& context) {
      return best_ms(1, [&] { must(context.run(list, {}, {}, {})); });
    };
  };
  const auto rows_ms = [](size_t rows, Rows kind) {
    return [=](Context& context) { return step_ms(context, rows, kind); };
  };
  return {{"encoder", encoder_gmac(dims), list_ms(kEncoder)},
          {"cross K,V", cross_gmac(dims), list_ms(kCrossKv)},
          {"step, 1 row", 0, rows_ms(1, Rows::kBeams)},
          {"step, 2 beams", 0, rows_ms(2, Rows::kBeams)},
          {"step, 5 beams", 0, rows_ms(5, Rows::kBeams)},
          {"step, 16 beams", 0, rows_ms(16, Rows::kBeams)},
          {"step, 2 windows", 0, rows_ms(2, Rows::kWindows)},
          {"step, 8 windows", 0, rows_ms(8, Rows::kWindows)},
          {"step, 16 windows", 0, rows_ms(16, Rows::kWindows)},
          {"prompt of 228 rows", 0, rows_ms(228, Rows::kPrompt)}};
}

Candidate make_candidate(Device& device, const ModelDims& dims, Precision precision,
                         std::span<const float> mel) {
  testing::RandomWeights weights;
  const auto lists = whisper_lists(dims, {{dims.decoder_layers - 1, 0}});
  Candidate made{precision, must(device.load(lists, weights, precision, {}, {})), nullptr, {}};
  ContextLimits limits;
  limits.max_rows = 228;
  limits.self_slots = 16;
  limits.cross_slots = 16;
  made.context = must(made.program->create_context(limits));
  must(made.context->write(kMelBuffer, mel));
  must(made.context->run(kEncoder, {}, {}, {}));
  Replay replay;
  for (; replay.store_slot < limits.cross_slots; ++replay.store_slot)
    must(made.context->run(kCrossKv, replay, {}, {}));
  return made;
}

// What to time.
struct Choice {
  int threads, rounds;
  std::vector<Precision> precisions;
  std::vector<const char*> parts;  // in their names; empty: all
};

// All precisions take turns in every round, so that what disturbs one disturbs the others.
int run(const Size& size, const Choice& choice) {
  const int threads = choice.threads, rounds = choice.rounds;
  cpu_time = threads == 1;
  const double gmac_peak = peak_gmac_per_s(threads), read_peak = peak_read_gb_per_s(threads);
  auto device = must(open_device({"cpu", 0, threads}));
  std::printf("%s, %s; peaks of %d threads: %.0f f32 GMAC/s, %.1f GB/s\n", size.name,
              device->description().c_str(), threads, gmac_peak, read_peak);
  std::vector<float> mel(kWindowFrames * static_cast<size_t>(size.dims.mel_bands));
  testing::Random random(1);
  for (float& value : mel) value = random.next();
  std::vector<Candidate> candidates;
  for (const Precision precision : choice.precisions)
    candidates.push_back(make_candidate(*device, size.dims, precision, mel));

  std::vector<Part> parts = parts_of(size.dims);
  std::erase_if(parts, [&](const Part& part) {
    return !choice.parts.empty() &&
           std::none_of(choice.parts.begin(), choice.parts.end(),
                        [&](const char* name) { return std::strstr(part.name, name); });
  });
  for (Candidate& candidate : candidates) candidate.best.resize(parts.size(), 1e9);
  for (int round = 0; round < rounds; ++round)
    for (size_t part = 0; part < parts.size(); ++part)
      for (Candidate& candidate : candidates)
        candidate.best[part] = std::min(candidate.best[part], parts[part].ms(*candidate.context));

  std::printf("best of %d rounds, ms%s", rounds, cpu_time ? " of CPU" : "       ");
  for (const Candidate& candidate : candidates)
    std::printf("%10s", std::string(precision_name(candidate.precision)).c_str());
  std::printf("\n");
  for (size_t part = 0; part < parts.size(); ++part) {
    std::printf("  %-21s", parts[part].name);
    for (const Candidate& candidate : candidates) std::printf("%10.2f", candidate.best[part]);
    if (parts[part].gmac > 0)
      std::printf("  %.0f GMAC/s", parts[part].gmac / candidates.back().best[part] * 1e3);
    std::printf("\n");
  }
  std::printf("  weights, MB          ");
  for (const Candidate& candidate : candidates)
    std::printf("%10.0f", number(candidate.program->weight_bytes()) * 1e-6);
  std::printf("\n  DRAM floor of a step of 1 row in f32: %.2f ms\n",
              step_gb(size.dims) / read_peak * 1e3);
  return 0;
}

}  // namespace
}  // namespace npu::bench

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "base";
  const std::string_view precision = argc > 4 ? argv[4] : "all";
  npu::bench::Choice choice{argc > 2 ? std::atoi(argv[2]) : 2,
                            argc > 3 ? std::atoi(argv[3]) : 3,
                            {},
                            {argv + std::min(argc, 5), argv + argc}};
  for (const auto known : {npu::Precision::kF32, npu::Precision::kInt8, npu::Precision::kBf16})
    if (precision == "all" || precision == npu::precision_name(known))
      choice.precisions.push_back(known);
  for (const auto& size : npu::bench::kSizes)
    if (std::strcmp(size.name, name) == 0 && choice.threads > 0 && choice.rounds > 0 &&
        !choice.precisions.empty())
      return npu::bench::run(size, choice);
  std::fprintf(stderr,
               "usage: device_bench [tiny|base|small|medium] [threads] [rounds]\n"
               "                    [all|f32|int8|bf16] [part of a name]...\n");
  return 2;
}
