// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/schedule.h"

#include <array>
#include <optional>

namespace npu::array {
namespace {

class Scheduler {
 public:
  explicit Scheduler(unsigned controller_id) : writer_(controller_id) {}

  Result<void> add(const Slice& slice, bool reads_b_early) {
    std::vector<Waiting> waiting;
    for (const std::vector<Task>* tasks : {&slice.c, &slice.b, &slice.a})
      for (const Task& task : *tasks) waiting.push_back({&task, std::nullopt, false});
    Running next;
    if (reads_b_early) NPU_TRY(start_early(waiting, slice.b, next));
    NPU_TRY(prepare(waiting));
    NPU_TRY(await_running());
    for (Waiting& task : waiting)
      if (!task.is_started) NPU_TRY(start(task, next));
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

  // A task of the slice that comes next.
  struct Waiting {
    const Task* task;
    std::optional<PreparedTask> prepared;
    bool is_started;
  };

  Result<void> start(Waiting& waiting, Running& of) {
    const Task& task = *waiting.task;
    NPU_TRY_ASSIGN(const TaskId id, waiting.prepared ? writer_.start(*std::move(waiting.prepared))
                                                     : writer_.start(task));
    waiting.is_started = true;
    of.tasks.push_back(id);
    if (task.token) of.tokens.push_back(task.channel);
    return {};
  }

  bool has_room(const Task& task) const {
    return writer_.free_bds(task.channel.column) >= task.chain.size();
  }

  // B of those, as far as it fits beside what runs; of each column only as long as none was left
  // out.
  Result<void> start_early(std::vector<Waiting>& waiting, const std::vector<Task>& b, Running& of) {
    std::array<bool, kColumns> full{};
    for (Waiting& one : waiting) {
      if (one.task < b.data() || one.task >= b.data() + b.size()) continue;
      bool& is_full = full[one.task->channel.column];
      is_full =
          is_full || writer_.in_flight(one.task->channel) >= kQueuedTasks || !has_room(*one.task);
      if (!is_full) NPU_TRY(start(one, of));
    }
    return {};
  }

  // BDs are written while the slice before runs, as far as there are free ones.
  Result<void> prepare(std::vector<Waiting>& waiting) {
    for (Waiting& one : waiting) {
      if (one.is_started || !has_room(*one.task)) continue;
      NPU_TRY_ASSIGN(one.prepared, writer_.prepare(*one.task));
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
