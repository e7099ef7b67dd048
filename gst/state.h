// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element is made of: two queues, a worker between them, the loader, and the pad functions
// that drive them. GObject stays in npuwhisper.cc.
//
//   streaming thread --InputQueue--> worker thread --OutputQueue--> task of the source pad
//                                        ^ model
//                                  loading thread
//
// Locks: settings_mutex_ and run_mutex_ here, one in each queue and in the loader. All are leaves:
// no two are ever held together, none while pushing, querying upstream, posting a message or
// waiting for the engine. The sink pad's stream lock may be held when any of them is taken, never
// the other way round.
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
#include "output_queue.h"
#include "settings.h"
#include "worker.h"

namespace npu::gst {

class State {
 public:
  // The pads belong to `element`, which owns this object.
  State(GstElement* element, GstPad* sink_pad, GstPad* source_pad, std::shared_ptr<Engine> engine);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Properties; any thread.
  Settings settings() const;
  void change_settings(const std::function<void(Settings&)>& change);
  std::string active_device() const;
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
  gboolean activate_source(bool active);

 private:
  static void source_task(gpointer state);
  void push_next();
  void source_failed(GstFlowReturn flow);

  void flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);
  void watch_event(GstEvent* event);
  void give_time(GstBuffer* buffer, GstClockTime duration);
  void find_out_whether_live();
  void report_dropped(const std::vector<BufferPtr>& dropped);
  void model_changed();
  void check_delay(int64_t running_ns);
  void set_work_done(const WorkDone& work);
  CancelToken cancel_token() const;
  void cancel_work();
  void renew_cancel();
  Surroundings surroundings();

  GstElement* const element_;
  GstPad* const sink_pad_;
  GstPad* const source_pad_;
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
  OutputQueue output_;
  Loader loader_;
  Worker worker_;
  std::thread thread_;  // of state changes
};

}  // namespace npu::gst
