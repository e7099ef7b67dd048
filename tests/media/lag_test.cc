// SPDX-License-Identifier: LGPL-2.1-or-later
// max-lag with the real model on real speech: text comes before the audio has been fed.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "corpus.h"

namespace {

// Eleven seconds of speech, of which as much is fed as `held_at` says before the first cue is out.
class HeldPipeline {
 public:
  HeldPipeline(const std::string& options, GstClockTime held_at) : held_at_(held_at) {
    const std::string text = "filesrc location=\"" +
                             (npu::testing::data_folder() / "speech" / "jfk.wav").string() +
                             "\" ! wavparse ! npuwhisper name=w language-code=en model=\"" +
                             npu::testing::base_model().string() + "\" " + options +
                             " ! fakesink name=s sync=false signal-handoffs=true";
    pipeline_ = gst_parse_launch(text.c_str(), nullptr);
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline_), "s");
    g_signal_connect(sink, "handoff", G_CALLBACK(on_cue), this);
    gst_object_unref(sink);
    GstElement* whisper = gst_bin_get_by_name(GST_BIN(pipeline_), "w");
    GstPad* pad = gst_element_get_static_pad(whisper, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_audio, this, nullptr);
    gst_object_unref(pad);
    gst_object_unref(whisper);
  }
  ~HeldPipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  HeldPipeline(const HeldPipeline&) = delete;
  HeldPipeline& operator=(const HeldPipeline&) = delete;

  // To the end of the stream.
  void run() {
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline_);
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, 240 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    ASSERT_TRUE(message);
    EXPECT_EQ(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
    gst_message_unref(message);
    gst_object_unref(bus);
  }

  bool cue_while_held() const { return cue_while_held_; }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  static GstPadProbeReturn on_audio(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<HeldPipeline*>(data);
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    if (GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer) <= self->held_at_ || self->held_)
      return GST_PAD_PROBE_OK;
    std::unique_lock lock(self->mutex_);
    self->held_ = true;
    self->cue_while_held_ = self->changed_.wait_for(lock, std::chrono::minutes(2),
                                                    [self] { return !self->text_.empty(); });
    return GST_PAD_PROBE_OK;
  }
  static void on_cue(GstElement*, GstBuffer* buffer, GstPad*, HeldPipeline* self) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    const std::lock_guard lock(self->mutex_);
    self->text_ += std::string(reinterpret_cast<char*>(map.data), map.size) + " ";
    gst_buffer_unmap(buffer, &map);
    self->changed_.notify_all();
  }

  const GstClockTime held_at_;
  GstElement* pipeline_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;  // guarded by mutex_
  bool held_ = false;
  std::atomic<bool> cue_while_held_ = false;
};

// As a player shows it, in one line.
std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

TEST(MaxLag, TheFirstCueIsOutBeforeTenSecondsHaveBeenFed) {
  if (npu::testing::base_model().empty()) GTEST_SKIP() << "the base model is not there";
  HeldPipeline pipeline("max-lag=5000", 10 * GST_SECOND);
  pipeline.run();
  EXPECT_TRUE(pipeline.cue_while_held());
  const std::string text = one_line(pipeline.text());
  EXPECT_NE(text.find("fellow Americans"), std::string::npos) << text;
  EXPECT_NE(text.find("what you can do for your country"), std::string::npos) << text;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  return RUN_ALL_TESTS();
}
