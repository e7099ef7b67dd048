// SPDX-License-Identifier: LGPL-2.1-or-later
// A core: its buffers, and the kernels' program on a thread of its own. Core and array never run at
// once: resume() gives the baton to the core until it waits for an object or a free place.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/host_core.h"

namespace npu::twin {

// An operation of a core, for reports: its descriptor, and what the core took and gave.
struct CoreOperation {
  kernels::DescriptorHead head;
  uint64_t a = 0, b = 0, c = 0;  // objects; b with the descriptor
};

class Core {
 public:
  // What it waits for. kStopped and kFailed are ends that a run does not recover from.
  enum class Wait { kDescriptor, kA, kB, kC, kStopped, kFailed };

  Core(unsigned column, unsigned row, kernels::Program program);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Begins a run as after a loss of all state: buffers without contents, foreign modes. The core
  // waits for its first descriptor.
  void begin(uint32_t seed);
  // Ends it, wherever the core is.
  void end();

  Wait wait() const { return wait_; }
  bool can_go() const;
  void resume();  // precondition: can_go()
  // Of kStopped and kFailed: what went wrong.
  const std::string& fault() const { return fault_; }
  bool kernel_at_fault() const { return kernel_at_fault_; }

  bool has_room(bool b) const { return inputs_[b].filled < kDepth; }
  void give(bool b, std::span<const std::byte> object, const std::string& origin);
  size_t filled(bool b) const { return inputs_[b].filled; }
  bool c_full() const { return c_full_; }
  bool c_held() const { return c_held_; }
  std::span<const std::byte> c() const;
  void take_c() { c_full_ = false; }

  const std::vector<CoreOperation>& operations() const { return operations_; }
  uint64_t switches() const { return switches_; }
  std::string name() const;
  std::string state() const;  // for people

 private:
  static constexpr size_t kDepth = 2;
  struct Memory;
  struct Input {
    size_t next = 0, filled = 0;
    std::string origin[kDepth];
  };
  class Source;
  class Sink;
  struct Unwind {};

  void thread_main();
  void run();             // on the core's thread
  void block(Wait wait);  // gives the baton back until what it waits for is there
  void hand_over();       // the same, whatever comes then; throws Unwind at the end of a run
  void fail(std::string what);
  void check_kernel();
  void check_descriptor();
  void to_core();  // on the array's thread: runs the core until it hands over

  const unsigned column_, row_;
  const kernels::Program program_;

  Memory* memory_ = nullptr;  // lives on the core's thread, which alone watches it
  Input inputs_[2];
  bool c_full_ = false, c_held_ = false;
  Wait wait_ = Wait::kDescriptor;
  std::string fault_;
  bool kernel_at_fault_ = false;
  std::vector<CoreOperation> operations_;
  std::mt19937 random_;
  bool in_run_ = false, ending_ = false;
  uint64_t switches_ = 0;

  // The baton. All members above belong to whoever has it.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool core_runs_ = false, quit_ = false;
  std::thread thread_;
};

}  // namespace npu::twin
