// SPDX-License-Identifier: LGPL-2.1-or-later
// State changes, loading and the worker's surroundings.
#include "state.h"

#include <utility>

#include "debug.h"
#include "messages.h"

namespace npu::gst {

State::State(GstElement* element, GstPad* sink_pad, std::shared_ptr<Engine> engine)
    : element_(element),
      sink_pad_(sink_pad),
      engine_(std::move(engine)),
      output_(element, [this] { flow_changed(); }),
      loader_(element, [this] { model_changed(); }),
      worker_(element, input_, output_, loader_, lateness_ns_, surroundings()) {
  gst_audio_info_init(&info_);
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  change_settings([](Settings&) {});
}

State::~State() {
  // An element that is freed is in NULL; this is for one that never left it in order.
  interrupt();
  stop();
}

Surroundings State::surroundings() {
  return {
      .cancel = [this] { return cancel_token(); },
      .live = [this] { return live_.load(); },
      .more_audio = [this] { return !input_.audio_empty(); },
      .latency_ns = [this] { return latency_ns_.load(); },
      .live_piece_done = [this](int64_t running_ns) { check_delay(running_ns); },
      .worked =
          [this](const WorkDone& work) {
            set_work_done(work);
            check_device();
          },
  };
}

Settings State::settings() const {
  std::lock_guard lock(settings_mutex_);
  return settings_;
}

void State::change_settings(const std::function<void(Settings&)>& change) {
  {
    std::lock_guard lock(settings_mutex_);
    change(settings_);
    lateness_ns_ = static_cast<int64_t>(settings_.lateness_ms) * GST_MSECOND;
  }
  const int64_t latency_ns = static_cast<int64_t>(settings().latency_ms) * GST_MSECOND;
  if (latency_ns_.exchange(latency_ns) != latency_ns && live_)
    gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

std::string State::active_device() const {
  std::lock_guard lock(settings_mutex_);
  return active_device_;
}

WorkDone State::work_done() const {
  std::lock_guard lock(settings_mutex_);
  return work_done_;
}

void State::set_work_done(const WorkDone& work) {
  std::lock_guard lock(settings_mutex_);
  work_done_ = work;
}

void State::set_engine(std::shared_ptr<Engine> engine) {
  engine_ = std::move(engine);
}

CancelToken State::cancel_token() const {
  std::lock_guard lock(run_mutex_);
  return cancel_.token();
}

void State::cancel_work() {
  std::lock_guard lock(run_mutex_);
  cancel_.cancel();
}

void State::renew_cancel() {
  std::lock_guard lock(run_mutex_);
  cancel_ = CancelSource();
}

// What active-device shows.
void State::note_device(const Loader::Outcome& outcome) {
  const std::string device = outcome.model ? outcome.model->device() : std::string();
  bool other = false;
  {
    std::lock_guard lock(settings_mutex_);
    other = std::exchange(active_device_, device) != device;
  }
  if (other) g_object_notify(G_OBJECT(element_), "active-device");
}

void State::model_changed() {
  const Loader::Outcome outcome = loader_.outcome();
  note_device(outcome);
  input_.set_ready(outcome.done());
}

// Worker thread: the device may have been lost in the work that was just done, for whoever shares
// it.
void State::check_device() {
  const Loader::Outcome outcome = loader_.outcome();
  const auto loss = outcome.model ? outcome.model->loss() : std::nullopt;
  if (!loss || warned_lost_.exchange(true)) return;
  note_device(outcome);
  post_device_lost(element_, outcome.model->device(), *loss);
}

std::string State::arithmetic() const {
  const Loader::Outcome outcome = loader_.outcome();
  return outcome.model ? outcome.model->arithmetic() : std::string();
}

std::vector<ListWork> State::device_work() const {
  const Loader::Outcome outcome = loader_.outcome();
  return outcome.model ? outcome.model->device_work() : std::vector<ListWork>();
}

void State::begin_loading() {
  const Settings now = settings();
  loader_.start(engine_, model_request(now), now.vad);
}

void State::unload() {
  loader_.unload();
}

void State::start() {
  begin_loading();  // again if the property has changed, or the last load failed
  renew_cancel();
  asked_whether_live_ = false;
  live_ = false;
  warned_late_ = false;
  warned_lost_ = false;
  upstream_latency_ns_ = 0;
  input_at_end_ = false;
  next_pts_ = GST_CLOCK_TIME_NONE;
  frames_ = 0;
  dropped_frames_ = 0;
  set_work_done({});
  gst_audio_info_init(&info_);
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  worker_.prepare(settings());
  input_.start();
  output_.start();
  thread_ = std::thread([this] { worker_.run(); });
}

void State::interrupt() {
  input_.stop();
  output_.interrupt();
  cancel_work();
}

void State::stop() {
  if (!thread_.joinable()) return;
  thread_.join();
  // A FLUSH_STOP that met the deactivation may have started a task again.
  output_.stop();
  input_.take_all();
  worker_.finish();
}

gboolean State::answer_latency(GstQuery* query) {
  if (!gst_pad_peer_query(sink_pad_, query)) return FALSE;
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  live_ = live;
  if (!live) return TRUE;
  upstream_latency_ns_ = static_cast<int64_t>(least);
  const auto own = static_cast<GstClockTime>(latency_ns_.load());
  if (GST_CLOCK_TIME_IS_VALID(most)) most += own;
  gst_query_set_latency(query, TRUE, least + own, most);
  return TRUE;
}

// Worker thread: the text of audio at `running_ns` has just gone out.
void State::check_delay(int64_t running_ns) {
  if (warned_late_ || GST_STATE(element_) != GST_STATE_PLAYING) return;
  const ClockPtr clock(gst_element_get_clock(element_));
  if (!clock) return;
  const auto now =
      static_cast<int64_t>(gst_clock_get_time(clock.get()) - gst_element_get_base_time(element_));
  const int64_t promised = upstream_latency_ns_ + latency_ns_;
  if (now - running_ns <= promised || warned_late_.exchange(true)) return;
  post_late(element_, static_cast<GstClockTime>(now - running_ns),
            static_cast<GstClockTime>(promised));
}

}  // namespace npu::gst
