// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shim.h"

#include <algorithm>
#include <cstring>

#include "refuse.h"

namespace npu::twin {
namespace {

template <typename... Parts>
[[noreturn]] void refuse_at(const Operation& operation, FaultKind kind, const Parts&... parts) {
  refuse(kind, operation.index, operation.word, operation.where(), ": ", parts...);
}

uint64_t first_word(const TaskPart& part) {
  return (part.buffer->address + part.byte) / 4;
}

}  // namespace

void Shim::not_live(const Operation& operation, unsigned bd) const {
  if (!bds_[bd].live) return;
  refuse_at(operation, FaultKind::kLive, "descriptor ", bd, " of shim ", column_,
            " belongs to the task of ", bds_[bd].task,
            ", of which no token has shown the end: expected a wait before");
}

void Shim::write_bds(const Operation& operation) {
  for (size_t i = 0; i < operation.values.size() / kBdWords; ++i) {
    const unsigned number = operation.target.bd + static_cast<unsigned>(i);
    not_live(operation, number);
    BdState& bd = bds_[number];
    bd = {};
    bd.written = true;
    std::copy_n(operation.values.begin() + static_cast<ptrdiff_t>(i * kBdWords), kBdWords,
                bd.words.begin());
  }
}

void Shim::write_bd_word(const Operation& operation) {
  const unsigned number = operation.target.bd;
  not_live(operation, number);
  BdState& bd = bds_[number];
  if (!bd.written) {
    refuse_at(operation, FaultKind::kField, "word ", operation.target.bd_word, " of descriptor ",
              number, ", whose other words this stream has not written");
  }
  bd.words[operation.target.bd_word] = operation.values[0];
  // The patch is in words 1 and 2.
  if (operation.target.bd_word == 1 || operation.target.bd_word == 2) bd.buffer = nullptr;
}

void Shim::patch(const Operation& operation, std::span<const Buffer> buffers) {
  const unsigned number = operation.target.bd;
  not_live(operation, number);
  BdState& bd = bds_[number];
  const uint32_t argument = operation.argument;
  if (!bd.written) {
    refuse_at(operation, FaultKind::kField, "descriptor ", number,
              " was not written in this stream: what is on the chip is not known");
  }
  if (argument >= buffers.size()) {
    refuse_at(operation, FaultKind::kAddress, "argument ", argument, ": expected one below ",
              buffers.size(), ", the buffers of this run");
  }
  const Buffer& buffer = buffers[argument];
  uint64_t byte = operation.offset;
  if (argument >= kTranslatedArguments) {
    if (operation.offset < kArgumentAddend) {
      refuse_at(operation, FaultKind::kAddress, "argument ", argument,
                ": expected 0x80000000 added to its offset, since firmware translates only "
                "arguments 0 to 4, found ",
                operation.offset);
    }
    byte -= kArgumentAddend;
  } else if (operation.offset >= kArgumentAddend) {
    refuse_at(operation, FaultKind::kAddress, "argument ", argument,
              ": expected an offset without 0x80000000, which firmware adds to arguments 0 to 4, "
              "found one with it");
  }
  if (byte % 4 != 0 || buffer.address % 4 != 0) {
    refuse_at(operation, FaultKind::kAddress, "argument ", argument,
              ": expected an address of 4-byte words, found offset ", byte, " of a buffer at ",
              buffer.address);
  }
  if (byte >= buffer.bytes.size()) {
    refuse_at(operation, FaultKind::kAddress, "argument ", argument, ": expected an offset below ",
              buffer.bytes.size(), " bytes, its size, found ", byte);
  }
  bd.buffer = &buffer;
  bd.argument = argument;
  bd.byte = byte;
}

void Shim::set_controller(const Operation& operation) {
  const Channel& of = operation.target.channel;
  channel(of.direction, of.number).controller_id = operation.values[0] >> 8;
}

TaskPart Shim::make_part(const Operation& operation, unsigned number) const {
  const BdState& bd = bds_[number];
  if (!bd.written) {
    refuse_at(operation, FaultKind::kField, "descriptor ", number,
              " was not written in this stream: what is on the chip is not known");
  }
  not_live(operation, number);
  const std::string fault = bd_fault(bd.words);
  if (!fault.empty()) {
    refuse_at(operation, FaultKind::kField, "descriptor ", number, ": ", fault);
  }
  if (bd.buffer == nullptr) {
    refuse_at(operation, FaultKind::kAddress, "descriptor ", number,
              " has no address: expected a DDR patch of its word 1 before the task starts");
  }
  return {number, decode_bd(bd.words), bd.buffer, bd.byte};
}

// The words that the part walks over in all repeats.
void Shim::add_ranges(const Operation& operation, const TaskPart& part, Task* task) const {
  const uint64_t begin = first_word(part);
  const uint64_t size = (part.buffer->bytes.size() - part.byte) / 4;
  ShimBd bd = part.fields;
  for (uint64_t i = 0; i < std::min<uint64_t>(task->repeats, bd.iterations); ++i) {
    for (uint64_t at = 0; at < bd.length;) {
      const uint64_t run = bd.run(at), offset = bd.offset(at);
      if (offset > size || run > size - offset) {
        refuse_at(operation, FaultKind::kAddress, "descriptor ", part.bd, " reaches word ",
                  offset + run - 1, " behind its address: expected below ", size,
                  ", where argument ", bds_[part.bd].argument, " of ", part.buffer->bytes.size(),
                  " bytes ends");
      }
      std::vector<Range>& ranges = task->ranges;
      if (!ranges.empty() && ranges.back().end == begin + offset) {
        ranges.back().end += run;
      } else {
        ranges.push_back({begin + offset, begin + offset + run});
      }
      at += run;
    }
    bd.current = bd.current + 1 == bd.iterations ? 0 : bd.current + 1;
  }
}

Task Shim::make_task(const Operation& operation, unsigned first) {
  Task task{};
  task.pushed_by = operation.where();
  task.operation = operation.index;
  task.word = operation.word;
  task.repeats = (operation.values[0] >> 16 & 0xFF) + 1;
  task.token = operation.values[0] >> 31 != 0;
  std::array<bool, kBds> seen{};
  for (unsigned bd = first;; bd = task.parts.back().fields.next) {
    if (seen[bd]) {
      refuse_at(operation, FaultKind::kField, "the chain of descriptor ", first,
                " comes back to descriptor ", bd, ": its task would never end");
    }
    seen[bd] = true;
    task.parts.push_back(make_part(operation, bd));
    add_ranges(operation, task.parts.back(), &task);
    task.words += task.parts.back().fields.length * task.repeats;
    if (!task.parts.back().fields.use_next) break;
  }
  normalise(&task.ranges);
  return task;
}

void Shim::check_reads(const Operation& operation, const Task& task) const {
  for (const TaskPart& part : task.parts) {
    const Range all = {part.buffer->address / 4,
                       (part.buffer->address + part.buffer->bytes.size()) / 4};
    for (const Range& range : intersection(task.ranges, {all})) {
      const size_t first = part.buffer->first_word + (range.begin - all.begin);
      const auto unset = part.buffer->written->unset(first, range.end - range.begin);
      if (!unset) continue;
      refuse_at(operation, FaultKind::kNeverWritten, "descriptor ", part.bd, " reads byte ",
                (*unset - part.buffer->first_word) * 4, " of argument ", bds_[part.bd].argument,
                ", which was neither synced nor written, or by two tasks at once");
    }
  }
}

void Shim::check_conflicts(const Operation& operation, Task* task, std::vector<Shim>& shims) {
  const Channel& mine = operation.target.channel;
  const bool writes = mine.direction == Direction::kS2mm;
  for (Shim& shim : shims) {
    for (const Direction direction : {Direction::kS2mm, Direction::kMm2s}) {
      if (!writes && direction == Direction::kMm2s) continue;
      for (unsigned number = 0; number < 2; ++number) {
        for (Task& other : shim.channel(direction, number).queue) {
          if (&other == task) continue;
          const std::vector<Range> both = intersection(task->ranges, other.ranges);
          if (both.empty()) continue;
          if (writes && direction == Direction::kS2mm) {
            // In order on one channel; of two, nobody knows which is the last.
            if (shim.column_ == mine.column && number == mine.number) continue;
            task->contested.insert(task->contested.end(), both.begin(), both.end());
            other.contested.insert(other.contested.end(), both.begin(), both.end());
            continue;
          }
          refuse_at(operation, FaultKind::kConflict, writes ? "writes" : "reads",
                    " device address ", both[0].begin * 4, ", which the task of ", other.pushed_by,
                    " on ", name(Channel{shim.column_, direction, number}),
                    writes ? " reads" : " writes", ": expected a wait that shows its end before");
        }
      }
    }
  }
}

void Shim::push(const Operation& operation, std::vector<Shim>& shims) {
  const Channel& of = operation.target.channel;
  const bool routed = of.direction == Direction::kMm2s || of.number == 0;
  if (!routed) {
    refuse_at(operation, FaultKind::kRegister, name(of), " leads nowhere in the overlay");
  }
  ChannelState& state = channel(of.direction, of.number);
  if (state.queue.size() == kQueueDepth) {
    refuse_at(
        operation, FaultKind::kQueue, "a fifth task on ", name(of),
        ": the device drops it in silence; expected a wait that shows the end of the task of ",
        state.queue.front().pushed_by);
  }
  Task task = make_task(operation, operation.values[0] & 0xF);
  if (task.token && !state.controller_id) {
    refuse_at(
        operation, FaultKind::kToken, name(of),
        " has no controller id: expected a MASKWRITE of its control before a task with a token");
  }
  if (task.token && *state.controller_id != target_.controller_id) {
    refuse_at(operation, FaultKind::kToken, name(of), " has controller id ", *state.controller_id,
              ": expected ", target_.controller_id, ", else its token never comes");
  }
  state.queue.push_back(std::move(task));
  Task& queued = state.queue.back();
  check_conflicts(operation, &queued, shims);
  if (of.direction == Direction::kMm2s) check_reads(operation, queued);
  for (const TaskPart& part : queued.parts) {
    BdState& bd = bds_[part.bd];
    bd.live = true;
    bd.task = queued.pushed_by;
    // Iterations go on from where this task will leave them.
    const uint64_t current = (part.fields.current + queued.repeats) % part.fields.iterations;
    bd.words[6] = (bd.words[6] & 0x03FF'FFFF) | static_cast<uint32_t>(current) << 26;
  }
  state.tokens_to_come += queued.token;
  ++state.tasks;
}

const Task* Shim::running(Direction direction, unsigned number) const {
  const ChannelState& of = channel(direction, number);
  return of.queue.empty() ? nullptr : &of.queue.front();
}

void Shim::finish(ChannelState* channel) {
  Task& task = channel->queue.front();
  for (const TaskPart& part : task.parts) bds_[part.bd].live = false;
  if (task.token) {
    ++channel->tokens;
    --channel->tokens_to_come;
  }
  channel->queue.pop_front();
}

void Shim::advance(ChannelState* channel, uint64_t words) {
  Task& task = channel->queue.front();
  channel->words += words;
  task.moved += words;
  task.at += words;
  if (task.at < task.parts[task.part].fields.length) return;
  task.at = 0;
  ShimBd& bd = task.parts[task.part].fields;
  bd.current = bd.current + 1 == bd.iterations ? 0 : bd.current + 1;
  if (++task.part < task.parts.size()) return;
  task.part = 0;
  if (++task.repeat == task.repeats) finish(channel);
}

size_t Shim::read(unsigned number, std::byte* to, size_t bytes) {
  ChannelState& of = channel(Direction::kMm2s, number);
  size_t done = 0;
  const size_t tasks = of.queue.size();
  while (done < bytes && tasks > 0 && of.queue.size() == tasks) {
    const Task& task = of.queue.front();
    const TaskPart& part = task.parts[task.part];
    const size_t run = std::min<uint64_t>(part.fields.run(task.at) * 4, bytes - done);
    std::memcpy(to + done, part.buffer->bytes.data() + part.byte + part.fields.offset(task.at) * 4,
                run);
    if (!of.noise.empty()) add_noise(of, to + done, run / 4);
    done += run;
    advance(&of, run / 4);
  }
  return done;
}

// To the next `words` words of the channel, which are at `to`.
void Shim::add_noise(const ChannelState& channel, std::byte* to, uint64_t words) {
  auto next = std::lower_bound(channel.noise.begin(), channel.noise.end(), channel.words);
  for (; next != channel.noise.end() && *next < channel.words + words; ++next) {
    noise_ = noise_ * 1'664'525 + 1'013'904'223;
    std::memcpy(to + (*next - channel.words) * 4, &noise_, sizeof noise_);
  }
}

size_t Shim::write(unsigned number, const std::byte* from, size_t bytes) {
  ChannelState& of = channel(Direction::kS2mm, number);
  size_t done = 0;
  const size_t tasks = of.queue.size();
  while (done < bytes && tasks > 0 && of.queue.size() == tasks) {
    const Task& task = of.queue.front();
    const TaskPart& part = task.parts[task.part];
    const size_t run = std::min<uint64_t>(part.fields.run(task.at) * 4, bytes - done);
    const uint64_t byte = part.byte + part.fields.offset(task.at) * 4;
    std::memcpy(part.buffer->bytes.data() + byte, from + done, run);
    const size_t word = part.buffer->first_word + byte / 4;
    part.buffer->written->set(word, run / 4);
    const uint64_t device_word = part.buffer->address / 4 + byte / 4;
    for (const Range& both : task.contested) {
      const uint64_t begin = std::max(both.begin, device_word);
      const uint64_t end = std::min(both.end, device_word + run / 4);
      if (begin < end) part.buffer->written->clear(word + (begin - device_word), end - begin);
    }
    done += run;
    advance(&of, run / 4);
  }
  return done;
}

}  // namespace npu::twin
