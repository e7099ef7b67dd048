// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/stream_writer.h"

#include <algorithm>

namespace npu::array {
namespace {

std::string name(const Channel& channel) {
  return text("shim ", channel.column,
              channel.direction == Direction::kS2mm ? ", S2MM " : ", MM2S ", channel.index);
}

Error misused(const Channel& channel, const std::string& what) {
  return Error{ErrorCode::kInternal, text("instruction stream: ", name(channel), ": ", what)};
}

Result<void> check(const Task& task) {
  const Channel& channel = task.channel;
  const auto refused = [&](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument,
                 text("instruction stream: ", name(channel), ": ", what)};
  };
  if (channel.column >= kColumns)
    return refused(text("column: expected 0 to ", kColumns - 1, ", found ", channel.column));
  if (channel.index >= kShimChannels)
    return refused(text("channel: expected 0 to ", kShimChannels - 1, ", found ", channel.index));
  if (task.repeats < 1 || task.repeats > kMostRepeats)
    return refused(text("repeats: expected 1 to ", kMostRepeats, ", found ", task.repeats));
  if (task.chain.empty() || task.chain.size() > kShimBds) {
    return refused(
        text("descriptors of a task: expected 1 to ", kShimBds, ", found ", task.chain.size()));
  }
  return {};
}

}  // namespace

StreamWriter::Queue& StreamWriter::queue(const Channel& channel) {
  auto& queues = shims_[channel.column].queues;
  return queues[static_cast<size_t>(channel.direction)][channel.index];
}

const StreamWriter::Queue& StreamWriter::queue(const Channel& channel) const {
  return const_cast<StreamWriter*>(this)->queue(channel);
}

unsigned StreamWriter::free_bds(unsigned column) const {
  const auto& live = shims_[column].live;
  return static_cast<unsigned>(std::count(live.begin(), live.end(), false));
}

unsigned StreamWriter::in_flight(const Channel& channel) const {
  return static_cast<unsigned>(queue(channel).size());
}

Result<std::vector<unsigned>> StreamWriter::choose_bds(const Task& task) const {
  const auto& live = shims_[task.channel.column].live;
  std::vector<unsigned> chosen;
  for (unsigned bd = 0; bd < kShimBds && chosen.size() < task.chain.size(); ++bd) {
    if (!live[bd]) chosen.push_back(bd);
  }
  if (chosen.size() < task.chain.size()) {
    return misused(task.channel,
                   text("free descriptors: expected ", task.chain.size(), ", found ", chosen.size(),
                        "; a task that uses others must be awaited first"));
  }
  return chosen;
}

Result<void> StreamWriter::check_queue(const Channel& channel) const {
  if (in_flight(channel) < kQueuedTasks) return {};
  return misused(channel, text("tasks in flight: expected at most ", kQueuedTasks,
                               ", found one more; the queue would drop it"));
}

Result<PreparedTask> StreamWriter::prepare(const Task& task) {
  NPU_TRY(check(task));
  if (controller_id_field(controller_id_) > kControllerIdMask) {
    return Error{ErrorCode::kInvalidArgument,
                 text("instruction stream: controller id of the shims: expected at most ",
                      kControllerIdMask >> 8, ", found ", controller_id_)};
  }
  NPU_TRY_ASSIGN(std::vector<unsigned> bds, choose_bds(task));
  std::vector<BdWords> words;
  std::vector<uint32_t> offsets;
  for (size_t i = 0; i < bds.size(); ++i) {
    const bool last = i + 1 == bds.size();
    NPU_TRY_ASSIGN(BdWords encoded,
                   encode(task.chain[i], last ? std::nullopt : std::optional(bds[i + 1])));
    NPU_TRY_ASSIGN(uint32_t offset, patched_offset(task.chain[i].place));
    words.push_back(encoded);
    offsets.push_back(offset);
  }
  const unsigned column = task.channel.column;
  for (size_t i = 0; i < bds.size(); ++i) {
    const uint32_t address = bd_address(column, bds[i]);
    transaction_.block_write(address, words[i]);
    transaction_.patch(address + sizeof(uint32_t), task.chain[i].place.argument, offsets[i]);
    shims_[column].live[bds[i]] = true;
  }
  ++prepared_;
  return PreparedTask{task.channel, std::move(bds), task.repeats, task.token};
}

Result<TaskId> StreamWriter::start(PreparedTask task) {
  const Channel& channel = task.channel;
  NPU_TRY(check_queue(channel));
  if (task.token) {
    transaction_.mask_write(control_address(channel), controller_id_field(controller_id_),
                            kControllerIdMask);
  }
  transaction_.write(queue_address(channel), queue_word(task.token, task.repeats, task.bds[0]));
  const TaskId id{channel, started_++};
  queue(channel).push_back({id.number, std::move(task.bds), task.token});
  return id;
}

Result<TaskId> StreamWriter::start(const Task& task) {
  NPU_TRY(check(task));
  NPU_TRY(check_queue(task.channel));
  NPU_TRY_ASSIGN(PreparedTask prepared, prepare(task));
  return start(std::move(prepared));
}

void StreamWriter::release_oldest(const Channel& channel) {
  Queue& tasks = queue(channel);
  for (unsigned bd : tasks.front().bds) shims_[channel.column].live[bd] = false;
  tasks.pop_front();
}

Result<void> StreamWriter::await(const Channel& channel) {
  const Queue& tasks = queue(channel);
  const auto bears_token = [](const InFlight& task) { return task.token; };
  const auto found = std::find_if(tasks.begin(), tasks.end(), bears_token);
  if (found == tasks.end())
    return misused(channel, "tokens on their way: expected 1, found 0; the wait would never end");
  transaction_.wait(channel);
  const uint64_t last = found->number;
  while (!tasks.empty() && tasks.front().number <= last) release_oldest(channel);
  return {};
}

Result<void> StreamWriter::retire(const TaskId& task) {
  const Queue& tasks = queue(task.channel);
  for (const InFlight& before : tasks) {
    if (before.number > task.number) break;
    if (before.token)
      return misused(task.channel, "a task is said to be done whose token was not waited for");
  }
  while (!tasks.empty() && tasks.front().number <= task.number) release_oldest(task.channel);
  return {};
}

Result<std::vector<uint32_t>> StreamWriter::finish() const {
  for (unsigned column = 0; column < kColumns; ++column) {
    for (const Direction direction : {Direction::kS2mm, Direction::kMm2s}) {
      for (unsigned index = 0; index < kShimChannels; ++index) {
        const Channel channel{column, direction, index};
        if (in_flight(channel) > 0) {
          return misused(channel, text("tasks in flight at the end: expected 0, found ",
                                       in_flight(channel), "; await or retire them"));
        }
      }
    }
  }
  if (started_ < prepared_) {
    return Error{ErrorCode::kInternal,
                 text("instruction stream: tasks that are prepared and not started: expected 0, "
                      "found ",
                      prepared_ - started_)};
  }
  return transaction_.words();
}

}  // namespace npu::array
