// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/hardware.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace npu::array {
namespace {

constexpr uint64_t kTransaction = 3;  // the kernel's opcode for instruction streams
constexpr int kOpcodeIndex = 0, kWordsIndex = 1, kCountIndex = 2, kFirstBufferIndex = 3;
constexpr size_t kInFlight = 4;
constexpr std::chrono::milliseconds kSlice{10};
constexpr int kMostFailures = 3;  // of calls that ask whether a command has ended
constexpr const char* kKernel = "MLIR_AIE";
constexpr size_t kRoomStep = 1024;  // words

int index_of(Argument argument) {
  return kFirstBufferIndex + static_cast<int>(argument);
}

const char* name_of(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_ERROR:
      return "ERROR";
    case ERT_CMD_STATE_ABORT:
      return "ABORT";
    case ERT_CMD_STATE_TIMEOUT:
      return "TIMEOUT";
    case ERT_CMD_STATE_NORESPONSE:
      return "NORESPONSE";
    default:
      return "an unexpected state";
  }
}

// Whether the driver refused memory for want of it, or of leave to lock it (ENOMEM, EAGAIN).
bool is_shortage(const std::string& message) {
  return message.find("err=-12)") != std::string::npos ||
         message.find("err=-11)") != std::string::npos ||
         message.find("bad_alloc") != std::string::npos;
}

// Whether the run has ended. Throws XRT's exceptions if not well.
bool has_ended(const xrt::run& run) {
  return run.wait2(kSlice) == std::cv_status::no_timeout;
}

}  // namespace

Result<void> DeviceBuffer::to_device(uint64_t offset, uint64_t bytes, Traffic& traffic) {
  if (bytes == 0) return {};
  traffic.bytes_to_device += bytes;
  return caught(ErrorCode::kDeviceLost, "giving data to the device",
                [&] { object_.sync(XCL_BO_SYNC_BO_TO_DEVICE, bytes, offset); });
}

Result<void> DeviceBuffer::from_device(uint64_t offset, uint64_t bytes, Traffic& traffic) {
  if (bytes == 0) return {};
  traffic.bytes_from_device += bytes;
  return caught(ErrorCode::kDeviceLost, "taking data from the device",
                [&] { object_.sync(XCL_BO_SYNC_BO_FROM_DEVICE, bytes, offset); });
}

Result<xrt::bo> DeviceBuffer::part(uint64_t offset, uint64_t bytes) const {
  return caught(ErrorCode::kDeviceLost, "making a part of a buffer",
                [&] { return xrt::bo(object_, bytes, offset); });
}

Result<Command> Command::make(Hardware& hardware, std::string operations,
                              std::span<const uint32_t> words) {
  Command command;
  NPU_TRY_ASSIGN(command.run_, caught(ErrorCode::kDeviceLost, "making a command",
                                      [&] { return xrt::run(hardware.kernel_); }));
  Traffic traffic;
  NPU_TRY(command.set_words(hardware, std::move(operations), words, traffic));
  return command;
}

Result<void> Command::set_words(Hardware& hardware, std::string operations,
                                std::span<const uint32_t> words, Traffic& traffic) {
  operations_ = std::move(operations);
  if (words.size() > room_) {
    room_ = (words.size() + kRoomStep - 1) / kRoomStep * kRoomStep;
    NPU_TRY_ASSIGN(xrt::bo object, hardware.allocate(room_ * sizeof(uint32_t),
                                                     xrt::bo::flags::cacheable, kWordsIndex));
    NPU_TRY_ASSIGN(auto* host, caught(ErrorCode::kDeviceLost, "mapping a buffer",
                                      [&] { return object.map<std::byte*>(); }));
    words_ = DeviceBuffer(std::move(object), host);
  }
  count_ = words.size();
  std::memcpy(words_.host(), words.data(), words.size_bytes());
  NPU_TRY(words_.to_device(0, words.size_bytes(), traffic));
  return set_stream();
}

Result<void> Command::set_stream() {
  return caught(ErrorCode::kDeviceLost, "setting the arguments of a command", [&] {
    run_.set_arg(kOpcodeIndex, kTransaction);
    run_.set_arg(kWordsIndex, words_.object());
    run_.set_arg(kCountIndex, static_cast<uint32_t>(count_));
  });
}

Result<void> Command::set_buffer(Argument argument, const xrt::bo& buffer) {
  return caught(ErrorCode::kDeviceLost, "setting the arguments of a command",
                [&] { run_.set_arg(index_of(argument), buffer); });
}

Hardware::Hardware(FoundDevice found, xrt::hw_context context)
    : found_(std::move(found)), context_(std::move(context)) {}

Result<std::unique_ptr<Hardware>> Hardware::open(FoundDevice found,
                                                 const std::filesystem::path& overlay,
                                                 const Patience& patience,
                                                 const CancelToken& cancel) {
  NPU_TRY_ASSIGN(xrt::hw_context context,
                 open_context(found, overlay, patience, cancel, Deadline()));
  auto hardware = std::unique_ptr<Hardware>(new Hardware(std::move(found), std::move(context)));
  NPU_TRY_ASSIGN(hardware->kernel_,
                 caught(ErrorCode::kNoDevice, text("cannot use the overlay ", overlay.string()),
                        [&] { return xrt::kernel(hardware->context_, kKernel); }));
  return hardware;
}

Result<xrt::bo> Hardware::allocate(uint64_t bytes, xrt::bo::flags flags, int argument) {
  auto made = caught(ErrorCode::kDeviceLost, text("no buffer of ", bytes, " bytes"), [&] {
    return xrt::bo(found_.device, bytes, flags,
                   static_cast<xrt::memory_group>(kernel_.group_id(argument)));
  });
  if (!made && is_shortage(made.error().message))
    return Error{ErrorCode::kOutOfMemory, made.error().message};
  return made;
}

Result<DeviceBuffer> Hardware::unsynced_buffer(Argument argument, uint64_t bytes) {
  NPU_TRY_ASSIGN(xrt::bo object, allocate(bytes, xrt::bo::flags::host_only, index_of(argument)));
  NPU_TRY_ASSIGN(auto* host, caught(ErrorCode::kDeviceLost, "mapping a buffer",
                                    [&] { return object.map<std::byte*>(); }));
  std::memset(host, 0, bytes);
  return DeviceBuffer(std::move(object), host);
}

Result<DeviceBuffer> Hardware::buffer(Argument argument, uint64_t bytes, Traffic& traffic) {
  NPU_TRY_ASSIGN(DeviceBuffer made, unsynced_buffer(argument, bytes));
  NPU_TRY(made.to_device(0, bytes, traffic));
  return made;
}

Result<void> Hardware::check_lost() {
  const std::lock_guard lock(mutex_);
  if (lost_) return Error{ErrorCode::kDeviceLost, *lost_};
  return {};
}

Error Hardware::lose(const std::string& why) {
  const std::lock_guard lock(mutex_);
  const std::string message = "device npu: " + why;
  if (!lost_) lost_ = message + "; its context is not used again";
  return {ErrorCode::kDeviceLost, message};
}

void Hardware::landed(uint64_t number) {
  const std::lock_guard lock(mutex_);
  std::erase_if(flying_, [&](const Flight& flight) { return flight.number == number; });
}

Result<void> Hardware::start(Command& command, const CancelToken& cancel, Deadline deadline) {
  for (;;) {
    NPU_TRY(check_interrupt(cancel, deadline, "device npu: waiting for earlier commands"));
    NPU_TRY(check_lost());
    std::unique_lock lock(mutex_);
    if (flying_.size() < kInFlight) {
      NPU_TRY(caught(ErrorCode::kDeviceLost, "starting a command (" + command.operations_ + ")",
                     [&] { command.run_.start(); }));
      command.number_ = ++submissions_;
      flying_.push_back({command.number_, command.run_});
      return {};
    }
    const Flight oldest = flying_.front();
    lock.unlock();
    // Whose command it is learns how it ended; here it is enough that it has.
    const auto ended = caught(ErrorCode::kDeviceLost, "", [&] { return has_ended(oldest.run); });
    if (!ended || *ended) landed(oldest.number);
  }
}

Result<void> Hardware::wait(Command& command, const CancelToken& cancel, Deadline deadline) {
  if (!is_pending(command)) return {};
  const auto end = [&] { landed(std::exchange(command.number_, 0)); };
  try {
    while (!has_ended(command.run_)) NPU_TRY(check_interrupt(cancel, deadline, "device npu"));
    end();
    return {};
  } catch (const xrt::run::command_error& error) {
    end();
    return lose(text("a command ended in ", name_of(error.get_command_state()), " (",
                     command.operations_, "): ", error.what()));
  } catch (const std::exception& error) {
    // The call has failed; the command may be under way still.
    return lose(text("waiting for a command (", command.operations_, "): ", error.what()));
  }
}

void Hardware::wait_for_end(Command& command, Deadline deadline) {
  for (int failures = 0; is_pending(command) && failures < kMostFailures && !deadline.passed();) {
    bool ended = false;
    try {
      ended = has_ended(command.run_);
    } catch (const xrt::run::command_error&) {
      ended = true;
    } catch (const std::exception&) {
      ++failures;
      std::this_thread::sleep_for(kSlice);
    }
    if (ended) landed(std::exchange(command.number_, 0));
  }
}

}  // namespace npu::array
