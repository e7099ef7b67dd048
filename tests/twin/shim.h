// SPDX-License-Identifier: LGPL-2.1-or-later
// A shim: descriptors, the queues of its channels, tokens, and the bytes that go between memory and
// the streams. It refuses what the device drops, confuses or hangs on.
//
// A task counts as running until the model has moved its last word. The array moves only what a
// wait needs (array.h), so that is what the tokens waited for vouch for.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "memory.h"
#include "shim_bd.h"
#include "stream.h"

namespace npu::twin {

inline constexpr size_t kQueueDepth = 4;             // of a channel, the running task included
inline constexpr unsigned kTranslatedArguments = 5;  // firmware adds the addend itself
inline constexpr uint32_t kArgumentAddend = 0x8000'0000;

// A part of a task: a descriptor as it was when the task began.
struct TaskPart {
  unsigned bd;
  ShimBd fields;
  const Buffer* buffer;
  uint64_t byte;  // of the descriptor's address in the buffer
};

struct Task {
  std::string pushed_by;  // the operation
  size_t operation, word;
  std::vector<TaskPart> parts;
  uint64_t repeats, words = 0, moved = 0;  // words: of all repeats
  bool token;
  std::vector<Range> ranges;     // all words, normalised
  std::vector<Range> contested;  // other tasks in flight write them too
  size_t repeat = 0, part = 0;
  uint64_t at = 0;  // word of the part
};

struct ChannelState {
  std::deque<Task> queue;  // the first one runs
  std::optional<unsigned> controller_id;
  unsigned tokens = 0;          // sent, not waited for
  unsigned tokens_to_come = 0;  // of tasks in the queue
  uint64_t tasks = 0, words = 0;
  std::vector<uint64_t> noise{};  // words, counted like `words`, that are read as noise
};

class Shim {
 public:
  Shim(unsigned column, const Target& target) : column_(column), target_(target) {}

  // What operations do. All throw Refusal. `shims` are those of the whole array.
  void write_bds(const Operation& operation);
  void write_bd_word(const Operation& operation);
  void patch(const Operation& operation, std::span<const Buffer> buffers);
  void set_controller(const Operation& operation);
  void push(const Operation& operation, std::vector<Shim>& shims);

  ChannelState& channel(Direction direction, unsigned number) {
    return channels_[direction == Direction::kMm2s][number];
  }
  const ChannelState& channel(Direction direction, unsigned number) const {
    return channels_[direction == Direction::kMm2s][number];
  }

  // Move up to `bytes`, a multiple of 4, of the running task, not beyond its end. Return how many;
  // 0: there is no task.
  size_t read(unsigned channel, std::byte* to, size_t bytes);
  size_t write(unsigned channel, const std::byte* from, size_t bytes);

  // Of the task that the next byte belongs to.
  const Task* running(Direction direction, unsigned number) const;
  unsigned column() const { return column_; }

 private:
  struct BdState {
    std::array<uint32_t, kBdWords> words;
    bool written = false;
    const Buffer* buffer = nullptr;  // of the patch
    uint32_t argument = 0;
    uint64_t byte = 0;  // in the buffer
    bool live = false;
    std::string task;  // that has it
  };

  void not_live(const Operation& operation, unsigned bd) const;
  Task make_task(const Operation& operation, unsigned first);
  TaskPart make_part(const Operation& operation, unsigned bd) const;
  void add_ranges(const Operation& operation, const TaskPart& part, Task* task) const;
  void check_reads(const Operation& operation, const Task& task) const;
  static void check_conflicts(const Operation& operation, Task* task, std::vector<Shim>& shims);
  void add_noise(const ChannelState& channel, std::byte* to, uint64_t words);
  void advance(ChannelState* channel, uint64_t words);
  void finish(ChannelState* channel);

  unsigned column_;
  const Target& target_;
  std::array<BdState, kBds> bds_;
  ChannelState channels_[2][2];
  uint32_t noise_ = 1;
};

}  // namespace npu::twin
