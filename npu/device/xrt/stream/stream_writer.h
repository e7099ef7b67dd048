// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes instruction streams, and keeps account of what a shim cannot refuse itself: its buffer
// descriptors, the queues of its channels, their tokens.
//
// On the device a fifth task on a channel is dropped in silence, a descriptor that is rewritten
// while a task uses it changes that task, a token too few hangs the run and one too many ends the
// next run's wait. Each is an error here, before anything is written.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "device/xrt/stream/shim_bd.h"
#include "device/xrt/stream/transaction.h"
#include "result.h"

namespace npu::array {

// A transfer: BDs one after the other, all of them `repeats` times.
struct Task {
  Channel channel{};
  std::vector<ShimBd> chain{};
  uint32_t repeats = 1;
  bool token = false;  // the channel tells when all of it is done
  bool operator==(const Task&) const = default;
};

// A started task; of no meaning to other writers.
struct TaskId {
  Channel channel;
  uint64_t number;
};

// A task whose BDs are written; to be started once, by the writer that made it.
struct PreparedTask {
  Channel channel;
  std::vector<unsigned> bds;
  uint32_t repeats;
  bool token;
};

// Not thread-safe. After an error nothing was written, and the writer is as it was.
class StreamWriter {
 public:
  // `controller_id` routes the tokens of shims; it must be the one that the overlay was built with.
  explicit StreamWriter(unsigned controller_id = kStockControllerId)
      : controller_id_(controller_id) {}
  static constexpr unsigned kStockControllerId = 15;  // of mlir-aie

  // Writes the BDs of a task, to the lowest numbers that are free; they are in use from now on.
  // Errors: kInvalidArgument for a field beyond its limit, a channel that is not there or a
  // controller id of more than 5 bits; kInternal for more BDs than are free.
  Result<PreparedTask> prepare(const Task& task);

  // Errors: kInternal for a fifth task in flight.
  Result<TaskId> start(PreparedTask task);

  // Both. Errors: theirs.
  Result<TaskId> start(const Task& task);

  // Waits for the oldest token of the channel that was not waited for: that task and those before
  // it on the channel are then done and their BDs free. Errors: kInternal if no token is on its
  // way.
  Result<void> await(const Channel& channel);

  // Says that a task is done without a wait of its own, since what was waited for implies it: its
  // BDs and those of the tasks before it on its channel are free. A task that is done already may
  // be named. Errors: kInternal if a token of one of them was not waited for.
  Result<void> retire(const TaskId& task);

  unsigned free_bds(unsigned column) const;
  unsigned in_flight(const Channel& channel) const;

  // The stream. Errors: kInternal if a task is still in flight, or prepared and not started.
  Result<std::vector<uint32_t>> finish() const;

 private:
  struct InFlight {
    uint64_t number;
    std::vector<unsigned> bds;
    bool token;
  };
  using Queue = std::deque<InFlight>;
  struct Shim {
    std::array<bool, kShimBds> live{};
    std::array<std::array<Queue, kShimChannels>, 2> queues;  // [direction][index]
  };

  Queue& queue(const Channel& channel);
  const Queue& queue(const Channel& channel) const;
  Result<void> check_queue(const Channel& channel) const;
  Result<std::vector<unsigned>> choose_bds(const Task& task) const;
  void release_oldest(const Channel& channel);

  unsigned controller_id_;
  Transaction transaction_;
  std::array<Shim, kColumns> shims_;
  uint64_t prepared_ = 0, started_ = 0;
};

}  // namespace npu::array
