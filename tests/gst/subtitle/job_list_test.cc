// SPDX-License-Identifier: LGPL-2.1-or-later
// Which files a run works on, and where their subtitles go.
#include "subtitle/job_list.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "subtitle/output_set.h"

namespace npu::subtitle {
namespace {

namespace fs = std::filesystem;

class JobListTest : public testing::Test {
 protected:
  JobListTest() {
    std::string pattern = (fs::temp_directory_path() / "job_list_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~JobListTest() override { fs::remove_all(folder_); }

  void put(const std::string& name) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "medium";
  }
  // The inputs of the jobs, below the folder; a failing one as its message.
  std::vector<std::string> names(const CommandLine& options) const {
    std::vector<std::string> list;
    for (const Job& job : list_jobs(options)) {
      list.push_back(job.failure ? job.failure->message
                                 : job.input.lexically_relative(folder_).string());
    }
    return list;
  }
  CommandLine with(std::vector<std::string> inputs) const {
    CommandLine options;
    for (const std::string& input : inputs) options.inputs.push_back((folder_ / input).string());
    return options;
  }

  fs::path folder_;
};

using Names = std::vector<std::string>;

TEST_F(JobListTest, AFolderGivesItsMediaInOrder) {
  for (const char* name : {"b.mp4", "a.MKV", "notes.txt", "a.srt", ".hidden.mp4", "c.wav",
                           "b.subtitled.mp4", "b.burned.mkv", "deep/d.mp4"}) {
    put(name);
  }
  EXPECT_EQ(names(with({""})), (Names{"a.MKV", "b.mp4", "c.wav"}));
}

TEST_F(JobListTest, RecursionSearchesFoldersButNotLinksOrHiddenOnes) {
  for (const char* name : {"z.mp4", "deep/d.mp4", "deep/er/e.ogg", ".git/f.mp4"}) put(name);
  fs::create_directory_symlink(folder_, folder_ / "deep" / "round");
  CommandLine options = with({""});
  options.recursive = true;
  EXPECT_EQ(names(options), (Names{"z.mp4", "deep/d.mp4", "deep/er/e.ogg"}));
}

TEST_F(JobListTest, AFileThatIsNamedIsTakenWhateverItsName) {
  put("speech.dat");
  EXPECT_EQ(names(with({"speech.dat", "missing.mp4"})), (Names{"speech.dat", "missing.mp4"}));
}

TEST_F(JobListTest, AFolderWithoutMediaFailsAndNamesTheWayDown) {
  put("deep/d.mp4");
  fs::create_directory(folder_ / "empty");
  const Names below = names(with({""}));
  ASSERT_EQ(below.size(), 1U);
  EXPECT_NE(below[0].find("no media in this folder; --recursive"), std::string::npos) << below[0];
  const Names empty = names(with({"empty"}));
  ASSERT_EQ(empty.size(), 1U);
  EXPECT_EQ(empty[0].find("--recursive"), std::string::npos) << empty[0];
}

TEST_F(JobListTest, TheSecondFileWithTheSameOutputFails) {
  put("talk.mp3");
  put("talk.mp4");
  const std::vector<Job> jobs = list_jobs(with({""}));
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_FALSE(jobs[0].failure);
  ASSERT_TRUE(jobs[1].failure);
  EXPECT_EQ(jobs[1].failure->code, ExitCode::kOutput);
  EXPECT_NE(jobs[1].failure->message.find("talk.srt is that of"), std::string::npos);
}

TEST_F(JobListTest, AnOutputFolderLooksLikeTheFolderOfTheMedia) {
  put("in/deep/d.mp4");
  CommandLine options = with({"in"});
  options.recursive = true;
  options.output = (folder_ / "out").string() + "/";
  const std::vector<Job> jobs = list_jobs(options);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].outputs[0].path, folder_ / "out/deep/d.srt");
  EXPECT_TRUE(OutputSet::create(jobs[0].outputs, jobs[0].input, options));
  EXPECT_TRUE(fs::is_directory(folder_ / "out/deep"));
}

TEST_F(JobListTest, SkippingLeavesOutOnlyWhatIsThere) {
  put("talk.mp4");
  put("talk.srt");
  CommandLine options = with({"talk.mp4"});
  options.formats = {captions::CaptionFormat::kSrt, captions::CaptionFormat::kVtt};
  const std::vector<Job> jobs = list_jobs(options);
  EXPECT_FALSE(OutputSet::create(jobs[0].outputs, jobs[0].input, options));
  options.skip_existing = true;
  {
    const auto left = OutputSet::create(jobs[0].outputs, jobs[0].input, options);
    ASSERT_TRUE(left);
    ASSERT_EQ(left->outputs().size(), 1U);
    EXPECT_EQ(left->outputs()[0].plan.path, folder_ / "talk.vtt");
  }
  put("talk.vtt");
  const auto nothing = OutputSet::create(jobs[0].outputs, jobs[0].input, options);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->empty());
}

TEST_F(JobListTest, FilesOfAMediumAppearTogether) {
  put("talk.mp4");
  CommandLine options = with({"talk.mp4"});
  options.formats = {captions::CaptionFormat::kSrt, captions::CaptionFormat::kText};
  const std::vector<Job> jobs = list_jobs(options);
  auto set = OutputSet::create(jobs[0].outputs, jobs[0].input, options);
  ASSERT_TRUE(set);
  captions::Transcript transcript;
  transcript.captions = {{0, 1'000'000'000, "Hello."}};
  ASSERT_TRUE(set->write_captions(transcript, {}));
  EXPECT_FALSE(fs::exists(folder_ / "talk.srt") || fs::exists(folder_ / "talk.txt"));
  ASSERT_TRUE(set->commit());
  EXPECT_TRUE(fs::exists(folder_ / "talk.srt") && fs::exists(folder_ / "talk.txt"));
}

}  // namespace
}  // namespace npu::subtitle
