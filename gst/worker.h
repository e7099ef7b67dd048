// SPDX-License-Identifier: LGPL-2.1-or-later
// The worker thread: takes audio and events in order, and has them recognised or handed on.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <deque>
#include <memory>
#include <optional>

#include "input_queue.h"
#include "loader.h"
#include "recogniser.h"
#include "settings.h"
#include "text/text_branches.h"

namespace npu::gst {

// All methods but run() are called while run() is parked in InputQueue::pop(), or not running.
class Worker {
 public:
  Worker(GstElement* element, InputQueue& input, TextBranches& output, const Loader& loader,
         std::atomic<int64_t>& lateness_ns, Surroundings surroundings);

  // Before run(): forgets everything of the last time.
  void prepare(const Settings& settings);
  // The thread's body; returns when the input is stopped.
  void run();
  // After a flush: forgets audio, text and segment. `left` is what was in the input queue; of it,
  // and of what the flush interrupted, those events are kept that outlive a flush.
  void flush(std::deque<InputItem> left);
  // After run(): lets model and transcriber go.
  void finish();

 private:
  void handle(InputItem item);
  Result<void> audio(BufferPtr buffer);
  Result<void> event(EventPtr event);
  Result<void> stream_start(GstEvent* event);
  Result<void> caps(GstEvent* event);
  Result<void> segment(GstEvent* event);
  std::optional<int64_t> end_of_segment(const GstSegment& next) const;
  Result<void> gap(GstEvent* event);
  Result<void> eos(GstEvent* event);
  Result<void> default_segment();
  Result<Loader::Outcome> loaded() const;
  void fail(const Error& error);

  GstElement* const element_;
  InputQueue& input_;
  const Loader& loader_;
  std::atomic<int64_t>& lateness_ns_;
  TextBranches& output_;
  Recogniser recogniser_;

  Settings settings_;
  std::optional<Error> settings_error_;
  GstSegment segment_{};               // of the input; format UNDEFINED before the first
  std::deque<InputItem> interrupted_;  // events whose handling a flush ended, which outlive it
  const char* doing_ = "";
  bool failed_ = false;
};

}  // namespace npu::gst
