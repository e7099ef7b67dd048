// SPDX-License-Identifier: LGPL-2.1-or-later
// A real file through the real element, driven by hand.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "corpus.h"

namespace npu::testing {

inline constexpr GstClockTime kPatience = 120 * GST_SECOND;

struct Cue {
  GstClockTime start;
  std::string text;
  bool operator==(const Cue&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Cue& cue) {
  return out << cue.start << " '" << cue.text << "'";
}

// filesrc ! wavparse ! npuwhisper ! fakesink over tests/data/speech/jfk.wav.
class FilePipeline {
 public:
  explicit FilePipeline(const std::string& options = "") {
    const std::string text =
        "filesrc location=\"" + (npu::testing::data_folder() / "speech" / "jfk.wav").string() +
        "\" ! wavparse ! npuwhisper name=w language-code=en temperature-increment-on-fallback=0 " +
        npu::testing::whisper_properties() + " " + options +
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

}  // namespace npu::testing
