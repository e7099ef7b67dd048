// SPDX-License-Identifier: LGPL-2.1-or-later
// Pads, bus and signals of the element's tests.
#include "element_fixture.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "npuwhisper.h"

namespace npu::testing {
namespace {

const GQuark kOwner = g_quark_from_static_string("npuwhisper-test-owner");

bool in_burst(double seconds, const std::vector<Burst>& bursts) {
  return std::any_of(bursts.begin(), bursts.end(), [seconds](const Burst& burst) {
    return seconds >= burst.start_s && seconds < burst.end_s;
  });
}

GstStaticPadTemplate any_source =
    GST_STATIC_PAD_TEMPLATE("input", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
GstStaticPadTemplate any_sink =
    GST_STATIC_PAD_TEMPLATE("output", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

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

Element::Element(const char* output_mode, const char* accepted) {
  element_ = GST_ELEMENT(gst_object_ref_sink(g_object_new(GST_TYPE_NPU_WHISPER, nullptr)));
  gst_npu_whisper_set_engine(GST_NPU_WHISPER(element_), scripted_engine(script_));
  gst_util_set_object_arg(G_OBJECT(element_), "output-mode", output_mode);
  bus_ = gst_bus_new();
  gst_element_set_bus(element_, bus_);
  input_ = gst_pad_new_from_static_template(&any_source, "input");
  output_ = gst_pad_new_from_static_template(&any_sink, "output");
  accepted_.reset(accepted ? gst_caps_from_string(accepted) : nullptr);
  gst_pad_set_query_function(output_, on_output_query);
  for (GstPad* pad : {input_, output_}) g_object_set_qdata(G_OBJECT(pad), kOwner, this);
  gst_pad_set_query_function(input_, on_query);
  gst_pad_set_chain_function(output_, on_buffer);
  gst_pad_set_event_function(output_, on_event);
  GstPad* sink = gst_element_get_static_pad(element_, "sink");
  GstPad* source = gst_element_get_static_pad(element_, "src");
  gst_pad_link(input_, sink);
  gst_pad_link(source, output_);
  gst_object_unref(sink);
  gst_object_unref(source);
  gst_pad_set_active(input_, TRUE);
  gst_pad_set_active(output_, TRUE);
}

Element::~Element() {
  script_->step_gate.open();
  script_->load_gate.open();
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_pad_set_active(input_, FALSE);
  gst_pad_set_active(output_, FALSE);
  gst_element_set_bus(element_, nullptr);
  gst_object_unref(bus_);
  gst_object_unref(element_);
  gst_object_unref(input_);
  gst_object_unref(output_);
  // GStreamer has ended the pads' threads, but by locks that ThreadSanitizer does not see.
  const std::lock_guard all_callbacks_are_done(mutex_);
}

Element* Element::of(GstPad* pad) {
  return static_cast<Element*>(g_object_get_qdata(G_OBJECT(pad), kOwner));
}

void Element::add(Output output) {
  std::lock_guard lock(mutex_);
  outputs_.push_back(std::move(output));
  changed_.notify_all();
}

GstFlowReturn Element::on_buffer(GstPad* pad, GstObject*, GstBuffer* raw) {
  const gst::BufferPtr buffer(raw);
  Element& self = *of(pad);
  Output output;
  output.pts = GST_BUFFER_PTS(raw);
  output.duration = GST_BUFFER_DURATION(raw);
  output.discont = GST_BUFFER_IS_DISCONT(raw);
  GstMapInfo map;
  gst_buffer_map(raw, &map, GST_MAP_READ);
  output.text.assign(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(raw, &map);
  GstCustomMeta* meta = gst_buffer_get_custom_meta(raw, "NpuWhisperCueMeta");
  const GValue* cue =
      meta ? gst_structure_get_value(gst_custom_meta_get_structure(meta), "cue") : nullptr;
  if (cue) output.cue.reset(gst_structure_copy(gst_value_get_structure(cue)), gst_structure_free);
  self.add(std::move(output));
  std::lock_guard lock(self.mutex_);
  return self.flow_;
}

gboolean Element::on_event(GstPad* pad, GstObject*, GstEvent* event) {
  Output output;
  output.event = GST_EVENT_TYPE(event);
  output.raw.reset(event, [](GstEvent* e) { gst_event_unref(e); });
  if (output.event == GST_EVENT_GAP) gst_event_parse_gap(event, &output.pts, &output.duration);
  of(pad)->add(std::move(output));
  return TRUE;
}

gboolean Element::on_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  Element& self = *of(pad);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  std::lock_guard lock(self.mutex_);
  gst_query_set_latency(query, self.live_, self.upstream_latency_, GST_CLOCK_TIME_NONE);
  return TRUE;
}

gboolean Element::on_output_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  Element& self = *of(pad);
  std::unique_lock lock(self.mutex_);
  if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS || !self.accepted_) {
    lock.unlock();
    return gst_pad_query_default(pad, parent, query);
  }
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  const gst::CapsPtr answer(filter ? gst_caps_intersect(filter, self.accepted_.get())
                                   : gst_caps_ref(self.accepted_.get()));
  gst_query_set_caps_result(query, answer.get());
  return TRUE;
}

void Element::set_accepted(const char* caps) {
  {
    std::lock_guard lock(mutex_);
    accepted_.reset(gst_caps_from_string(caps));
  }
  gst_pad_push_event(output_, gst_event_new_reconfigure());
}

void Element::set_upstream(bool live, GstClockTime latency) {
  std::lock_guard lock(mutex_);
  live_ = live;
  upstream_latency_ = latency;
}

void Element::set_flow(GstFlowReturn flow) {
  std::lock_guard lock(mutex_);
  flow_ = flow;
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

std::vector<Output> Element::outputs() {
  std::lock_guard lock(mutex_);
  return outputs_;
}

std::vector<Output> Element::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(outputs_, {});
}

std::vector<Output> Element::cues() {
  std::vector<Output> all = outputs();
  std::erase_if(all, [](const Output& output) { return !output.is_cue(); });
  return all;
}

void Element::wait_for(GstEventType event) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return std::any_of(outputs_.begin(), outputs_.end(),
                       [event](const Output& output) { return output.event == event; });
  });
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
