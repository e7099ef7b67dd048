// SPDX-License-Identifier: LGPL-2.1-or-later
// The request pads translate_src_%u: a text stream of their own.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "timeline_contract.h"
#include "translation_fixture.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

std::string tag(const std::vector<Output>& outputs, const char* name) {
  const auto tags = only(outputs, GST_EVENT_TAG);
  if (tags.empty()) return "none";
  GstTagList* list = nullptr;
  gst_event_parse_tag(tags.back().raw.get(), &list);
  const gchar* value = nullptr;
  gst_tag_list_peek_string_index(list, name, 0, &value);
  return value ? value : "none";
}

TEST(ElementTranslation, IsAStreamOfItsOwnInEnglish) {
  Element element;
  element.script().language = "fr";
  Translation translation(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 5, {{1, 2}, {3, 4}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto outputs = translation->outputs();
  EXPECT_EQ(kinds(outputs, 4), kBeginning);
  const gchar* id = nullptr;
  GstStreamFlags flags{};
  gst_event_parse_stream_start(outputs[0].raw.get(), &id);
  gst_event_parse_stream_flags(outputs[0].raw.get(), &flags);
  EXPECT_STREQ(id, "audio-0/translate_src_0");
  EXPECT_EQ(flags, GST_STREAM_FLAG_SPARSE);
  EXPECT_EQ(tag(outputs, GST_TAG_LANGUAGE_CODE), "en");
  EXPECT_EQ(tag(outputs, GST_TAG_TITLE), "Auto-generated (English)");
  EXPECT_EQ(tag(element.outputs(), GST_TAG_LANGUAGE_CODE), "fr");
  expect_contract(outputs, 0);
  expect_contract(element.outputs(), 0);
  EXPECT_EQ(summary(outputs), (std::vector<std::string>{"1000000000 1000000000 translated",
                                                        "3000000000 1000000000 translated"}));
  EXPECT_EQ(element.cues().at(0).text, "loud 1");
  EXPECT_STREQ(gst_structure_get_string(translation->cues()[0].cue.get(), "pad"),
               "translate_src_0");
  EXPECT_STREQ(gst_structure_get_string(translation->cues()[0].cue.get(), "language-code"), "en");
}

TEST(ElementTranslation, HasFormatsAndModesOfItsOwn) {
  Element element("cues", "application/x-json");
  Translation translation(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 5, {{1, 2}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  EXPECT_EQ(element.cues().at(0).text.front(), '{');
  EXPECT_EQ(translation->cues().at(0).text, "translated");
  EXPECT_EQ(translation->cues().at(0).duration, 1500 * GST_MSECOND);
}

TEST(ElementTranslation, WithTheTaskTranslateIsTheTranscript) {
  Element element;
  gst_util_set_object_arg(G_OBJECT(element.get()), "task", "translate");
  Translation translation(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 5, {{1, 2}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  EXPECT_EQ(summary(translation->outputs()), summary(element.outputs()));
  EXPECT_FALSE(element.script().translating);
}

TEST(ElementTranslation, IsNotMadeWithoutAPad) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0);
  element.end();
  EXPECT_FALSE(element.script().translating);
}

TEST(ElementTranslation, LatencyIsAnsweredWithoutCapsModelOrData) {
  Element element;
  element.script().load_failure = std::make_unique<Error>(Error{ErrorCode::kNotFound, "none"});
  element.set_upstream(true, 10 * GST_MSECOND);
  Translation translation(element);
  element.set_state(GST_STATE_PAUSED);
  const gst::QueryPtr query(gst_query_new_latency());
  ASSERT_TRUE(gst_pad_query(translation.source(), query.get()));
  gboolean live = FALSE;
  GstClockTime least = 0;
  gst_query_parse_latency(query.get(), &live, &least, nullptr);
  EXPECT_TRUE(live);
  EXPECT_EQ(least, 8010 * GST_MSECOND);
}

TEST(ElementTranslation, ToAnythingButEnglishIsAnErrorThatNamesThePad) {
  for (const char* code : {"fr", "auto", "", "xx"}) {
    Element element;
    Translation translation(element);
    g_object_set(translation.source(), "language-code", code, nullptr);
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain);
    static_cast<void>(element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0));
    const auto message = element.wait_message(GST_MESSAGE_ERROR);
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    EXPECT_EQ(error->domain, GST_LIBRARY_ERROR);
    EXPECT_EQ(error->code, GST_LIBRARY_ERROR_SETTINGS);
    EXPECT_NE(std::string(error->message).find("translate_src_0::language-code"), std::string::npos)
        << error->message;
    g_error_free(error);
    // Both streams end all the same.
    element.end();
    translation->wait_for(GST_EVENT_EOS);
  }
}

TEST(ElementTranslation, ARegionOfEnglishIsEnglish) {
  Element element;
  Translation translation(element);
  gst_child_proxy_set(GST_CHILD_PROXY(element.get()), "translate_src_0::language-code", "en-GB",
                      nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  EXPECT_EQ(translation->cues().size(), 1U);
}

TEST(ElementTranslation, PadsAreNamedAndNumbered) {
  Element element;
  Translation first(element);
  Translation fifth(element, "translate_src_5");
  Translation second(element);
  EXPECT_STREQ(GST_PAD_NAME(first.source()), "translate_src_0");
  EXPECT_STREQ(GST_PAD_NAME(fifth.source()), "translate_src_5");
  EXPECT_STREQ(GST_PAD_NAME(second.source()), "translate_src_1");
}

TEST(ElementTranslation, AnUnlinkedPadHoldsNobodyUp) {
  Element element;
  GstPad* pad = gst_element_request_pad_simple(element.get(), "translate_src_%u");
  element.script().window_s = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  for (GstClockTime at = 0; at < 60 * GST_SECOND; at += 2 * GST_SECOND)
    EXPECT_EQ(element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), at), GST_FLOW_OK);
  element.end();
  EXPECT_EQ(element.cues().size(), 30U);
  gst_element_release_request_pad(element.get(), pad);
  gst_object_unref(pad);
}

TEST(ElementTranslation, OnePadsEndIsNotTheOthers) {
  Element element;
  element.script().window_s = 1;
  Translation translation(element);
  translation->set_flow(GST_FLOW_EOS);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  for (GstClockTime at = 0; at < 60 * GST_SECOND; at += 2 * GST_SECOND)
    EXPECT_EQ(element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), at), GST_FLOW_OK);
  // Its end comes with text that one of them takes no more.
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.5, 1}}).get(), 60 * GST_SECOND);
  element.end();
  EXPECT_EQ(element.cues().size(), 31U);
}

TEST(ElementTranslation, OnePadsFailureIsAll) {
  Element element;
  element.script().window_s = 1;
  Translation translation(element);
  translation->set_flow(GST_FLOW_ERROR);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  GstFlowReturn flow = GST_FLOW_OK;
  for (GstClockTime at = 0; flow == GST_FLOW_OK; at += 2 * GST_SECOND)
    flow = element.push_audio(kPlain, make_audio(kPlain, 2, {{0.5, 1}}).get(), at);
  EXPECT_EQ(flow, GST_FLOW_ERROR);
}

TEST(ElementTranslation, AFlushAndASeekGiveTheSameAgain) {
  Element element("cues");
  element.script().window_s = 3;
  Translation translation(element);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 8, {{1, 2}, {4, 5}, {7, 8}});
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  const auto expected = summary(translation->take());
  EXPECT_EQ(expected.size(), 3U);
  element.take();
  for (int i = 0; i < 2; ++i) {
    element.flush();
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.send(gst_event_new_segment(&segment));
    element.push_audio(kPlain, audio.get(), 0);
  }
  element.end();
  translation->wait_for(GST_EVENT_EOS);
  auto outputs = translation->take();
  EXPECT_EQ(only(outputs, GST_EVENT_FLUSH_START).size(), 2U);
  EXPECT_EQ(only(outputs, GST_EVENT_FLUSH_STOP).size(), 2U);
  const auto last_flush = std::find_if(outputs.rbegin(), outputs.rend(), [](const Output& output) {
    return output.event == GST_EVENT_FLUSH_STOP;
  });
  outputs.erase(outputs.begin(), last_flush.base());
  EXPECT_EQ(summary(outputs), expected);
}

}  // namespace
}  // namespace npu::testing
