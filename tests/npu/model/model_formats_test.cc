// SPDX-License-Identifier: LGPL-2.1-or-later
// Files that other projects' converters made: sizes, values across formats, quantised blocks.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>

#include "corpus.h"
#include "model/model_file.h"
#include "model/weights.h"

namespace npu {
namespace {

using Values = std::map<std::string, std::vector<float>>;

std::filesystem::path random_models() {
  return testing::corpus_folder() / "models" / "random";
}

std::unique_ptr<ModelFile> open(const std::filesystem::path& path) {
  auto file = open_model_file(path.string());
  EXPECT_TRUE(file) << file.error().message;
  return file ? *std::move(file) : nullptr;
}

Values read_all(const std::filesystem::path& path) {
  Values values;
  const auto file = open(path);
  if (!file) return values;
  for (const WeightRef& ref : expected_weights(file->dims())) {
    std::vector<float>& tensor = values[ref.name];
    tensor.resize(ref.shape.elements());
    const Result<void> read = file->read(ref, tensor);
    EXPECT_TRUE(read) << read.error().message;
  }
  return values;
}

struct FileCase {
  const char* path;
  const char* format;
  int vocabulary;
  int mel_bands;
  int width;
  size_t tokens;
};

constexpr FileCase kFiles[] = {
    {"ct2-multilingual-float16", "CTranslate2 f16", 51865, 80, 64, 50257},
    {"ct2-multilingual-int8", "CTranslate2 int8", 51865, 80, 64, 50257},
    {"hf-multilingual-f16", "Hugging Face f16", 51865, 80, 64, 50257},
    {"hf-v3-f16", "Hugging Face f16", 51866, 128, 64, 0},
    {"hf-wide-f16", "Hugging Face f16", 51865, 80, 128, 50257},
    {"ggml-en-f16.bin", "ggml f16", 51864, 80, 64, 50256},
    {"ggml-multilingual-f16.bin", "ggml f16", 51865, 80, 64, 50257},
    {"ggml-multilingual-q4_0.bin", "ggml q4_0", 51865, 80, 64, 50257},
    {"ggml-multilingual-q4_1.bin", "ggml q4_1", 51865, 80, 64, 50257},
    {"ggml-multilingual-q5_0.bin", "ggml q5_0", 51865, 80, 64, 50257},
    {"ggml-multilingual-q5_1.bin", "ggml q5_1", 51865, 80, 64, 50257},
    {"ggml-multilingual-q8_0.bin", "ggml q8_0", 51865, 80, 64, 50257},
};

class RandomModel : public ::testing::TestWithParam<FileCase> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(random_models())) GTEST_SKIP() << "no corpus";
  }
};

TEST_P(RandomModel, HasItsSizesAndVocabulary) {
  const auto file = open(random_models() / GetParam().path);
  ASSERT_TRUE(file);
  const int width = GetParam().width;
  const ModelDims expected{GetParam().mel_bands,  width,    width / 64, 2, 3,
                           GetParam().vocabulary, 4 * width};
  EXPECT_EQ(file->dims(), expected);
  EXPECT_EQ(file->format(), GetParam().format);
  const TokenBytes tokens = file->take_tokens();
  ASSERT_EQ(tokens.size(), GetParam().tokens);
  if (tokens.empty()) return;
  EXPECT_EQ(tokens[220], " ");
  EXPECT_EQ(tokens[198], "\n");
  if (tokens.size() == 50257) {
    EXPECT_EQ(tokens[50256], "");
    EXPECT_EQ(tokens[50255], "\xe5\x9c\xba");
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, RandomModel, ::testing::ValuesIn(kFiles), [](const auto& row) {
  std::string name = row.param.path;
  for (char& character : name)
    if (!std::isalnum(static_cast<unsigned char>(character))) character = '_';
  return name;
});

class RandomModels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(random_models())) GTEST_SKIP() << "no corpus";
  }
};

TEST_F(RandomModels, HalfPrecisionFilesOfAllFormatsHoldTheSameValues) {
  const Values hugging_face = read_all(random_models() / "hf-multilingual-f16");
  EXPECT_GT(hugging_face.size(), 100u);
  EXPECT_EQ(read_all(random_models() / "ct2-multilingual-float16"), hugging_face);
  EXPECT_EQ(read_all(random_models() / "ggml-multilingual-f16.bin"), hugging_face);
}

TEST_F(RandomModels, VocabulariesOfAllFormatsAreTheSame) {
  const TokenBytes tokens = open(random_models() / "hf-multilingual-f16")->take_tokens();
  EXPECT_EQ(open(random_models() / "ct2-multilingual-int8")->take_tokens(), tokens);
  EXPECT_EQ(open(random_models() / "ggml-multilingual-f16.bin")->take_tokens(), tokens);
}

// Quantising to the nearest of 255 steps per row is off by at most half a step.
TEST_F(RandomModels, Int8IsWithinHalfAStepOfHalfPrecision) {
  const Values exact = read_all(random_models() / "ct2-multilingual-float16");
  const Values quantised = read_all(random_models() / "ct2-multilingual-int8");
  std::map<std::string, size_t> rows_of;
  for (const WeightRef& ref :
       expected_weights(open(random_models() / "ct2-multilingual-int8")->dims()))
    rows_of[ref.name] = ref.shape[0];
  size_t differing = 0;
  for (const auto& [name, values] : exact) {
    const std::vector<float>& found = quantised.at(name);
    if (!name.ends_with(".weight") || name.find("_ln.") != std::string::npos ||
        name.find("ln_post") != std::string::npos || name.starts_with("decoder.ln.")) {
      EXPECT_EQ(found, values) << name;
      continue;
    }
    const size_t rows = rows_of.at(name);
    const size_t cols = values.size() / rows;
    for (size_t row = 0; row < rows; ++row) {
      float largest = 0;
      for (size_t col = 0; col < cols; ++col)
        largest = std::max(largest, std::abs(values[row * cols + col]));
      for (size_t col = 0; col < cols; ++col) {
        const float error = std::abs(values[row * cols + col] - found[row * cols + col]);
        // 1e-6: division and product in f32.
        ASSERT_LE(error, largest / 127 * 0.5f * (1 + 1e-4f) + 1e-6f) << name << " row " << row;
        differing += error != 0;
      }
    }
  }
  EXPECT_GT(differing, 0u);
}

// ---- quantised blocks, decoded once more from the file's own bytes ----

double half_value(const unsigned char* bytes) {
  const int bits = bytes[0] | bytes[1] << 8;
  const int exponent = bits >> 10 & 31;
  const double sign = bits & 0x8000 ? -1 : 1;
  const int mantissa = bits & 1023;
  return exponent ? sign * std::ldexp(1024 + mantissa, exponent - 25)
                  : sign * std::ldexp(mantissa, -24);
}

struct BlockCase {
  const char* file;
  size_t bytes;
  // Value i (0..31) of a block, by the description of the format.
  double (*value)(const unsigned char* block, int i);
};

int nibble(const unsigned char* quants, int i) {
  return i < 16 ? quants[i] & 15 : quants[i - 16] >> 4;
}

int fifth_bit(const unsigned char* bits, int i) {
  return bits[i / 8] >> (i % 8) & 1;
}

const BlockCase kBlocks[] = {
    {"ggml-multilingual-q4_0.bin", 18,
     [](const unsigned char* b, int i) { return (nibble(b + 2, i) - 8) * half_value(b); }},
    {"ggml-multilingual-q4_1.bin", 20,
     [](const unsigned char* b, int i) {
       return nibble(b + 4, i) * half_value(b) + half_value(b + 2);
     }},
    {"ggml-multilingual-q5_0.bin", 22,
     [](const unsigned char* b, int i) {
       return ((nibble(b + 6, i) | fifth_bit(b + 2, i) << 4) - 16) * half_value(b);
     }},
    {"ggml-multilingual-q5_1.bin", 24,
     [](const unsigned char* b, int i) {
       return (nibble(b + 8, i) | fifth_bit(b + 4, i) << 4) * half_value(b) + half_value(b + 2);
     }},
    {"ggml-multilingual-q8_0.bin", 34,
     [](const unsigned char* b, int i) {
       return static_cast<signed char>(b[2 + i]) * half_value(b);
     }},
};

class QuantisedFile : public ::testing::TestWithParam<BlockCase> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(random_models())) GTEST_SKIP() << "no corpus";
  }
};

// Finds tensors by searching for their names, so that no parser is involved.
TEST_P(QuantisedFile, GivesTheValuesThatItsBlocksDescribe) {
  const auto path = random_models() / GetParam().file;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto file = open(path);
  ASSERT_TRUE(file);
  size_t compared = 0;
  for (const WeightRef& ref : expected_weights(file->dims())) {
    if (ref.shape.rank() != 2 || !ref.name.ends_with(".weight")) continue;
    const size_t at = bytes.find(ref.name) + ref.name.size();
    std::vector<float> values(ref.shape.elements());
    ASSERT_TRUE(file->read(ref, values));
    for (size_t i = 0; i < values.size(); ++i) {
      const auto* block =
          reinterpret_cast<const unsigned char*>(bytes.data()) + at + i / 32 * GetParam().bytes;
      const double expected = GetParam().value(block, static_cast<int>(i % 32));
      // One or two roundings to f32.
      ASSERT_LE(std::abs(values[i] - expected), 1e-6 * std::abs(expected) + 1e-8)
          << ref.name << " element " << i;
    }
    compared += values.size();
  }
  EXPECT_GT(compared, 3'000'000u);
}

INSTANTIATE_TEST_SUITE_P(Corpus, QuantisedFile, ::testing::ValuesIn(kBlocks),
                         [](const auto& row) { return std::string(row.param.file).substr(18, 4); });

TEST(RealModel, GgmlBaseOpens) {
  const auto path = testing::corpus_folder() / "models" / "ggml-base-q5_1.bin";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no corpus";
  const auto file = open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->dims(), (ModelDims{80, 512, 8, 6, 6, 51865, 2048}));
  EXPECT_EQ(file->format(), "ggml q5_1");
  EXPECT_FALSE(file->alignment_heads());
}

TEST(RealModel, CTranslate2BaseOpensAndListsItsAlignmentHeads) {
  if (testing::base_model().empty()) GTEST_SKIP() << "no Whisper base";
  const auto file = open(testing::base_model());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->dims(), (ModelDims{80, 512, 8, 6, 6, 51865, 2048}));
  EXPECT_EQ(file->take_tokens().size(), 50257u);
  ASSERT_TRUE(file->alignment_heads());
  EXPECT_EQ(*file->alignment_heads(), default_alignment_heads(file->dims()));
}

TEST(AlignmentHeads, OfAnUnknownModelAreThoseOfTheLastHalf) {
  const AlignmentHeads expected = {{1, 0}, {1, 1}, {2, 0}, {2, 1}};
  EXPECT_EQ(default_alignment_heads({80, 128, 2, 2, 3, 51865, 512}), expected);
}

}  // namespace
}  // namespace npu
