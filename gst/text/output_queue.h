// SPDX-License-Identifier: LGPL-2.1-or-later
// From the worker to a source pad's task: cues and events, in order, bounded.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "gst_ptr.h"
#include "text/cue.h"

namespace npu::gst {

// A cue on its way to become a buffer, in whatever format downstream takes by then.
struct QueuedCue {
  TextCue cue;
  std::string language;
  StructurePtr structure;  // make_cue_structure() of it
  bool discont;
};

// Whoever takes the text may be another, or take it in another form.
struct PeerChanged {};

using OutputItem = std::variant<QueuedCue, EventPtr, PeerChanged>;

// Thread-safe. Its mutex is a leaf: nothing is called while it is held.
//
// Waits, and what ends them:
//   push() for room      pop(), begin_flush(), refuse(), stop()
//   pop() for an item    push(), note_peer(), begin_flush(), stop()
class OutputQueue {
 public:
  // Some windows of gaps and cues; more only means that downstream holds the element up.
  static constexpr size_t kCapacity = 512;

  // Appends an item, waits while full. False while flushing or stopped (item freed). After
  // refuse() cues are freed, and events still pass, for the EOS that releases downstream.
  bool push(OutputItem item);
  // The next pop() gives PeerChanged, whatever waits before it. Any thread; never waits.
  void note_peer();
  // nullopt: flushing or stopped.
  std::optional<OutputItem> pop();

  void begin_flush();
  // Everything that is left.
  std::deque<OutputItem> take_all();
  void end_flush();
  // Downstream takes no more cues: they are freed from now on.
  void refuse();

  void start();
  void stop();

 private:
  std::mutex mutex_;
  // Guarded by mutex_.
  std::condition_variable changed_;
  std::deque<OutputItem> items_;
  bool flushing_ = false;
  bool stopped_ = true;
  bool refused_ = false;
  bool peer_changed_ = false;
};

}  // namespace npu::gst
