// SPDX-License-Identifier: LGPL-2.1-or-later
// The progress display, and the profile's figures.
#include "subtitle/progress.h"

#include <gtest/gtest.h>

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

TEST(Progress, RedrawsOneLineOnATerminalAndTakesItAway) {
  Screen screen;
  {
    Progress progress(screen.sink(), 80, false);
    progress.update({10, 100, 1});
    progress.update({20, 100, 2});
    progress.line("language: en");
    progress.update({30, 100, 3});
  }
  EXPECT_EQ(std::count(screen.text.begin(), screen.text.end(), '\n'), 1);
  EXPECT_TRUE(screen.text.ends_with("\r\x1B[K"));
}

TEST(Progress, PrintsALinePerTenthElsewhere) {
  Screen screen;
  Progress progress(screen.sink(), 0, false);
  for (int second = 0; second <= 100; ++second)
    progress.update({double(second), 100, 1.0 + second});
  EXPECT_EQ(std::count(screen.text.begin(), screen.text.end(), '\n'), 10);
  EXPECT_EQ(screen.text.find('\r'), std::string::npos);
  EXPECT_EQ(screen.text.find('\x1B'), std::string::npos);
}

TEST(Progress, QuietPrintsNothing) {
  Screen screen;
  for (const int columns : {0, 80}) {
    Progress progress(screen.sink(), columns, true);
    progress.status("loading");
    progress.line("language: en");
    progress.update({50, 100, 1});
  }
  EXPECT_EQ(screen.text, "");
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
  SubtitleRun run;
  EXPECT_FALSE(profile_of("a.wav", run));
}

}  // namespace
}  // namespace npu::subtitle
