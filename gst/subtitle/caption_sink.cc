// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/caption_sink.h"

#include <gst/app/gstappsink.h>

#include <algorithm>

namespace npu::subtitle {
namespace {

int64_t running_time_ns(const GstSegment* segment, GstClockTime time) {
  guint64 running = 0;
  // Signed: a cue may begin a little before the segment does.
  const int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, time, &running);
  return sign < 0 ? -static_cast<int64_t>(running) : static_cast<int64_t>(running);
}

std::string text_of(GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return "";
  std::string text(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  return text;
}

}  // namespace

CaptionSink::CaptionSink() {
  GstElement* sink = gst_element_factory_make("appsink", "captions");
  element_.reset(GST_ELEMENT(gst_object_ref_sink(sink)));
  const gst::CapsPtr caps(gst_caps_from_string("text/x-raw, format=(string)utf8"));
  // It waits for nothing: one that prerolls loses its state to the seek to the beginning of a
  // range, for ever if the pipeline is just on its way to PLAYING.
  g_object_set(sink, "sync", FALSE, "async", FALSE, "caps", caps.get(), nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* appsink, gpointer self) {
    return on_sample(appsink, self);
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(sink, "sink"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, this, nullptr);
}

void CaptionSink::reset() {
  position_ns_ = 0;
  const std::lock_guard lock(mutex_);
  captions_.clear();
  language_.clear();
}

std::string CaptionSink::language() const {
  const std::lock_guard lock(mutex_);
  return language_;
}

std::vector<captions::Caption> CaptionSink::take_captions() {
  const std::lock_guard lock(mutex_);
  return std::move(captions_);
}

GstFlowReturn CaptionSink::on_sample(void* appsink, void* self) {
  const gst::SamplePtr sample(gst_app_sink_pull_sample(GST_APP_SINK(appsink)));
  if (sample) static_cast<CaptionSink*>(self)->add(sample.get());
  return GST_FLOW_OK;
}

GstPadProbeReturn CaptionSink::on_event(GstPad* pad, GstPadProbeInfo* info, void* self) {
  static_cast<CaptionSink*>(self)->note(pad, GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

void CaptionSink::add(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const GstSegment* segment = gst_sample_get_segment(sample);
  if (!buffer || !segment || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
  const GstClockTime duration =
      GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
  captions::Caption caption;
  caption.start_ns = running_time_ns(segment, GST_BUFFER_PTS(buffer));
  caption.end_ns = running_time_ns(segment, GST_BUFFER_PTS(buffer) + duration);
  caption.text = text_of(buffer);
  position_ns_ = std::max<int64_t>(position_ns_, caption.end_ns);
  const std::lock_guard lock(mutex_);
  captions_.push_back(std::move(caption));
}

void CaptionSink::note(GstPad* pad, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
    const gst::EventPtr sticky(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    if (!sticky) return;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(sticky.get(), &segment);
    GstClockTime start = 0;
    GstClockTime duration = 0;
    gst_event_parse_gap(event, &start, &duration);
    if (!GST_CLOCK_TIME_IS_VALID(duration)) duration = 0;
    position_ns_ = std::max<int64_t>(position_ns_, running_time_ns(segment, start + duration));
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
    GstTagList* tags = nullptr;
    gst_event_parse_tag(event, &tags);
    char* code = nullptr;
    if (!gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &code)) return;
    const gst::CharPtr owned(code);
    const std::lock_guard lock(mutex_);
    language_ = std::string_view(code) == "und" ? "" : code;
  }
}

}  // namespace npu::subtitle
