// SPDX-License-Identifier: LGPL-2.1-or-later
// State changes, flushing and loading: every wait ends, the model stays.
#include <chrono>
#include <future>
#include <random>
#include <thread>

#include "element_fixture.h"
#include "timeline_contract.h"

namespace npu::testing {
namespace {

const GstAudioInfo kPlain = audio_format(GST_AUDIO_FORMAT_S16LE, 16000, 1);

TEST(ElementState, CyclesLoadTheModelOnce) {
  Element element;
  element.set_state(GST_STATE_READY);
  for (int i = 0; i < 50; ++i) {
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain);
    element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
    element.end();
    EXPECT_EQ(element.cues().size(), 1U);
    element.take();
    element.set_state(GST_STATE_READY);
    gst_pad_set_active(element.input(), FALSE);
    gst_pad_set_active(element.output(), FALSE);
    gst_pad_set_active(element.input(), TRUE);
    gst_pad_set_active(element.output(), TRUE);
  }
  EXPECT_EQ(element.script().loads, 1);
  EXPECT_EQ(element.script().living_models, 1);
  element.set_state(GST_STATE_NULL);
  EXPECT_EQ(element.script().living_models, 0);
}

TEST(ElementState, NullInMidInferenceReturns) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.2, 0.5}}).get(), 0);
  element.script().step_gate.wait_until_held();
  element.set_state(GST_STATE_NULL);
  EXPECT_TRUE(element.cues().empty());
  EXPECT_EQ(element.script().living_models, 0);
}

// Pushes until the input is full and the engine is held, then calls `wake`, which must end the
// push.
template <typename Wake>
void expect_blocked_upstream_wakes(Element& element, const Wake& wake) {
  element.script().window_s = 1;
  element.script().step_gate.close();
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  GstFlowReturn last = GST_FLOW_OK;
  std::thread upstream([&] {
    for (GstClockTime at = 0; last == GST_FLOW_OK; at += 10 * GST_SECOND)
      last = element.push_audio(kPlain, make_audio(kPlain, 10, {}).get(), at, 1600);
  });
  element.script().step_gate.wait_until_held();
  wake();
  upstream.join();
  EXPECT_EQ(last, GST_FLOW_FLUSHING);
}

TEST(ElementState, NullWakesABlockedUpstream) {
  Element element;
  expect_blocked_upstream_wakes(element, [&] { element.set_state(GST_STATE_NULL); });
}

TEST(ElementState, NullCancelsALoad) {
  Element element;
  element.script().load_gate.close();
  element.set_state(GST_STATE_PAUSED);
  element.script().load_gate.wait_until_held();
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0);
  element.set_state(GST_STATE_NULL);
  GstProgressType type{};
  std::shared_ptr<GstMessage> message;
  while ((message = element.find_message(GST_MESSAGE_PROGRESS)))
    gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
  EXPECT_EQ(type, GST_PROGRESS_TYPE_CANCELED);
}

TEST(ElementState, PausedAndBackWithoutAModelIsQuiet) {
  Element element;
  element.script().load_failure = std::make_unique<Error>(Error{ErrorCode::kNotFound, "none"});
  element.set_upstream(true, 10 * GST_MSECOND);
  element.set_state(GST_STATE_PAUSED);
  const gst::QueryPtr query(gst_query_new_latency());
  ASSERT_TRUE(gst_pad_peer_query(element.output(), query.get()));
  gboolean live = FALSE;
  GstClockTime least = 0;
  gst_query_parse_latency(query.get(), &live, &least, nullptr);
  EXPECT_TRUE(live);
  EXPECT_EQ(least, 8010 * GST_MSECOND);
  element.set_state(GST_STATE_NULL);
  EXPECT_FALSE(element.find_message(GST_MESSAGE_ERROR));
}

TEST(ElementState, LoadingIsReportedAsProgress) {
  Element element;
  element.set_state(GST_STATE_PAUSED);
  std::vector<GstProgressType> types;
  while (types.empty() || types.back() != GST_PROGRESS_TYPE_COMPLETE) {
    const auto message = element.wait_message(GST_MESSAGE_PROGRESS);
    GstProgressType type{};
    gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
    types.push_back(type);
  }
  EXPECT_EQ(types,
            (std::vector<GstProgressType>{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_CONTINUE,
                                          GST_PROGRESS_TYPE_COMPLETE}));
}

TEST(ElementState, ActiveDeviceIsKnownWhileAModelIsLoaded) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0);
  element.end();
  gchar* device = nullptr;
  g_object_get(element.get(), "active-device", &device, nullptr);
  EXPECT_STREQ(device, "cpu");
  g_free(device);
  element.set_state(GST_STATE_NULL);
  g_object_get(element.get(), "active-device", &device, nullptr);
  EXPECT_STREQ(device, "");
  g_free(device);
}

struct FailureCase {
  const char* name;
  ErrorCode code;
  GQuark (*domain)();
  gint gst_code;
};

const FailureCase kFailureCases[] = {
    {"MissingModel", ErrorCode::kNotFound, gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND},
    {"BadModel", ErrorCode::kBadModel, gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_READ},
    {"MissingDevice", ErrorCode::kNoDevice, gst_resource_error_quark,
     GST_RESOURCE_ERROR_OPEN_READ_WRITE},
    {"BadSetting", ErrorCode::kInvalidArgument, gst_library_error_quark,
     GST_LIBRARY_ERROR_SETTINGS},
};

class ElementFailure : public ::testing::TestWithParam<FailureCase> {};

TEST_P(ElementFailure, IsAnErrorMessageThatSaysWhy) {
  Element element;
  element.script().load_failure =
      std::make_unique<Error>(Error{GetParam().code, "expected this, found that"});
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  GstFlowReturn flow = GST_FLOW_OK;
  for (GstClockTime at = 0; flow == GST_FLOW_OK; at += GST_SECOND)
    flow = element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), at);
  EXPECT_EQ(flow, GST_FLOW_ERROR);
  const auto message = element.wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  EXPECT_EQ(error->domain, GetParam().domain());
  EXPECT_EQ(error->code, GetParam().gst_code);
  EXPECT_NE(std::string(error->message).find("expected this, found that"), std::string::npos);
  g_error_free(error);
  element.end();  // downstream is released all the same
  EXPECT_FALSE(element.find_message(GST_MESSAGE_ERROR));
}

INSTANTIATE_TEST_SUITE_P(Element, ElementFailure, ::testing::ValuesIn(kFailureCases),
                         [](const auto& row) { return row.param.name; });

TEST(ElementState, AFailedStepIsAnError) {
  for (const int step : {1, 2, 3}) {
    Element element;
    element.script().window_s = 1;
    element.script().fail_step = step;
    element.set_state(GST_STATE_PLAYING);
    element.begin(kPlain);
    static_cast<void>(element.push_audio(kPlain, make_audio(kPlain, 3, {{0.2, 0.4}}).get(), 0));
    element.end();
    EXPECT_TRUE(element.wait_message(GST_MESSAGE_ERROR));
    EXPECT_EQ(element.cues().size(), step == 1 ? 0U : 1U);
  }
}

TEST(ElementState, ALostDeviceIsOneWarningAndTextGoesOnOnAnother) {
  Element element;
  element.script().window_s = 1;
  element.script().lose_step = 2;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 4, {{0.2, 0.4}, {1.2, 1.4}, {2.2, 2.4}, {3.2, 3.4}});
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  EXPECT_EQ(element.cues().size(), 4U);
  const auto message = element.wait_message(GST_MESSAGE_WARNING);
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_warning(message.get(), &error, &debug);
  EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED));
  EXPECT_STREQ(error->message,
               "The NPU was lost and given up; text goes on, without a gap, on device cpu.");
  EXPECT_NE(std::string(debug).find("the script said so. Start the program again"),
            std::string::npos)
      << debug;
  g_error_free(error);
  g_free(debug);
  EXPECT_FALSE(element.find_message(GST_MESSAGE_WARNING));
  gchar* device = nullptr;
  g_object_get(element.get(), "active-device", &device, nullptr);
  EXPECT_STREQ(device, "cpu");
  g_free(device);
}

TEST(ElementState, AFlushTakesBackAFailure) {
  Element element;
  element.script().fail_step = 1;
  element.set_state(GST_STATE_PLAYING);
  for (int i = 0; i < 2; ++i) {
    element.begin(kPlain);
    static_cast<void>(element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.4}}).get(), 0));
    element.end();
    if (i == 0) element.flush();
    if (i == 0) element.take();
  }
  EXPECT_EQ(element.cues().size(), 1U);
}

TEST(ElementState, ABadLanguageIsAnErrorThatNamesTheProperty) {
  Element element;
  g_object_set(element.get(), "language-code", "xx", nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  static_cast<void>(element.push_audio(kPlain, make_audio(kPlain, 1, {}).get(), 0));
  const auto message = element.wait_message(GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  EXPECT_NE(std::string(error->message).find("language-code"), std::string::npos);
  g_error_free(error);
}

TEST(ElementFlush, EndsAnInferenceAndKeepsTheModel) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.script().step_gate.close();
  element.push_audio(kPlain, make_audio(kPlain, 3, {{0.2, 0.5}}).get(), 0);
  element.script().step_gate.wait_until_held();
  element.flush();  // with the gate closed: returns only because the inference is cancelled
  element.script().step_gate.open();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.push_audio(kPlain, make_audio(kPlain, 3, {{1.2, 1.5}}).get(), 0);
  element.end();
  EXPECT_EQ(element.script().loads, 1);
  EXPECT_EQ(element.script().transcribers, 1);
  ASSERT_EQ(element.cues().size(), 1U);
  EXPECT_EQ(element.cues()[0].pts, 1200 * GST_MSECOND);
}

TEST(ElementFlush, WakesABlockedUpstream) {
  Element element;
  expect_blocked_upstream_wakes(element, [&] { element.send(gst_event_new_flush_start()); });
  element.send(gst_event_new_flush_stop(TRUE));
}

// An overlay passes events of the text pad on to its sink, where they wait for a picture that only
// the flush of the video branch sets free; a demuxer flushes one branch after the other.
TEST(ElementFlush, DoesNotWaitForAnEventThatDownstreamHolds) {
  Gate downstream;
  downstream.close();
  Element element;
  gst_pad_add_probe(
      element.output(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer gate) {
        if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
          static_cast<Gate*>(gate)->pass({});
        return GST_PAD_PROBE_OK;
      },
      &downstream, nullptr);
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  element.send(gst_event_new_eos());
  downstream.wait_until_held();
  auto flush =
      std::async(std::launch::async, [&] { return element.send(gst_event_new_flush_start()); });
  EXPECT_EQ(flush.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  downstream.open();
  flush.get();
  element.send(gst_event_new_flush_stop(TRUE));
  element.take();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.6, 0.9}}).get(), 0);
  element.end();
  ASSERT_EQ(element.cues().size(), 1U);
  EXPECT_EQ(element.cues()[0].pts, 600 * GST_MSECOND);
}

TEST(ElementFlush, DuringALoadKeepsStreamAndCaps) {
  Element element;
  element.script().load_gate.close();
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  element.flush();
  element.script().load_gate.open();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.push_audio(kPlain, make_audio(kPlain, 2, {{1.2, 1.5}}).get(), 0);
  element.end();
  ASSERT_EQ(element.cues().size(), 1U);
  EXPECT_EQ(element.cues()[0].pts, 1200 * GST_MSECOND);
  const gst::CapsPtr caps(gst_pad_get_current_caps(element.output()));
  EXPECT_TRUE(caps);
}

// New caps or a new stream end the run before them, which takes an inference; a flush ends that.
TEST(ElementFlush, DuringTheEndOfARunKeepsTheCapsThatEndedIt) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  element.script().step_gate.close();
  const GstAudioInfo other = audio_format(GST_AUDIO_FORMAT_F32LE, 44100, 2);
  GstAudioInfo copy = other;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  element.send(gst_event_new_caps(caps.get()));
  element.script().step_gate.wait_until_held();
  element.flush();
  element.script().step_gate.open();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.push_audio(other, make_audio(other, 2, {{1.2, 1.5}}).get(), 0);
  element.end();
  EXPECT_EQ(summary(element.outputs()), std::vector<std::string>{"1200000000 300000000 loud 1"});
}

TEST(ElementFlush, DuringTheEndOfARunKeepsTheStreamThatEndedIt) {
  Element element;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  element.push_audio(kPlain, make_audio(kPlain, 1, {{0.2, 0.5}}).get(), 0);
  element.wait_for(GST_EVENT_SEGMENT);
  element.script().step_gate.close();
  element.send(gst_event_new_stream_start("audio-1"));
  element.send(
      gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, gst_structure_new_empty("sticky")));
  element.script().step_gate.wait_until_held();
  element.flush();
  element.script().step_gate.open();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.end();
  const auto starts = only(element.outputs(), GST_EVENT_STREAM_START);
  ASSERT_EQ(starts.size(), 2U);
  const gchar* id = nullptr;
  gst_event_parse_stream_start(starts[1].raw.get(), &id);
  EXPECT_STREQ(id, "audio-1/text");
  EXPECT_EQ(only(element.outputs(), GST_EVENT_CUSTOM_DOWNSTREAM_STICKY).size(), 1U);
}

TEST(ElementFlush, HundredRandomSeeksLeaveTheSameText) {
  const auto audio = make_audio(kPlain, 12, {{1, 2}, {4, 5.5}, {7, 7.4}, {9, 11}});
  const auto play = [&](Element& element, guint64 from_frame) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    const GstClockTime start = gst_util_uint64_scale_int(from_frame, GST_SECOND, 16000);
    segment.start = segment.time = start;
    element.send(gst_event_new_segment(&segment));
    const auto rest = slice(audio.get(), kPlain, from_frame, 12U * 16000, start);
    return element.push_audio(kPlain, rest.get(), start, 1600);
  };
  Element element;
  element.script().window_s = 3;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  EXPECT_EQ(play(element, 0), GST_FLOW_OK);
  element.end();
  const auto expected = summary(element.outputs());
  EXPECT_EQ(expected.size(), 4U);
  std::mt19937 random(20);  // NOLINT: a fixed seed
  for (int i = 0; i < 100; ++i) {
    element.flush();
    static_cast<void>(play(element, random() % (11 * 16000)));
  }
  element.flush();
  element.take();
  EXPECT_EQ(play(element, 0), GST_FLOW_OK);
  element.end();
  EXPECT_EQ(summary(element.outputs()), expected);
  EXPECT_EQ(element.script().loads, 1);
}

TEST(ElementFlush, FromAnotherThreadAtAnyMoment) {
  Element element;
  element.script().window_s = 1;
  element.set_state(GST_STATE_PLAYING);
  element.begin(kPlain);
  const auto audio = make_audio(kPlain, 5, {{1, 2}, {3, 4}});
  for (int i = 0; i < 50; ++i) {
    std::thread upstream([&] {
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      element.send(gst_event_new_segment(&segment));
      static_cast<void>(element.push_audio(kPlain, audio.get(), 0, 160));
    });
    element.send(gst_event_new_flush_start());
    upstream.join();
    element.send(gst_event_new_flush_stop(TRUE));
  }
  element.take();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.send(gst_event_new_segment(&segment));
  element.push_audio(kPlain, audio.get(), 0);
  element.end();
  EXPECT_EQ(element.cues().size(), 2U);
}

TEST(ElementState, TwoElementsHaveNothingInCommon) {
  Element one;
  Element two;
  for (Element* element : {&one, &two}) {
    element->set_state(GST_STATE_PLAYING);
    element->begin(kPlain);
  }
  std::thread other([&] {
    two.push_audio(kPlain, make_audio(kPlain, 3, {{2, 2.5}}).get(), 0);
    two.end();
  });
  one.push_audio(kPlain, make_audio(kPlain, 3, {{1, 1.5}}).get(), 0);
  one.end();
  other.join();
  ASSERT_EQ(one.cues().size(), 1U);
  ASSERT_EQ(two.cues().size(), 1U);
  EXPECT_EQ(one.cues()[0].pts, GST_SECOND);
  EXPECT_EQ(two.cues()[0].pts, 2 * GST_SECOND);
}

}  // namespace
}  // namespace npu::testing
