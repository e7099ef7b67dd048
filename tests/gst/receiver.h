// SPDX-License-Identifier: LGPL-2.1-or-later
// The downstream of a source pad under test: keeps what comes.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst_ptr.h"

namespace npu::testing {

// What left the element, in order.
struct Output {
  GstEventType event = GST_EVENT_UNKNOWN;  // UNKNOWN: a buffer
  GstClockTime pts = GST_CLOCK_TIME_NONE;  // of buffers and gaps
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  std::string text;
  bool discont = false;
  std::shared_ptr<GstEvent> raw;
  std::shared_ptr<GstStructure> cue;  // of a buffer's meta

  bool is_cue() const { return event == GST_EVENT_UNKNOWN; }
};

// A sink pad that takes everything. Thread-safe.
class Receiver {
 public:
  // `accepted`: the caps that it says it accepts, null for any.
  explicit Receiver(const char* accepted = nullptr);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  GstPad* pad() const { return pad_; }
  // Takes what leaves `source`.
  void link(GstPad* source);

  // Everything that came so far; and what came since the last call of take().
  std::vector<Output> outputs();
  std::vector<Output> take();
  std::vector<Output> cues();
  // Waits until something of that kind has come since take(); UNKNOWN: a buffer.
  void wait_for(GstEventType event);
  // Waits until the time up to `end` has text or gaps, which came since take().
  void wait_for_time(GstClockTime end);

  // Accepts other caps from now on, and says so.
  void set_accepted(const char* caps);
  // What buffers are answered with.
  void set_flow(GstFlowReturn flow);

 private:
  // Lives as long as the pad: FLUSH_START may be on its way through one whose receiver goes.
  struct Inbox {
    // GStreamer has ended all calls, but by locks that ThreadSanitizer does not see.
    ~Inbox() { const std::lock_guard all_callbacks_are_done(mutex); }

    std::mutex mutex;
    // Guarded by mutex.
    std::condition_variable changed;
    std::vector<Output> outputs;
    GstFlowReturn flow = GST_FLOW_OK;
    gst::CapsPtr accepted;
  };

  static Inbox& of(GstPad* pad);
  static GstFlowReturn on_buffer(GstPad* pad, GstObject*, GstBuffer* buffer);
  static gboolean on_event(GstPad* pad, GstObject*, GstEvent* event);
  static gboolean on_query(GstPad* pad, GstObject* parent, GstQuery* query);
  static void add(GstPad* pad, Output output);

  GstPad* pad_;
  Inbox& inbox_;  // of pad_
};

}  // namespace npu::testing
