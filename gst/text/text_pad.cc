// SPDX-License-Identifier: LGPL-2.1-or-later
// The task of a source pad.
#include "text/text_pad.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "debug.h"
#include "text/cue_structure.h"

namespace npu::gst {

bool outlives_flush(GstEvent* event) {
  return (gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY) &&
         GST_EVENT_TYPE(event) != GST_EVENT_SEGMENT && GST_EVENT_TYPE(event) != GST_EVENT_EOS;
}

TextPad::TextPad(GstPad* pad, std::function<void()> flow_changed)
    : pad_(GST_PAD(gst_object_ref(pad))), flow_changed_(std::move(flow_changed)) {}

gboolean TextPad::activate(bool active) {
  {
    std::lock_guard lock(active_mutex_);
    active_ = active;
    if (active) {
      turn_.store(true, std::memory_order_release);
      return gst_pad_start_task(pad_.get(), task, this, nullptr);
    }
  }
  queue_.stop();
  const gboolean stopped = gst_pad_stop_task(pad_.get());
  turn_.load(std::memory_order_acquire);
  queue_.take_all();  // behind the task's last look into it
  return stopped;
}

void TextPad::start() {
  flow_ = GST_FLOW_OK;
  caps_sent_ = false;
  format_ = TextFormat::kUtf8;
  queue_.start();
}

void TextPad::begin_flush(GstEvent* event) {
  gst_pad_push_event(pad_.get(), gst_event_ref(event));
  queue_.begin_flush();
}

void TextPad::end_queue_flush() {
  // Not before: the task may wait in an event that only a flush of another branch sets free.
  if (GST_PAD_IS_FLUSHING(pad_.get())) gst_pad_pause_task(pad_.get());
  std::deque<OutputItem> leaving = queue_.take_all();
  queue_.end_flush();
  flow_ = GST_FLOW_OK;
  for (OutputItem& item : leaving) {
    auto* event = std::get_if<EventPtr>(&item);
    if (event && outlives_flush(event->get())) queue_.push(std::move(item));
  }
}

gboolean TextPad::end_flush(GstEvent* event) {
  const gboolean forwarded = gst_pad_push_event(pad_.get(), gst_event_ref(event));
  std::lock_guard lock(active_mutex_);
  if (active_) gst_pad_start_task(pad_.get(), task, this, nullptr);
  return forwarded;
}

void TextPad::task(gpointer self) {
  auto* const text_pad = static_cast<TextPad*>(self);
  text_pad->turn_.load(std::memory_order_acquire);
  if (text_pad->push_next()) text_pad->turn_.store(true, std::memory_order_release);
}

bool TextPad::push_next() {
  GstPad* const pad = pad_.get();
  auto item = queue_.pop();
  if (!item) {
    // Nothing of this object is touched any more: it may be on its way out.
    gst_pad_pause_task(pad);
    return false;
  }
  if (auto* event = std::get_if<EventPtr>(&*item))
    push_event(std::move(*event));
  else if (auto* cue = std::get_if<QueuedCue>(&*item))
    push_cue(*cue);
  else
    meet_peer();
  return true;
}

void TextPad::meet_peer() {
  GstFlowReturn unlinked = GST_FLOW_NOT_LINKED;
  if (flow_.compare_exchange_strong(unlinked, GST_FLOW_OK)) flow_changed_();
  if (caps_sent_) negotiate();
  send_pending_events();
}

// What was pushed while nothing was linked, or to another peer, waits in the pad for the next push.
// Pushing the last of the sticky events again makes it go out; the peer gets none twice.
void TextPad::send_pending_events() {
  GstPad* const pad = pad_.get();
  const ObjectPtr<GstPad> peer(gst_pad_get_peer(pad));
  if (!peer || EventPtr(gst_pad_get_sticky_event(peer.get(), GST_EVENT_EOS, 0))) return;
  std::vector<EventPtr> events;
  gst_pad_sticky_events_foreach(
      pad,
      [](GstPad*, GstEvent** event, gpointer list) -> gboolean {
        static_cast<std::vector<EventPtr>*>(list)->emplace_back(gst_event_ref(*event));
        return TRUE;
      },
      &events);
  if (events.empty()) return;
  // At its end a pad takes nothing but STREAM_START, after which all of them have to follow.
  const bool ended = GST_EVENT_TYPE(events.back().get()) == GST_EVENT_EOS;
  const auto first = ended ? events.begin() : events.end() - 1;
  std::for_each(first, events.end(),
                [pad](EventPtr& event) { gst_pad_push_event(pad, event.release()); });
}

// The results of events say nothing that the next buffer would not say.
void TextPad::push_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_START)
    caps_sent_ = false;
  else
    negotiate();
  gst_pad_push_event(pad_.get(), event.release());
}

// Caps come right behind the stream's start, and again if what downstream has become takes them no
// more.
void TextPad::negotiate() {
  const bool asked = gst_pad_check_reconfigure(pad_.get());
  if (caps_sent_ && !asked) return;
  const CapsPtr accepted(gst_pad_peer_query_caps(pad_.get(), nullptr));
  const TextFormat format = choose_format(accepted.get(), format_);
  if (caps_sent_ && format == format_) return;
  format_ = format;
  caps_sent_ = true;
  const CapsPtr caps = caps_of(format);
  GST_DEBUG_OBJECT(pad_.get(), "format %" GST_PTR_FORMAT, caps.get());
  gst_pad_push_event(pad_.get(), gst_event_new_caps(caps.get()));
}

void TextPad::push_cue(const QueuedCue& item) {
  negotiate();
  const std::string bytes = render(item.cue, item.language, format_);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(item.cue.start_ns);
  GST_BUFFER_DURATION(buffer.get()) =
      static_cast<GstClockTime>(item.cue.end_ns - item.cue.start_ns);
  if (item.discont) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  add_cue_meta(buffer.get(), item.structure.get());
  note_flow(gst_pad_push(pad_.get(), buffer.release()));
}

void TextPad::note_flow(GstFlowReturn flow) {
  if (flow_.exchange(flow) == flow || flow == GST_FLOW_FLUSHING) return;
  GST_DEBUG_OBJECT(pad_.get(), "downstream returned %s", gst_flow_get_name(flow));
  // A pad may be linked later; other refusals last until a flush.
  if (flow != GST_FLOW_OK && flow != GST_FLOW_NOT_LINKED) queue_.refuse();
  flow_changed_();
}

}  // namespace npu::gst
