// SPDX-License-Identifier: LGPL-2.1-or-later
// xrt::runlist.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "state_name.h"
#include "xrt_objects.h"

using xrt_double::Call;
using xrt_double::Machine;

namespace xrt {

class runlist_impl {
 public:
  explicit runlist_impl(std::shared_ptr<xrt_double::Context> of) : context_(std::move(of)) {
    const std::lock_guard lock(Machine::get().mutex);
    ++context_->users;
  }
  ~runlist_impl() {
    if (running_ && !submitted_done())
      Machine::get().violate_if_alive(
          "a runlist was destroyed before it was done: that does not wait");
    clear();
    const std::lock_guard lock(Machine::get().mutex);
    --context_->users;
  }
  runlist_impl(const runlist_impl&) = delete;
  runlist_impl& operator=(const runlist_impl&) = delete;

  void add(const run& run) {
    if (running_)
      throw std::runtime_error(
          "runlist must be idle before adding run objects, current state: running");
    if (run.get_handle()->kernel->context != context_)
      Machine::get().refuse("runlist: a run of another context");
    ++run.get_handle()->lists;
    runs_.push_back(run);
  }

  void execute() {
    if (running_)
      throw std::runtime_error(
          "runlist must be idle before submitting for execution, current state: running");
    std::vector<std::shared_ptr<xrt_double::Command>> commands;
    for (const run& run : runs_) {
      if (run.get_handle()->running())
        Machine::get().refuse("runlist: one of its runs is under way in another list");
      commands.push_back(run.get_handle()->prepare());
    }
    if (commands.empty()) return;
    // From here on the list counts as running, whatever is thrown.
    running_ = true;
    submitted_ = 0;
    for (size_t i = 0; i < commands.size(); ++i) runs_[i].get_handle()->command = commands[i];
    for (size_t first = 0; first < commands.size(); first += kChain) {
      const auto begin = commands.begin() + static_cast<ptrdiff_t>(first);
      const size_t count = std::min(kChain, commands.size() - first);
      context_->submit({begin, begin + static_cast<ptrdiff_t>(count)});
      submitted_ = first + count;
    }
  }

  std::cv_status wait(const std::chrono::milliseconds& timeout) {
    if (!running_) return std::cv_status::no_timeout;
    if (submitted_ > 0 && !wait_until_done(*runs_[submitted_ - 1].get_handle()->command, timeout))
      return std::cv_status::timeout;
    running_ = false;
    abandon_unsubmitted();
    for (size_t i = 0; i < submitted_; ++i) {
      const ert_cmd_state state = runs_[i].state();
      if (state == ERT_CMD_STATE_COMPLETED) continue;
      abort_after(i);
      throw runlist::aie_error(runs_[i], state,
                               "runlist failed execution (" + xrt_double::state_name(state) + ")");
    }
    return std::cv_status::no_timeout;
  }

  void reset() {
    if (running_)
      throw std::runtime_error(
          "The runlist is submitted for execution and cannot be reset. Please use wait() to ensure "
          "that all commands have completed before calling reset().");
    clear();
  }

 private:
  static constexpr size_t kChain = 24;  // runs in one submission

  bool submitted_done() const {
    return submitted_ == 0 || !runs_[submitted_ - 1].get_handle()->running();
  }
  void clear() {
    for (const run& run : runs_) --run.get_handle()->lists;
    runs_.clear();
    submitted_ = 0;
  }
  void abort_after(size_t failed) {
    const std::lock_guard lock(Machine::get().mutex);
    for (size_t i = failed + 1; i < runs_.size(); ++i)
      runs_[i].get_handle()->command->state = ERT_CMD_STATE_ABORT;
  }
  // Runs that a failed execute() did not get to.
  void abandon_unsubmitted() {
    const std::lock_guard lock(Machine::get().mutex);
    for (size_t i = submitted_; i < runs_.size(); ++i) {
      runs_[i].get_handle()->command->state = ERT_CMD_STATE_ABORT;
      runs_[i].get_handle()->command->done = true;
    }
  }

  const std::shared_ptr<xrt_double::Context> context_;
  std::vector<run> runs_;
  bool running_ = false;
  size_t submitted_ = 0;  // how many of the runs the device has got
};

runlist::runlist(const hw_context& context) {
  Machine& machine = Machine::get();
  machine.enter(Call::kRunlist);
  if (!context) machine.refuse("runlist: no context");
  handle = std::make_shared<runlist_impl>(context.get_handle()->context);
}

runlist::~runlist() = default;

void runlist::add(const run& run) {
  Machine::get().enter(Call::kAdd);
  handle->add(run);
}

void runlist::add(run&& run) {
  Machine::get().enter(Call::kAdd);
  handle->add(run);
}

void runlist::execute() {
  Machine::get().enter(Call::kExecute);
  handle->execute();
}

std::cv_status runlist::wait(const std::chrono::milliseconds& timeout) const {
  Machine::get().enter(Call::kListWait);
  return handle->wait(timeout);
}

void runlist::reset() {
  Machine::get().enter(Call::kReset);
  handle->reset();
}

}  // namespace xrt
