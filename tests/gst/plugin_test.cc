// SPDX-License-Identifier: LGPL-2.1-or-later
// The plugin file in real pipelines: what a user types works, or fails with a reason and at once.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "corpus.h"

namespace npu::testing {
namespace {

struct Played {
  bool ended = false;  // by EOS
  std::string error;   // else the message
  GError raw{};        // its domain and code
  std::string text;    // cues, in order
  int cues = 0;
  guint64 latency = 0;
};

// Plays a pipeline to its end or error.
Played play(const std::string& description) {
  Played played;
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error) {
    ADD_FAILURE() << error->message;
    g_error_free(error);
    return played;
  }
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  for (bool going = true; going;) {
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_ELEMENT));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message, &error, nullptr);
      played.error = error->message;
      played.raw.domain = error->domain;
      played.raw.code = error->code;
      g_error_free(error);
      going = false;
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
      played.ended = true;
      going = false;
    } else if (const GstStructure* cue = gst_message_get_structure(message);
               gst_structure_has_name(cue, "npuwhisper/cue")) {
      played.text += std::string(gst_structure_get_string(cue, "text")) + " ";
      ++played.cues;
    }
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
  return played;
}

TEST(Plugin, MissingModelIsAnErrorThatNamesIt) {
  const Played played = play("audiotestsrc is-live=true ! npuwhisper model=missing.bin ! fakesink");
  EXPECT_EQ(played.raw.domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(played.raw.code, GST_RESOURCE_ERROR_NOT_FOUND);
  EXPECT_NE(played.error.find("missing.bin"), std::string::npos) << played.error;
}

TEST(Plugin, AFileThatIsNoModelIsAnErrorThatNamesIt) {
  const Played played = play("audiotestsrc ! npuwhisper model=/dev/null ! fakesink");
  EXPECT_EQ(played.raw.domain, GST_RESOURCE_ERROR);
  EXPECT_NE(played.error.find("/dev/null"), std::string::npos) << played.error;
}

TEST(Plugin, TheNpuIsUsedOrRefusedWithAReason) {
  if (base_model().empty()) GTEST_SKIP() << "needs the base model (-Dmodel)";
  const Played played =
      play("audiotestsrc num-buffers=1 ! npuwhisper device=npu model=" + base_model().string() +
           " ! fakesink");
  if (played.ended) return;
  EXPECT_EQ(played.raw.domain, GST_RESOURCE_ERROR);
  EXPECT_FALSE(played.error.empty());
}

class PluginSpeech : public ::testing::Test {
 protected:
  void SetUp() override {
    if (whisper_properties().empty()) GTEST_SKIP() << "needs the base model (-Dmodel)";
    if (corpus_folder().empty()) GTEST_SKIP() << "needs the corpus (-Dcorpus)";
    speech_ = (corpus_folder() / "speech" / "en-short" / "jfk.mp3").string();
    whisper_ = "npuwhisper " + whisper_properties() + " ";
  }
  std::string speech_;
  std::string whisper_;
};

TEST_F(PluginSpeech, AFileBecomesText) {
  const Played played =
      play("filesrc location=" + speech_ + " ! decodebin ! " + whisper_ + " ! fakesink");
  EXPECT_TRUE(played.ended) << played.error;
  EXPECT_NE(played.text.find("ask what you can do for your country"), std::string::npos)
      << played.text;
}

// Live video with captions: ends in time, whatever the engine makes of a tone.
TEST_F(PluginSpeech, LiveCaptionsEndWithTheirSource) {
  const Played played = play(
      "videotestsrc is-live=true num-buffers=90 ! video/x-raw,width=64,height=48,framerate=30/1"
      " ! queue max-size-time=5000000000 max-size-bytes=0 max-size-buffers=0 ! o.video_sink"
      " audiotestsrc is-live=true num-buffers=130 ! queue ! " +
      whisper_ +
      " latency=2000"
      " ! o.text_sink  textoverlay name=o ! videoconvert ! fakesink sync=true");
  EXPECT_TRUE(played.ended) << played.error;
}

}  // namespace
}  // namespace npu::testing
