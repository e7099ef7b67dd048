// SPDX-License-Identifier: LGPL-2.1-or-later
// Text beyond the end of the audio, alone and through the element.
#include "heard_part.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "timeline_contract.h"

namespace npu::gst {
namespace {

Segment segment(double start_s, double end_s) {
  Segment made{};
  made.start_s = start_s;
  made.end_s = end_s;
  made.text = " one two";
  made.words = {{" one", start_s, (start_s + end_s) / 2, 1},
                {" two", (start_s + end_s) / 2, end_s, 1}};
  return made;
}

TEST(HeardPart, OfASegmentBeforeTheEndIsAllOfIt) {
  const auto heard = heard_part(segment(1, 3), 3);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->end_s, 3);
  EXPECT_EQ(heard->words.size(), 2U);
  EXPECT_EQ(heard->text, " one two");
}

TEST(HeardPart, EndsWithTheAudio) {
  const auto heard = heard_part(segment(1, 5), 4);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->end_s, 4);
  ASSERT_EQ(heard->words.size(), 2U);
  EXPECT_EQ(heard->words[1].end_s, 4);
  EXPECT_EQ(heard->text, " one two");
}

TEST(HeardPart, LosesWordsBeyondTheEnd) {
  for (const double end_s : {2.0, 3.0}) {  // in the first word; where the second begins
    const auto heard = heard_part(segment(1, 5), end_s);
    ASSERT_TRUE(heard);
    ASSERT_EQ(heard->words.size(), 1U);
    EXPECT_EQ(heard->words[0].end_s, end_s);
    EXPECT_EQ(heard->text, " one");
  }
}

TEST(HeardPart, OfTextWithoutWordsIsTheTextUpToTheEnd) {
  Segment whole = segment(1, 5);
  whole.words.clear();
  const auto heard = heard_part(whole, 4);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->end_s, 4);
  EXPECT_EQ(heard->text, " one two");
}

TEST(HeardPart, OfWhatBeginsAtTheEndOrLaterIsNothing) {
  EXPECT_FALSE(heard_part(segment(4, 5), 4));
  EXPECT_FALSE(heard_part(segment(7, 8), 4));
  Segment silent_start = segment(5, 7);
  silent_start.start_s = 1;
  EXPECT_FALSE(heard_part(silent_start, 4));
}

// Speech up to the end of 5 s of audio, after which an engine goes on for 2 s and 2 s more.
std::vector<std::string> given(const char* output_mode, GstClockTime stop = GST_CLOCK_TIME_NONE) {
  testing::Element element(output_mode);
  element.script().overrun_s = 2;
  element.script().segment_texts = {" before", " a b c d"};
  const GstAudioInfo info = testing::audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);
  element.set_state(GST_STATE_PLAYING);
  GstSegment stream;
  gst_segment_init(&stream, GST_FORMAT_TIME);
  stream.stop = stop;
  element.begin(info, stream);
  const BufferPtr audio = testing::make_audio(info, 5, {{1, 2}, {3, 5}});
  element.push_audio(info, audio.get(), 0);
  element.end();
  testing::expect_contract(element.outputs(), 0);
  return testing::summary(element.outputs());
}

TEST(HeardPart, IsAllThatTheElementGivesOfWords) {
  EXPECT_EQ(given("words"),
            (std::vector<std::string>{"1000000000 1000000000 before", "3000000000 1000000000 a",
                                      "4000000000 1000000000 b"}));
}

TEST(HeardPart, IsAllThatTheElementShows) {
  EXPECT_EQ(given("cues"), std::vector<std::string>{"1000000000 4500000000 before a b"});
}

TEST(HeardPart, OfSegmentsIsNotAskedFor) {
  EXPECT_EQ(given("segments"), (std::vector<std::string>{"1000000000 1000000000 before",
                                                         "3000000000 4000000000 a b c d",
                                                         "7000000000 2000000000 a b c d"}));
}

TEST(HeardPart, OfSegmentsIsThatWithARunningTime) {
  EXPECT_EQ(
      given("segments", 5 * GST_SECOND),
      (std::vector<std::string>{"1000000000 1000000000 before", "3000000000 2000000000 a b c d"}));
}

}  // namespace
}  // namespace npu::gst
