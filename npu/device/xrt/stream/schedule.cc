// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/schedule.h"

#include <array>

namespace npu::array {
namespace {

class Scheduler {
 public:
  explicit Scheduler(unsigned controller_id) : writer_(controller_id) {}

  Result<void> add(const Slice& slice, bool reads_b_early) {
    Running next;
    std::vector<bool> started(slice.b.size());
    if (reads_b_early) NPU_TRY(start_early(slice.b, started, next));
    NPU_TRY(await_running());
    for (const Task& task : slice.c) NPU_TRY(start(task, next));
    for (size_t i = 0; i < slice.b.size(); ++i) {
      if (!started[i]) NPU_TRY(start(slice.b[i], next));
    }
    for (const Task& task : slice.a) NPU_TRY(start(task, next));
    running_ = std::move(next);
    return {};
  }

  Result<std::vector<uint32_t>> finish() {
    NPU_TRY(await_running());
    return writer_.finish();
  }

 private:
  // What was started of a slice.
  struct Running {
    std::vector<TaskId> tasks;
    std::vector<Channel> tokens;
  };

  Result<void> start(const Task& task, Running& of) {
    NPU_TRY_ASSIGN(const TaskId id, writer_.start(task));
    of.tasks.push_back(id);
    if (task.token) of.tokens.push_back(task.channel);
    return {};
  }

  // Those that fit beside what runs; of each column only as long as none was left out.
  Result<void> start_early(const std::vector<Task>& b, std::vector<bool>& started, Running& of) {
    std::array<bool, kColumns> full{};
    for (size_t i = 0; i < b.size(); ++i) {
      const unsigned column = b[i].channel.column;
      full[column] = full[column] || writer_.in_flight(b[i].channel) >= kQueuedTasks ||
                     writer_.free_bds(column) < b[i].chain.size();
      if (full[column]) continue;
      NPU_TRY(start(b[i], of));
      started[i] = true;
    }
    return {};
  }

  // All tokens have come: what bore none is done too.
  Result<void> await_running() {
    for (const Channel& channel : running_.tokens) NPU_TRY(writer_.await(channel));
    for (const TaskId& task : running_.tasks) NPU_TRY(writer_.retire(task));
    running_ = {};
    return {};
  }

  StreamWriter writer_;
  Running running_;
};

}  // namespace

Result<std::vector<uint32_t>> stream_of(std::span<const Transfers> operations,
                                        unsigned controller_id) {
  Scheduler scheduler(controller_id);
  for (const Transfers& operation : operations) {
    for (const Slice& slice : operation.slices) {
      const Result<void> added = scheduler.add(slice, operation.reads_b_early);
      if (!added)
        return Error{added.error().code, text(operation.name, ": ", added.error().message)};
    }
  }
  return scheduler.finish();
}

}  // namespace npu::array
