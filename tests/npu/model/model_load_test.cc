// SPDX-License-Identifier: LGPL-2.1-or-later
// From a file to a Model: reading once, releasing the mapping, sharing, and errors.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>

#include "model/model.h"
#include "model/weights.h"
#include "model_writer.h"

namespace npu {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

// Counts how often each tensor is asked for.
class CountingFile final : public ModelFile {
 public:
  CountingFile(std::unique_ptr<ModelFile> file, std::map<std::string, int>& reads)
      : file_(std::move(file)), reads_(reads) {}
  const std::string& path() const override { return file_->path(); }
  std::string format() const override { return file_->format(); }
  const ModelDims& dims() const override { return file_->dims(); }
  TokenBytes take_tokens() override { return file_->take_tokens(); }
  const std::optional<AlignmentHeads>& alignment_heads() const override {
    return file_->alignment_heads();
  }
  const std::optional<MelFilters>& mel_filters() const override { return file_->mel_filters(); }
  Result<void> read(const WeightRef& ref, std::span<float> out) override {
    ++reads_[ref.name];
    return file_->read(ref, out);
  }

 private:
  std::unique_ptr<ModelFile> file_;
  std::map<std::string, int>& reads_;
};

bool is_mapped(const fs::path& path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(path.string()) != std::string::npos) return true;
  return false;
}

std::unique_ptr<Device> cpu() {
  auto device = open_device({.name = "cpu", .index = 0, .threads = 1});
  EXPECT_TRUE(device) << device.error().message;
  return device ? *std::move(device) : nullptr;
}

class ModelLoad : public ::testing::Test {
 protected:
  ModelLoad() : path_(folder_.path() / "tiny.bin") { write_model(); }

  void write_model() {
    // Replaced, not rewritten: a mapping of the old one must stay whole.
    const fs::path fresh = folder_.path() / "fresh";
    testing::write_file(fresh, testing::write_ggml(testing::tiny_dims(), TensorType::kF16).text());
    fs::rename(fresh, path_);
  }

  ModelRequest request() const { return {.model = path_.string(), .device = {"cpu", 0, 1}}; }

  TemporaryFolder folder_;
  fs::path path_;
};

TEST_F(ModelLoad, ReadsEveryTensorOnce) {
  auto file = open_model_file(path_.string());
  ASSERT_TRUE(file) << file.error().message;
  std::map<std::string, int> reads;
  const auto model = Model::create(std::make_unique<CountingFile>(*std::move(file), reads), cpu(),
                                   Precision::kF32, {}, {});
  ASSERT_TRUE(model) << model.error().message;
  std::map<std::string, int> once;
  for (const WeightRef& ref : expected_weights(testing::tiny_dims())) once[ref.name] = 1;
  EXPECT_EQ(reads, once);
}

TEST_F(ModelLoad, ReleasesTheMapping) {
  auto file = open_model_file(path_.string());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(is_mapped(path_));
  const auto model = Model::create(*std::move(file), cpu(), Precision::kF32, {}, {});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_FALSE(is_mapped(path_));
}

TEST_F(ModelLoad, GivesTheFilesFiltersAndDefaultAlignmentHeads) {
  const auto model = Model::load(request(), {}, {});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->dims(), testing::tiny_dims());
  EXPECT_EQ((*model)->format(), "ggml f16");
  EXPECT_EQ((*model)->mel_filters().size(), 80u * 201u);
  EXPECT_EQ((*model)->alignment_heads(), (AlignmentHeads{{0, 0}}));
  EXPECT_EQ((*model)->tokenizer().bytes(300), "w300");
  EXPECT_EQ((*model)->device().name(), "cpu");
}

TEST_F(ModelLoad, IsSharedByUsersOfTheSameFile) {
  const auto first = Model::load(request(), {}, {});
  ModelRequest other_path = request();
  other_path.model = (folder_.path() / "." / "tiny.bin").string();
  const auto second = Model::load(other_path, {}, {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
}

TEST_F(ModelLoad, IsNotSharedOnceTheFileHasChanged) {
  const auto first = Model::load(request(), {}, {});
  write_model();
  const auto second = Model::load(request(), {}, {});
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
}

TEST_F(ModelLoad, IsNotSharedByOtherThreadCounts) {
  const auto first = Model::load(request(), {}, {});
  ModelRequest other = request();
  other.device.threads = 2;
  const auto second = Model::load(other, {}, {});
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
}

TEST_F(ModelLoad, RefusesAWeightThatIsNotFinite) {
  testing::WrittenFile written = testing::write_ggml(testing::tiny_dims(), TensorType::kF32);
  written.set("decoder.blocks.0.mlp.0.weight data", std::nanf(""), 40);
  testing::write_file(path_, written.text());
  const auto model = Model::load(request(), {}, {});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kBadModel);
  EXPECT_NE(model.error().message.find(path_.string()), std::string::npos);
  EXPECT_NE(model.error().message.find("decoder.blocks.0.mlp.0.weight: element 10"),
            std::string::npos)
      << model.error().message;
}

TEST_F(ModelLoad, SaysThatAFolderHasNoVocabulary) {
  const ModelDims dims = testing::tiny_dims();
  testing::write_file(
      folder_.path() / "model.bin",
      testing::write_ctranslate2(testing::ctranslate2_content(dims, TensorType::kF16)).text());
  ModelRequest folder = request();
  folder.model = folder_.path().string();
  const auto model = Model::load(folder, {}, {});
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("expected a vocabulary"), std::string::npos)
      << model.error().message;
}

TEST(OpenModelFile, SaysWhatAFolderMustHold) {
  const TemporaryFolder folder;
  const auto file = open_model_file(folder.path().string());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kBadModel);
  EXPECT_NE(file.error().message.find("expected model.bin (CTranslate2)"), std::string::npos);
}

TEST(OpenModelFile, RefusesWhatIsNotARegularFile) {
  const auto file = open_model_file("/dev/null");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kIo);
  EXPECT_EQ(open_model_file("/nonexistent/model").error().code, ErrorCode::kNotFound);
}

TEST(ResolveModel, FindsNamesInTheModelFolderAndSaysHowToFetchThem) {
  const TemporaryFolder folder;
  setenv("NPUWHISPER_MODELS", folder.path().c_str(), 1);
  EXPECT_EQ(model_folder(), folder.path().string());
  const auto missing = resolve_model("some-model");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().message.find("npuwhisper-models fetch some-model"), std::string::npos);
  fs::create_directory(folder.path() / "some-model");
  EXPECT_EQ(*resolve_model("some-model"), (folder.path() / "some-model").string());
  unsetenv("NPUWHISPER_MODELS");
}

TEST(ResolveModel, APathIsNeverANameToFetch) {
  const auto missing = resolve_model("./no/such/model");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message.find("fetch"), std::string::npos);
  EXPECT_FALSE(resolve_model(""));
}

TEST(ModelFolder, FollowsTheBaseDirectorySpecification) {
  unsetenv("NPUWHISPER_MODELS");
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(model_folder(), "/data/npuwhisper/models");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/home/someone", 1);
  EXPECT_EQ(model_folder(), "/home/someone/.local/share/npuwhisper/models");
}

}  // namespace
}  // namespace npu
