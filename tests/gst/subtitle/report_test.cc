// SPDX-License-Identifier: LGPL-2.1-or-later
// What people see of a run, and the profile's figures.
#include "subtitle/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "subtitle/profile.h"

namespace npu::subtitle {
namespace {

struct LineCase {
  const char* name;
  ProgressState state;
  int columns;
  const char* line;
};

const LineCase kLines[] = {
    {"Beginning", {0, 300, 0}, 60, "  0 % [----------------------------------------] 0:00 / 5:00"},
    {"SpeedAndTimeLeft",
     {150, 300, 10},
     60,
     " 50 % [###########-----------] 2:30 / 5:00  15.0x  0:10 left"},
    {"End",
     {300, 300, 20},
     79,
     "100 % [########################################] 5:00 / 5:00  15.0x  0:00 left"},
    {"BeyondTheEnd", {400, 300, 20}, 40, "100 %  6:40 / 5:00  20.0x  0:00 left"},
    {"NarrowHasNoBar", {150, 300, 10}, 30, " 50 %  2:30 / 5:00  15.0x  0:1"},
    {"PlainHasNoBar", {150, 300, 10}, 0, " 50 %  2:30 / 5:00  15.0x  0:10 left"},
    {"UnknownDuration", {3723, -1, 100}, 60, "1:02:03  37.2x"},
};

class ProgressLine : public testing::TestWithParam<LineCase> {};

TEST_P(ProgressLine, IsThis) {
  EXPECT_EQ(progress_line(GetParam().state, GetParam().columns), GetParam().line);
}
INSTANTIATE_TEST_SUITE_P(Progress, ProgressLine, testing::ValuesIn(kLines),
                         [](const auto& row) { return row.param.name; });

struct Screen {
  std::string text;
  TextSink sink() {
    return [this](std::string_view part) { text += part; };
  }
};

TEST(Report, RedrawsOneLineOnATerminalAndTakesItAway) {
  Screen screen;
  {
    Report report(screen.sink(), 80, false, 1);
    FileReport file(report, "folder/talk.mp4");
    file.update({10, 100, 1});
    file.update({20, 100, 2});
    file.line("English");
    file.update({30, 100, 3});
  }
  EXPECT_EQ(std::count(screen.text.begin(), screen.text.end(), '\n'), 1);
  EXPECT_NE(screen.text.find("talk.mp4: English\n"), std::string::npos);
  EXPECT_TRUE(screen.text.ends_with("\r\x1B[K"));
}

TEST(Report, PrintsALinePerTenthElsewhere) {
  Screen screen;
  Report report(screen.sink(), 0, false, 1);
  FileReport file(report, "talk.mp4");
  for (int second = 0; second <= 100; ++second) file.update({double(second), 100, 1.0 + second});
  EXPECT_EQ(std::count(screen.text.begin(), screen.text.end(), '\n'), 10);
  EXPECT_EQ(screen.text.find('\r'), std::string::npos);
  EXPECT_EQ(screen.text.find('\x1B'), std::string::npos);
}

TEST(Report, EachStageOfAFileBeginsAtNothing) {
  Screen screen;
  Report report(screen.sink(), 0, false, 1);
  FileReport file(report, "talk.mp4");
  file.update({100, 100, 10});
  file.stage("burning");
  file.update({50, 100, 2});
  EXPECT_EQ(screen.text,
            "100 %  1:40 / 1:40  10.0x  0:00 left\n"
            "burning  50 %  0:50 / 1:40  25.0x  0:02 left\n");
}

TEST(Report, NumbersTheFilesOfARun) {
  Screen screen;
  Report report(screen.sink(), 0, false, 3);
  { FileReport first(report, "a.mp4"); }
  FileReport second(report, "x/b.mp4");
  FileReport third(report, "x/c.mp4");
  second.update({50, 100, 0});
  EXPECT_EQ(screen.text, "2/3 b.mp4  50 %  0:50 / 1:40\n");
}

TEST(Report, ShowsAllFilesThatAreWorkedOn) {
  Screen screen;
  Report report(screen.sink(), 60, false, 9);
  FileReport a(report, "a.mp4");
  FileReport b(report, "b.mp4");
  a.update({50, 100, 1});
  b.update({7, 100, 1});
  EXPECT_TRUE(screen.text.ends_with("\r2/9  a.mp4 50 %, b.mp4 7 %\x1B[K")) << screen.text;
}

TEST(Report, QuietPrintsErrorsOnly) {
  Screen screen;
  for (const int columns : {0, 80}) {
    Report report(screen.sink(), columns, true, 1);
    FileReport file(report, "talk.mp4");
    file.status("loading");
    file.line("English");
    file.update({50, 100, 1});
    report.once("Loaded");
    report.line("done");
  }
  EXPECT_EQ(screen.text, "");
  Report report(screen.sink(), 80, true, 1);
  report.error("no.mp4: No such file or directory");
  EXPECT_EQ(screen.text, "npusubtitle: no.mp4: No such file or directory\n");
}

TEST(Report, SaysOnceWhatAllPipelinesSay) {
  Screen screen;
  Report report(screen.sink(), 0, false, 2);
  report.once("Loaded base");
  report.once("Loaded base");
  EXPECT_EQ(screen.text, "Loaded base\n");
}

TEST(RunLine, KeepsTheFiguresOfAFileWithALongName) {
  const std::string line =
      run_line({{std::string(100, 'x') + ".mp4", "", {150, 300, 10}}}, 3, 12, 60);
  EXPECT_TRUE(line.starts_with("3/12 xxx")) << line;
  EXPECT_NE(line.find("50 %"), std::string::npos) << line;
  EXPECT_LE(line.size(), 60U);
}

TEST(RunLine, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_columns("größe", 3), "grö");
  EXPECT_EQ(cut_to_columns("größe", 0), "größe");
  EXPECT_EQ(cut_to_columns("", 5), "");
}

TEST(Profile, JsonHoldsTheFiguresOfTheTable) {
  Profile profile;
  profile.file = "a \"b\".wav";
  profile.audio_s = 100;
  profile.total_s = 5;
  profile.decode_s = 2;
  profile.tokens = 400;
  const nlohmann::json document = nlohmann::json::parse(json(profile));
  EXPECT_EQ(document["file"], "a \"b\".wav");
  EXPECT_EQ(document["realtime_factor"], 20.0);
  EXPECT_EQ(document["ms_per_token"], 5.0);
  EXPECT_NE(table(profile).find("20.00 x real time"), std::string::npos);
  EXPECT_NE(table(profile).find("5.000 ms per token"), std::string::npos);
}

TEST(Profile, NeedsTheElementsStatistics) {
  Transcription run;
  EXPECT_FALSE(profile_of("a.wav", run));
}

}  // namespace
}  // namespace npu::subtitle
