// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of subtitle files, row by row.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "captions/caption.h"
#include "captions/caption_text.h"

namespace npu::captions {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1000 * kMs;
constexpr int64_t kHour = 3600 * kSecond;

Transcript transcript_of(std::vector<Caption> captions) {
  Transcript transcript;
  transcript.captions = std::move(captions);
  transcript.language = "en";
  transcript.task = "transcribe";
  transcript.model = "base";
  transcript.source = "talk.mp4";
  transcript.duration_s = 12.5;
  return transcript;
}

struct FileCase {
  const char* name;
  std::vector<Caption> captions;
  const char* srt;
  const char* vtt;
  const char* text;
};

const FileCase kFileCases[] = {
    {"NothingSaid", {}, "", "WEBVTT\n", ""},
    {"OneCaption",
     {{1500 * kMs, 2250 * kMs, "Hello."}},
     "1\n00:00:01,500 --> 00:00:02,250\nHello.\n",
     "WEBVTT\n\n00:00:01.500 --> 00:00:02.250\nHello.\n",
     "Hello.\n"},
    {"TwoCaptionsAreNumbered",
     {{0, kSecond, "One."}, {kSecond, 2 * kSecond, "Two."}},
     "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n2\n00:00:01,000 --> 00:00:02,000\nTwo.\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne.\n\n00:00:01.000 --> 00:00:02.000\nTwo.\n",
     "One.\nTwo.\n"},
    {"UnsortedInputIsSorted",
     {{kSecond, 2 * kSecond, "Two."}, {0, kSecond, "One."}},
     "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n2\n00:00:01,000 --> 00:00:02,000\nTwo.\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne.\n\n00:00:01.000 --> 00:00:02.000\nTwo.\n",
     "One.\nTwo.\n"},
    {"ArrowAndBlankLinesCannotEndACue",
     {{0, kSecond, "a --> b\n\n\nc ---> d\n"}},
     "1\n00:00:00,000 --> 00:00:01,000\na \xE2\x86\x92 b\nc -\xE2\x86\x92 d\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na --&gt; b\nc ---&gt; d\n",
     "a --> b c ---> d\n"},
    {"MarkupIsText",
     {{0, kSecond, "Tom & Jerry <i> 1 < 2 > 0 &amp;"}},
     "1\n00:00:00,000 --> 00:00:01,000\nTom & Jerry <i> 1 < 2 > 0 &amp;\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n"
     "Tom &amp; Jerry &lt;i&gt; 1 &lt; 2 &gt; 0 &amp;amp;\n",
     "Tom & Jerry <i> 1 < 2 > 0 &amp;\n"},
    {"CarriageReturnsControlsAndMarksGo",
     {{0, kSecond, "\xEF\xBB\xBF one\r\n two\x07 \r\n\tthree\xC2\x85\xE2\x80\xA8"}},
     "1\n00:00:00,000 --> 00:00:01,000\none\ntwo\nthree\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\none\ntwo\nthree\n",
     "one two three\n"},
    {"InvisibleTextIsLeftOut",
     {{0, kSecond, " \n \r\n"}, {kSecond, 2 * kSecond, "Two."}},
     "1\n00:00:01,000 --> 00:00:02,000\nTwo.\n",
     "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nTwo.\n",
     "Two.\n"},
    {"BrokenUtf8IsReplaced",
     {{0, kSecond, "caf\xC3 \xFF \xC3\xA9"}},
     "1\n00:00:00,000 --> 00:00:01,000\ncaf\xEF\xBF\xBD \xEF\xBF\xBD \xC3\xA9\n",
     "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\ncaf\xEF\xBF\xBD \xEF\xBF\xBD \xC3\xA9\n",
     "caf\xEF\xBF\xBD \xEF\xBF\xBD \xC3\xA9\n"},
    {"BeyondNinetyNineHours",
     {{100 * kHour + 1 * kMs, 100 * kHour + 61 * kSecond, "Late."}},
     "1\n100:00:00,001 --> 100:01:01,000\nLate.\n",
     "WEBVTT\n\n100:00:00.001 --> 100:01:01.000\nLate.\n",
     "Late.\n"},
};

class CaptionFile : public testing::TestWithParam<FileCase> {};

TEST_P(CaptionFile, HasTheseBytes) {
  const Transcript transcript = transcript_of(GetParam().captions);
  EXPECT_EQ(CaptionWriter::create(CaptionFormat::kSrt)->write(transcript), GetParam().srt);
  EXPECT_EQ(CaptionWriter::create(CaptionFormat::kVtt)->write(transcript), GetParam().vtt);
  EXPECT_EQ(CaptionWriter::create(CaptionFormat::kText)->write(transcript), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(Captions, CaptionFile, testing::ValuesIn(kFileCases),
                         [](const auto& row) { return row.param.name; });

struct TimeCase {
  const char* name;
  std::vector<Caption> captions;
  std::vector<MillisecondTimes> times;
};

const TimeCase kTimeCases[] = {
    {"RoundsToTheNearest", {{499'999, 1'500'000, "a"}}, {{0, 2}}},
    {"HalfRoundsUp", {{2'500'000, 7'499'999, "a"}}, {{3, 7}}},
    {"NeverNegative", {{-5 * kSecond, kSecond, "a"}}, {{0, 1000}}},
    {"LastsAtLeastAMillisecond", {{kSecond, kSecond, "a"}}, {{1000, 1001}}},
    {"EndBeforeStartIsMended", {{kSecond, 0, "a"}}, {{1000, 1001}}},
    {"RoundingMakesNoOverlap",
     {{0, 1'000'600'000, "a"}, {1'000'400'000, 2 * kSecond, "b"}},
     {{0, 1000}, {1000, 2000}}},
    {"OverlapIsCut",
     {{0, 3 * kSecond, "a"}, {kSecond, 2 * kSecond, "b"}},
     {{0, 1000}, {1000, 2000}}},
    {"EqualStartsGiveWay", {{0, kSecond, "a"}, {0, kSecond, "b"}}, {{0, 1}, {1, 1000}}},
    {"GapsStay", {{0, kSecond, "a"}, {5 * kSecond, 6 * kSecond, "b"}}, {{0, 1000}, {5000, 6000}}},
};

class CaptionTimes : public testing::TestWithParam<TimeCase> {};

TEST_P(CaptionTimes, AreThese) {
  const std::vector<MillisecondTimes> times = to_milliseconds(GetParam().captions);
  ASSERT_EQ(times.size(), GetParam().times.size());
  for (size_t index = 0; index < times.size(); ++index) {
    EXPECT_EQ(times[index].start_ms, GetParam().times[index].start_ms) << index;
    EXPECT_EQ(times[index].end_ms, GetParam().times[index].end_ms) << index;
  }
}
INSTANTIATE_TEST_SUITE_P(Captions, CaptionTimes, testing::ValuesIn(kTimeCases),
                         [](const auto& row) { return row.param.name; });

struct Utf8Case {
  const char* name;
  std::string_view bytes;
  std::string_view valid;
};

const Utf8Case kUtf8Cases[] = {
    {"Ascii", "abc", "abc"},
    {"TwoThreeAndFourBytes", "\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80",
     "\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80"},
    {"CutOff", "\xE6\x97", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"Overlong", "\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"Surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"BeyondUnicode", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"LastCodePoint", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
};

class ValidUtf8 : public testing::TestWithParam<Utf8Case> {};

TEST_P(ValidUtf8, IsThis) {
  EXPECT_EQ(valid_utf8(GetParam().bytes), GetParam().valid);
}
INSTANTIATE_TEST_SUITE_P(Captions, ValidUtf8, testing::ValuesIn(kUtf8Cases),
                         [](const auto& row) { return row.param.name; });

TEST(JsonWriter, EscapesAndKeepsEverything) {
  Transcript transcript =
      transcript_of({{1500 * kMs, 2250 * kMs, "say \"\\hi\"\n\x01\xFF", {}, -0.25, 0.5},
                     {2250 * kMs, 3 * kSecond, "Two.", {{" Two.", 2300 * kMs, 2900 * kMs, 0.75}}}});
  const std::string file = CaptionWriter::create(CaptionFormat::kJson)->write(transcript);
  const nlohmann::json document = nlohmann::json::parse(file);
  EXPECT_EQ(document["language"], "en");
  EXPECT_EQ(document["source"], "talk.mp4");
  EXPECT_EQ(document["model"], "base");
  EXPECT_EQ(document["task"], "transcribe");
  EXPECT_EQ(document["duration"], 12.5);
  EXPECT_EQ(document["text"], "say \"\\hi\" \xEF\xBF\xBD Two.");
  ASSERT_EQ(document["segments"].size(), 2U);
  const nlohmann::json& first = document["segments"][0];
  EXPECT_EQ(first["start"], 1.5);
  EXPECT_EQ(first["end"], 2.25);
  EXPECT_EQ(first["avg_logprob"], -0.25);
  EXPECT_EQ(first["no_speech_prob"], 0.5);
  EXPECT_FALSE(first.contains("words"));
  EXPECT_EQ(document["segments"][1]["words"],
            nlohmann::json::parse(
                R"([{"word": " Two.", "start": 2.3, "end": 2.9, "probability": 0.75}])"));
  EXPECT_EQ(file.back(), '\n');
}

TEST(JsonWriter, WritesADocumentWhenNothingIsSaid) {
  const std::string file = CaptionWriter::create(CaptionFormat::kJson)->write(transcript_of({}));
  EXPECT_EQ(nlohmann::json::parse(file)["segments"], nlohmann::json::array());
}

TEST(CaptionFormats, AreFoundByExtensionInAnyCase) {
  EXPECT_EQ(find_format("SRT"), CaptionFormat::kSrt);
  EXPECT_EQ(find_format("vtt"), CaptionFormat::kVtt);
  EXPECT_EQ(find_format("txt"), CaptionFormat::kText);
  EXPECT_EQ(find_format("Json"), CaptionFormat::kJson);
  EXPECT_EQ(find_format("ass"), std::nullopt);
  EXPECT_EQ(find_format(""), std::nullopt);
}

Transcript spoken() {
  Transcript transcript;
  transcript.captions = {{1'000'000'000, 4'000'000'000, "Tom & Jerry\nrun, run"}};
  transcript.captions[0].words = {
      {"Tom", 900'000'000, 1'200'000'000, 1},      {" &", 1'500'000'000, 1'600'000'000, 1},
      {" Jerry", 2'000'000'000, 2'500'000'000, 1}, {" walk", 2'600'000'000, 2'700'000'000, 1},
      {" run,", 3'000'000'000, 3'100'000'000, 1},  {" run", 4'000'000'000, 4'100'000'000, 1}};
  return transcript;
}

TEST(VttWriter, MarksWordsThatBeginInsideTheirCaption) {
  const auto writer = CaptionWriter::create(CaptionFormat::kVtt, {.mark_words = true});
  // None at the caption's start or end, none for a word that the text does not have.
  EXPECT_EQ(writer->write(spoken()),
            "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n"
            "Tom <00:00:01.500>&amp; <00:00:02.000>Jerry\n<00:00:03.000>run, run\n");
}

TEST(VttWriter, MarksNothingUnlessAsked) {
  EXPECT_EQ(CaptionWriter::create(CaptionFormat::kVtt)->write(spoken()),
            "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nTom &amp; Jerry\nrun, run\n");
}

TEST(Captions, ShiftMovesCaptionsAndWords) {
  Transcript transcript = spoken();
  shift(transcript.captions, 5'000'000'000);
  EXPECT_EQ(transcript.captions[0].start_ns, 6'000'000'000);
  EXPECT_EQ(transcript.captions[0].end_ns, 9'000'000'000);
  EXPECT_EQ(transcript.captions[0].words[1].start_ns, 6'500'000'000);
  EXPECT_EQ(transcript.captions[0].words[1].end_ns, 6'600'000'000);
}

}  // namespace
}  // namespace npu::captions
