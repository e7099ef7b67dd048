// SPDX-License-Identifier: LGPL-2.1-or-later
// From the streaming thread to the worker: audio and serialized events, in order, bounded.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "gst_ptr.h"

namespace npu::gst {

// What the worker takes out. No event: source pads have come or gone, and it should look.
using InputItem = std::variant<BufferPtr, EventPtr>;

// Thread-safe. Its mutex is a leaf: nothing is called while it is held.
//
// Waits, and what ends them:
//   push_audio() for room      pop(), begin_flush(), fail(), set_downstream(), stop()
//   pop() for an item          push_*(), note_pads(), set_ready(), stop(); holds while flushing
//   wait_parked()              the worker's next pop(), or worker_gone()
class InputQueue {
 public:
  // A whole window of the engine, so that upstream never waits for audio that cannot come.
  static constexpr GstClockTime kCapacity_ns = 30 * GST_SECOND;
  // Buffers of a few samples are bounded by their number (some 30 MB).
  static constexpr size_t kCapacityItems = 65536;
  // What is dropped at once when full, so that an overload makes few holes instead of many.
  static constexpr GstClockTime kDropAtOnce_ns = GST_SECOND;

  enum class WhenFull { kWait, kDropOldest };

  // Appends audio of `duration_ns`. Buffers that had to make room are moved to `dropped`.
  // Returns what the chain function should: OK, FLUSHING (buffer freed) or the failure set by
  // fail() or set_downstream().
  GstFlowReturn push_audio(BufferPtr buffer, GstClockTime duration_ns, WhenFull when_full,
                           std::vector<BufferPtr>& dropped);
  // Appends an event; never waits. False while flushing or stopped (event freed).
  bool push_event(EventPtr event);
  // The next pop() gives no event, whatever waits before it. Never waits.
  void note_pads();

  // Worker only. Audio is held back until set_ready(); events are not, as long as no audio is
  // before them. nullopt after stop().
  std::optional<InputItem> pop();
  // The model is there, or will not come.
  void set_ready(bool ready);
  // True while there is no audio to pop.
  bool audio_empty() const;

  // push_*() refuse from now on, and pop() holds.
  void begin_flush();
  // Blocks until the worker is inside pop(), or gone. Precondition: begin_flush() or stop(), and
  // the worker's work is cancelled.
  void wait_parked();
  // Everything that is left. Precondition: parked.
  std::deque<InputItem> take_all();
  void end_flush();

  // From now on push_audio() returns `flow`, because the worker has failed; GST_FLOW_OK takes it
  // back.
  void fail(GstFlowReturn flow);
  // The same for what downstream answers.
  void set_downstream(GstFlowReturn flow);
  void start();
  void stop();
  // The worker's thread ends.
  void worker_gone();

 private:
  struct Entry {
    InputItem item;
    GstClockTime duration_ns;  // 0 for events
  };

  bool full(GstClockTime extra_ns) const;
  void drop_oldest(std::vector<BufferPtr>& dropped);
  GstFlowReturn refusal() const;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::condition_variable changed_;
  std::deque<Entry> entries_;
  GstClockTime queued_ns_ = 0;
  size_t queued_buffers_ = 0;
  GstFlowReturn flow_ = GST_FLOW_OK;
  GstFlowReturn downstream_ = GST_FLOW_OK;
  bool flushing_ = false;
  bool stopped_ = true;
  bool ready_ = false;
  bool pads_changed_ = false;
  bool parked_ = true;
};

}  // namespace npu::gst
