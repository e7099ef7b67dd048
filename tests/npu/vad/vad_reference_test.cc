// SPDX-License-Identifier: LGPL-2.1-or-later
// The detector against the reference implementation's own output on real clips
// (data/make_vad_reference.py).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "audio_file.h"
#include "corpus.h"
#include "vad/speech_probability.h"
#include "vad/speech_segmenter.h"

namespace npu {
namespace {

using nlohmann::json;

const json& reference() {
  static const json document = json::parse(std::ifstream(VAD_TEST_DATA "/vad_reference.json"));
  return document;
}

SegmenterOptions options_of(const json& row) {
  SegmenterOptions options;
  const auto seconds = [&](const char* key, double otherwise) {
    return row.contains(key) ? row.at(key).get<double>() / 1000 : otherwise;
  };
  options.threshold = row.value("threshold", options.threshold);
  if (row.contains("neg_threshold")) options.exit_threshold = row.at("neg_threshold").get<float>();
  options.min_speech_s = seconds("min_speech_duration_ms", options.min_speech_s);
  options.min_silence_s = seconds("min_silence_duration_ms", options.min_silence_s);
  options.pad_s = seconds("speech_pad_ms", options.pad_s);
  options.max_speech_s = row.value("max_speech_duration_s", options.max_speech_s);
  return options;
}

class VadReference : public ::testing::Test {
 protected:
  void SetUp() override {
    auto model = VadModel::load(kVadModelName, {});
    if (!model) GTEST_SKIP() << model.error().message;
    model_ = *model;
  }

  std::vector<float> probabilities(std::span<const float> samples, size_t at_once) {
    SpeechProbability stream(model_);
    std::vector<float> found;
    for (size_t from = 0; from < samples.size(); from += at_once)
      stream.push(samples.subspan(from, std::min(at_once, samples.size() - from)), found);
    stream.end_input(found);
    return found;
  }

  std::shared_ptr<const VadModel> model_;
};

TEST_F(VadReference, ProbabilitiesAreThoseOfTheReference) {
  for (const json& clip : reference().at("clips")) {
    if (!clip.contains("probabilities")) continue;
    const std::string file = clip.at("file");
    SCOPED_TRACE(file);
    const auto audio = testing::read_audio(testing::data_folder() / "speech" / file);
    ASSERT_TRUE(audio) << audio.error().message;
    const auto expected = clip.at("probabilities").get<std::vector<float>>();
    const auto found = probabilities(audio->samples, 1600);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], expected[i], 1e-4) << "chunk " << i;
  }
}

TEST_F(VadReference, ProbabilitiesDoNotDependOnHowTheSamplesArePushed) {
  const auto audio = testing::read_audio(testing::data_folder() / "speech" / "jfk.wav");
  ASSERT_TRUE(audio) << audio.error().message;
  const auto expected = probabilities(audio->samples, audio->samples.size());
  EXPECT_EQ(probabilities(audio->samples, 1), expected);
  EXPECT_EQ(probabilities(audio->samples, 511), expected);
  EXPECT_EQ(probabilities(audio->samples, 5000), expected);
}

TEST_F(VadReference, AStreamBeginsAnewAfterReset) {
  const auto audio = testing::read_audio(testing::data_folder() / "speech" / "jfk.wav");
  ASSERT_TRUE(audio) << audio.error().message;
  SpeechProbability stream(model_);
  std::vector<float> first, dropped, second;
  stream.push(std::span(audio->samples).first(40000), first);
  stream.push(std::span(audio->samples).first(100), dropped);
  stream.reset();
  stream.push(std::span(audio->samples).first(40000), second);
  EXPECT_EQ(first, second);
}

TEST_F(VadReference, StretchesOfSpeechAreThoseOfTheReference) {
  const std::filesystem::path corpus = testing::corpus_folder();
  size_t clips = 0;
  for (const json& clip : reference().at("clips")) {
    const bool ours = clip.contains("probabilities");
    if (!ours && corpus.empty()) continue;
    const std::string file = clip.at("file");
    SCOPED_TRACE(file);
    const auto folder = (ours ? testing::data_folder() : corpus) / "speech";
    const auto audio = testing::read_audio(folder / file);
    ASSERT_TRUE(audio) << audio.error().message;
    ASSERT_EQ(audio->samples.size(), clip.at("samples").get<size_t>());
    const auto found = probabilities(audio->samples, 1600);
    for (size_t row = 0; row < reference().at("options").size(); ++row) {
      SpeechSegmenter segmenter(options_of(reference().at("options")[row]));
      std::vector<std::vector<int64_t>> spans;
      for (const float probability : found) {
        segmenter.push(probability);
        while (const auto span = segmenter.take()) spans.push_back({span->start, span->end});
      }
      segmenter.finish(static_cast<int64_t>(audio->samples.size()));
      while (const auto span = segmenter.take()) spans.push_back({span->start, span->end});
      EXPECT_EQ(json(spans), clip.at("speech")[row]) << "options " << row;
    }
    ++clips;
  }
  EXPECT_GE(clips, corpus.empty() ? 6U : 100U);
}

// What is not a number would stay in the memory for ever.
TEST_F(VadReference, SamplesThatAreNoNumbersCountAsSilence) {
  std::vector<float> bad(16000, std::nanf(""));
  bad[3] = INFINITY;
  bad[4] = -1e30F;
  for (const float probability : probabilities(bad, 1600)) {
    EXPECT_GE(probability, 0.0F);
    EXPECT_LE(probability, 1.0F);
  }
}

}  // namespace
}  // namespace npu
