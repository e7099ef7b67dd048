// SPDX-License-Identifier: LGPL-2.1-or-later
// The pad functions: what arrives, what leaves, and flushing.
#include <utility>

#include "debug.h"
#include "messages.h"
#include "state.h"

namespace npu::gst {

// Counts on from the last buffer where a time stamp is missing.
void State::give_time(GstBuffer* buffer, GstClockTime duration) {
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) {
    const bool known = GST_CLOCK_TIME_IS_VALID(next_pts_);
    const bool segment = segment_.format == GST_FORMAT_TIME;
    GST_BUFFER_PTS(buffer) = known ? next_pts_ : segment ? segment_.start : 0;
  }
  next_pts_ = GST_BUFFER_PTS(buffer) + duration;
}

// Only upstream knows, and it may not have been asked before data flows.
void State::find_out_whether_live() {
  if (asked_whether_live_) return;
  asked_whether_live_ = true;
  const QueryPtr query(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(sink_pad_, query.get()))
    gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  live_ = live;
}

GstFlowReturn State::chain(BufferPtr buffer) {
  if (GST_AUDIO_INFO_FORMAT(&info_) == GST_AUDIO_FORMAT_UNKNOWN) {
    GST_ELEMENT_ERROR(element_, CORE, NEGOTIATION, (nullptr), ("audio came before its caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  find_out_whether_live();
  const guint64 frames = gst_buffer_get_size(buffer.get()) / GST_AUDIO_INFO_BPF(&info_);
  const GstClockTime duration =
      gst_util_uint64_scale_int(frames, GST_SECOND, GST_AUDIO_INFO_RATE(&info_));
  buffer.reset(gst_buffer_make_writable(buffer.release()));
  give_time(buffer.get(), duration);
  frames_ += frames;
  std::vector<BufferPtr> dropped;
  const auto when_full = live_ ? InputQueue::WhenFull::kDropOldest : InputQueue::WhenFull::kWait;
  const GstFlowReturn flow = input_.push_audio(std::move(buffer), duration, when_full, dropped);
  if (!dropped.empty()) report_dropped(dropped);
  return flow;
}

void State::report_dropped(const std::vector<BufferPtr>& dropped) {
  guint64 frames = 0;
  for (const BufferPtr& buffer : dropped)
    frames += gst_buffer_get_size(buffer.get()) / GST_AUDIO_INFO_BPF(&info_);
  dropped_frames_ += frames;
  GST_WARNING_OBJECT(element_, "too slow for a live source: %" G_GUINT64_FORMAT " samples dropped",
                     frames);
  const DroppedAudio audio{
      .timestamp = GST_BUFFER_PTS(dropped.front().get()),
      .duration = gst_util_uint64_scale_int(frames, GST_SECOND, GST_AUDIO_INFO_RATE(&info_)),
      .processed = frames_ - dropped_frames_,
      .dropped = dropped_frames_,
  };
  if (segment_.format == GST_FORMAT_TIME) post_qos(element_, segment_, audio);
}

// What the streaming thread itself must know of an event that goes to the worker.
void State::watch_event(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
      input_at_end_ = false;
      asked_whether_live_ = false;
      break;
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      if (!gst_audio_info_from_caps(&info_, caps)) gst_audio_info_init(&info_);
      break;
    }
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &segment_);
      next_pts_ = GST_CLOCK_TIME_NONE;
      break;
    case GST_EVENT_GAP: {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event, &start, &duration);
      if (GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(duration))
        next_pts_ = start + duration;
      break;
    }
    case GST_EVENT_EOS:
      input_at_end_ = true;
      break;
    default:
      break;
  }
}

gboolean State::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      flush_start(std::move(event));
      return TRUE;
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    default:
      break;
  }
  if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event.get())) & GST_EVENT_TYPE_SERIALIZED))
    return gst_pad_event_default(sink_pad_, GST_OBJECT(element_), event.release());
  watch_event(event.get());
  const bool bad_caps = GST_EVENT_TYPE(event.get()) == GST_EVENT_CAPS &&
                        GST_AUDIO_INFO_FORMAT(&info_) == GST_AUDIO_FORMAT_UNKNOWN;
  return !bad_caps && input_.push_event(std::move(event));
}

// Any thread, without the stream lock: downstream first, so that the source tasks return.
void State::flush_start(EventPtr event) {
  output_.begin_flush(event.get());
  input_.begin_flush();
  cancel_work();
}

// Under the sink pad's stream lock. The model stays; sticky events that were on their way stay too.
gboolean State::flush_stop(EventPtr event) {
  // Once more, for a FLUSH_STOP that no FLUSH_START came before.
  input_.begin_flush();
  output_.begin_queue_flush();
  cancel_work();
  input_.wait_parked();
  renew_cancel();
  output_.end_queue_flush();
  worker_.flush(input_.take_all());
  input_.fail(GST_FLOW_OK);
  input_.set_downstream(GST_FLOW_OK);
  input_at_end_ = false;
  next_pts_ = GST_CLOCK_TIME_NONE;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  const gboolean forwarded = output_.end_flush(event.get());
  input_.end_flush();
  return forwarded;
}

gboolean State::activate_source(GstPad* pad, bool active) {
  return output_.activate(pad, active);
}

void State::source_peer_changed(GstPad* pad) {
  output_.peer_changed(pad);
}

void State::add_source(GstPad* pad, TextKind kind) {
  output_.add(pad, kind);
  input_.set_downstream(output_.flow());  // it may be the only one that takes text
  input_.note_pads();
}

void State::remove_source(GstPad* pad) {
  output_.remove(pad);
  input_.note_pads();
}

// Downstream takes no more, or takes more again. Upstream hears it from chain(), or, past its end,
// from the bus.
void State::flow_changed() {
  const GstFlowReturn flow = output_.flow();
  if (flow == GST_FLOW_FLUSHING) return;
  input_.set_downstream(flow);
  const bool failed = flow != GST_FLOW_OK && flow != GST_FLOW_EOS;
  if (failed && input_at_end_) GST_ELEMENT_FLOW_ERROR(element_, flow);
}

}  // namespace npu::gst
