// SPDX-License-Identifier: LGPL-2.1-or-later
// A hardware context: its queue, and the thread that works on it as the device would.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "machine.h"
#include "xclbin_file.h"
#include "xrt_headers.h"

namespace xrt_double {

// One start of a run: what it was given then.
struct Command {
  MemoryRange instructions;
  size_t words = 0;
  std::vector<MemoryRange> buffers;  // of arguments 3 and up
  // Guarded by the machine's mutex.
  ert_cmd_state state = ERT_CMD_STATE_NEW;
  bool done = false;
};

using Chain = std::vector<std::shared_ptr<Command>>;

class Context {
 public:
  // Takes one of the device's contexts. Throws XRT's exception if none is left.
  explicit Context(XclbinFile xclbin);
  // Aborts what is under way.
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const XclbinFile& xclbin() const { return xclbin_; }

  // Hands commands over, which run in this order as one submission. Blocks while four submissions
  // are under way.
  void submit(Chain chain);

  // The program has let its xrt::hw_context go; runs must be gone by then.
  void close();
  // Refuses what needs a context that is open. `what` names the call.
  void must_be_open(const char* what) const;

  // How many runs and runlists exist. Guarded by the machine's mutex.
  size_t users = 0;

 private:
  void work(std::stop_token stop);
  void finish(std::unique_lock<std::mutex>& lock, const Chain& chain, std::stop_token stop);
  ert_cmd_state execute(std::unique_lock<std::mutex>& lock, const Command& command,
                        std::stop_token stop);
  ert_cmd_state watchdog(std::unique_lock<std::mutex>& lock, std::stop_token stop);
  ert_cmd_state befall(std::unique_lock<std::mutex>& lock, const Fault& fault,
                       std::stop_token stop);
  ert_cmd_state run(std::unique_lock<std::mutex>& lock, const Command& command,
                    std::stop_token stop);

  const XclbinFile xclbin_;
  Machine& machine_;
  // Guarded by the machine's mutex.
  bool open_ = true;
  std::deque<Chain> queue_;  // the front one is being worked on
  std::jthread worker_;
};

// Waits until `command` is done; false if `timeout` (0: none) passed before that.
bool wait_until_done(const Command& command, std::chrono::milliseconds timeout);

}  // namespace xrt_double
