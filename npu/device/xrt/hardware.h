// SPDX-License-Identifier: LGPL-2.1-or-later
// One hardware context with the overlay, its buffers and commands. XRT's exceptions end here.
#pragma once

#include <xrt/xrt_bo.h>
#include <xrt/xrt_kernel.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cancel.h"
#include "device/device_work.h"
#include "device/xrt/discovery.h"
#include "result.h"

namespace npu::array {

// Buffer arguments of the overlay's kernel. The firmware translates the first five.
enum Argument : unsigned {
  kWeightsArgument,
  kActivationsArgument,
  kHostArgument,
  kCrossArgument,
  kSelfArgument,
  kAppendArgument,  // a part of the self caches, from where the rows of a run are appended
  kArguments,
};

// What went between host and device.
struct Traffic {
  uint64_t submissions = 0;
  uint64_t bytes_to_device = 0, bytes_from_device = 0;
};

// A buffer object, mapped. The device sees what was synced, and the host what was synced back.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(xrt::bo object, std::byte* host) : object_(std::move(object)), host_(host) {}

  std::byte* host() const { return host_; }
  const xrt::bo& object() const { return object_; }
  // Errors: kDeviceLost.
  Result<void> to_device(uint64_t offset, uint64_t bytes, Traffic& traffic);
  Result<void> from_device(uint64_t offset, uint64_t bytes, Traffic& traffic);
  // Bytes from `offset` on as a buffer of its own. Errors: kDeviceLost.
  Result<xrt::bo> part(uint64_t offset, uint64_t bytes) const;

 private:
  xrt::bo object_;
  std::byte* host_ = nullptr;
};

class Hardware;

// An instruction stream and its arguments, to be started again and again.
class Command {
 public:
  // `operations` is what a message names. Errors: kDeviceLost, kOutOfMemory.
  static Result<Command> make(Hardware& hardware, std::string operations,
                              std::span<const uint32_t> words);

  Result<void> set_words(Hardware& hardware, std::string operations,
                         std::span<const uint32_t> words, Traffic& traffic);
  Result<void> set_buffer(Argument argument, const xrt::bo& buffer);
  const std::string& operations() const { return operations_; }

 private:
  friend class Hardware;
  Command() = default;
  Result<void> set_stream();

  std::string operations_;
  DeviceBuffer words_;
  size_t room_ = 0;   // words
  size_t count_ = 0;  // words
  xrt::run run_;
  uint64_t number_ = 0;  // of the submission that is under way; 0: none
};

// Thread-safe: programs and contexts share it. Buffers and commands must end before it.
class Hardware {
 public:
  // Errors: those of open_context().
  static Result<std::unique_ptr<Hardware>> open(FoundDevice found,
                                                const std::filesystem::path& overlay,
                                                const Patience& patience,
                                                const CancelToken& cancel = {});

  const std::string& name() const { return found_.name; }
  // What has been done with it.
  WorkCounter& work() { return work_; }

  // A zeroed buffer for an argument, of zeros on the device as well. Errors: kOutOfMemory,
  // kDeviceLost.
  Result<DeviceBuffer> buffer(Argument argument, uint64_t bytes, Traffic& traffic);
  // The same, but of no meaning on the device until it is synced. Errors: kOutOfMemory.
  Result<DeviceBuffer> unsynced_buffer(Argument argument, uint64_t bytes);

  // Submits the command. Never more than four are under way, since the driver would block the
  // fifth; waits for the oldest then. Errors: kCancelled, kTimeout, kDeviceLost.
  Result<void> start(Command& command, const CancelToken& cancel, Deadline deadline);
  // Waits until it is done, in slices of 10 ms. After kCancelled and kTimeout it is under way
  // still: it must be waited for before its buffers are touched. Errors: kCancelled, kTimeout,
  // kDeviceLost (it ended otherwise; the message says how, and what it was doing; or XRT does not
  // say whether it has ended, and it may be under way still).
  Result<void> wait(Command& command, const CancelToken& cancel, Deadline deadline);
  // Waits until it has ended, however it does; gives up where XRT does not say so any more.
  void wait_for_end(Command& command, Deadline deadline);
  // Whether it is under way still.
  static bool is_pending(const Command& command) { return command.number_ != 0; }

 private:
  friend class Command;
  struct Flight {
    uint64_t number;
    xrt::run run;
  };

  Hardware(FoundDevice found, xrt::hw_context context);
  Result<xrt::bo> allocate(uint64_t bytes, xrt::bo::flags flags, int argument);
  void landed(uint64_t number);
  // The error of all calls once a command has failed: the context is not to be trusted.
  Result<void> check_lost();
  Error lose(const std::string& why);

  FoundDevice found_;
  WorkCounter work_;
  xrt::hw_context context_;
  xrt::kernel kernel_;
  std::mutex mutex_;           // guards what follows
  std::deque<Flight> flying_;  // oldest first
  uint64_t submissions_ = 0;
  std::optional<std::string> lost_;
};

}  // namespace npu::array
