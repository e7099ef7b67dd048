// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted weights of the voice activity detector are refused.
#include "corrupt.h"
#include "vad_weights.h"

namespace npu {
namespace {

using testing::Corruption;
using testing::NamedTensor;
using testing::WrittenFile;

Result<void> parse(const WrittenFile& file) {
  std::vector<std::byte> bytes = file.bytes;
  bytes.shrink_to_fit();  // reads beyond the end are seen
  const auto model = VadModel::parse({testing::kCorruptFile, bytes});
  return model ? Result<void>() : Result<void>(model.error());
}

Corruption tensors(std::string name, std::string fault,
                   std::function<void(std::vector<NamedTensor>&)> spoil) {
  return {std::move(name),
          [spoil] {
            std::vector<NamedTensor> all = testing::loudness_detector();
            spoil(all);
            return parse(testing::write_safetensors(all, TensorType::kF32));
          },
          std::move(fault)};
}

Corruption bytes(std::string name, std::string fault, std::function<void(WrittenFile&)> spoil) {
  return {std::move(name),
          [spoil] {
            WrittenFile file =
                testing::write_safetensors(testing::loudness_detector(), TensorType::kF32);
            spoil(file);
            return parse(file);
          },
          std::move(fault)};
}

std::vector<Corruption> rows() {
  std::vector<Corruption> rows;
  const std::vector<NamedTensor> good = testing::loudness_detector();
  for (size_t i = 0; i < good.size(); ++i) {
    const std::string& name = good[i].name;
    rows.push_back(tensors(name + " missing", "expected a tensor " + name,
                           [i](auto& all) { all.erase(all.begin() + static_cast<ptrdiff_t>(i)); }));
    rows.push_back(tensors(name + " too small", name + ": expected shape", [i](auto& all) {
      std::vector<size_t> extents(all[i].shape.extents().begin(), all[i].shape.extents().end());
      const size_t row = all[i].values.size() / extents[0];
      if (extents[0] == 1)
        extents.push_back(1);  // another rank
      else
        all[i].values.resize(all[i].values.size() - row), --extents[0];
      all[i].shape = Shape(extents);
    }));
    rows.push_back(tensors(name + " not finite", name, [i](auto& all) {
      all[i].values.back() = std::numeric_limits<float>::quiet_NaN();
    }));
  }
  rows.push_back(tensors("one tensor more", "expected the 15 tensors", [](auto& all) {
    all.push_back({"conv5.weight", {1}, {0}});
  }));
  rows.push_back(
      tensors("transposed", "stft_conv.weight: expected shape [258, 1, 256]", [](auto& all) {
        all[0].shape = {256, 1, 258};
      }));
  rows.push_back(bytes("empty file", "before the end of the file",
                       [](WrittenFile& file) { file.bytes.clear(); }));
  rows.push_back(bytes("cut off in the data", "data_offsets",
                       [](WrittenFile& file) { file.bytes.resize(file.bytes.size() - 4); }));
  rows.push_back(bytes("cut off in the header", "before the end of the file",
                       [](WrittenFile& file) { file.bytes.resize(100); }));
  rows.push_back(bytes("more at the end", "expected the end of the file",
                       [](WrittenFile& file) { file.bytes.resize(file.bytes.size() + 4); }));
  rows.push_back(bytes("header of 2^63 bytes", "the header's length",
                       [](WrittenFile& file) { file.set("header length", uint64_t{1} << 63); }));
  return rows;
}

class CorruptVad : public ::testing::TestWithParam<Corruption> {};

TEST_P(CorruptVad, IsRefused) {
  testing::expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Rows, CorruptVad, ::testing::ValuesIn(rows()), testing::row_name);

TEST(VadModelFile, TheSameWeightsUncorruptedAreAccepted) {
  for (const TensorType type : {TensorType::kF32, TensorType::kF16}) {
    const auto parsed = parse(testing::write_safetensors(testing::loudness_detector(), type));
    EXPECT_TRUE(parsed) << parsed.error().message;
  }
}

TEST(VadModelFile, AMissingOneNamesTheCommandThatFetchesIt) {
  const testing::TemporaryFolder folder;
  setenv("NPUWHISPER_MODELS", folder.path().c_str(), 1);
  for (const std::string& path : {std::string(kVadModelName), folder.path().string()}) {
    const auto model = VadModel::load(path, {});
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::kNotFound);
    EXPECT_NE(model.error().message.find("npuwhisper-models fetch silero-vad"), std::string::npos)
        << model.error().message;
  }
}

TEST(VadModelFile, UsersOfOneFileShareIt) {
  const testing::TemporaryFolder folder;
  const WrittenFile file =
      testing::write_safetensors(testing::loudness_detector(), TensorType::kF32);
  testing::write_file(folder.path() / kVadFileName, file.text());
  const auto first = VadModel::load(folder.path().string(), {});
  const auto second = VadModel::load((folder.path() / kVadFileName).string(), {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->get(), second->get());
}

}  // namespace
}  // namespace npu
