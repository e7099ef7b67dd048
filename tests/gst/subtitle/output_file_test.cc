// SPDX-License-Identifier: LGPL-2.1-or-later
// The file is there in full or not at all, and nothing of the user's is lost.
#include "subtitle/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string pattern = (fs::temp_directory_path() / "output_file_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    put(folder_ / "talk.mp4", "medium");
  }
  ~OutputFileTest() override { fs::remove_all(folder_); }

  static void put(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::string get(const fs::path& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  size_t entries() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  // Writes everything at once.
  static Done write(OutputFile& file, std::string_view bytes) {
    if (Done written = file.write(bytes); !written) return written;
    return file.commit();
  }
  auto create(const fs::path& target, bool force = false) {
    return OutputFile::create(target, folder_ / "talk.mp4", force);
  }

  fs::path folder_;
};

TEST_F(OutputFileTest, AppearsOnlyWithCommit) {
  auto file = create(folder_ / "talk.srt");
  ASSERT_TRUE(file);
  EXPECT_FALSE(fs::exists(folder_ / "talk.srt"));
  ASSERT_TRUE(write(**file, "text\n"));
  EXPECT_EQ(get(folder_ / "talk.srt"), "text\n");
  file->reset();
  EXPECT_EQ(entries(), 2U);
}

TEST_F(OutputFileTest, TakesWhatOthersWroteUnderTheTemporaryName) {
  auto file = create(folder_ / "talk.mkv");
  ASSERT_TRUE(file);
  put((*file)->temporary(), "video");
  ASSERT_TRUE((*file)->commit());
  EXPECT_EQ(get(folder_ / "talk.mkv"), "video");
}

TEST_F(OutputFileTest, LeavesNothingWithoutCommit) {
  ASSERT_TRUE(create(folder_ / "talk.srt"));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(OutputFileTest, ExistingFileNeedsForce) {
  put(folder_ / "talk.srt", "old");
  const auto refused = create(folder_ / "talk.srt");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, ExitCode::kOutput);
  EXPECT_NE(refused.failure().message.find("--force"), std::string::npos);
  auto forced = create(folder_ / "talk.srt", true);
  ASSERT_TRUE(forced);
  EXPECT_EQ(get(folder_ / "talk.srt"), "old");
  ASSERT_TRUE(write(**forced, "new"));
  EXPECT_EQ(get(folder_ / "talk.srt"), "new");
}

TEST_F(OutputFileTest, FileThatAppearsMeanwhileIsKept) {
  auto file = create(folder_ / "talk.srt");
  ASSERT_TRUE(file);
  put(folder_ / "talk.srt", "other's");
  const auto refused = write(**file, "ours");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, ExitCode::kOutput);
  EXPECT_EQ(get(folder_ / "talk.srt"), "other's");
}

TEST_F(OutputFileTest, NeverReplacesTheMediumItself) {
  fs::create_symlink(folder_ / "talk.mp4", folder_ / "link.srt");
  for (const char* name : {"talk.mp4", "link.srt"}) {
    const auto refused = create(folder_ / name, true);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.failure().code, ExitCode::kOutput);
  }
  EXPECT_EQ(get(folder_ / "talk.mp4"), "medium");
}

TEST_F(OutputFileTest, LinkStaysALinkAndKeepsTheMode) {
  put(folder_ / "real.srt", "old");
  fs::permissions(folder_ / "real.srt", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real.srt", folder_ / "link.srt");
  auto file = create(folder_ / "link.srt", true);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write(**file, "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.srt"));
  EXPECT_EQ(get(folder_ / "real.srt"), "new");
  EXPECT_EQ(fs::status(folder_ / "real.srt").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(OutputFileTest, ModeIsThatOfAnyNewFile) {
  const mode_t mask = umask(027);
  auto file = create(folder_ / "talk.srt");
  ASSERT_TRUE(file);
  ASSERT_TRUE(write(**file, ""));
  umask(mask);
  EXPECT_EQ(fs::status(folder_ / "talk.srt").permissions(), static_cast<fs::perms>(0640));
}

TEST_F(OutputFileTest, MissingFolderIsKnownBeforeTheWork) {
  const auto refused = create(folder_ / "missing" / "talk.srt");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, ExitCode::kOutput);
  EXPECT_NE(refused.failure().message.find("No such file"), std::string::npos);
}

TEST_F(OutputFileTest, FolderIsNotAFile) {
  fs::create_directory(folder_ / "talk.srt");
  const auto refused = create(folder_ / "talk.srt", true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, ExitCode::kOutput);
}

TEST_F(OutputFileTest, FullDiskIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  auto file = create("/dev/full");
  ASSERT_TRUE(file);
  const auto failed = write(**file, "text");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().code, ExitCode::kOutput);
  EXPECT_NE(failed.failure().message.find("No space left"), std::string::npos);
}

}  // namespace
}  // namespace npu::subtitle
