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
    segments_.clear();
    ended_ = 0;
    try {
      const std::vector<Operation> operations = parse(words, target_);
      if (!operations.empty()) segments_ = segments_of(operations, target_);
      for (const Operation& operation : operations) {
        execute(operation, buffers, options.shuffled);
        if (options.shuffled) wander(operation);
        if (operation.index + 1 < operations.size()) note_end(operation.index + 1);
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
  // What the cores have begun where a segment ends.
  void note_end(size_t end) {
    if (ended_ == segments_.size() || segments_[ended_].end != end) return;
    for (unsigned core = 0; core < target_.columns * target_.core_rows; ++core) {
      segments_[ended_].core_operations.push_back(
          fabric_.core(core / target_.core_rows, core % target_.core_rows).operations().size());
    }
    ++ended_;
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
    note_end(count);
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
  std::vector<Segment> segments_;
  size_t ended_ = 0;
};

Array::Array(const Target& target, kernels::Program program)
    : machine_(std::make_unique<Machine>(target, program)) {}

Array::~Array() = default;

Report Array::run(std::span<const uint32_t> words, std::span<const Buffer> buffers,
                  const RunOptions& options) {
  return machine_->run(words, buffers, options);
}

}  // namespace npu::twin
