// SPDX-License-Identifier: LGPL-2.1-or-later
// Names: of outputs, languages, times, packages.
#include <gtest/gtest.h>

#include "subtitle/audio_tracks.h"
#include "subtitle/clock.h"
#include "subtitle/debian_packages.h"
#include "subtitle/language_name.h"
#include "subtitle/output_plan.h"

namespace npu::subtitle {
namespace {

using captions::CaptionFormat;

struct PathCase {
  const char* name;
  const char* input;
  const char* output;
  std::vector<CaptionFormat> formats;
  const char* path;
};

const PathCase kPathCases[] = {
    {"Beside", "a/talk.mp4", "", {}, "a/talk.srt"},
    {"InTheWorkingFolder", "talk.mp4", "", {CaptionFormat::kVtt}, "talk.vtt"},
    {"WithoutExtension", "a.b/talk", "", {}, "a.b/talk.srt"},
    {"OnlyTheLastExtensionGoes", "talk.en.mp4", "", {CaptionFormat::kJson}, "talk.en.json"},
    {"NamedFile", "a/talk.mp4", "x.srt", {}, "x.srt"},
    {"ExistingFolder", "a/talk.mp4", "/", {CaptionFormat::kText}, "/talk.txt"},
    {"FolderByItsSlash", "a/talk.mp4", "new/", {CaptionFormat::kText}, "new/talk.txt"},
    {"StandardOutput", "a/talk.mp4", "-", {}, "-"},
};

class OutputPath : public testing::TestWithParam<PathCase> {};

TEST_P(OutputPath, IsThis) {
  CommandLine options;
  options.output = GetParam().output;
  options.formats = GetParam().formats;
  const auto plan = plan_outputs(GetParam().input, "", options);
  ASSERT_EQ(plan.size(), 1U);
  EXPECT_EQ(plan[0].path, GetParam().path);
}
INSTANTIATE_TEST_SUITE_P(Names, OutputPath, testing::ValuesIn(kPathCases),
                         [](const auto& row) { return row.param.name; });

TEST(OutputPlan, TakesTheFormatFromTheOutputsName) {
  CommandLine options;
  const auto format = [&options](const char* output) {
    options.output = output;
    return plan_outputs("a.mp4", "", options).front().caption()->format;
  };
  EXPECT_EQ(format("x.json"), CaptionFormat::kJson);
  EXPECT_EQ(format("x.dat"), CaptionFormat::kSrt);
  options.formats = {CaptionFormat::kVtt};
  EXPECT_EQ(format("x.txt"), CaptionFormat::kVtt);
}

TEST(OutputPlan, SeveralFormatsGiveSeveralFiles) {
  CommandLine options;
  options.formats = {CaptionFormat::kSrt, CaptionFormat::kJson};
  const auto plan = plan_outputs("a/talk.mp4", "", options);
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].path, "a/talk.srt");
  EXPECT_EQ(plan[1].path, "a/talk.json");
}

TEST(OutputPlan, VideosHaveAMarkInTheirNames) {
  CommandLine options;
  options.embed = options.burn = true;
  const auto paths = [&options](const char* input) {
    std::vector<std::string> list;
    for (const PlannedOutput& output : plan_outputs(input, "", options)) {
      list.push_back(output.path.string());
    }
    return list;
  };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(paths("a/talk.en.avi"), (Paths{"a/talk.en.subtitled.mkv", "a/talk.en.burned.mkv"}));
  EXPECT_EQ(paths("talk.mp4"), (Paths{"talk.subtitled.mp4", "talk.burned.mp4"}));
  options.container = Container::kMatroska;
  options.formats = {CaptionFormat::kSrt};
  EXPECT_EQ(paths("talk.mp4"), (Paths{"talk.srt", "talk.subtitled.mkv", "talk.burned.mkv"}));
}

TEST(OutputPlan, TakesTheContainerFromTheOutputsName) {
  CommandLine options;
  options.embed = true;
  options.output = "x.mp4";
  EXPECT_EQ(plan_outputs("talk.mkv", "", options)[0].video()->container, Container::kMp4);
  EXPECT_EQ(plan_outputs("talk.mkv", "", options)[0].path, "x.mp4");
}

struct ClockCase {
  const char* text;
  std::optional<int64_t> time_ns;
};

TEST(Clock, IsReadInAllUsualForms) {
  const ClockCase cases[] = {
      {"0", 0},
      {"90", 90'000'000'000},
      {"1:30", 90'000'000'000},
      {"100:00", 6'000'000'000'000},
      {"1:02:03", 3'723'000'000'000},
      {"0.5", 500'000'000},
      {"1:02.0625", 62'062'500'000},
      {"1.1234567899", 1'123'456'789},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"1:", std::nullopt},
      {":1", std::nullopt},
      {"1:60", std::nullopt},
      {"1:60:00", std::nullopt},
      {"1:2:3:4", std::nullopt},
      {"1.", std::nullopt},
      {".5", std::nullopt},
      {"1.5s", std::nullopt},
      {"+1", std::nullopt},
      {"1e3", std::nullopt},
      {"99999999999999999999", std::nullopt},
      {"9999999:00:00", std::nullopt},
  };
  for (const ClockCase& row : cases) EXPECT_EQ(parse_clock(row.text), row.time_ns) << row.text;
}

TEST(Languages, HaveEnglishNames) {
  EXPECT_EQ(language_name("en"), "English");
  EXPECT_EQ(language_name("ht"), "Haitian Creole");
  EXPECT_EQ(language_name("jv"), "Javanese");
  EXPECT_EQ(language_name("tlh"), "tlh");
  EXPECT_EQ(language_line("de", 0.984), "German (detected, 98 %)");
  EXPECT_EQ(language_line("de", -1), "German");
  EXPECT_EQ(track_title("fr"), "Auto-generated (French)");
  EXPECT_EQ(track_title(""), "Auto-generated");
}

TEST(Languages, FindTheirTrackByAnyOfTheirCodes) {
  const std::vector<AudioTrack> tracks = {{"eng", ""}, {"", ""}, {"ger", ""}, {"de", ""}};
  for (const char* name : {"de", "ger", "deu", "German", "de-CH"}) {
    EXPECT_EQ(track_in_language(tracks, name), 3) << name;
  }
  EXPECT_EQ(track_in_language(tracks, "en"), 1);
  EXPECT_EQ(track_in_language(tracks, "fr"), 0);
  EXPECT_EQ(track_in_language(tracks, ""), 0);
}

TEST(DebianPackages, AreKnownForMediaAndElements) {
  const auto detail = [](const std::string& what) {
    return package_for_detail("gstreamer|1.0|npusubtitle|a decoder|decoder-" + what);
  };
  EXPECT_EQ(detail("audio/mpeg, mpegversion=(int)4"), "gstreamer1.0-libav");
  EXPECT_EQ(detail("audio/mpeg, mpegversion=(int)1, layer=(int)3"), "gstreamer1.0-plugins-good");
  EXPECT_EQ(detail("audio/x-opus"), "gstreamer1.0-plugins-base");
  EXPECT_EQ(detail("video/mpegts"), "gstreamer1.0-plugins-bad");
  EXPECT_EQ(detail("video/x-h265"), "gstreamer1.0-libav");
  EXPECT_EQ(package_for_detail("gstreamer|1.0|npusubtitle|x|element-x264enc"),
            "gstreamer1.0-plugins-ugly");
  EXPECT_EQ(package_of_element("textoverlay"), "gstreamer1.0-x");
  EXPECT_EQ(package_of_element("nonesuch"), "");
}

}  // namespace
}  // namespace npu::subtitle
