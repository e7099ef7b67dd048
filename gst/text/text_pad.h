// SPDX-License-Identifier: LGPL-2.1-or-later
// A source pad with its queue and task: negotiates the format, renders cues, and pushes.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "gst_ptr.h"
#include "text/output_queue.h"
#include "text/text_format.h"

namespace npu::gst {

// The task runs from activation to deactivation. It holds no lock while it pushes or asks.
class TextPad {
 public:
  // Keeps a reference of `pad`. `flow_changed` is called on the task's thread, without a lock, when
  // downstream's answer to a buffer is another than the one before it.
  TextPad(GstPad* pad, std::function<void()> flow_changed);
  TextPad(const TextPad&) = delete;
  TextPad& operator=(const TextPad&) = delete;

  GstPad* get() const { return pad_.get(); }
  OutputQueue& queue() { return queue_; }
  // What downstream answered last.
  GstFlowReturn flow() const { return flow_; }

  // From the pad's activation function.
  gboolean activate(bool active);
  // Before an activation: forgets the run before.
  void start();

  // The pad has been linked, or downstream has changed its mind about the format (RECONFIGURE): the
  // task tells downstream what it has not heard yet, without waiting for the next cue. Any thread.
  void peer_changed() { queue_.note_peer(); }

  // FLUSH_START: downstream first, so that the task returns. Waits for nothing. Any thread.
  void begin_flush(GstEvent* event);
  // FLUSH_STOP, in two parts, once the queue flushes and the worker is parked: the task comes to
  // rest, the queue takes items again, and of those in it sticky events stay; then downstream hears
  // of it and the task runs.
  void end_queue_flush();
  gboolean end_flush(GstEvent* event);

 private:
  static void task(gpointer self);
  // Pushes one item, or pauses the task once the queue gives none.
  bool push_next();
  void push_event(EventPtr event);
  void push_cue(const QueuedCue& item);
  void negotiate();
  void meet_peer();
  void send_pending_events();
  void note_flow(GstFlowReturn flow);

  const ObjectPtr<GstPad> pad_;
  std::mutex active_mutex_;  // held while the task is started, which takes only GStreamer's locks
  bool active_ = false;      // guarded by active_mutex_: no flush starts the task of a pad at rest
  const std::function<void()> flow_changed_;
  OutputQueue queue_;
  // Stored before the task starts and after each of its items, loaded before them and once it has
  // stopped: GStreamer orders these by locks that sanitizers do not see.
  std::atomic<bool> turn_{false};
  std::atomic<GstFlowReturn> flow_{GST_FLOW_OK};
  // Of the task, and of start().
  std::atomic<TextFormat> format_{TextFormat::kUtf8};
  std::atomic<bool> caps_sent_{false};
};

// Whether a flush leaves this event in force: sticky ones other than segment and EOS.
bool outlives_flush(GstEvent* event);

}  // namespace npu::gst
