// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array.h"

#include "fabric.h"
#include "refuse.h"

namespace npu::twin {

class Array::Machine {
 public:
  Machine(const Target& target, kernels::Program program)
      : target_(target), fabric_(target, program) {}

  Report run(std::span<const uint32_t> words, std::span<const Buffer> buffers,
             const RunOptions& options) {
    Report report{};
    random_.seed(options.seed);
    fabric_.begin(options.seed);
    for (const Noise& noise : options.noise) {
      fabric_.shims()[noise.channel.column]
          .channel(noise.channel.direction, noise.channel.number)
          .noise = noise.words;
    }
    moved_.assign(3 * target_.columns, 0);
    segments_.clear();
    try {
      const std::vector<Operation> operations = parse(words, target_);
      for (const Operation& operation : operations) {
        count(operation);
        execute(operation, buffers, options.shuffled);
        if (options.shuffled) wander(operation);
      }
      finish(operations.size(), words.size());
    } catch (const Refusal& refusal) {
      report.fault = refusal.fault;
    }
    fill(&report);
    fabric_.end();
    return report;
  }

 private:
  // A segment ends with the waits behind its tasks.
  void count(const Operation& operation) {
    const bool waits = operation.code == OpCode::kWait;
    if (segments_.empty() || (segments_.back().waits > 0 && !waits)) {
      close_segment(operation.index);
      segments_.push_back({});
      segments_.back().first = operation.index;
    }
    Segment& now = segments_.back();
    const bool queue = operation.target.kind == RegisterKind::kQueue;
    switch (operation.code) {
      case OpCode::kBlockWrite:
        now.bds += operation.values.size() / kBdWords;
        break;
      case OpCode::kPatch:
        ++now.patches;
        break;
      case OpCode::kMaskWrite:
        ++now.mask_writes;
        break;
      case OpCode::kWrite:
        ++(queue ? now.tasks : now.writes);
        break;
      case OpCode::kWait:
        ++now.waits;
        break;
    }
  }

  void close_segment(size_t end) {
    if (segments_.empty()) return;
    Segment& now = segments_.back();
    now.end = end;
    std::vector<uint64_t> before = moved_;
    for (const Shim& shim : fabric_.shims()) {
      moved_[shim.column() * 3] = shim.channel(Direction::kMm2s, 0).words;
      moved_[shim.column() * 3 + 1] = shim.channel(Direction::kMm2s, 1).words;
      moved_[shim.column() * 3 + 2] = shim.channel(Direction::kS2mm, 0).words;
    }
    for (size_t i = 0; i < moved_.size(); ++i) now.words.push_back(moved_[i] - before[i]);
    for (unsigned core = 0; core < target_.columns * target_.core_rows; ++core) {
      now.core_operations.push_back(
          fabric_.core(core / target_.core_rows, core % target_.core_rows).operations().size());
    }
  }

  void execute(const Operation& operation, std::span<const Buffer> buffers, bool shuffled) {
    switch (operation.code) {
      case OpCode::kBlockWrite:
        return shim(operation).write_bds(operation);
      case OpCode::kMaskWrite:
        return shim(operation).set_controller(operation);
      case OpCode::kPatch:
        return shim(operation).patch(operation, buffers);
      case OpCode::kWrite:
        if (operation.target.kind == RegisterKind::kQueue) {
          return shim(operation).push(operation, fabric_.shims());
        }
        return shim(operation).write_bd_word(operation);
      case OpCode::kWait:
        return wait(operation, shuffled);
    }
  }

  Shim& shim(const Operation& operation) { return fabric_.shims()[operation.target.column]; }

  void wait(const Operation& operation, bool shuffled) {
    const Channel& of = operation.channel;
    ChannelState& channel = fabric_.shims()[of.column].channel(of.direction, of.number);
    if (channel.tokens + channel.tokens_to_come == 0) {
      refuse(FaultKind::kToken, operation.index, operation.word, operation.where(), ": ", name(of),
             " has no task with a token that was not waited for: the controller would hang");
    }
    while (channel.tokens == 0) {
      if (shuffled ? fabric_.step(operation, &random_) : fabric_.pull(of, operation)) continue;
      refuse(FaultKind::kDeadlock, operation.index, operation.word, operation.where(),
             ": the token of ", name(of), " cannot come, nothing can move:", fabric_.state());
    }
    --channel.tokens;
  }

  // Any number of steps.
  void wander(const Operation& operation) {
    for (uint32_t steps = random_() % 64; steps > 0 && fabric_.step(operation, &random_); --steps) {
    }
  }

  // Calls f(channel, state) for every channel of every shim.
  template <typename F>
  void for_channels(F f) {
    for (Shim& shim : fabric_.shims()) {
      for (const Direction direction : {Direction::kMm2s, Direction::kS2mm}) {
        for (unsigned number = 0; number < 2; ++number) {
          f(Channel{shim.column(), direction, number}, shim.channel(direction, number));
        }
      }
    }
  }

  void finish(size_t count, size_t words) {
    Operation end{};
    end.index = count, end.word = words, end.at_end = true;
    const auto refuse_end = [&](FaultKind kind, const auto&... parts) {
      refuse(kind, count, words, end.where(), ": ", parts...);
    };
    std::string late;
    for_channels([&](const Channel& channel, const ChannelState& of) {
      if (of.tokens + of.tokens_to_come > 0) {
        refuse_end(FaultKind::kToken, name(channel), ": ", of.tokens + of.tokens_to_come,
                   " tokens that no wait has taken: the next run's waits would find them");
      }
      if (of.queue.empty() || !late.empty()) return;
      late = text(name(channel), ": no token that was waited for shows the end of the task of ",
                  of.queue.front().pushed_by, ": it may still move when the next run begins");
    });
    while (fabric_.step(end)) {
    }
    for_channels([&](const Channel& channel, const ChannelState& of) {
      if (of.queue.empty()) return;
      refuse_end(FaultKind::kDeadlock, name(channel), ": the task of ", of.queue.front().pushed_by,
                 " cannot end, nothing can move:", fabric_.state());
    });
    close_segment(count);
    const std::string rest = fabric_.left_over();
    if (!rest.empty()) refuse_end(FaultKind::kLeftOver, rest);
    if (!late.empty()) refuse_end(FaultKind::kLeftOver, late);
  }

  void fill(Report* report) {
    for_channels([&](const Channel& channel, const ChannelState& of) {
      if (of.tasks > 0) report->channels.push_back({channel, of.tasks, of.words * 4});
    });
    report->segments = segments_;
    for (unsigned row = 0; row < target_.core_rows; ++row) {
      report->a_objects.push_back(fabric_.a(row).objects());
    }
    for (unsigned column = 0; column < target_.columns; ++column) {
      report->b_objects.push_back(fabric_.b(column).objects());
      report->c_objects.push_back(fabric_.c_objects(column));
      for (unsigned row = 0; row < target_.core_rows; ++row) {
        report->cores.push_back(fabric_.core(column, row).operations());
        report->switches += fabric_.core(column, row).switches();
      }
    }
  }

  const Target target_;
  Fabric fabric_;
  std::mt19937 random_;
  std::vector<uint64_t> moved_;  // words at the end of the last segment, as in Segment
  std::vector<Segment> segments_;
};

Array::Array(const Target& target, kernels::Program program)
    : machine_(std::make_unique<Machine>(target, program)) {}

Array::~Array() = default;

Report Array::run(std::span<const uint32_t> words, std::span<const Buffer> buffers,
                  const RunOptions& options) {
  return machine_->run(words, buffers, options);
}

}  // namespace npu::twin
