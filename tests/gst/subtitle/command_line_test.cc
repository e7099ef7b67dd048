// SPDX-License-Identifier: LGPL-2.1-or-later
// Options: what is understood, and how a mistake is named.
#include "subtitle/command_line.h"

#include <gtest/gtest.h>

namespace npu::subtitle {
namespace {

Outcome<CommandLine> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "npusubtitle");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

struct MistakeCase {
  const char* name;
  std::vector<std::string> words;
  const char* part;  // of the message
};

const MistakeCase kMistakes[] = {
    {"NoFile", {}, "no file"},
    {"UnknownOption", {"--colour", "a.mp4"}, "--colour"},
    {"UnknownFormat", {"--format=ass", "a.mp4"}, "expected srt, vtt, txt or json, found ass"},
    {"TrackZero", {"--track=0", "a.mp4"}, "--track: expected 1 or more, found 0"},
    {"TrackNotANumber", {"--track=two", "a.mp4"}, "two"},
    {"UnknownTask", {"--task=sing", "a.mp4"}, "found sing"},
    {"TaskAgainstTranslate", {"--task=transcribe", "--translate", "a.mp4"}, "exclude"},
    {"ProfileAgainstSelfTest", {"--profile", "--self-test"}, "exclude"},
    {"JsonAlone", {"--json", "a.mp4"}, "--format=json"},
    {"FileForSelfTest", {"--self-test", "a.mp4"}, "unexpected file a.mp4"},
    {"OneOutputForTwoFiles", {"-o", "/nowhere/out.srt", "a.mp4", "b.mp4"}, "existing folder"},
};

class Mistake : public testing::TestWithParam<MistakeCase> {};

TEST_P(Mistake, IsNamed) {
  const auto options = parse(GetParam().words);
  ASSERT_FALSE(options);
  EXPECT_EQ(options.failure().code, ExitCode::kUsage);
  EXPECT_NE(options.failure().message.find(GetParam().part), std::string::npos)
      << options.failure().message;
  EXPECT_EQ(options.failure().message.find('\n'), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(CommandLine, Mistake, testing::ValuesIn(kMistakes),
                         [](const auto& row) { return row.param.name; });

TEST(CommandLine, LeavesEverythingToTheElementByDefault) {
  const auto options = parse({"talk.mp4"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Action::kSubtitle);
  EXPECT_EQ(options->files, std::vector<std::string>{"talk.mp4"});
  EXPECT_EQ(options->model + options->device + options->language + options->task, "");
  EXPECT_FALSE(options->beam_size || options->best_of || options->temperature || options->threads);
  EXPECT_EQ(chosen_format(*options), captions::CaptionFormat::kSrt);
}

TEST(CommandLine, UnderstandsEveryOption) {
  const auto options = parse({"-f",
                              "vtt",
                              "-o",
                              "out.vtt",
                              "-t",
                              "2",
                              "-m",
                              "tiny",
                              "-d",
                              "cpu",
                              "--device-index=1",
                              "--threads=3",
                              "-l",
                              "de",
                              "--translate",
                              "--beam-size=5",
                              "--best-of=2",
                              "--temperature=0.5",
                              "--initial-prompt",
                              "Jürgen",
                              "--word-timestamps",
                              "--exact",
                              "--force",
                              "-q",
                              "--",
                              "-strange.mp4"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->format, captions::CaptionFormat::kVtt);
  EXPECT_EQ(options->output, "out.vtt");
  EXPECT_EQ(options->track, 2);
  EXPECT_EQ(options->model, "tiny");
  EXPECT_EQ(options->device, "cpu");
  EXPECT_EQ(options->device_index, 1);
  EXPECT_EQ(options->threads, 3);
  EXPECT_EQ(options->language, "de");
  EXPECT_EQ(options->task, "translate");
  EXPECT_EQ(options->beam_size, 5);
  EXPECT_EQ(options->best_of, 2);
  EXPECT_EQ(options->temperature, 0.5);
  EXPECT_EQ(options->initial_prompt, "Jürgen");
  EXPECT_TRUE(options->word_timestamps && options->exact && options->force && options->quiet);
  EXPECT_EQ(options->files, std::vector<std::string>{"-strange.mp4"});
}

TEST(CommandLine, TakesTheFormatFromTheOutputsName) {
  EXPECT_EQ(chosen_format(*parse({"-o", "x.json", "a.mp4"})), captions::CaptionFormat::kJson);
  EXPECT_EQ(chosen_format(*parse({"-o", "x.dat", "a.mp4"})), captions::CaptionFormat::kSrt);
  EXPECT_EQ(chosen_format(*parse({"-o", "x.txt", "-f", "vtt", "a.mp4"})),
            captions::CaptionFormat::kVtt);
}

}  // namespace
}  // namespace npu::subtitle
