// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/held_stream.h"

namespace npu::subtitle {

HeldStream::HeldStream(gst::ObjectPtr<GstPad> pad, std::function<void()> known,
                       std::atomic<int64_t>& position_ns)
    : pad_(std::move(pad)), known_callback_(std::move(known)), position_ns_(position_ns) {
  probe_ =
      gst_pad_add_probe(pad_.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_first, this, nullptr);
}

bool HeldStream::is_known() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

void HeldStream::release() {
  gst_pad_add_probe(pad_.get(), GST_PAD_PROBE_TYPE_BUFFER, on_buffer, this, nullptr);
  gst_pad_remove_probe(pad_.get(), probe_);
}

// Whether an event says all that will be known of the stream.
bool HeldStream::decides(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START: {
      GstStreamFlags flags = GST_STREAM_FLAG_NONE;
      gst_event_parse_stream_flags(event, &flags);
      const std::lock_guard lock(mutex_);
      sparse_ = flags & GST_STREAM_FLAG_SPARSE;
      return false;
    }
    case GST_EVENT_CAPS: {
      const std::lock_guard lock(mutex_);
      return sparse_;
    }
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      return true;
    default:
      return false;
  }
}

GstPadProbeReturn HeldStream::on_first(GstPad*, GstPadProbeInfo* info, void* data) {
  auto* self = static_cast<HeldStream*>(data);
  const bool is_event = GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
  GstEvent* event = is_event ? GST_PAD_PROBE_INFO_EVENT(info) : nullptr;
  if (event && !self->decides(event)) return GST_PAD_PROBE_PASS;
  bool is_news = false;
  {
    const std::lock_guard lock(self->mutex_);
    is_news = !self->known_;
    self->known_ = true;
  }
  if (is_news) self->known_callback_();
  const bool passes = event && GST_EVENT_TYPE(event) == GST_EVENT_CAPS;
  return passes ? GST_PAD_PROBE_PASS : GST_PAD_PROBE_OK;
}

GstPadProbeReturn HeldStream::on_buffer(GstPad* pad, GstPadProbeInfo* info, void* data) {
  auto* self = static_cast<HeldStream*>(data);
  const GstClockTime time = GST_BUFFER_DTS_OR_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  const gst::EventPtr sticky(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
  if (!sticky || !GST_CLOCK_TIME_IS_VALID(time)) return GST_PAD_PROBE_OK;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(sticky.get(), &segment);
  const guint64 running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  if (GST_CLOCK_TIME_IS_VALID(running)) self->position_ns_ = static_cast<int64_t>(running);
  return GST_PAD_PROBE_OK;
}

}  // namespace npu::subtitle
