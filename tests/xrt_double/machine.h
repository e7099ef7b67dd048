// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine that the double plays: its devices, what befalls them, and what was done wrong.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control.h"
#include "fault_plan.h"
#include "memory.h"

namespace xrt_double {

// One for the process, as the hardware is; it never ends. Thread-safe, except for what says that
// the mutex must be held.
class Machine {
 public:
  static Machine& get();

  void set_up(const Scene& scene, std::shared_ptr<Executor> executor);

  // Every call of XRT begins here: counts it, and throws what the fault plan or a loss says. False
  // if it shall do nothing.
  bool enter(Call call);
  // Like that, for a command that the device begins. The mutex must be held.
  std::optional<Fault> begin_command();

  // Records a violation; refuse() throws it too, as a std::logic_error.
  void violate(const std::string& what);
  // Likewise, unless the device is lost or wedged, when a program cannot keep the rule.
  void violate_if_alive(const std::string& what);
  [[noreturn]] void refuse(const std::string& what);
  std::vector<std::string> take_violations();

  void lose_device();
  size_t calls(Call call);

  // A context taken, or XRT's exception for none left.
  void take_context();
  void give_context_back();
  size_t contexts();

  // Memory of the device; `flags` and `group` as the caller of XRT gave them. Throws XRT's
  // exception for a heap that is full.
  std::shared_ptr<Memory> allocate(size_t bytes, uint32_t flags, uint32_t group);
  std::vector<std::vector<std::byte>> device_copies(size_t bytes);

  // The gate of control.h. at_gate() holds a command up; `stop` ends that too.
  void hold(bool held);
  void wait_until_held();
  template <typename Stop>
  void at_gate(std::unique_lock<std::mutex>& lock, Stop stop) {
    ++at_gate_;
    changed.notify_all();
    changed.wait(lock, [&] { return !held_ || lost_ || stop(); });
    --at_gate_;
  }

  // Of those below the mutex must be held.
  const Scene& scene() const { return scene_; }
  bool lost() const { return lost_; }
  void wedge() { wedged_ = true; }
  void lose_device_locked() {
    lost_ = true;
    changed.notify_all();
  }

  // One stream at a time. The mutex must not be held.
  Outcome execute(const Stream& stream);
  void reset_array();

  std::mutex mutex;
  std::condition_variable changed;  // whenever anything did
  size_t blocked = 0;               // submissions that wait for a place; guarded by mutex

 private:
  Machine() = default;
  void note(const std::string& what);
  std::optional<Fault> fault_of(Call call);
  void apply(const Fault& fault);

  // Guarded by mutex.
  Scene scene_;
  bool configured_ = false;
  std::vector<Fault> faults_;
  std::array<size_t, kCallNames.size()> calls_{};
  std::vector<std::string> violations_;
  bool lost_ = false, wedged_ = false, held_ = false;
  size_t at_gate_ = 0, contexts_ = 0;
  uint64_t next_address_ = 0x4'0000'0000;
  std::vector<std::weak_ptr<Memory>> memories_;  // oldest first
  std::atomic<size_t> heap_bytes_ = 0;  // not guarded: memory also ends where the mutex is held

  std::mutex executor_mutex_;  // never taken together with mutex
  std::shared_ptr<Executor> executor_;
};

}  // namespace xrt_double
