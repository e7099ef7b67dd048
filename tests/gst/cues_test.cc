// SPDX-License-Identifier: LGPL-2.1-or-later
// output-mode: cues, segments and words on the timeline, and what settles a cue.
#include <algorithm>

#include "element_fixture.h"
#include "timeline_contract.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

std::string all_text(const std::vector<Output>& cues) {
  std::string all;
  for (const Output& cue : cues) all += (all.empty() ? "" : " ") + cue.text;
  std::replace(all.begin(), all.end(), '\n', ' ');
  return all;
}

// Plays a signal to its end.
void play(Element& element, double seconds, const std::vector<Burst>& bursts) {
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, seconds, bursts).get(), 0);
  element.end();
}

class ElementModes : public ::testing::TestWithParam<const char*> {};

TEST_P(ElementModes, KeepTheTimelineContract) {
  Element element(GetParam());
  element.script().window_s = 5;
  play(element, 40, {{1, 2}, {2.2, 4.9}, {5.05, 9}, {9.3, 9.4}, {9.6, 12}, {20.5, 23}, {39.5, 40}});
  expect_contract(element.outputs(), 0);
  EXPECT_EQ(all_text(element.cues()), "loud 1 loud 2 loud 3 loud 4 loud 5 loud 6 loud 7");
  const auto outputs = element.outputs();
  const Output& last = outputs[outputs.size() - 2];
  EXPECT_GE(last.event == GST_EVENT_GAP ? last.pts + last.duration : 40 * GST_SECOND,
            40 * GST_SECOND);
}

TEST_P(ElementModes, KeepItOverHolesSegmentsStreamsAndCaps) {
  Element element(GetParam());
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 3, {{0.5, 1}, {2.5, 3}});
  element.push_audio(kPlain, audio.get(), 0);
  element.push_audio(kPlain, audio.get(), 13 * GST_SECOND);
  const GstAudioInfo stereo = audio_format(GST_AUDIO_FORMAT_F32LE, 44100, 2);
  GstAudioInfo copy = stereo;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  element.send(gst_event_new_caps(caps.get()));
  element.push_audio(stereo, make_audio(stereo, 3, {{0, 0.5}, {2.5, 3}}).get(), 16 * GST_SECOND);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  segment.time = 19 * GST_SECOND;
  segment.base = 19 * GST_SECOND;
  element.send(gst_event_new_segment(&segment));
  element.push_audio(stereo, make_audio(stereo, 2, {{0, 0.5}}).get(), 100 * GST_SECOND);
  element.begin(kPlain);
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  expect_contract(element.outputs(), 0);
  std::string expected;
  for (int run = 0; run < 5; ++run)
    for (int i = 1; i <= (run == 3 ? 1 : 2); ++i) expected += text(" loud ", i);
  EXPECT_EQ(all_text(element.cues()), expected.substr(1));
}

TEST_P(ElementModes, GiveTheSameBytesAgainAfterAFlushingSeek) {
  Element element(GetParam());
  element.script().window_s = 4;
  const std::vector<Burst> bursts = {{1, 2}, {2.2, 4.9}, {5.05, 9}, {11, 11.5}};
  play(element, 12, bursts);
  const auto expected = summary(element.outputs());
  EXPECT_FALSE(expected.empty());
  const auto again = [&](double seconds) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.send(gst_event_new_segment(&segment));
    element.push_audio(kPlain, make_audio(kPlain, seconds, bursts).get(), 0);
  };
  element.flush();
  again(6.5);  // ends within speech: words that wait for the rest of their cue
  element.flush();
  element.take();
  again(12);
  element.end();
  EXPECT_EQ(summary(element.outputs()), expected);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementModes, ::testing::Values("cues", "segments", "words"),
                         [](const auto& row) { return std::string(row.param); });

TEST(ElementCues, ComeOutAsSoonAsTheyAreDecided) {
  Element element("cues");
  element.script().window_s = 5;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  // One window without the end of the stream: the pause behind the words decides their cue.
  element.push_audio(kPlain, make_audio(kPlain, 5.2, {{0.5, 1.5}}).get(), 0);
  element.wait_for_cue();
  EXPECT_EQ(element.cues()[0].text, "loud 1");
  EXPECT_EQ(element.cues()[0].pts, 500 * GST_MSECOND);
}

TEST(ElementCues, NoGapCoversWordsThatWaitForTheRestOfTheirCue) {
  Element element("cues");
  element.script().window_s = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  // The first window decides up to 1.9 s, but another word may join those that end at 1.8 s.
  element.push_audio(kPlain, make_audio(kPlain, 2.1, {{1, 1.8}, {1.95, 2.1}}).get(), 0);
  element.script().step_gate.close();
  element.push_audio(kPlain, make_audio(kPlain, 2.5, {{0, 0.5}}).get(), 2100 * GST_MSECOND);
  element.script().step_gate.wait_until_held();
  for (const Output& gap : only(element.outputs(), GST_EVENT_GAP))
    EXPECT_LE(gap.pts + gap.duration, GST_SECOND);
  element.script().step_gate.open();
  element.end();
  expect_contract(element.outputs(), 0);
}

TEST(ElementCues, AnotherLanguageBeginsAnotherCue) {
  Element element("cues");
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1.5, 2}}).get(), 0);
  element.wait_for(GST_EVENT_TAG);
  element.script().language = "de";
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0, 0.5}}).get(), 0);
  element.end();
  ASSERT_EQ(element.cues().size(), 2U);
  EXPECT_STREQ(gst_structure_get_string(element.cues()[0].cue.get(), "language-code"), "en");
  EXPECT_STREQ(gst_structure_get_string(element.cues()[1].cue.get(), "language-code"), "de");
}

TEST(ElementCues, EndWhereTheNextSegmentTakesOver) {
  Element element("cues");
  element.set_state(GST_STATE_PLAYING);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.stop = 2 * GST_SECOND;
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.9}}).get(), 0);
  segment.time = segment.base = 2 * GST_SECOND;
  element.send(gst_event_new_segment(&segment));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0, 0.5}}).get(), 0);
  element.end();
  const auto cues = element.cues();
  ASSERT_EQ(cues.size(), 2U);
  EXPECT_LE(cues[0].pts + cues[0].duration, 1917 * GST_MSECOND);
  EXPECT_EQ(cues[1].pts, 2 * GST_SECOND);
}

TEST(ElementCues, LiveTextDoesNotWaitForTheRestOfASentence) {
  Element element("cues");
  element.set_upstream(true);
  g_object_set(element.get(), "latency", 4000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  // Speech without a pause: the cut alone brings it out.
  element.push_audio(kPlain, make_audio(kPlain, 2.5, {{0.2, 2.5}}).get(), 0, 160);
  element.wait_for_cue();
  EXPECT_EQ(element.cues()[0].pts, 200 * GST_MSECOND);
}

// Each shape property on its own, where the default would give something else.
struct ShapeCase {
  const char* property;
  const char* value;
  std::vector<Burst> bursts;
  const char* text;  // of each burst
  void (*expect)(const std::vector<Output>& cues);
};

void expect_shape(const std::vector<Output>& cues, GstClockTime longest, size_t line_chars,
                  size_t lines) {
  for (const Output& cue : cues) {
    EXPECT_LE(cue.duration, longest);
    size_t line = 0;
    size_t breaks = 0;
    for (const char c : cue.text) {
      line = c == '\n' ? 0 : line + 1;
      breaks += c == '\n' ? 1 : 0;
      EXPECT_LE(line, line_chars) << cue.text;
    }
    EXPECT_LT(breaks, lines) << cue.text;
  }
}

const char* const kLong =
    " we left the house before dawn and walked along the river to the old mill where nobody lives";

const ShapeCase kShapeCases[] = {
    {"max-line-chars",
     "20",
     {{1, 11}},
     kLong,
     [](const auto& cues) { expect_shape(cues, 7 * GST_SECOND, 20, 2); }},
    {"max-lines",
     "1",
     {{1, 11}},
     kLong,
     [](const auto& cues) { expect_shape(cues, 7 * GST_SECOND, 42, 1); }},
    {"max-duration",
     "2000",
     {{1, 11}},
     kLong,
     [](const auto& cues) { expect_shape(cues, 2 * GST_SECOND, 42, 2); }},
    {"min-duration",
     "600",
     {{1, 1.05}},
     " yes",
     [](const auto& cues) { EXPECT_EQ(cues.at(0).duration, 600 * GST_MSECOND); }},
    {"linger",
     "200",
     {{1, 2}},
     kLong,
     [](const auto& cues) {
       EXPECT_EQ(cues.back().pts + cues.back().duration, 2200 * GST_MSECOND);
     }},
    // Only where cues are divided depends on it.
    {"max-cps", "0", {{1, 6}, {6.1, 11}}, kLong, [](const auto&) {}},
    {"min-gap",
     "300",
     {{1, 11}},
     kLong,
     [](const auto& cues) {
       ASSERT_GE(cues.size(), 2U);
       EXPECT_GE(cues[1].pts, cues[0].pts + cues[0].duration + 300 * GST_MSECOND);
     }},
    {"chain-gap",
     "0",
     {{1, 5}, {5.8, 9.8}},
     " we left the house before dawn and walked along the old river.",
     [](const auto& cues) {
       const auto next = std::find_if(cues.begin(), cues.end(), [](const Output& cue) {
         return cue.pts == 5800 * GST_MSECOND;
       });
       ASSERT_NE(next, cues.end());
       EXPECT_EQ((next - 1)->pts + (next - 1)->duration, 5500 * GST_MSECOND);
     }},
};

class ElementShape : public ::testing::TestWithParam<ShapeCase> {};

TEST_P(ElementShape, HasAnEffect) {
  const ShapeCase& row = GetParam();
  const auto shaped = [&row](bool with_property) {
    Element element("cues");
    element.script().segment_text = row.text;
    if (with_property) gst_util_set_object_arg(G_OBJECT(element.get()), row.property, row.value);
    play(element, 14, row.bursts);
    expect_contract(element.outputs(), 0);
    return element.cues();
  };
  const auto cues = shaped(true);
  row.expect(cues);
  EXPECT_NE(summary(cues), summary(shaped(false)));
}

INSTANTIATE_TEST_SUITE_P(Element, ElementShape, ::testing::ValuesIn(kShapeCases),
                         [](const auto& row) {
                           std::string name = row.param.property;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ElementCues, AMinimumAboveTheMaximumIsAnErrorThatSaysSo) {
  Element element("cues");
  g_object_set(element.get(), "min-duration", 9000U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  static_cast<void>(element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0));
  const auto message = element.wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  EXPECT_NE(std::string(error->message).find("min-duration"), std::string::npos);
  g_error_free(error);
}

TEST(ElementWords, AreOneBufferEach) {
  Element element("words");
  element.script().segment_text = " And so, who ran";
  play(element, 4, {{1, 3}});
  const auto cues = element.cues();
  ASSERT_EQ(cues.size(), 4U);
  const char* expected[] = {"And", "so,", "who", "ran"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(cues[i].text, expected[i]);
    EXPECT_EQ(cues[i].pts, GST_SECOND + i * GST_SECOND / 2);
    EXPECT_EQ(cues[i].duration, GST_SECOND / 2);
  }
}

TEST(ElementUtterances, EndWithAFinalTranscriptAfterAPause) {
  Element element("segments");
  element.script().window_s = 5;
  play(element, 12, {{1, 2}, {2.5, 3}, {6, 7}});
  std::vector<std::string> order;
  for (const Output& output : element.outputs()) {
    if (output.is_cue()) order.push_back(output.text);
    if (output.event == GST_EVENT_CUSTOM_DOWNSTREAM)
      order.push_back(gst_structure_get_name(gst_event_get_structure(output.raw.get())));
  }
  EXPECT_EQ(order, (std::vector<std::string>{"loud 1", "loud 2", "rstranscribe/final-transcript",
                                             "loud 3", "rstranscribe/final-transcript"}));
}

}  // namespace
}  // namespace npu::testing
