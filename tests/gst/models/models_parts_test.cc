// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of npuwhisper-models that need no network: what its progress looks like, which files of
// a repository are a model.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/catalogue.h"
#include "models/files.h"
#include "models/hub.h"
#include "models/progress.h"
#include "models/speech.h"

namespace npu::models {
namespace {

struct SizeCase {
  uint64_t bytes;
  const char* text;
};

const SizeCase kSizeCases[] = {
    {0, "0 bytes"},          {9999, "9999 bytes"},       {10000, "10.0 kB"},
    {99949, "99.9 kB"},      {99950, "100 kB"},          {999499, "999 kB"},
    {999500, "1.00 MB"},     {9994999, "9.99 MB"},       {145217532, "145 MB"},
    {3087284237, "3.09 GB"}, {1000000000000, "1.00 TB"}, {1000000000000000, "1000 TB"},
};

TEST(SpeechLine, CountsTime) {
  EXPECT_EQ(speech_line("f", 103, 240, 2, 79),
            "f   42 % [########------------]  1:43 of 4:00  1:09 left");
  EXPECT_EQ(speech_line("f", 0, 3605, 0, 0), "f    0 %  0:00 of 1:00:05");
  EXPECT_EQ(speech_line("f", 5, 4, 1, 0), "f  100 %  0:05 of 0:04  0:00 left");
}

TEST(GivenSpeech, HasTheLanguageBehindTheName) {
  const auto speech = given_speech({"a.ogg:de", "b.ogg", "c.ogg:pt-BR"}, "en");
  ASSERT_TRUE(speech) << speech.error().message;
  ASSERT_EQ(speech->size(), 3U);
  const char* const expected[][2] = {{"a.ogg", "de"}, {"b.ogg", "en"}, {"c.ogg", "pt"}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*speech)[i].path, expected[i][0]);
    EXPECT_EQ((*speech)[i].language, expected[i][1]);
  }
  EXPECT_EQ(given_speech({"a:klingon"}, "").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(given_speech({"a"}, "klingon").error().code, ErrorCode::kInvalidArgument);
}

TEST(SizeText, HasThreeDigits) {
  for (const SizeCase& row : kSizeCases) EXPECT_EQ(size_text(row.bytes), row.text);
}

struct MeterCase {
  const char* name;
  uint64_t done_bytes;
  double bytes_per_s;
  int columns;
  const char* line;
};

const MeterCase kMeterCases[] = {
    {"Begins", 0, 0, 79, "f    0 % [--------------------]  0 bytes of 100 MB"},
    {"KnowsTheSpeed", 50000000, 10e6, 79,
     "f   50 % [##########----------]  50.0 MB of 100 MB  10.0 MB/s  0:05 left"},
    {"ShortensTheBar", 50000000, 10e6, 64,
     "f   50 % [######------]  50.0 MB of 100 MB  10.0 MB/s  0:05 left"},
    {"LeavesTheBarOut", 50000000, 10e6, 55, "f   50 %  50.0 MB of 100 MB  10.0 MB/s  0:05 left"},
    {"IsCutToTheTerminal", 50000000, 10e6, 20, "f   50 %  50.0 MB of"},
    {"HasNoBarInALog", 50000000, 10e6, 0, "f   50 %  50.0 MB of 100 MB  10.0 MB/s  0:05 left"},
    {"EndsAtAllOfIt", 100000000, 10e6, 0, "f  100 %  100 MB of 100 MB  10.0 MB/s  0:00 left"},
    {"NeverExceedsAllOfIt", 200000000, 10e6, 79,
     "f  100 % [####################]  200 MB of 100 MB  10.0 MB/s  0:00 left"},
    {"CountsHours", 0, 10e3, 0, "f    0 %  0 bytes of 100 MB  10.0 kB/s  2:46:40 left"},
    {"DoesNotOverflow", 0, 1e-9, 0, "f    0 %  0 bytes of 100 MB  0 bytes/s  99:59:59 left"},
};

class MeterLine : public testing::TestWithParam<MeterCase> {};

TEST_P(MeterLine, IsThis) {
  const MeterCase& row = GetParam();
  EXPECT_EQ(meter_line("f", row.done_bytes, 100000000, row.bytes_per_s, row.columns), row.line);
}
INSTANTIATE_TEST_SUITE_P(Progress, MeterLine, testing::ValuesIn(kMeterCases),
                         [](const auto& row) { return row.param.name; });

struct FilesCase {
  const char* name;
  std::vector<std::string> there;
  std::vector<std::string> chosen;
};

const FilesCase kFilesCases[] = {
    {"CTranslate2",
     {".gitattributes", "README.md", "config.json", "model.bin", "tokenizer.json",
      "vocabulary.txt"},
     {"config.json", "tokenizer.json", "vocabulary.txt", "model.bin"}},
    {"HuggingFace",
     {"config.json", "flax_model.msgpack", "generation_config.json", "merges.txt",
      "model.safetensors", "onnx/model.onnx", "pytorch_model.bin", "vocab.json"},
     {"config.json", "generation_config.json", "merges.txt", "vocab.json", "model.safetensors"}},
    {"OneFileBeforeShards",
     {"config.json", "model.safetensors", "model.safetensors.index.json",
      "model-00001-of-00001.safetensors"},
     {"config.json", "model.safetensors"}},
    {"Shards",
     {"config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors"},
     {"config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors"}},
    {"NoNamesWithFolders",
     {"config.json", "model.safetensors.index.json", "model-a/../b-of-c.safetensors"},
     {"config.json", "model.safetensors.index.json"}},
    {"NothingWithoutConfiguration", {"model.bin"}, {}},
    {"NothingWithoutWeights", {"config.json", "pytorch_model.bin"}, {}},
    {"NothingOutOfNothing", {}, {}},
};

class ModelFiles : public testing::TestWithParam<FilesCase> {};

TEST_P(ModelFiles, AreThese) {
  EXPECT_EQ(model_files(GetParam().there), GetParam().chosen);
}
INSTANTIATE_TEST_SUITE_P(Hub, ModelFiles, testing::ValuesIn(kFilesCases),
                         [](const auto& row) { return row.param.name; });

TEST(Names, AreRefusedIfTheyCouldLeaveTheFolder) {
  for (const char* name : {"", ".", "..", ".x", "-x", "a/b", "a b", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_plain_name(name)) << name;
  }
  EXPECT_FALSE(is_plain_name(std::string(101, 'a')));
  for (const char* name : {"a", "large-v3", "distil-large-v3.5", "tiny.en", "A_1"}) {
    EXPECT_TRUE(is_plain_name(name)) << name;
  }
}

TEST(Repositories, HaveAnOwnerAndAName) {
  EXPECT_TRUE(is_repository("Systran/faster-whisper-base"));
  for (const char* name : {"", "base", "/base", "org/", "a/b/c", "../b", "a/.."}) {
    EXPECT_FALSE(is_repository(name)) << name;
  }
}

}  // namespace
}  // namespace npu::models
