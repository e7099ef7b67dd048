// SPDX-License-Identifier: LGPL-2.1-or-later
#include "context.h"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace xrt_double {
namespace {

constexpr size_t kQueueDepth = 4;

void publish(Command& command, ert_cmd_state state) {
  command.state = state;
  command.done = true;
  command.instructions.memory->end_use(command.instructions.offset, command.instructions.bytes);
  for (const MemoryRange& buffer : command.buffers)
    if (buffer.memory) buffer.memory->end_use(buffer.offset, buffer.bytes);
}

void occupy(Command& command) {
  command.state = ERT_CMD_STATE_QUEUED;
  command.instructions.memory->begin_use(command.instructions.offset, command.instructions.bytes);
  for (const MemoryRange& buffer : command.buffers)
    if (buffer.memory) buffer.memory->begin_use(buffer.offset, buffer.bytes);
}

bool is_lost_context(ert_cmd_state state) {
  return state == ERT_CMD_STATE_TIMEOUT || state == ERT_CMD_STATE_NORESPONSE;
}

}  // namespace

Context::Context(XclbinFile xclbin) : xclbin_(std::move(xclbin)), machine_(Machine::get()) {
  machine_.take_context();
  machine_.reset_array();
  worker_ = std::jthread([this](std::stop_token stop) { work(std::move(stop)); });
}

Context::~Context() {
  worker_.request_stop();
  {
    const std::lock_guard lock(machine_.mutex);
    machine_.changed.notify_all();
  }
  worker_.join();
  machine_.give_context_back();
}

void Context::submit(Chain chain) {
  std::unique_lock lock(machine_.mutex);
  if (queue_.size() >= kQueueDepth) {
    ++machine_.blocked;
    machine_.changed.notify_all();
    machine_.changed.wait(lock, [&] { return queue_.size() < kQueueDepth || machine_.lost(); });
    --machine_.blocked;
  }
  if (machine_.lost()) throw std::system_error(ENODEV, std::system_category(), "IOCTL failed");
  for (const auto& command : chain) occupy(*command);
  queue_.push_back(std::move(chain));
  machine_.changed.notify_all();
}

void Context::close() {
  size_t left;
  {
    const std::lock_guard lock(machine_.mutex);
    open_ = false;
    left = users;
  }
  if (left > 0)
    machine_.violate("the context was destroyed while " + std::to_string(left) +
                     " of its runs or runlists were alive");
}

void Context::must_be_open(const char* what) const {
  std::unique_lock lock(machine_.mutex);
  if (open_) return;
  lock.unlock();
  machine_.refuse(std::string(what) + ": its context has been destroyed");
}

void Context::work(std::stop_token stop) {
  std::unique_lock lock(machine_.mutex);
  while (true) {
    machine_.changed.wait(lock, [&] { return stop.stop_requested() || !queue_.empty(); });
    if (queue_.empty()) return;
    const Chain chain = queue_.front();
    finish(lock, chain, stop);
    queue_.pop_front();
    machine_.changed.notify_all();
  }
}

// Works on a submission and publishes how its commands ended, all at once: nothing sooner is seen
// of a chain.
void Context::finish(std::unique_lock<std::mutex>& lock, const Chain& chain, std::stop_token stop) {
  std::vector<ert_cmd_state> states;
  bool good = true;
  for (const auto& command : chain) {
    states.push_back(good ? execute(lock, *command, stop) : ERT_CMD_STATE_ABORT);
    good = states.back() == ERT_CMD_STATE_COMPLETED;
  }
  bool restarted = false;
  for (size_t i = 0; i < chain.size(); ++i) {
    publish(*chain[i], states[i]);
    restarted = restarted || is_lost_context(states[i]);
  }
  if (!restarted) return;
  // The driver ends and restarts the context: what waited behind is gone, and so is what was on the
  // chip.
  for (size_t i = 1; i < queue_.size(); ++i)
    for (const auto& command : queue_[i]) publish(*command, ERT_CMD_STATE_ABORT);
  queue_.resize(1);
  machine_.changed.notify_all();
  lock.unlock();
  machine_.reset_array();
  lock.lock();
}

ert_cmd_state Context::execute(std::unique_lock<std::mutex>& lock, const Command& command,
                               std::stop_token stop) {
  machine_.at_gate(lock, [&] { return stop.stop_requested(); });
  if (machine_.lost() || stop.stop_requested()) return ERT_CMD_STATE_ABORT;
  if (const auto fault = machine_.begin_command()) {
    const ert_cmd_state state = befall(lock, *fault, stop);
    if (state != ERT_CMD_STATE_COMPLETED) return state;
  }
  return run(lock, command, stop);
}

// TIMEOUT once the watchdog has fired.
ert_cmd_state Context::watchdog(std::unique_lock<std::mutex>& lock, std::stop_token stop) {
  machine_.changed.wait_for(lock, machine_.scene().watchdog,
                            [&] { return stop.stop_requested() || machine_.lost(); });
  return machine_.lost() || stop.stop_requested() ? ERT_CMD_STATE_ABORT : ERT_CMD_STATE_TIMEOUT;
}

// COMPLETED if the command goes on after it.
ert_cmd_state Context::befall(std::unique_lock<std::mutex>& lock, const Fault& fault,
                              std::stop_token stop) {
  switch (fault.effect) {
    case Effect::kError:
      return ERT_CMD_STATE_ERROR;
    case Effect::kAbort:
      return ERT_CMD_STATE_ABORT;
    case Effect::kTimeout:
      return ERT_CMD_STATE_TIMEOUT;
    case Effect::kNoResponse:
      return ERT_CMD_STATE_NORESPONSE;
    case Effect::kVanish:
      machine_.lose_device_locked();
      return ERT_CMD_STATE_ABORT;
    case Effect::kWedge: {
      const ert_cmd_state state = watchdog(lock, stop);
      machine_.wedge();
      return state;
    }
    case Effect::kSlow:
      if (fault.time < machine_.scene().watchdog) {
        const bool ended = machine_.changed.wait_for(
            lock, fault.time, [&] { return stop.stop_requested() || machine_.lost(); });
        return ended ? ERT_CMD_STATE_ABORT : ERT_CMD_STATE_COMPLETED;
      }
      return watchdog(lock, stop);
    default:
      return watchdog(lock, stop);
  }
}

ert_cmd_state Context::run(std::unique_lock<std::mutex>& lock, const Command& command,
                           std::stop_token stop) {
  lock.unlock();
  std::vector<uint32_t> words(command.words);
  std::memcpy(words.data(), command.instructions.device().bytes.data(), words.size() * 4);
  std::vector<DeviceBuffer> buffers;
  for (const MemoryRange& buffer : command.buffers) buffers.push_back(buffer.device());
  const Outcome outcome = machine_.execute({words, buffers, xclbin_.partition});
  if (outcome.kind != Outcome::Kind::kDone) machine_.violate("the array: " + outcome.message);
  lock.lock();
  if (machine_.lost()) return ERT_CMD_STATE_ABORT;
  if (outcome.kind == Outcome::Kind::kFault) return ERT_CMD_STATE_ERROR;
  if (outcome.kind == Outcome::Kind::kHang) return watchdog(lock, stop);
  return ERT_CMD_STATE_COMPLETED;
}

bool wait_until_done(const Command& command, std::chrono::milliseconds timeout) {
  Machine& machine = Machine::get();
  std::unique_lock lock(machine.mutex);
  const auto done = [&] { return command.done; };
  if (timeout.count() > 0) return machine.changed.wait_for(lock, timeout, done);
  machine.changed.wait(lock, done);
  return true;
}

}  // namespace xrt_double
