// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/pool.h"

#include <algorithm>
#include <chrono>

namespace npu::cpu {
namespace {

// How long a worker spins for the next piece of work before it sleeps. A decode step has about 80
// pieces; spinning hands one over in well under a microsecond, a futex wake-up takes 5 to 50.
constexpr std::chrono::microseconds kSpin{100};

// A cancel cannot notify, so that who waits for the pool looks up at this interval.
constexpr std::chrono::milliseconds kLook{5};

// An encoder run may take half a second, a decode step some 10 ms: the one lets the other pass.
constexpr std::chrono::milliseconds kLongTurn{20};

// Contexts that may wait for a pool without an allocation.
constexpr size_t kUsualWaiters = 64;

// Of Pool::entry_.
constexpr uint64_t kInside = 0xffff;
constexpr uint64_t kOpen = 0x10000;
constexpr int kNumberShift = 17;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

Pool::Pool(int threads, void (*rest)()) : rest_(rest), shares_(static_cast<size_t>(threads)) {
  waiting_.reserve(kUsualWaiters);
  for (int thread = 1; thread < threads; ++thread)
    workers_.emplace_back([this, thread] { worker(static_cast<size_t>(thread)); });
}

Pool::~Pool() {
  {
    std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::drain(size_t thread) {
  for (size_t i = 0; i < shares_.size(); ++i)
    drain_share(shares_[(thread + i) % shares_.size()], thread);
}

void Pool::drain_share(Share& share, size_t thread) {
  while (!stopped_.load(std::memory_order_relaxed)) {
    if (share.next.load(std::memory_order_relaxed) >= share.end) return;
    const size_t unit = share.next.fetch_add(1, std::memory_order_relaxed);
    if (unit >= share.end) return;
    if (work_(context_, unit, thread)) stopped_.store(true, std::memory_order_relaxed);
  }
}

bool Pool::run(size_t units, Work work, const void* context) {
  if (units <= 1 || workers_.empty()) {
    for (size_t unit = 0; unit < units; ++unit)
      if (work(context, unit, 0)) return false;
    return true;
  }
  work_ = work;
  context_ = context;
  for (size_t thread = 0; thread < shares_.size(); ++thread) {
    const Range range = units_of(thread, units);
    shares_[thread].next.store(range.begin, std::memory_order_relaxed);
    shares_[thread].end = range.end;
  }
  stopped_.store(false, std::memory_order_relaxed);
  const uint64_t number = (entry_.load(std::memory_order_relaxed) >> kNumberShift) + 1;
  entry_.store(number << kNumberShift | kOpen);  // publishes; ordered before the look at sleepers_
  if (sleepers_.load() > 0) {
    { std::lock_guard lock(mutex_); }
    wake_.notify_all();
  }
  drain(0);
  entry_.fetch_and(~kOpen, std::memory_order_relaxed);
  for (size_t spins = 0; entry_.load(std::memory_order_acquire) & kInside; ++spins) {
    if (spins < 4096)
      relax();
    else
      std::this_thread::yield();
  }
  return !stopped_.load(std::memory_order_relaxed);
}

// Whether there is a piece of work that is not `seen`, and is still open; if so the caller is
// inside.
bool Pool::enter(uint64_t& seen) {
  uint64_t entry = entry_.load(std::memory_order_acquire);
  while (entry >> kNumberShift != seen) {
    if (!(entry & kOpen)) {
      seen = entry >> kNumberShift;
      return false;
    }
    if (!entry_.compare_exchange_weak(entry, entry + 1, std::memory_order_acquire)) continue;
    seen = entry >> kNumberShift;
    return true;
  }
  return false;
}

void Pool::worker(size_t thread) {
  uint64_t seen = 0;
  for (;;) {
    const auto until = std::chrono::steady_clock::now() + kSpin;
    size_t spins = 0;
    while (!quit_ && !enter(seen)) {
      relax();
      if (++spins % 64 != 0 || std::chrono::steady_clock::now() < until) continue;
      rest_();
      std::unique_lock lock(mutex_);
      sleepers_.fetch_add(1);
      wake_.wait(lock, [&] { return entry_.load() >> kNumberShift != seen || quit_; });
      sleepers_.fetch_sub(1);
    }
    if (quit_) return;
    drain(thread);
    entry_.fetch_sub(1, std::memory_order_release);
  }
}

Result<void> Turn::take() {
  std::unique_lock lock(pool_.turn_mutex_);
  auto& waiting = pool_.waiting_;
  waiting.push_back(this);
  auto result = check_interrupt(cancel_, deadline_, "waiting for the CPU device");
  while (result && (pool_.taken_ || waiting.front() != this)) {
    pool_.turn_changed_.wait_for(lock, kLook);
    result = check_interrupt(cancel_, deadline_, "waiting for the CPU device");
  }
  waiting.erase(std::find(waiting.begin(), waiting.end(), this));
  if (!result) {
    pool_.turn_changed_.notify_all();
    return result;
  }
  pool_.taken_ = held_ = true;
  since_ = Deadline::Clock::now();
  return {};
}

void Turn::release() {
  pool_.rest_();
  {
    std::lock_guard lock(pool_.turn_mutex_);
    pool_.taken_ = held_ = false;
  }
  pool_.turn_changed_.notify_all();
}

bool Turn::share() {
  if (Deadline::Clock::now() - since_ < kLongTurn) return true;
  {
    std::lock_guard lock(pool_.turn_mutex_);
    if (pool_.waiting_.empty()) return true;
  }
  release();
  return take().has_value();
}

Turn::~Turn() {
  if (held_) release();
}

}  // namespace npu::cpu
