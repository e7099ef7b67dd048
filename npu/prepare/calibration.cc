// SPDX-License-Identifier: LGPL-2.1-or-later
#include "prepare/calibration.h"

#include "device/cpu/cpu_device.h"
#include "device/cpu/program.h"
#include "model/model_fingerprint.h"
#include "prepare/seen_activations.h"
#include "whisper/network.h"
#include "whisper/transcriber.h"

namespace npu::prepare {
namespace {

using quantised::ActivationStats;

constexpr size_t kPush = 16000;  // samples

// Of the encoder's rows one of so many is looked at.
constexpr size_t kPart = 4;

// Adds what each operation makes.
class Recorder : public cpu::OpObserver {
 public:
  Recorder(SeenActivations& seen, ActivationStats& stats) : seen_(seen), stats_(stats) {}

  void observe(const Op& op, const Values& values) override {
    seen_.see(op, values, kPart,
              [this](const std::string& name, std::span<float> rows, size_t channels) {
                stats_.add(name, rows.data(), rows.size() / channels, channels, channels);
              });
  }

 private:
  SeenActivations& seen_;
  ActivationStats& stats_;
};

}  // namespace

struct Calibration::Observed {
  std::string path;
  std::vector<OpList> lists;
  std::unique_ptr<ModelFile> weights;
  std::unique_ptr<SeenActivations> seen;
  ActivationStats stats;
  std::unique_ptr<Recorder> recorder;
  std::shared_ptr<const Model> model;
};

Calibration::Calibration() : observed_(std::make_unique<Observed>()) {}
Calibration::~Calibration() = default;

Result<std::unique_ptr<Calibration>> Calibration::create(const std::string& path, int threads,
                                                         const CancelToken& cancel) {
  std::unique_ptr<Calibration> calibration(new Calibration);
  Observed& observed = *calibration->observed_;
  NPU_TRY_ASSIGN(observed.path, resolve_model(path));
  NPU_TRY_ASSIGN(observed.weights, open_model_file(observed.path));
  observed.lists = whisper_lists(observed.weights->dims(), {});
  NPU_TRY_ASSIGN(observed.seen,
                 SeenActivations::create(whole_network(observed.lists), *observed.weights));
  observed.recorder = std::make_unique<Recorder>(*observed.seen, observed.stats);
  NPU_TRY_ASSIGN(auto file, open_model_file(observed.path));
  NPU_TRY_ASSIGN(auto device, cpu::create_observed_cpu_device(threads, *observed.recorder));
  NPU_TRY_ASSIGN(observed.model,
                 Model::create(std::move(file), std::move(device), Precision::kF32, {}, cancel));
  return calibration;
}

Result<std::string> Calibration::listen(std::span<const float> samples, const std::string& language,
                                        const CancelToken& cancel, const Heard& heard) {
  TranscribeOptions options;
  options.temperatures = {0};
  if (observed_->model->tokenizer().multilingual()) options.decoding.language = language;
  NPU_TRY_ASSIGN(const auto transcriber, Transcriber::create(observed_->model, options));
  std::string text;
  const size_t all = samples.size();
  for (;;) {
    NPU_TRY_ASSIGN(const Step step, transcriber->step(cancel));
    for (const Segment& segment : step.segments) text += segment.text;
    if (step.kind == Step::Kind::kFinished) return text;
    if (step.kind == Step::Kind::kWindow) continue;
    const size_t count = std::min(kPush, samples.size());
    if (count == 0) {
      transcriber->end_input();
      continue;
    }
    transcriber->push(samples.first(count));
    samples = samples.subspan(count);
    if (heard) heard(all - samples.size());
  }
}

Result<quantised::Network> Calibration::quantise(const quantised::QuantiseOptions& options,
                                                 const CancelToken& cancel) const {
  return quantised::quantise(whole_network(observed_->lists), *observed_->weights, observed_->stats,
                             options, cancel);
}

Result<WeightIdentity> Calibration::identity() const {
  return weight_identity(observed_->path);
}

}  // namespace npu::prepare
