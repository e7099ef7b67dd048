// SPDX-License-Identifier: LGPL-2.1-or-later
// Times the four lists on the CPU device with weights from a seed, beside what the machine can do.
//   device_bench [tiny|base|small|medium] [threads]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

// Milliseconds of the fastest of `runs` calls.
template <typename Body>
double best_ms(int runs, const Body& body) {
  double best = 1e9;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    body();
    best = std::min(
        best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                  .count());
  }
  return best;
}

// Milliseconds of a decode step of `rows` rows, each the continuation of a beam of one window; a
// prompt if `prefill`.
double step_ms(Context& context, size_t rows, bool prefill) {
  std::vector<Row> table(rows);
  std::vector<ScoreRequest> requests(prefill ? 1 : rows);
  std::vector<ScoreResult> results(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].row = static_cast<int>(prefill ? rows - 1 : i);
    requests[i].ranges[kText] = {0, 50257};
    requests[i].ranges[kTimestamps] = {50364, 51865};
    requests[i].raw_log_sum_exp = true;
  }
  Replay replay;
  replay.rows = table;
  replay.score = requests;
  replay.results = results;
  const auto step = [&](int position) {
    for (size_t row = 0; row < rows; ++row) {
      const int r = static_cast<int>(row);
      table[row] = prefill ? Row{1000, r, 0, 0} : Row{1000 + r, position, r, 0};
    }
    must(context.run(kDecodeStep, replay, {}, {}));
  };
  if (prefill) return best_ms(3, [&] { step(0); });
  for (int position = 0; position < kDecodePosition; ++position) step(position);
  return best_ms(20, [&] { step(kDecodePosition); });
}

int run(const Size& size, int threads) {
  const double gmac_peak = peak_gmac_per_s(threads), read_peak = peak_read_gb_per_s(threads);
  auto device = must(open_device({"cpu", 0, threads}));
  std::printf("%s, %s; peaks of %d threads: %.0f GMAC/s, %.1f GB/s\n", size.name,
              device->description().c_str(), threads, gmac_peak, read_peak);
  testing::RandomWeights weights;
  const auto lists = whisper_lists(size.dims, {{size.dims.decoder_layers - 1, 0}});
  auto program = must(device->load(lists, weights, Precision::kF32, {}, {}));
  ContextLimits limits;
  limits.max_rows = 228;
  limits.self_slots = 16;
  auto context = must(program->create_context(limits));
  std::vector<float> mel(kWindowFrames * static_cast<size_t>(size.dims.mel_bands));
  testing::Random random(1);
  for (float& value : mel) value = random.next();
  must(context->write(kMelBuffer, mel));

  const auto report = [&](const char* what, double ms, double gmac) {
    std::printf("  %-22s %8.2f ms  %6.1f GMAC/s  %3.0f %% of peak\n", what, ms, gmac / ms * 1e3,
                gmac / ms * 1e5 / gmac_peak);
  };
  report("encoder", best_ms(3, [&] { must(context->run(kEncoder, {}, {}, {})); }),
         encoder_gmac(size.dims));
  report("cross K,V", best_ms(3, [&] { must(context->run(kCrossKv, {}, {}, {})); }),
         cross_gmac(size.dims));
  for (const size_t rows : {size_t{1}, size_t{5}, size_t{16}}) {
    const double ms = step_ms(*context, rows, false);
    std::printf("  decode step, %2zu rows   %8.2f ms  %6.1f GB/s    %3.0f %% of peak\n", rows, ms,
                step_gb(size.dims) / ms * 1e3, step_gb(size.dims) / ms * 1e5 / read_peak);
  }
  std::printf("  prompt of 228 rows     %8.2f ms\n", step_ms(*context, 228, true));
  std::printf("  weights %.0f MB\n", number(program->weight_bytes()) * 1e-6);
  return 0;
}

}  // namespace
}  // namespace npu::bench

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "base";
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  for (const auto& size : npu::bench::kSizes)
    if (std::strcmp(size.name, name) == 0 && threads > 0) return npu::bench::run(size, threads);
  std::fprintf(stderr, "usage: device_bench [tiny|base|small|medium] [threads]\n");
  return 2;
}
