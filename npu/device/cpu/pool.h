// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU device's threads: one pool per device, whose users take turns.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "cancel.h"

namespace npu::cpu {

class Turn;

// A fixed set of threads that share out the units of one piece of work at a time. The calling
// thread works as well, as thread 0.
class Pool {
 public:
  // `threads` >= 1, the caller included. A thread calls `rest` before it sleeps, and at the end of
  // its turn. Throws std::system_error.
  explicit Pool(
      int threads, void (*rest)() = [] {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  size_t threads() const { return workers_.size() + 1; }

  // Units of a piece of work.
  struct Range {
    size_t begin, end;
  };

 private:
  friend class Turn;
  // Calls `work(context, unit, thread)`; returns true to stop early.
  using Work = bool (*)(const void* context, size_t unit, size_t thread);

  // Each thread has units that lie side by side, so that what it fetches ahead is what it needs
  // next, and takes over what others have left.
  struct alignas(64) Share {
    std::atomic<size_t> next{0};
    size_t end = 0;
  };

  Range units_of(size_t thread, size_t units) const {
    return {units * thread / shares_.size(), units * (thread + 1) / shares_.size()};
  }
  bool run(size_t units, Work work, const void* context);
  void drain(size_t thread);
  void drain_share(Share& share, size_t thread);
  void worker(size_t thread);
  bool enter(uint64_t& seen);

  void (*const rest_)();

  // One piece of work. Written by the turn's owner while `entry_` is closed and nobody is inside.
  Work work_ = nullptr;
  const void* context_ = nullptr;
  std::vector<Share> shares_;  // by thread
  std::atomic<bool> stopped_{false};
  // Who is late finds the entry closed: the others never wait for a thread that the system has not
  // let run yet. Number of the piece << kNumberShift | whether it is open | workers inside.
  std::atomic<uint64_t> entry_{0};

  std::mutex mutex_;  // guards quit_ and the sleep of the workers; never held while working
  std::condition_variable wake_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> quit_{false};

  std::mutex turn_mutex_;  // guards the two below; never held while working
  std::condition_variable turn_changed_;
  bool taken_ = false;
  std::vector<const Turn*> waiting_;  // in order of arrival

  std::vector<std::thread> workers_;
};

// The right to use a pool. Waits for it, first come, first served.
class Turn {
 public:
  // Borrows all three. take() must succeed before run() is called.
  Turn(Pool& pool, const CancelToken& cancel, Deadline deadline)
      : pool_(pool), cancel_(cancel), deadline_(deadline) {}
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Waits until the pool is free. Errors: kCancelled, kTimeout.
  Result<void> take();
  // Lets others go first if they wait and this turn has been long. False if it was interrupted
  // while it waited to be back; the turn is then over.
  bool share();

  // Calls body(unit, thread) for each unit 0..units-1, in any order, on any of the threads. Looks
  // at the cancel flag and the deadline between units; returns false if the rest was left undone.
  template <typename Body>
  bool run(size_t units, const Body& body) {
    struct Call {
      const Body& body;
      const Turn& turn;
    };
    const Call call{body, *this};
    return pool_.run(
        units,
        [](const void* context, size_t unit, size_t thread) {
          const auto& self = *static_cast<const Call*>(context);
          if (self.turn.interrupted()) return true;
          self.body(unit, thread);
          return false;
        },
        &call);
  }

  size_t threads() const { return pool_.threads(); }
  // The units begin..end-1 of `units` that are a thread's unless another has nothing left to do.
  Pool::Range units_of(size_t thread, size_t units) const { return pool_.units_of(thread, units); }
  bool interrupted() const { return cancel_.cancelled() || deadline_.passed(); }
  // Why, in the course of `what`. Errors: kCancelled, kTimeout.
  Result<void> check(const char* what) const { return check_interrupt(cancel_, deadline_, what); }

 private:
  void release();

  Pool& pool_;
  const CancelToken& cancel_;
  Deadline deadline_;
  bool held_ = false;
  Deadline::Clock::time_point since_;  // when it was taken
};

}  // namespace npu::cpu
