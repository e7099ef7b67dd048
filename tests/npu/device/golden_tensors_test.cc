// SPDX-License-Identifier: LGPL-2.1-or-later
// The network against tensors that the reference implementation wrote: encoder output, and logits
// with the text given.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "corpus.h"
#include "model/model_file.h"
#include "npy.h"
#include "rig.h"
#include "whisper/network.h"

namespace npu {
namespace {

using testing::Npy;
using testing::read_npy;

float largest_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

// [bands][frames] -> [frames][bands]
std::vector<float> transposed(const Npy& mel) {
  const size_t frames = mel.shape.back(), bands = mel.values.size() / frames;
  std::vector<float> out(mel.values.size());
  for (size_t band = 0; band < bands; ++band)
    for (size_t frame = 0; frame < frames; ++frame)
      out[frame * bands + band] = mel.values[band * frames + frame];
  return out;
}

struct TensorCase {
  std::string name;
  std::filesystem::path model;
  std::filesystem::path tensors;  // without .mel.npy
  testing::DeviceCase device = {"Cpu", testing::make_cpu<0>};
};

void PrintTo(const TensorCase& test, std::ostream* out) {
  *out << test.name;
}

class Tensors : public ::testing::TestWithParam<TensorCase> {};

TEST_P(Tensors, AreThoseOfTheReference) {
  const TensorCase& test = GetParam();
  if (!std::filesystem::exists(test.model)) GTEST_SKIP() << "no model " << test.model;
  const std::string stem = test.tensors.string();
  const Npy mel = read_npy(stem + ".mel.npy");
  if (mel.values.empty()) GTEST_SKIP() << "no tensors " << stem;
  const Npy encoder = read_npy(stem + ".encoder.npy"), logits = read_npy(stem + ".logits.npy");
  const auto inputs = nlohmann::json::parse(std::ifstream(stem + ".json"));

  auto file = open_model_file(test.model);
  ASSERT_TRUE(file) << file.error().message;
  const ModelDims dims = (*file)->dims();
  auto device = test.device.make();
  const auto lists = whisper_lists(dims, default_alignment_heads(dims));
  auto program = device->load(lists, **file, Precision::kF32, {}, {});
  ASSERT_TRUE(program) << program.error().message;
  std::vector<Row> rows;
  for (const int token : inputs["decoder_input"])
    rows.push_back({token, static_cast<int>(rows.size()), 0, 0});
  ContextLimits limits;
  limits.max_rows = static_cast<int>(rows.size());
  auto context = (*program)->create_context(limits);
  ASSERT_TRUE(context) << context.error().message;

  auto written = (*context)->write(kMelBuffer, transposed(mel));
  ASSERT_TRUE(written) << written.error().message;
  for (const size_t list : {kEncoder, kCrossKv}) {
    auto ran = (*context)->run(list, {}, {}, {});
    ASSERT_TRUE(ran) << ran.error().message;
  }
  std::vector<float> encoded(kAudioPositions * static_cast<size_t>(dims.width));
  ASSERT_TRUE((*context)->read(kEncodedBuffer, encoded));
  EXPECT_LE(largest_difference(encoded, encoder.values), 2e-3f);

  std::vector<ScoreRequest> requests(rows.size());
  std::vector<ScoreResult> results(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    requests[row].row = static_cast<int>(row);
    requests[row].full_row = true;
  }
  Replay replay;
  replay.rows = rows;
  replay.score = requests;
  replay.results = results;
  auto ran = (*context)->run(kDecodeStep, replay, {}, {});
  ASSERT_TRUE(ran) << ran.error().message;
  const size_t vocabulary = static_cast<size_t>(dims.vocabulary);
  ASSERT_EQ(logits.values.size(), rows.size() * vocabulary);
  for (size_t row = 0; row < rows.size(); ++row)
    EXPECT_LE(largest_difference(results[row].full_row,
                                 std::span(logits.values).subspan(row * vocabulary, vocabulary)),
              1e-3f)
        << "row " << row;
}

std::vector<TensorCase> golden_cases() {
  std::vector<TensorCase> cases;
  const auto folder = testing::corpus_folder() / "golden" / "tensors";
  for (const char* clip : {"jfk", "1089-134686-0006", "noise-pink-30s"}) {
    std::string name = clip;
    std::erase(name, '-');
    cases.push_back({"Base" + name, testing::base_model(), folder / clip});
  }
  const auto random = testing::corpus_folder() / "models" / "random";
  cases.push_back({"RandomCt2F16", random / "ct2-multilingual-float16", random / "multilingual"});
  cases.push_back({"RandomGgmlF16", random / "ggml-multilingual-f16.bin", random / "multilingual"});
  cases.push_back({"RandomGgmlEnglishF16", random / "ggml-en-f16.bin", random / "en"});
  cases.push_back({"RandomHfF16", random / "hf-multilingual-f16", random / "multilingual"});
  cases.push_back({"RandomHfV3F16", random / "hf-v3-f16", random / "v3"});
  cases.push_back({"RandomHfWideF16", random / "hf-wide-f16", random / "wide"});
  const testing::DeviceCase tiled = {"Tiled", testing::make_tiled_device};
  cases.push_back({"TiledRandomGgmlEnglishF16", random / "ggml-en-f16.bin", random / "en", tiled});
  cases.push_back({"TiledRandomHfV3F16", random / "hf-v3-f16", random / "v3", tiled});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Network, Tensors, ::testing::ValuesIn(golden_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace npu
