// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element is made of: an input queue, a worker behind it, a branch for each source pad,
// the loader, and the pad functions that drive them. GObject stays in npuwhisper.cc.
//
//   streaming thread --InputQueue--> worker thread --OutputQueue--> task of a source pad
//                                        ^ model    (a branch for each pad)
//                                  loading thread
//
// Locks: settings_mutex_ and run_mutex_ here, one in each queue, in the loader and in the branches.
// The last is taken before those of the output queues; no two others are ever held together, none
// while pushing, querying, posting a message or waiting for the engine. The sink pad's stream lock
// may be held when any of them is taken, never the other way round.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine.h"
#include "gst_ptr.h"
#include "input_queue.h"
#include "loader.h"
#include "settings.h"
#include "text/text_branches.h"
#include "worker.h"

namespace npu::gst {

class State {
 public:
  // The pads belong to `element`, which owns this object.
  State(GstElement* element, GstPad* sink_pad, std::shared_ptr<Engine> engine);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Properties; any thread.
  Settings settings() const;
  void change_settings(const std::function<void(Settings&)>& change);
  std::string active_device() const;
  // Of the loaded model; empty while there is none.
  std::string arithmetic() const;
  // Of its device.
  std::vector<ListWork> device_work() const;
  WorkDone work_done() const;
  // Before the element leaves NULL.
  void set_engine(std::shared_ptr<Engine> engine);

  // State changes, in this order. begin_loading() returns at once.
  void begin_loading();  // NULL to READY
  void start();          // READY to PAUSED, before the pads are activated
  void interrupt();      // PAUSED to READY, before the pads are deactivated: ends every wait
  void stop();           // PAUSED to READY, after
  void unload();         // READY to NULL

  // Pad functions.
  GstFlowReturn chain(BufferPtr buffer);
  gboolean sink_event(EventPtr event);
  gboolean answer_latency(GstQuery* query);
  gboolean activate_source(GstPad* pad, bool active);
  void source_peer_changed(GstPad* pad);

  // Source pads, before they are added to the element and before they are taken from it; any
  // thread, in any state.
  void add_source(GstPad* pad, TextKind kind);
  void remove_source(GstPad* pad);

 private:
  void flow_changed();

  void flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);
  void watch_event(GstEvent* event);
  void give_time(GstBuffer* buffer, GstClockTime duration);
  void find_out_whether_live();
  void report_dropped(const std::vector<BufferPtr>& dropped);
  void model_changed();
  void note_device(const Loader::Outcome& outcome);
  void check_device();
  void check_delay(int64_t running_ns);
  void set_work_done(const WorkDone& work);
  CancelToken cancel_token() const;
  void cancel_work();
  void renew_cancel();
  Surroundings surroundings();

  GstElement* const element_;
  GstPad* const sink_pad_;
  std::shared_ptr<Engine> engine_;  // of state changes

  mutable std::mutex settings_mutex_;
  Settings settings_;          // guarded by settings_mutex_
  std::string active_device_;  // guarded by settings_mutex_
  WorkDone work_done_;         // guarded by settings_mutex_

  mutable std::mutex run_mutex_;
  CancelSource cancel_;  // guarded by run_mutex_

  std::atomic<int64_t> latency_ns_{0};
  std::atomic<int64_t> lateness_ns_{0};
  std::atomic<int64_t> upstream_latency_ns_{0};
  std::atomic<bool> live_{false};
  std::atomic<bool> warned_late_{false};
  std::atomic<bool> warned_lost_{false};

  // Of the streaming thread, under the sink pad's stream lock.
  GstAudioInfo info_{};
  GstSegment segment_{};
  GstClockTime next_pts_ = GST_CLOCK_TIME_NONE;
  bool asked_whether_live_ = false;
  guint64 frames_ = 0;
  guint64 dropped_frames_ = 0;

  // Upstream has sent EOS: a flow error after it reaches nobody through chain().
  std::atomic<bool> input_at_end_{false};

  InputQueue input_;
  TextBranches output_;
  Loader loader_;
  Worker worker_;
  std::thread thread_;  // of state changes
};

}  // namespace npu::gst
