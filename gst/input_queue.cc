// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounded queue before the worker.
#include "input_queue.h"

#include <utility>

namespace npu::gst {
namespace {

bool is_audio(const InputItem& item) {
  return std::holds_alternative<BufferPtr>(item);
}

}  // namespace

bool InputQueue::full(GstClockTime extra_ns) const {
  // One buffer always fits: it may be longer than the capacity.
  if (queued_buffers_ == 0) return false;
  return queued_ns_ + extra_ns > kCapacity_ns || queued_buffers_ >= kCapacityItems;
}

GstFlowReturn InputQueue::refusal() const {
  if (flushing_ || stopped_) return GST_FLOW_FLUSHING;
  return flow_ != GST_FLOW_OK ? flow_ : downstream_;
}

void InputQueue::drop_oldest(std::vector<BufferPtr>& dropped) {
  GstClockTime dropped_ns = 0;
  for (auto entry = entries_.begin(); entry != entries_.end() && dropped_ns < kDropAtOnce_ns;) {
    if (!is_audio(entry->item)) {
      ++entry;
      continue;
    }
    dropped_ns += entry->duration_ns;
    queued_ns_ -= entry->duration_ns;
    --queued_buffers_;
    dropped.push_back(std::move(std::get<BufferPtr>(entry->item)));
    entry = entries_.erase(entry);
  }
}

GstFlowReturn InputQueue::push_audio(BufferPtr buffer, GstClockTime duration_ns, WhenFull when_full,
                                     std::vector<BufferPtr>& dropped) {
  std::unique_lock lock(mutex_);
  if (when_full == WhenFull::kWait) {
    changed_.wait(lock, [&] { return refusal() != GST_FLOW_OK || !full(duration_ns); });
  } else {
    while (full(duration_ns)) drop_oldest(dropped);
  }
  if (const GstFlowReturn flow = refusal(); flow != GST_FLOW_OK) return flow;
  entries_.push_back({std::move(buffer), duration_ns});
  queued_ns_ += duration_ns;
  ++queued_buffers_;
  changed_.notify_all();
  return GST_FLOW_OK;
}

bool InputQueue::push_event(EventPtr event) {
  std::lock_guard lock(mutex_);
  if (flushing_ || stopped_) return false;
  entries_.push_back({std::move(event), 0});
  changed_.notify_all();
  return true;
}

void InputQueue::note_pads() {
  std::lock_guard lock(mutex_);
  pads_changed_ = true;
  changed_.notify_all();
}

std::optional<InputItem> InputQueue::pop() {
  std::unique_lock lock(mutex_);
  const auto poppable = [&] {
    if (flushing_) return false;
    return pads_changed_ || (!entries_.empty() && (ready_ || !is_audio(entries_.front().item)));
  };
  parked_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopped_ || poppable(); });
  if (stopped_) return std::nullopt;
  parked_ = false;
  if (std::exchange(pads_changed_, false)) return EventPtr();
  Entry entry = std::move(entries_.front());
  entries_.pop_front();
  if (is_audio(entry.item)) {
    queued_ns_ -= entry.duration_ns;
    --queued_buffers_;
    changed_.notify_all();
  }
  return std::move(entry.item);
}

void InputQueue::set_ready(bool ready) {
  std::lock_guard lock(mutex_);
  ready_ = ready;
  changed_.notify_all();
}

bool InputQueue::audio_empty() const {
  std::lock_guard lock(mutex_);
  return queued_buffers_ == 0;
}

void InputQueue::begin_flush() {
  std::lock_guard lock(mutex_);
  flushing_ = true;
  changed_.notify_all();
}

void InputQueue::wait_parked() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return parked_; });
}

std::deque<InputItem> InputQueue::take_all() {
  std::lock_guard lock(mutex_);
  std::deque<InputItem> items;
  for (Entry& entry : entries_) items.push_back(std::move(entry.item));
  entries_.clear();
  queued_ns_ = 0;
  queued_buffers_ = 0;
  return items;
}

void InputQueue::end_flush() {
  std::lock_guard lock(mutex_);
  flushing_ = false;
  changed_.notify_all();
}

void InputQueue::fail(GstFlowReturn flow) {
  std::lock_guard lock(mutex_);
  flow_ = flow;
  changed_.notify_all();
}

void InputQueue::set_downstream(GstFlowReturn flow) {
  std::lock_guard lock(mutex_);
  downstream_ = flow;
  changed_.notify_all();
}

void InputQueue::start() {
  std::lock_guard lock(mutex_);
  entries_.clear();
  queued_ns_ = 0;
  queued_buffers_ = 0;
  flow_ = GST_FLOW_OK;
  downstream_ = GST_FLOW_OK;
  flushing_ = false;
  stopped_ = false;
  pads_changed_ = false;
  parked_ = false;
}

void InputQueue::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void InputQueue::worker_gone() {
  std::lock_guard lock(mutex_);
  parked_ = true;
  changed_.notify_all();
}

}  // namespace npu::gst
