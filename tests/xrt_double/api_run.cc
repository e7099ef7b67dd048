// SPDX-License-Identifier: LGPL-2.1-or-later
// xrt::run: arguments, and what must hold before a start.
#include <cstring>
#include <stdexcept>
#include <string>

#include "state_name.h"
#include "xrt_objects.h"

using xrt_double::Call;
using xrt_double::Command;
using xrt_double::Machine;

namespace xrt {
namespace {

constexpr size_t kOpcode = 0, kInstructions = 1, kWordCount = 2, kFirstBuffer = 3;
constexpr uint64_t kTransaction = 3;  // the opcode of an instruction stream
constexpr size_t kHeaderWords = 4, kBytesWord = 3;

[[noreturn]] void refuse_argument(size_t index, const std::string& what) {
  Machine::get().refuse("argument " + std::to_string(index) + ": " + what);
}

}  // namespace

run_impl::run_impl(std::shared_ptr<kernel_impl> of)
    : kernel(std::move(of)), arguments_(kernel->info.arguments.size()) {
  const std::lock_guard lock(Machine::get().mutex);
  ++kernel->context->users;
}

run_impl::~run_impl() {
  if (running()) Machine::get().violate_if_alive("a run was destroyed before it was done");
  const std::lock_guard lock(Machine::get().mutex);
  --kernel->context->users;
}

bool run_impl::running() const {
  const std::lock_guard lock(Machine::get().mutex);
  return command && !command->done;
}

void run_impl::set_scalar(size_t index, const void* value, size_t bytes) {
  if (index >= arguments_.size())
    throw std::out_of_range("Bad argument index '" + std::to_string(index) + "'");
  const auto& info = kernel->info.arguments[index];
  if (info.buffer) refuse_argument(index, "expected a buffer, found a scalar");
  if (bytes < info.bytes)
    refuse_argument(
        index, "expected " + std::to_string(info.bytes) + " bytes, found " + std::to_string(bytes));
  if (running()) refuse_argument(index, "set while the run is under way");
  arguments_[index] = {true, 0, nullptr};
  std::memcpy(&arguments_[index].value, value, std::min(info.bytes, sizeof(uint64_t)));
}

void run_impl::set_buffer(size_t index, const bo& buffer) {
  if (index >= arguments_.size())
    throw std::out_of_range("Bad argument index '" + std::to_string(index) + "'");
  if (!kernel->info.arguments[index].buffer)
    refuse_argument(index, "expected a scalar, found a buffer");
  if (!buffer) refuse_argument(index, "expected a buffer, found an empty one");
  const auto group = static_cast<int>(buffer.get_handle()->range.memory->group());
  if (group != kernel->group_id(index))
    refuse_argument(index, "expected a buffer of group " + std::to_string(kernel->group_id(index)) +
                               ", found one of " + std::to_string(group) +
                               ": XRT would copy it, and results would go to the copy");
  if (running()) refuse_argument(index, "set while the run is under way");
  arguments_[index] = {true, 0, buffer.get_handle()};
}

const run_impl::Argument& run_impl::argument(size_t index) const {
  if (index >= arguments_.size() || !arguments_[index].set) refuse_argument(index, "was not set");
  return arguments_[index];
}

// The stream in the device copy: what the controller would read.
void run_impl::check_instructions(const bo_impl& buffer, size_t words) const {
  Machine& machine = Machine::get();
  const auto& range = buffer.range;
  if ((range.memory->flags() & XRT_BO_FLAGS_CACHEABLE) == 0)
    refuse_argument(kInstructions, "expected a buffer made with flags::cacheable");
  if (words < kHeaderWords || words * 4 > range.bytes)
    refuse_argument(kWordCount, "expected a count of 32-bit words within the " +
                                    std::to_string(range.bytes) + " bytes of the buffer, found " +
                                    std::to_string(words));
  const auto device = range.device();
  std::unique_lock lock(machine.mutex);
  const size_t unknown = device.first_unknown(0, words);
  uint32_t header[kHeaderWords];
  std::memcpy(header, device.bytes.data(), sizeof header);
  lock.unlock();
  if (unknown < words)
    refuse_argument(kInstructions, "word " + std::to_string(unknown) + " of " +
                                       std::to_string(words) + " was never synced");
  if (header[kBytesWord] != words * 4)
    refuse_argument(kWordCount, "expected the " + std::to_string(header[kBytesWord] / 4) +
                                    " words that the stream's header says, found " +
                                    std::to_string(words));
}

std::shared_ptr<Command> run_impl::prepare() {
  kernel->context->must_be_open("start");
  if (argument(kOpcode).value != kTransaction)
    refuse_argument(kOpcode,
                    "expected the opcode 3, found " + std::to_string(argument(kOpcode).value));
  const auto& instructions = *argument(kInstructions).buffer;
  const size_t words = argument(kWordCount).value;
  check_instructions(instructions, words);
  auto made = std::make_shared<Command>();
  made->instructions = instructions.range;
  made->words = words;
  for (size_t i = kFirstBuffer; i < arguments_.size(); ++i)
    made->buffers.push_back(arguments_[i].set ? arguments_[i].buffer->range
                                              : xrt_double::MemoryRange());
  return made;
}

run::run(const xrt::kernel& kernel) {
  Machine& machine = Machine::get();
  machine.enter(Call::kRun);
  kernel.get_handle()->context->must_be_open("run");
  handle = std::make_shared<run_impl>(kernel.get_handle());
}

run::~run() = default;

void run::set_arg_at_index(int index, const void* value, size_t bytes) {
  Machine::get().enter(Call::kSetArg);
  handle->set_scalar(static_cast<size_t>(index), value, bytes);
}

void run::set_arg_at_index(int index, const bo& buffer) {
  Machine::get().enter(Call::kSetArg);
  handle->set_buffer(static_cast<size_t>(index), buffer);
}

void run::start() {
  Machine::get().enter(Call::kStart);
  if (handle->lists > 0)
    throw std::runtime_error("Run object belongs to a runlist and cannot be explicitly started");
  if (handle->running()) throw std::runtime_error("bad command state, can't launch");
  auto command = handle->prepare();
  handle->kernel->context->submit({command});
  handle->command = std::move(command);
}

ert_cmd_state run::state() const {
  const std::lock_guard lock(Machine::get().mutex);
  return handle->command ? handle->command->state : ERT_CMD_STATE_NEW;
}

ert_cmd_state run::wait(const std::chrono::milliseconds& timeout) const {
  Machine::get().enter(Call::kWait);
  if (!handle->command) Machine::get().refuse("wait: the run was not started");
  return wait_until_done(*handle->command, timeout) ? state() : ERT_CMD_STATE_TIMEOUT;
}

std::cv_status run::wait2(const std::chrono::milliseconds& timeout) const {
  Machine::get().enter(Call::kWait);
  if (!handle->command) Machine::get().refuse("wait2: the run was not started");
  if (!wait_until_done(*handle->command, timeout)) return std::cv_status::timeout;
  if (state() != ERT_CMD_STATE_COMPLETED)
    throw aie_error(
        *this, "Command failed to complete successfully (" + xrt_double::state_name(state()) + ")");
  return std::cv_status::no_timeout;
}

}  // namespace xrt
