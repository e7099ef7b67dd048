// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes out of the element for a stream: events, cues, gaps, and their times.
#include <gst/tag/tag.h>

#include <cmath>

#include "element_fixture.h"
#include "timeline_contract.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

// One cue per burst, each within 2 ms of where it should be.
void expect_cues(const std::vector<Output>& cues, const std::vector<Burst>& bursts) {
  ASSERT_EQ(cues.size(), bursts.size());
  for (size_t i = 0; i < cues.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(cues[i].pts) / 1e9, bursts[i].start_s, 0.002) << "cue " << i;
    EXPECT_NEAR(static_cast<double>(cues[i].duration) / 1e9, bursts[i].end_s - bursts[i].start_s,
                0.002)
        << "cue " << i;
  }
}

TEST(ElementStream, OrderOfEventsIsThatOfAStream) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 3, {{1, 2}}).get(), 0);
  element.end();
  const auto outputs = element.outputs();
  ASSERT_GE(outputs.size(), 6U);
  EXPECT_EQ(outputs[0].event, GST_EVENT_STREAM_START);
  EXPECT_EQ(outputs[1].event, GST_EVENT_CAPS);
  EXPECT_EQ(outputs[2].event, GST_EVENT_SEGMENT);
  EXPECT_EQ(outputs[3].event, GST_EVENT_TAG);
  EXPECT_EQ(outputs.back().event, GST_EVENT_EOS);
}

TEST(ElementStream, StreamStartIsItsOwnAndSparse) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.end();
  GstEvent* start = element.outputs().at(0).raw.get();
  const gchar* id = nullptr;
  GstStreamFlags flags{};
  guint group = 0;
  gst_event_parse_stream_start(start, &id);
  gst_event_parse_stream_flags(start, &flags);
  EXPECT_TRUE(gst_event_parse_group_id(start, &group));
  EXPECT_STREQ(id, "audio-0/text");
  EXPECT_EQ(flags, GST_STREAM_FLAG_SPARSE);
  EXPECT_EQ(group, 77U);
}

TEST(ElementStream, TagsNameTheDetectedLanguageBeforeTheFirstText) {
  Element element;
  element.script().language = "de";
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  GstTagList* audio_tags = gst_tag_list_new(GST_TAG_BITRATE, 128000U, nullptr);
  element.send(gst_event_new_tag(audio_tags));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  const auto tags = only(element.outputs(), GST_EVENT_TAG);
  ASSERT_EQ(tags.size(), 1U);
  GstTagList* list = nullptr;
  gst_event_parse_tag(tags[0].raw.get(), &list);
  const gchar* language = nullptr;
  const gchar* title = nullptr;
  ASSERT_TRUE(gst_tag_list_peek_string_index(list, GST_TAG_LANGUAGE_CODE, 0, &language));
  ASSERT_TRUE(gst_tag_list_peek_string_index(list, GST_TAG_TITLE, 0, &title));
  EXPECT_STREQ(language, "de");
  EXPECT_STREQ(title, "Auto-generated (German)");
  EXPECT_EQ(gst_tag_list_n_tags(list), 2);
}

TEST(ElementStream, LanguageIsUndeterminedUntilItIsDetected) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.send(gst_event_new_gap(0, 5 * GST_SECOND));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 5 * GST_SECOND);
  element.end();
  const auto tags = only(element.outputs(), GST_EVENT_TAG);
  ASSERT_EQ(tags.size(), 2U);
  const char* expected[] = {"und", "en"};
  for (size_t i = 0; i < 2; ++i) {
    GstTagList* list = nullptr;
    const gchar* language = nullptr;
    gst_event_parse_tag(tags[i].raw.get(), &list);
    ASSERT_TRUE(gst_tag_list_peek_string_index(list, GST_TAG_LANGUAGE_CODE, 0, &language));
    EXPECT_STREQ(language, expected[i]);
  }
}

TEST(ElementStream, EosBringsOutTheRest) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1.5, 2}}).get(), 0);
  EXPECT_TRUE(element.cues().empty());
  element.end();
  expect_cues(element.cues(), {{1.5, 2}});
  EXPECT_EQ(element.cues()[0].text, "loud 1");
}

TEST(ElementStream, CuesAndGapsCoverTheStream) {
  Element element;
  element.script().window_s = 5;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const std::vector<Burst> bursts = {{1, 2}, {4.5, 7}, {7.5, 8}, {13, 14}};
  element.push_audio(kPlain, make_audio(kPlain, 20, bursts).get(), 0);
  element.end();
  expect_cues(element.cues(), bursts);
  const auto outputs = element.outputs();
  expect_contract(outputs, 0);
  const Output& last = outputs[outputs.size() - 2];
  EXPECT_EQ(last.pts + last.duration, 20 * GST_SECOND);
}

TEST(ElementStream, NoGapCoversUndecidedTime) {
  Element element;
  element.script().window_s = 4;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  // The stretch at 3.5 s touches the window's end, so only 0 .. 3.5 s is decided by the first step.
  element.push_audio(kPlain, make_audio(kPlain, 5, {{3.5, 4.5}}).get(), 0);
  element.script().step_gate.wait_until_held();
  EXPECT_TRUE(only(element.outputs(), GST_EVENT_GAP).empty());
  element.script().step_gate.open();
  element.end();
  expect_cues(element.cues(), {{3.5, 4.5}});
  expect_contract(element.outputs(), 0);
}

TEST(ElementStream, SilenceGivesGapsToTheEnd) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 3.2, {}).get(), 0);
  element.end();
  EXPECT_TRUE(element.cues().empty());
  expect_contract(element.outputs(), 0);
  EXPECT_EQ(only(element.outputs(), GST_EVENT_GAP).size(), 7U);
}

TEST(ElementStream, AnEmptyStreamEndsWithTags) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.end();
  EXPECT_EQ(only(element.outputs(), GST_EVENT_TAG).size(), 1U);
  EXPECT_TRUE(element.cues().empty());
}

TEST(ElementStream, TextIsCleaned) {
  Element element;
  element.script().segment_text = " a --> b\n\n\xFF ";
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.6}}).get(), 0);
  element.end();
  ASSERT_EQ(element.cues().size(), 1U);
  EXPECT_EQ(element.cues()[0].text, "a \xE2\x86\x92 b\n\xEF\xBF\xBD");
}

TEST(ElementStream, BlankTextGivesNoBuffer) {
  Element element;
  element.script().segment_text = " \n ";
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.6}}).get(), 0);
  element.end();
  EXPECT_TRUE(element.cues().empty());
  expect_contract(element.outputs(), 0);
}

struct FormatCase {
  const char* name;
  GstAudioFormat format;
  int rate;
  int channels;
  guint64 frames;  // per buffer
};

const FormatCase kFormatCases[] = {
    {"OneSampleBuffers", GST_AUDIO_FORMAT_S16LE, 8000, 1, 1},
    {"SevenMillisecondBuffers", GST_AUDIO_FORMAT_F32LE, 48000, 2, 336},
    {"OneLongBuffer", GST_AUDIO_FORMAT_S24LE, 44100, 2, 1U << 30U},
    {"SixChannels", GST_AUDIO_FORMAT_S16LE, 96000, 6, 9600},
    {"EightBit", GST_AUDIO_FORMAT_U8, 8000, 1, 160},
    {"Double", GST_AUDIO_FORMAT_F64LE, 16000, 1, 1600},
};

class ElementFormat : public ::testing::TestWithParam<FormatCase> {};

TEST_P(ElementFormat, GivesTheSameCues) {
  const FormatCase& row = GetParam();
  const GstAudioInfo info = audio_format(row.format, row.rate, row.channels);
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(info);
  const std::vector<Burst> bursts = {{0.5, 1}, {2, 4}};
  element.push_audio(info, make_audio(info, 5, bursts).get(), 0, row.frames);
  element.end();
  element.set_state(GST_STATE_NULL);
  expect_cues(element.cues(), bursts);
  ASSERT_EQ(element.script().runs.size(), 1U);
  EXPECT_EQ(element.script().runs[0].size(), 5U * 16000);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementFormat, ::testing::ValuesIn(kFormatCases),
                         [](const auto& row) { return row.param.name; });

TEST(ElementStream, ABufferLongerThanTheQueuePasses) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const std::vector<Burst> bursts = {{1, 2}, {31, 33}, {38, 39}};
  EXPECT_EQ(element.push_audio(kPlain, make_audio(kPlain, 40, bursts).get(), 0, 40 * 16000),
            GST_FLOW_OK);
  element.end();
  expect_cues(element.cues(), bursts);
}

TEST(ElementStream, CapsMayChangeInMidStream) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 0);
  const GstAudioInfo other = audio_format(GST_AUDIO_FORMAT_F32LE, 44100, 2);
  GstAudioInfo copy = other;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  element.send(gst_event_new_caps(caps.get()));
  element.push_audio(other, make_audio(other, 2, {{1, 1.5}}).get(), 2 * GST_SECOND);
  element.end();
  expect_cues(element.cues(), {{1, 1.5}, {3, 3.5}});
  EXPECT_EQ(only(element.outputs(), GST_EVENT_CAPS).size(), 1U);
  expect_contract(element.outputs(), 0);
}

TEST(ElementStream, AGivenLanguageIsToldBeforeAnyAudio) {
  Element element;
  g_object_set(element.get(), "language-code", "pt-BR", nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.wait_for(GST_EVENT_TAG);
  element.end();
  EXPECT_EQ(only(element.outputs(), GST_EVENT_TAG).size(), 1U);
}

TEST(ElementStream, ASecondStreamFollowsTheFirst) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  for (int i = 0; i < 2; ++i) {
    element.begin(kPlain);
    element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 0);
  }
  element.end();
  expect_cues(element.cues(), {{1, 1.5}, {1, 1.5}});
  EXPECT_EQ(only(element.outputs(), GST_EVENT_STREAM_START).size(), 2U);
  EXPECT_EQ(only(element.outputs(), GST_EVENT_CAPS).size(), 2U);
  EXPECT_EQ(only(element.outputs(), GST_EVENT_TAG).size(), 2U);
}

TEST(ElementStream, TextIsStampedInStreamTime) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  segment.time = 40 * GST_SECOND;
  segment.base = 7 * GST_SECOND;
  segment.stop = 110 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 5, {{1, 2}}).get(), 100 * GST_SECOND);
  element.end();
  expect_cues(element.cues(), {{41, 42}});
  expect_contract(element.outputs(), 40 * GST_SECOND);
  GstSegment text;
  gst_event_copy_segment(only(element.outputs(), GST_EVENT_SEGMENT)[0].raw.get(), &text);
  EXPECT_EQ(text.start, 40 * GST_SECOND);
  EXPECT_EQ(text.stop, 50 * GST_SECOND);
  EXPECT_EQ(gst_segment_to_running_time(&text, GST_FORMAT_TIME, 41 * GST_SECOND),
            gst_segment_to_running_time(&segment, GST_FORMAT_TIME, 101 * GST_SECOND));
}

TEST(ElementStream, LatenessIsAddedToRunningTimes) {
  Element element;
  g_object_set(element.get(), "lateness", 1500U, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.end();
  GstSegment text;
  gst_event_copy_segment(only(element.outputs(), GST_EVENT_SEGMENT)[0].raw.get(), &text);
  EXPECT_EQ(gst_segment_to_running_time(&text, GST_FORMAT_TIME, 0), 1500 * GST_MSECOND);
}

TEST(ElementStream, AudioOutsideTheSegmentIsNotHeard) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 2 * GST_SECOND;
  segment.time = 2 * GST_SECOND;
  segment.stop = 4 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 6, {{0.5, 1}, {2.5, 3}, {4.5, 5}}).get(), 0);
  element.end();
  expect_cues(element.cues(), {{2.5, 3}});
}

TEST(ElementStream, EditListPutsTheSecondSegmentInItsPlace) {
  GstSegment empty;
  gst_segment_init(&empty, GST_FORMAT_TIME);
  empty.stop = 5 * GST_SECOND;
  GstSegment content;
  gst_segment_init(&content, GST_FORMAT_TIME);
  content.time = 5 * GST_SECOND;
  content.base = 5 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, empty);
  element.send(gst_event_new_segment(&content));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  expect_cues(element.cues(), {{5.5, 6}});
  expect_contract(element.outputs(), 0);
}

TEST(ElementStream, AHoleMovesTheCuesBehindIt) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 3, {{1, 2}}).get(), 0);
  element.push_audio(kPlain, make_audio(kPlain, 3, {{1, 2}}).get(), 13 * GST_SECOND);
  element.end();
  expect_cues(element.cues(), {{1, 2}, {14, 15}});
  EXPECT_TRUE(element.cues()[1].discont);
  expect_contract(element.outputs(), 0);
}

TEST(ElementStream, AShortHoleIsSilenceForTheEngine) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 0);
  auto next = make_audio(kPlain, 1, {{0.5, 0.8}});
  GST_BUFFER_PTS(next.get()) = 3 * GST_SECOND;
  GST_BUFFER_FLAG_SET(next.get(), GST_BUFFER_FLAG_DISCONT);
  element.push(std::move(next));
  element.end();
  element.set_state(GST_STATE_NULL);
  expect_cues(element.cues(), {{1, 1.5}, {3.5, 3.8}});
  ASSERT_EQ(element.script().runs.size(), 1U);
  EXPECT_EQ(element.script().runs[0].size(), 4U * 16000);
}

TEST(ElementStream, GapEventsMoveTheTimeline) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 0);
  element.send(gst_event_new_gap(2 * GST_SECOND, GST_SECOND / 2));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 2500 * GST_MSECOND);
  element.send(gst_event_new_gap(4500 * GST_MSECOND, 20 * GST_SECOND));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1, 1.5}}).get(), 24500 * GST_MSECOND);
  element.end();
  element.set_state(GST_STATE_NULL);
  expect_cues(element.cues(), {{1, 1.5}, {3.5, 4}, {25.5, 26}});
  expect_contract(element.outputs(), 0);
  ASSERT_EQ(element.script().runs.size(), 2U);
  EXPECT_EQ(element.script().runs[0].size(), 4U * 16000 + 8000);
}

TEST(ElementStream, ManyShortGapsDoNotBecomeAudio) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  for (GstClockTime at = GST_SECOND; at < 600 * GST_SECOND; at += GST_SECOND / 2)
    element.send(gst_event_new_gap(at, GST_SECOND / 2));
  element.end();
  element.set_state(GST_STATE_NULL);
  ASSERT_EQ(element.script().runs.size(), 1U);
  EXPECT_LE(element.script().runs[0].size(), 3U * 16000);
  expect_contract(element.outputs(), 0);
}

TEST(ElementStream, RepeatedAudioIsHeardOnce) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 4, {{1, 1.5}, {3, 3.5}});
  element.push_audio(kPlain, slice(audio.get(), kPlain, 0, 32000, 0).get(), 0);
  auto again = slice(audio.get(), kPlain, 16000, 64000, GST_SECOND);
  GST_BUFFER_FLAG_SET(again.get(), GST_BUFFER_FLAG_DISCONT);
  element.push(std::move(again));
  element.end();
  expect_cues(element.cues(), {{1, 1.5}, {3, 3.5}});
}

TEST(ElementStream, BuffersWithoutTimeStampsAreCountedOn) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 10 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  for (int i = 0; i < 3; ++i) {
    auto audio = make_audio(kPlain, 2, {{0.5, 1}});
    GST_BUFFER_PTS(audio.get()) = GST_CLOCK_TIME_NONE;
    element.push(std::move(audio));
  }
  element.end();
  expect_cues(element.cues(), {{10.5, 11}, {12.5, 13}, {14.5, 15}});
}

TEST(ElementStream, ReversePlaybackPassesWithoutText) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 10 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  for (int i = 4; i >= 0; --i)
    element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.8}}).get(),
                       static_cast<GstClockTime>(i) * GST_SECOND, 16000);
  element.end();
  EXPECT_TRUE(element.cues().empty());
  EXPECT_EQ(only(element.outputs(), GST_EVENT_GAP).size(), 5U);
}

TEST(ElementStream, CueMessagesCarryRunningAndStreamTime) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.time = 40 * GST_SECOND;
  segment.base = 7 * GST_SECOND;
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  const GstStructure* cue = nullptr;
  std::shared_ptr<GstMessage> message;
  while (!cue) {
    message = element.wait_message(GST_MESSAGE_ELEMENT);
    const GstStructure* structure = gst_message_get_structure(message.get());
    if (gst_structure_has_name(structure, "npuwhisper/cue")) cue = structure;
  }
  guint64 running = 0;
  guint64 stream = 0;
  gst_structure_get_uint64(cue, "running-time", &running);
  gst_structure_get_uint64(cue, "stream-time", &stream);
  EXPECT_EQ(running, 7500 * GST_MSECOND);
  EXPECT_EQ(stream, 40500 * GST_MSECOND);
  EXPECT_STREQ(gst_structure_get_string(cue, "text"), "loud 1");
  EXPECT_STREQ(gst_structure_get_string(cue, "language-code"), "en");
}

TEST(ElementStream, DownstreamsRefusalReachesUpstream) {
  for (const GstFlowReturn flow : {GST_FLOW_EOS, GST_FLOW_ERROR, GST_FLOW_NOT_LINKED}) {
    Element element;
    element.script().window_s = 1;
    element.receiver().set_flow(flow);
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain);
    GstFlowReturn result = GST_FLOW_OK;
    // Ends: the queue is bounded, so the refusal is seen sooner or later.
    for (GstClockTime at = 0; result == GST_FLOW_OK; at += 2 * GST_SECOND)
      result = element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), at);
    EXPECT_EQ(result, flow);
  }
}

TEST(ElementStream, EventsInTheWrongOrderDoNoHarm) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.send(gst_event_new_gap(0, GST_SECOND));
  GstAudioInfo copy = kPlain;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  element.send(gst_event_new_caps(caps.get()));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), GST_SECOND);
  element.end();
  expect_cues(element.cues(), {{1.5, 2}});
}

TEST(ElementStream, AudioBeforeItsCapsIsRefused) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.send(gst_event_new_stream_start("audio-0"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  EXPECT_EQ(element.push(make_audio(kPlain, 1, {})), GST_FLOW_NOT_NEGOTIATED);
}

}  // namespace
}  // namespace npu::testing
