// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/packed_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "model_writer.h"

namespace npu {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::span<const std::byte> bytes(const std::string& content) {
  return std::as_bytes(std::span(content));
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PackedFiles : public ::testing::Test {
 protected:
  // Three blobs, one of them empty.
  void SetUp() override {
    const std::span<const std::byte> blobs[] = {bytes(first_), {}, bytes(third_)};
    const auto written = write_packed_file(path_, "the header", blobs);
    ASSERT_TRUE(written) << written.error().message;
  }

  static Result<std::string> read(PackedFile& file, size_t index, size_t size) {
    std::string content(size, '\0');
    NPU_TRY(file.read(index, std::as_writable_bytes(std::span(content))));
    return content;
  }

  // Whether anything of it is refused.
  bool refused() const {
    auto file = PackedFile::open(path_);
    if (!file) return true;
    if (file->header() != "the header" || file->blobs() != 3) return false;
    const auto first = read(*file, 0, first_.size());
    const auto third = read(*file, 2, third_.size());
    return !first || !third;
  }

  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "made" / "on the way" / "some.packed";
  std::string first_ = std::string(1000, 'a') + "b";
  std::string third_ = "short";
};

TEST_F(PackedFiles, AreReadAsTheyWereWritten) {
  auto file = PackedFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->header(), "the header");
  ASSERT_EQ(file->blobs(), 3u);
  EXPECT_EQ(file->blob_bytes(0), first_.size());
  const auto first = read(*file, 0, first_.size()), second = read(*file, 1, 0),
             third = read(*file, 2, third_.size());
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(*first, first_);
  EXPECT_EQ(*third, third_);
}

TEST_F(PackedFiles, LeaveNothingElseInTheFolder) {
  const auto entries = fs::directory_iterator(path_.parent_path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST_F(PackedFiles, ThatAreNotThereAreNotFound) {
  const auto file = PackedFile::open(folder_.path() / "none");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
}

TEST_F(PackedFiles, AreNotReadIntoOtherSizes) {
  auto file = PackedFile::open(path_);
  ASSERT_TRUE(file);
  EXPECT_FALSE(read(*file, 0, first_.size() - 1));
  EXPECT_FALSE(read(*file, 0, first_.size() + 1));
}

TEST_F(PackedFiles, AreRefusedWithAnyByteChanged) {
  const std::string whole = content_of(path_);
  size_t padding = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    testing::write_file(path_, changed);
    // What lies between blobs is not looked at.
    if (!refused()) {
      EXPECT_EQ(whole[at], '\0') << "byte " << at;
      ++padding;
    }
  }
  EXPECT_LT(padding, 3 * 64u);
}

TEST_F(PackedFiles, AreRefusedCutOff) {
  const std::string whole = content_of(path_);
  for (size_t size = 0; size < whole.size(); ++size) {
    testing::write_file(path_, whole.substr(0, size));
    EXPECT_TRUE(refused()) << size << " bytes";
  }
  testing::write_file(path_, whole + "x");
  EXPECT_TRUE(refused());
}

TEST_F(PackedFiles, CannotBeWrittenWhereThereIsAFile) {
  const auto written = write_packed_file(path_ / "below", "", {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace npu
