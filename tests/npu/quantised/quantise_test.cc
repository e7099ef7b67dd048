// SPDX-License-Identifier: LGPL-2.1-or-later
// A small random Whisper, calibrated on noise and run in the array's arithmetic, against f32.
#include "quantised/quantise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "device/cpu/cpu_device.h"
#include "model_writer.h"
#include "prepare/seen_activations.h"
#include "quantised/network_file.h"
#include "random_weights.h"
#include "whisper/network.h"

namespace npu::quantised {
namespace {

constexpr int kPositions = 1500;

ModelDims small_dims() {
  ModelDims dims = testing::tiny_dims();
  dims.width = 128;
  dims.heads = 2;
  dims.feed_forward = 512;
  return dims;
}

// Random weights that can be found again.
class Weights : public testing::RandomWeights {
 public:
  WeightIdentity identity() const override { return {"/random/weights", "1"}; }
};

class Recorder : public cpu::OpObserver {
 public:
  Recorder(prepare::SeenActivations& seen, ActivationStats& stats) : seen_(seen), stats_(stats) {}
  void observe(const Op& op, const Values& values) override {
    seen_.see(op, values, 1, [&](const std::string& name, std::span<float> rows, size_t channels) {
      stats_.add(name, rows.data(), rows.size() / channels, channels, channels);
    });
  }

 private:
  prepare::SeenActivations& seen_;
  ActivationStats& stats_;
};

struct Outcome {
  std::vector<float> encoded, logits;
};

class Quantised : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("NPUWHISPER_PREPARED", folder_.path().c_str(), 1);
    testing::Random random(1);
    mel_.resize(static_cast<size_t>(2 * kPositions * dims_.mel_bands));
    for (float& x : mel_) x = random.next();
    for (int i = 0; i < 20; ++i) rows_.push_back({1000 + 37 * i, i, 0, 0});
  }
  void TearDown() override { unsetenv("NPUWHISPER_PREPARED"); }

  Result<Outcome> run(Device& device, Precision precision) {
    NPU_TRY_ASSIGN(const auto program, device.load(lists_, weights_, precision, {}, {}));
    ContextLimits limits;
    limits.max_rows = 20;
    NPU_TRY_ASSIGN(const auto context, program->create_context(limits));
    NPU_TRY(context->write(kMelBuffer, mel_));
    NPU_TRY(context->run(kEncoder, {}, {}, {}));
    NPU_TRY(context->run(kCrossKv, {}, {}, {}));
    Outcome outcome;
    outcome.encoded.resize(static_cast<size_t>(kPositions * dims_.width));
    NPU_TRY(context->read(kEncodedBuffer, outcome.encoded));
    ScoreRequest request;
    request.row = 19;
    request.full_row = true;
    ScoreResult result;
    Replay replay;
    replay.rows = rows_;
    replay.score = {&request, 1};
    replay.results = {&result, 1};
    NPU_TRY(context->run(kDecodeStep, replay, {}, {}));
    outcome.logits = result.full_row;
    return outcome;
  }

  std::vector<const OpList*> network() const { return whole_network(lists_); }

  Result<ActivationStats> calibrate() {
    NPU_TRY_ASSIGN(const auto seen, prepare::SeenActivations::create(network(), weights_));
    ActivationStats stats;
    Recorder recorder(*seen, stats);
    NPU_TRY_ASSIGN(const auto device, cpu::create_observed_cpu_device(2, recorder));
    NPU_TRY(run(*device, Precision::kF32));
    return stats;
  }

  static double relative_error(const std::vector<float>& exact, const std::vector<float>& found) {
    double error = 0, power = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      error += std::pow(double{found[i]} - exact[i], 2);
      power += std::pow(double{exact[i]}, 2);
    }
    return std::sqrt(error / power);
  }

  testing::TemporaryFolder folder_;
  ModelDims dims_ = small_dims();
  std::vector<OpList> lists_ = whisper_lists(dims_, {});
  Weights weights_;
  std::vector<float> mel_;
  std::vector<Row> rows_;
};

TEST_F(Quantised, NetworkIsNearTheOneInF32) {
  const auto stats = calibrate();
  ASSERT_TRUE(stats) << stats.error().message;
  const auto made = quantise(network(), weights_, *stats, {}, {});
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(write_network(prepared_file(weights_.identity()), weights_.identity(), *made));
  const auto device = cpu::create_cpu_device(2);
  ASSERT_TRUE(device);
  const auto exact = run(**device, Precision::kF32);
  ASSERT_TRUE(exact) << exact.error().message;
  const auto found = run(**device, Precision::kNpu);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_LT(relative_error(exact->encoded, found->encoded), 0.05);
  EXPECT_LT(relative_error(exact->logits, found->logits), 0.05);
}

TEST_F(Quantised, WithoutAPreparedModelTheDeviceSaysSo) {
  const auto device = cpu::create_cpu_device(1);
  ASSERT_TRUE(device);
  const auto program = (*device)->load(lists_, weights_, Precision::kNpu, {}, {});
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, ErrorCode::kNotFound);
}

TEST_F(Quantised, WhatTheCalibrationHasNotSeenIsNamed) {
  const auto made = quantise(network(), weights_, {}, {}, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(made.error().message.find("encoder.conv2"), std::string::npos) << made.error().message;
}

TEST_F(Quantised, ACancelEndsIt) {
  const auto stats = calibrate();
  ASSERT_TRUE(stats);
  CancelSource source;
  source.cancel();
  const auto made = quantise(network(), weights_, *stats, {}, source.token());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace npu::quantised
