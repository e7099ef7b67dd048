// SPDX-License-Identifier: LGPL-2.1-or-later
// Pads, bus and signals of the element's tests.
#include "element_fixture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "npuwhisper.h"

namespace npu::testing {
namespace {

bool in_burst(double seconds, const std::vector<Burst>& bursts) {
  return std::any_of(bursts.begin(), bursts.end(), [seconds](const Burst& burst) {
    return seconds >= burst.start_s && seconds < burst.end_s;
  });
}

GstStaticPadTemplate any_source =
    GST_STATIC_PAD_TEMPLATE("input", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

}  // namespace

GstAudioInfo audio_format(GstAudioFormat format, int rate, int channels) {
  GstAudioInfo info;
  gst_audio_info_init(&info);
  gst_audio_info_set_format(&info, format, rate, channels, nullptr);
  return info;
}

gst::BufferPtr make_audio(const GstAudioInfo& info, double seconds,
                          const std::vector<Burst>& bursts) {
  const int rate = GST_AUDIO_INFO_RATE(&info);
  const int channels = GST_AUDIO_INFO_CHANNELS(&info);
  const auto frames = static_cast<gsize>(std::llround(seconds * rate));
  const GstAudioFormatInfo* format = info.finfo;
  const bool to_float = format->unpack_format == GST_AUDIO_FORMAT_F64;
  std::vector<double> floats;
  std::vector<gint32> ints;
  for (gsize i = 0; i < frames; ++i) {
    const double t = static_cast<double>(i) / rate;
    const double sample = in_burst(t, bursts) ? 0.5 * std::cos(2 * G_PI * 200 * t) : 0;
    for (int c = 0; c < channels; ++c) {
      if (to_float)
        floats.push_back(sample);
      else
        ints.push_back(static_cast<gint32>(sample * 2147483647.0));
    }
  }
  gst::BufferPtr buffer(
      gst_buffer_new_allocate(nullptr, frames * static_cast<gsize>(info.bpf), nullptr));
  GstMapInfo map;
  gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE);
  format->pack_func(format, GST_AUDIO_PACK_FLAG_NONE,
                    to_float ? static_cast<gpointer>(floats.data()) : ints.data(), map.data,
                    static_cast<gint>(frames) * channels);
  gst_buffer_unmap(buffer.get(), &map);
  return buffer;
}

gst::BufferPtr slice(GstBuffer* audio, const GstAudioInfo& info, guint64 from, guint64 to,
                     GstClockTime pts) {
  const auto bpf = static_cast<gsize>(info.bpf);
  gst::BufferPtr piece(gst_buffer_copy_region(audio, GST_BUFFER_COPY_MEMORY, from * bpf,
                                              static_cast<gsize>(to - from) * bpf));
  GST_BUFFER_PTS(piece.get()) = pts;
  return piece;
}

Element::Element(const char* output_mode, const char* accepted) : receiver_(accepted) {
  element_ = GST_ELEMENT(gst_object_ref_sink(g_object_new(GST_TYPE_NPU_WHISPER, nullptr)));
  gst_npu_whisper_set_engine(GST_NPU_WHISPER(element_), scripted_engine(script_));
  gst_util_set_object_arg(G_OBJECT(element_), "output-mode", output_mode);
  bus_ = gst_bus_new();
  gst_element_set_bus(element_, bus_);
  input_ = gst_pad_new_from_static_template(&any_source, "input");
  gst_pad_set_element_private(input_, this);
  gst_pad_set_query_function(input_, on_query);
  const gst::ObjectPtr<GstPad> sink(gst_element_get_static_pad(element_, "sink"));
  gst_pad_link(input_, sink.get());
  const gst::ObjectPtr<GstPad> source(gst_element_get_static_pad(element_, "src"));
  receiver_.link(source.get());
  gst_pad_set_active(input_, TRUE);
}

Element::~Element() {
  script_->step_gate.open();
  script_->load_gate.open();
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_pad_set_active(input_, FALSE);
  gst_element_set_bus(element_, nullptr);
  gst_object_unref(bus_);
  gst_object_unref(element_);
  gst_object_unref(input_);
  // GStreamer has ended the pads' threads, but by locks that ThreadSanitizer does not see.
  const std::lock_guard all_callbacks_are_done(mutex_);
}

gboolean Element::on_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  auto& self = *static_cast<Element*>(gst_pad_get_element_private(pad));
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  std::lock_guard lock(self.mutex_);
  gst_query_set_latency(query, self.live_, self.upstream_latency_, GST_CLOCK_TIME_NONE);
  return TRUE;
}

void Element::set_upstream(bool live, GstClockTime latency) {
  std::lock_guard lock(mutex_);
  live_ = live;
  upstream_latency_ = latency;
}

void Element::set_state(GstState state) {
  EXPECT_NE(gst_element_set_state(element_, state), GST_STATE_CHANGE_FAILURE);
}

void Element::begin(const GstAudioInfo& info) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  begin(info, segment);
}

void Element::begin(const GstAudioInfo& info, const GstSegment& segment) {
  GstEvent* start = gst_event_new_stream_start("audio-0");
  gst_event_set_group_id(start, 77);
  send(start);
  GstAudioInfo copy = info;
  const gst::CapsPtr caps(gst_audio_info_to_caps(&copy));
  send(gst_event_new_caps(caps.get()));
  send(gst_event_new_segment(&segment));
}

GstFlowReturn Element::push_audio(const GstAudioInfo& info, GstBuffer* audio, GstClockTime pts,
                                  guint64 frames) {
  const guint64 total = gst_buffer_get_size(audio) / static_cast<gsize>(info.bpf);
  for (guint64 at = 0; at < total; at += frames) {
    const GstClockTime here = pts + gst_util_uint64_scale_int(at, GST_SECOND, info.rate);
    const GstFlowReturn flow = push(slice(audio, info, at, std::min(at + frames, total), here));
    if (flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

void Element::end() {
  send(gst_event_new_eos());
  wait_for(GST_EVENT_EOS);
}

void Element::flush(bool reset_time) {
  send(gst_event_new_flush_start());
  send(gst_event_new_flush_stop(reset_time));
}

std::shared_ptr<GstMessage> Element::wait_message(GstMessageType type) {
  return {gst_bus_timed_pop_filtered(bus_, GST_CLOCK_TIME_NONE, type),
          [](GstMessage* message) { gst_message_unref(message); }};
}

std::shared_ptr<GstMessage> Element::find_message(GstMessageType type) {
  GstMessage* message = gst_bus_pop_filtered(bus_, type);
  if (!message) return nullptr;
  return {message, [](GstMessage* m) { gst_message_unref(m); }};
}

}  // namespace npu::testing
