// SPDX-License-Identifier: LGPL-2.1-or-later
// A real file through the real element: seeks, state cycles and a stop in the middle of inference
// change nothing about the text.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "corpus.h"

namespace {

constexpr GstClockTime kPatience = 120 * GST_SECOND;

struct Cue {
  GstClockTime start;
  std::string text;
  bool operator==(const Cue&) const = default;
};

// filesrc ! wavparse ! npuwhisper ! fakesink over tests/data/speech/jfk.wav.
class FilePipeline {
 public:
  explicit FilePipeline(const std::string& options = "") {
    const std::string text =
        "filesrc location=\"" + (npu::testing::data_folder() / "speech" / "jfk.wav").string() +
        "\" ! wavparse ! npuwhisper name=w language-code=en temperature-increment-on-fallback=0 "
        "model=\"" +
        npu::testing::base_model().string() + "\" " + options +
        " ! fakesink name=s sync=false signal-handoffs=true";
    pipeline_ = gst_parse_launch(text.c_str(), nullptr);
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline_), "s");
    g_signal_connect(sink, "handoff", G_CALLBACK(on_buffer), this);
    GstElement* whisper = gst_bin_get_by_name(GST_BIN(pipeline_), "w");
    GstPad* pad = gst_element_get_static_pad(whisper, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_FLUSH, on_flush, this, nullptr);
    gst_object_unref(pad);
    pad = gst_element_get_static_pad(whisper, "sink");
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                      on_input, this, nullptr);
    gst_object_unref(pad);
    gst_object_unref(whisper);
    gst_object_unref(sink);
  }
  ~FilePipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  FilePipeline(const FilePipeline&) = delete;
  FilePipeline& operator=(const FilePipeline&) = delete;

  void set_state(GstState state) { gst_element_set_state(pipeline_, state); }

  // Runs to the end of the stream; false on an error.
  bool finish() { return wait(GST_MESSAGE_EOS) && !failed_; }

  // Waits until the model is there and audio has reached the element.
  bool wait_for_model() {
    while (GstMessage* message = pop(GST_MESSAGE_PROGRESS)) {
      GstProgressType type = GST_PROGRESS_TYPE_ERROR;
      gst_message_parse_progress(message, &type, nullptr, nullptr);
      gst_message_unref(message);
      if (type == GST_PROGRESS_TYPE_COMPLETE) return true;
    }
    return false;
  }
  // Waits until the element has all audio: from now on it is inferring.
  void wait_for_inference() {
    std::unique_lock lock(mutex_);
    input_ended_changed_.wait(lock, [this] { return input_ended_; });
  }

  // Forgets an end of stream from before the last seek.
  void forget_messages() {
    GstBus* bus = gst_element_get_bus(pipeline_);
    gst_bus_set_flushing(bus, TRUE);
    gst_bus_set_flushing(bus, FALSE);
    gst_object_unref(bus);
  }

  bool seek(GstClockTime to) {
    return gst_element_seek_simple(
        pipeline_, GST_FORMAT_TIME,
        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
        static_cast<gint64>(to));
  }

  std::vector<Cue> take_cues() {
    const std::lock_guard lock(mutex_);
    return std::move(cues_);
  }

 private:
  static void on_buffer(GstElement*, GstBuffer* buffer, GstPad*, FilePipeline* self) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    Cue cue{GST_BUFFER_PTS(buffer), std::string(reinterpret_cast<char*>(map.data), map.size)};
    gst_buffer_unmap(buffer, &map);
    const std::lock_guard lock(self->mutex_);
    self->cues_.push_back(std::move(cue));
  }
  static GstPadProbeReturn on_flush(GstPad*, GstPadProbeInfo* info, gpointer self) {
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_FLUSH_STOP) {
      auto* pipeline = static_cast<FilePipeline*>(self);
      const std::lock_guard lock(pipeline->mutex_);
      pipeline->cues_.clear();
    }
    return GST_PAD_PROBE_OK;
  }

  static GstPadProbeReturn on_input(GstPad*, GstPadProbeInfo* info, gpointer self) {
    const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
    if (type != GST_EVENT_EOS && type != GST_EVENT_FLUSH_STOP) return GST_PAD_PROBE_OK;
    auto* pipeline = static_cast<FilePipeline*>(self);
    const std::lock_guard lock(pipeline->mutex_);
    pipeline->input_ended_ = type == GST_EVENT_EOS;
    pipeline->input_ended_changed_.notify_all();
    return GST_PAD_PROBE_OK;
  }

  GstMessage* pop(GstMessageType wanted) {
    GstBus* bus = gst_element_get_bus(pipeline_);
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, kPatience, static_cast<GstMessageType>(wanted | GST_MESSAGE_ERROR));
    gst_object_unref(bus);
    if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      ADD_FAILURE() << error->message;
      g_error_free(error);
      gst_message_unref(message);
      failed_ = true;
      return nullptr;
    }
    return message;
  }
  bool wait(GstMessageType wanted) {
    GstMessage* message = pop(wanted);
    if (message) gst_message_unref(message);
    return message != nullptr;
  }

  GstElement* pipeline_;
  std::mutex mutex_;
  std::condition_variable input_ended_changed_;
  std::vector<Cue> cues_;     // guarded by mutex_
  bool input_ended_ = false;  // guarded by mutex_
  bool failed_ = false;
};

class RealFile : public testing::Test {
 protected:
  void SetUp() override {
    if (npu::testing::base_model().empty()) GTEST_SKIP() << "the base model is not there";
    reference_ = play();
    ASSERT_FALSE(reference_.empty());
  }

  static std::vector<Cue> play() {
    FilePipeline pipeline;
    pipeline.set_state(GST_STATE_PLAYING);
    EXPECT_TRUE(pipeline.finish());
    return pipeline.take_cues();
  }

  std::vector<Cue> reference_;
};

std::ostream& operator<<(std::ostream& out, const Cue& cue) {
  return out << cue.start << " '" << cue.text << "'";
}

// The whole suite does 100; the number of seeks is in the environment.
int seeks() {
  const std::string number = npu::testing::environment("NPUWHISPER_TEST_SEEKS");
  return number.empty() ? 5 : std::stoi(number);
}

TEST_F(RealFile, SeeksToRandomPlacesAndBackGiveTheSameCues) {
  FilePipeline pipeline;
  pipeline.set_state(GST_STATE_PAUSED);
  ASSERT_TRUE(pipeline.wait_for_model());
  std::mt19937 random(20240811);
  std::uniform_int_distribution<GstClockTime> place(0, 10 * GST_SECOND);
  pipeline.set_state(GST_STATE_PLAYING);
  for (int count = 0; count < seeks(); ++count) {
    // Half of the seeks meet the element in inference, the others while it takes audio.
    if (count % 2 == 0) pipeline.wait_for_inference();
    ASSERT_TRUE(pipeline.seek(place(random))) << count;
  }
  ASSERT_TRUE(pipeline.seek(0));
  pipeline.forget_messages();
  ASSERT_TRUE(pipeline.finish());
  EXPECT_EQ(pipeline.take_cues(), reference_);
}

TEST_F(RealFile, StateCyclesGiveTheSameCues) {
  FilePipeline pipeline;
  for (int cycle = 0; cycle < 3; ++cycle) {
    pipeline.set_state(GST_STATE_PLAYING);
    ASSERT_TRUE(pipeline.finish());
    EXPECT_EQ(pipeline.take_cues(), reference_) << cycle;
    pipeline.set_state(GST_STATE_READY);
  }
}

TEST_F(RealFile, StopInTheMiddleOfInferenceLeavesAPipelineThatWorks) {
  FilePipeline pipeline;
  for (const GstState state : {GST_STATE_READY, GST_STATE_NULL}) {
    pipeline.set_state(GST_STATE_PLAYING);
    // In NULL the model goes, and is loaded again; in READY it stays.
    ASSERT_TRUE(pipeline.wait_for_model());
    const gint64 began_us = g_get_monotonic_time();
    pipeline.set_state(state);
    const double took_ms = static_cast<double>(g_get_monotonic_time() - began_us) / 1e3;
    RecordProperty("stop_ms", std::to_string(took_ms));
    std::printf("%s reached after %.0f ms\n", gst_element_state_get_name(state), took_ms);
    pipeline.take_cues();
    if (state == GST_STATE_READY) pipeline.set_state(GST_STATE_NULL);
  }
  pipeline.set_state(GST_STATE_PLAYING);
  ASSERT_TRUE(pipeline.finish());
  EXPECT_EQ(pipeline.take_cues(), reference_);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  gst_init(&argc, &argv);
  return RUN_ALL_TESTS();
}
