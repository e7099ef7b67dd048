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
    {"UnknownFormatAmongOthers", {"--format=srt,ass", "a.mp4"}, "json, found ass"},
    {"EmptyFormat", {"--format=srt,", "a.mp4"}, "found "},
    {"TrackZero", {"--track=0", "a.mp4"}, "--track: expected 1 or more, or a language, found 0"},
    {"TrackTooLarge", {"--track=99999999999", "a.mp4"}, "found 99999999999"},
    {"NoJobs", {"-j", "0", "a.mp4"}, "--jobs: expected 1 to 64, found 0"},
    {"BadTime", {"--from=1:75", "a.mp4"}, "--from: expected a time such as 1:02:03.5 or 90"},
    {"EndBeforeTheBeginning", {"--from=20", "--to=10", "a.mp4"}, "expected a time after --from"},
    {"SkipAgainstForce", {"--skip-existing", "--force", "a.mp4"}, "exclude"},
    {"SettingWithoutValue", {"--set", "vad", "a.mp4"}, "expected PROPERTY=VALUE, found vad"},
    {"TwoFormatsOnStandardOutput", {"-o", "-", "-f", "srt,vtt", "a.mp4"}, "only one format"},
    {"OneNameForTwoFormats", {"-o", "/nowhere/x.srt", "-f", "srt,vtt", "a.mp4"}, "folder"},
    {"UnknownContainer", {"--embed", "--container=avi", "a.mp4"}, "expected mkv or mp4, found avi"},
    {"ContainerWithoutVideo", {"--container=mkv", "a.mp4"}, "belongs to --embed and --burn"},
    {"QualityWithoutBurning", {"--embed", "--quality=20", "a.mp4"}, "belong to --burn"},
    {"QualityTooLarge", {"--burn", "--quality=52", "a.mp4"}, "expected 0 to 51, found 52"},
    {"VideoOnStandardOutput", {"--embed", "-o", "-", "a.mp4"}, "cannot go to standard output"},
    {"VideoOfNoKnownKind", {"--burn", "-o", "/nowhere/x.avi", "a.mp4"}, ".mkv or .mp4"},
    {"SubtitlesInAVideosName", {"-o", "/nowhere/x.mkv", "a.mp4"}, "with --embed or --burn only"},
    {"OneNameForTwoVideos", {"--burn", "--embed", "-o", "/nowhere/x.mkv", "a.mp4"}, "folder"},
    {"ProfileOfAVideo", {"--profile", "--embed", "a.mp4"}, "writes no video"},
    {"OneNameForAFolder", {"-o", "/nowhere/x.srt", "/"}, "expected a folder"},
    {"UnknownTask", {"--task=sing", "a.mp4"}, "found sing"},
    {"TaskAgainstTranslate", {"--task=transcribe", "--translate", "a.mp4"}, "exclude"},
    {"ProfileAgainstSelfTest", {"--profile", "--self-test"}, "exclude"},
    {"JsonAlone", {"--json", "a.mp4"}, "--format=json"},
    {"FileForSelfTest", {"--self-test", "a.mp4"}, "unexpected file a.mp4"},
    {"OneOutputForTwoFiles", {"-o", "/nowhere/out.srt", "a.mp4", "b.mp4"}, "expected a folder"},
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
  EXPECT_EQ(options->inputs, std::vector<std::string>{"talk.mp4"});
  EXPECT_EQ(options->model + options->device + options->language + options->task, "");
  EXPECT_FALSE(options->beam_size || options->best_of || options->temperature || options->threads);
  EXPECT_TRUE(options->formats.empty() && options->settings.empty());
  EXPECT_TRUE(options->range.is_whole());
  EXPECT_EQ(options->jobs, 1U);
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
  EXPECT_EQ(options->formats, std::vector{captions::CaptionFormat::kVtt});
  EXPECT_EQ(options->output, "out.vtt");
  EXPECT_EQ(options->track.number, 2);
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
  EXPECT_EQ(options->inputs, std::vector<std::string>{"-strange.mp4"});
}

TEST(CommandLine, TakesEachFormatOnceInTheirOrder) {
  using captions::CaptionFormat;
  EXPECT_EQ(parse({"-f", "json,SRT,json", "a.mp4"})->formats,
            (std::vector{CaptionFormat::kJson, CaptionFormat::kSrt}));
}

TEST(CommandLine, TrackIsANumberOrALanguage) {
  EXPECT_EQ(parse({"-t", "12", "a.mp4"})->track.number, 12);
  const auto named = parse({"--track=pt-BR", "a.mp4"});
  EXPECT_EQ(named->track.number, 0);
  EXPECT_EQ(named->track.language, "pt-BR");
}

TEST(CommandLine, RangeIsInClockTime) {
  const auto options = parse({"--from=1:02:03.5", "--to", "4000", "a.mp4"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->range.from_ns, 3'723'500'000'000);
  EXPECT_EQ(options->range.to_ns, 4'000'000'000'000);
}

TEST(CommandLine, PassesPropertiesOnAsTheyWereTyped) {
  const auto options = parse({"--max-line=37", "--max-cps", "17.5", "--set", "prefix=a=b", "-j4",
                              "-r", "--precision=int8", "a"});
  ASSERT_TRUE(options) << options.failure().message;
  ASSERT_EQ(options->settings.size(), 4U);
  EXPECT_EQ(options->settings[0].option, "--max-line");
  EXPECT_EQ(options->settings[0].property, "max-line-chars");
  EXPECT_EQ(options->settings[0].value, "37");
  EXPECT_EQ(options->settings[1].property, "max-cps");
  EXPECT_EQ(options->settings[2].property, "prefix");
  EXPECT_EQ(options->settings[2].value, "a=b");
  EXPECT_EQ(options->settings[3].property, "precision");
  EXPECT_EQ(options->settings[3].value, "int8");
  EXPECT_EQ(options->jobs, 4U);
  EXPECT_TRUE(options->recursive);
}

}  // namespace
}  // namespace npu::subtitle
