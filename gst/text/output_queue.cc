// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounded queue behind the worker.
#include "text/output_queue.h"

#include <utility>

namespace npu::gst {

bool OutputQueue::push(OutputItem item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return flushing_ || stopped_ || refused_ || items_.size() < kCapacity; });
  if (flushing_ || stopped_) return false;
  if (refused_ && std::holds_alternative<QueuedCue>(item)) return true;
  items_.push_back(std::move(item));
  changed_.notify_all();
  return true;
}

void OutputQueue::note_peer() {
  std::lock_guard lock(mutex_);
  peer_changed_ = true;
  changed_.notify_all();
}

std::optional<OutputItem> OutputQueue::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return flushing_ || stopped_ || peer_changed_ || !items_.empty(); });
  if (flushing_ || stopped_) return std::nullopt;
  if (std::exchange(peer_changed_, false)) return PeerChanged{};
  OutputItem item = std::move(items_.front());
  items_.pop_front();
  changed_.notify_all();
  return item;
}

void OutputQueue::begin_flush() {
  std::lock_guard lock(mutex_);
  flushing_ = true;
  changed_.notify_all();
}

std::deque<OutputItem> OutputQueue::take_all() {
  std::lock_guard lock(mutex_);
  return std::exchange(items_, {});
}

void OutputQueue::end_flush() {
  std::lock_guard lock(mutex_);
  flushing_ = false;
  refused_ = false;
  changed_.notify_all();
}

void OutputQueue::refuse() {
  std::lock_guard lock(mutex_);
  refused_ = true;
  changed_.notify_all();
}

void OutputQueue::start() {
  std::lock_guard lock(mutex_);
  items_.clear();
  flushing_ = false;
  stopped_ = false;
  refused_ = false;
  peer_changed_ = false;
}

void OutputQueue::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace npu::gst
