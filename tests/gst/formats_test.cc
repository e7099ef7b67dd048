// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps of the source pad, and cues as text, markup, JSON, events, metas, messages and signals.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "element_fixture.h"
#include "timeline_contract.h"

namespace npu::testing {
namespace {

using Json = nlohmann::json;

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

void play(Element& element, double seconds, const std::vector<Burst>& bursts) {
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, seconds, bursts).get(), 0);
  element.end();
}

std::string format_of(const Output& caps_event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(caps_event.raw.get(), &caps);
  return gst_structure_get_string(gst_caps_get_structure(caps, 0), "format");
}

struct CapsCase {
  const char* name;
  const char* accepted;
  const char* format;
};

const CapsCase kCapsCases[] = {
    {"AnythingGetsUtf8", nullptr, "utf8"},
    {"TextoverlayGetsUtf8", "text/x-raw, format={pango-markup, utf8}", "utf8"},
    {"MarkupOnlyGetsMarkup", "text/x-raw, format=pango-markup", "pango-markup"},
    {"AnyJsonGetsJson", "application/x-json", "npuwhisper-cue"},
    {"OtherJsonIsNotOurs", "application/x-json, format=cea608; text/x-raw, format=pango-markup",
     "pango-markup"},
};

class ElementCaps : public ::testing::TestWithParam<CapsCase> {};

TEST_P(ElementCaps, AreTheFirstThatDownstreamAccepts) {
  Element element("segments", GetParam().accepted);
  play(element, 1, {{0.2, 0.6}});
  const auto caps = only(element.outputs(), GST_EVENT_CAPS);
  ASSERT_EQ(caps.size(), 1U);
  EXPECT_EQ(format_of(caps[0]), GetParam().format);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementCaps, ::testing::ValuesIn(kCapsCases),
                         [](const auto& row) { return row.param.name; });

TEST(ElementCaps, ChangeOnlyWhenDownstreamTakesTheOldOnesNoMore) {
  Element element("segments", "text/x-raw, format={pango-markup, utf8}");
  element.script().window_s = 1;
  element.script().segment_text = " a < b";
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 1.2, {{0.2, 0.6}});
  element.push_audio(kPlain, audio.get(), 0);
  element.wait_for_cue();
  EXPECT_EQ(format_of(only(element.outputs(), GST_EVENT_CAPS).at(0)), "utf8");
  element.take();
  element.receiver().set_accepted("text/x-raw, format={utf8, pango-markup}; application/x-json");
  element.push_audio(kPlain, audio.get(), 1200 * GST_MSECOND);
  element.wait_for_cue();
  EXPECT_TRUE(only(element.outputs(), GST_EVENT_CAPS).empty());
  EXPECT_EQ(element.cues().back().text, "a < b");
  element.take();
  element.receiver().set_accepted("text/x-raw, format=pango-markup");
  element.push_audio(kPlain, audio.get(), 2400 * GST_MSECOND);
  element.end();
  EXPECT_EQ(format_of(only(element.outputs(), GST_EVENT_CAPS).at(0)), "pango-markup");
  EXPECT_EQ(element.cues().back().text, "a &lt; b");
}

TEST(ElementCaps, MarkupIsEscaped) {
  Element element("segments", "text/x-raw, format=pango-markup");
  element.script().segment_text = " Tom & Jerry 1 < 2 --> <b>3</b>\n\n'blank'";
  play(element, 1, {{0.2, 0.6}});
  ASSERT_EQ(element.cues().size(), 1U);
  EXPECT_EQ(element.cues()[0].text,
            "Tom &amp; Jerry 1 &lt; 2 \xE2\x86\x92 &lt;b&gt;3&lt;/b&gt;\n&apos;blank&apos;");
}

TEST(ElementJson, IsOneDocumentPerCueWithAllFields) {
  Element element("words", "application/x-json");
  element.script().segment_text = " spoke \"hi\"\\";
  play(element, 3, {{1, 2}});
  const auto cues = element.cues();
  ASSERT_EQ(cues.size(), 2U);
  const Json first = Json::parse(cues[0].text);
  EXPECT_EQ(
      first,
      (Json{{"text", "spoke"},
            {"start", 1.0},
            {"end", 1.5},
            {"words", {{{"text", "spoke"}, {"start", 1.0}, {"end", 1.5}, {"probability", 0.75}}}},
            {"language", "en"},
            {"avg_logprob", -0.25},
            {"no_speech_prob", 0.125},
            {"temperature", 0.5}}));
  const std::string& second = cues[1].text;
  EXPECT_EQ(Json::parse(second)["text"], "\"hi\"\\");
  // A file of them is JSON Lines.
  EXPECT_EQ(std::count(second.begin(), second.end(), '\n'), 1);
  EXPECT_EQ(second.back(), '\n');
}

TEST(ElementJson, TimesAreStreamTime) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  segment.time = 40 * GST_SECOND;
  Element element("segments", "application/x-json");
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain, segment);
  element.push_audio(kPlain, make_audio(kPlain, 3, {{1, 2}}).get(), 100 * GST_SECOND);
  element.end();
  ASSERT_EQ(element.cues().size(), 1U);
  const Json cue = Json::parse(element.cues()[0].text);
  EXPECT_DOUBLE_EQ(cue["start"], 41.0);
  EXPECT_DOUBLE_EQ(cue["end"], 42.0);
  EXPECT_TRUE(cue["words"].empty());
}

std::vector<const GstStructure*> cue_events(const std::vector<Output>& outputs) {
  std::vector<const GstStructure*> events;
  for (const Output& output : outputs) {
    if (output.event != GST_EVENT_CUSTOM_DOWNSTREAM) continue;
    const GstStructure* structure = gst_event_get_structure(output.raw.get());
    if (gst_structure_has_name(structure, "npuwhisper/cue")) events.push_back(structure);
  }
  return events;
}

TEST(ElementOutput, EventsReplaceBuffersAndGapsCoverTheirTime) {
  Element element("segments");
  gst_util_set_object_arg(G_OBJECT(element.get()), "output", "events");
  play(element, 5, {{1, 2}, {3, 4.5}});
  EXPECT_TRUE(element.cues().empty());
  const auto outputs = element.outputs();
  expect_contract(outputs, 0);
  const auto events = cue_events(outputs);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_STREQ(gst_structure_get_string(events[1], "text"), "loud 2");
  const auto gaps = only(outputs, GST_EVENT_GAP);
  EXPECT_EQ(gaps.back().pts + gaps.back().duration, 5 * GST_SECOND);
}

TEST(ElementOutput, BothPutsEachEventBeforeItsBuffer) {
  Element element("segments");
  gst_util_set_object_arg(G_OBJECT(element.get()), "output", "both");
  play(element, 5, {{1, 2}, {3, 4.5}});
  const auto outputs = element.outputs();
  expect_contract(outputs, 0);
  ASSERT_EQ(cue_events(outputs).size(), 2U);
  for (size_t i = 1; i < outputs.size(); ++i) {
    if (!outputs[i].is_cue()) continue;
    ASSERT_EQ(outputs[i - 1].event, GST_EVENT_CUSTOM_DOWNSTREAM);
    const GstStructure* event = gst_event_get_structure(outputs[i - 1].raw.get());
    EXPECT_EQ(gst_structure_get_string(event, "text"), outputs[i].text);
    EXPECT_TRUE(gst_structure_is_equal(event, outputs[i].cue.get()));
  }
}

TEST(ElementOutput, MessageSignalEventAndMetaSayTheSame) {
  Element element("segments");
  element.script().segment_text = " ab cd";
  g_object_set(element.get(), "word-timestamps", TRUE, nullptr);
  gst_util_set_object_arg(G_OBJECT(element.get()), "output", "both");
  std::vector<std::string> signalled;
  g_signal_connect(element.get(), "cue",
                   G_CALLBACK(+[](GstElement*, GstStructure* cue, std::vector<std::string>* all) {
                     all->push_back(gst::CharPtr(gst_structure_to_string(cue)).get());
                   }),
                   &signalled);
  play(element, 3, {{1, 2}});
  ASSERT_EQ(element.cues().size(), 1U);
  const GstStructure* meta = element.cues()[0].cue.get();
  ASSERT_TRUE(meta);
  const std::string expected = gst::CharPtr(gst_structure_to_string(meta)).get();
  EXPECT_EQ(signalled, std::vector<std::string>{expected});
  std::shared_ptr<GstMessage> message;
  do {
    message = element.wait_message(GST_MESSAGE_ELEMENT);
  } while (!gst_structure_has_name(gst_message_get_structure(message.get()), "npuwhisper/cue"));
  EXPECT_TRUE(gst_structure_is_equal(gst_message_get_structure(message.get()), meta));
  const auto outputs = element.outputs();
  ASSERT_EQ(cue_events(outputs).size(), 1U);
  EXPECT_TRUE(gst_structure_is_equal(cue_events(outputs)[0], meta));

  const GValue* words = gst_structure_get_value(meta, "words");
  ASSERT_TRUE(words);
  ASSERT_EQ(gst_value_array_get_size(words), 2U);
  const GstStructure* word = gst_value_get_structure(gst_value_array_get_value(words, 1));
  gint64 offset = 0;
  gint64 duration = 0;
  double probability = 0;
  double temperature = 0;
  gst_structure_get_int64(word, "offset", &offset);
  gst_structure_get_int64(word, "duration", &duration);
  gst_structure_get_double(word, "probability", &probability);
  gst_structure_get_double(meta, "temperature", &temperature);
  EXPECT_STREQ(gst_structure_get_string(word, "text"), "cd");
  EXPECT_EQ(offset, 500000000);
  EXPECT_EQ(duration, 500000000);
  EXPECT_EQ(probability, 0.75);
  EXPECT_EQ(temperature, 0.5);
  EXPECT_STREQ(gst_structure_get_string(meta, "pad"), "src");
}

}  // namespace
}  // namespace npu::testing
