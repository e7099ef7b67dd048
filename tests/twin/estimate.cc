// SPDX-License-Identifier: LGPL-2.1-or-later
#include "estimate.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <map>
#include <sstream>

namespace npu::twin {
namespace {

using kernels::Epilogue;
using kernels::Op;

// Groups of 16 rows that core row `row` works on in tile t.
unsigned groups_of(const kernels::DescriptorHead& head, unsigned t, unsigned row) {
  const unsigned first = (t * kernels::kCoreRows + row) * kernels::kTile;
  return head.rows <= first ? 0 : (std::min(head.rows - first, kernels::kTile) + 15) / 16;
}

double epilogue_cycles(const kernels::DescriptorHead& head, const Costs& costs) {
  switch (head.epilogue) {
    case Epilogue::kGelu:
    case Epilogue::kGeluFine:
      return costs.gelu;
    case Epilogue::kGeluAdd:
      return costs.gelu + costs.add;
    case Epilogue::kResidual:
      return costs.residual;
    case Epilogue::kTopK:
      return costs.topk;
    case Epilogue::kLogits:
      return costs.logits;
    case Epilogue::kI8:
    case Epilogue::kI16:
    case Epilogue::kV:
    case Epilogue::kKt:
    case Epilogue::kRows:
      return costs.requantise;
  }
  return 0;
}

// Of 16 rows of a tile.
double group_cycles(const kernels::DescriptorHead& head, const Costs& costs) {
  switch (head.op) {
    case Op::kPass:
      return 0;
    case Op::kMatmul: {
      const unsigned planes = (head.flags & kernels::kFineInput) != 0 ? 2 : 1;
      return planes * head.count * costs.pair + epilogue_cycles(head, costs);
    }
    case Op::kLayerNorm: {
      const unsigned mine = (head.count + head.columns - 1u - head.select) / head.columns;
      return head.count * costs.norm_sums + costs.norm_rows + mine * costs.norm_tile;
    }
    case Op::kAttention:
      return head.count * costs.attention_block + costs.attention_end;
    case Op::kCombine:
      return head.count * costs.add + costs.attention_end;
    case Op::kAlignment:
      return head.count * costs.scores;
    case Op::kAdd:
      return costs.add;
  }
  return 0;
}

// Behind the last objects: the last pair or block, and what ends a tile.
double group_last(const kernels::DescriptorHead& head, const Costs& costs) {
  switch (head.op) {
    case Op::kMatmul:
      return costs.pair + epilogue_cycles(head, costs);
    case Op::kLayerNorm:
      return costs.norm_tile;
    case Op::kAttention:
      return costs.attention_block + costs.attention_end;
    case Op::kCombine:
      return costs.add + costs.attention_end;
    case Op::kAlignment:
      return costs.scores;
    case Op::kAdd:
      return costs.add;
    case Op::kPass:
      break;
  }
  return 0;
}

double controller_cycles(const ControllerWork& work, double first_task, const Costs& costs) {
  const double starts =
      work.tasks == 0 ? 0 : first_task + static_cast<double>(work.tasks - 1) * costs.task;
  return static_cast<double>(work.bds) * costs.bd +
         static_cast<double>(work.patches) * costs.patch +
         static_cast<double>(work.mask_writes) * costs.mask_write +
         static_cast<double>(work.writes) * costs.write + starts;
}

// What a step leaves to the next one's prefetch: cycles in which a channel of B was idle, and bytes
// that the memory might have moved.
struct Idle {
  std::vector<double> b_words;  // by column
  double bytes = 0;
};

class Timeline {
 public:
  explicit Timeline(const Costs& costs)
      : costs_(costs), bytes_per_cycle_(costs.memory_gb_per_s / costs.clock_ghz) {}

  Prediction step(const Step& step) {
    const Segment& of = step.counted;
    const size_t columns = of.words.size() / 3;
    Prediction now{of.first, of.end, step.what, 0, 0, 0, step.cores, 0, 0};
    const double before = controller_cycles(of.before, costs_.first_task, costs_);
    const double beside = controller_cycles(of.beside, costs_.task, costs_);
    now.controller = before + beside;

    // B that is on its way already goes on until the step begins.
    const double ahead = before + costs_.first_data;
    std::vector<double> prefetched(columns, 0);
    for (size_t column = 0; column < columns; ++column) {
      const double idle = idle_.b_words.empty() ? 0 : idle_.b_words[column];
      prefetched[column] = std::min({static_cast<double>(of.early_b[column]), costs_.ahead_words,
                                     (idle + ahead) * costs_.read_words});
      now.prefetched += prefetched[column];
    }
    const double room = (idle_.bytes + ahead * bytes_per_cycle_) / 4;
    if (now.prefetched > room) {
      for (double& words : prefetched) words *= room / now.prefetched;
      now.prefetched = room;
    }

    double moved = -4 * now.prefetched, a_words = 0;
    for (size_t i = 0; i < of.words.size(); ++i) {
      const auto words = static_cast<double>(of.words[i]);
      moved += 4 * words;
      if (i % 3 == 0) a_words = std::max(a_words, words);
      const double here = i % 3 == 1 ? words - prefetched[i / 3] : words;
      now.streams =
          std::max(now.streams, here / (i % 3 == 2 ? costs_.write_words : costs_.read_words));
    }
    now.memory = moved / bytes_per_cycle_;
    const double fill = std::min(a_words, kObjectWords) / costs_.read_words;
    const double works = std::max({now.streams, now.memory, fill + step.cores - step.last});
    const double runs = costs_.first_data + works + std::max(step.last, kJoinedWords);
    now.total = before + std::max(runs, beside);

    idle_.b_words.assign(columns, 0);
    for (size_t column = 0; column < columns; ++column) {
      const double busy =
          (static_cast<double>(of.words[column * 3 + 1]) - prefetched[column]) / costs_.read_words;
      idle_.b_words[column] = std::max(0.0, runs - busy);
    }
    idle_.bytes = std::max(0.0, runs * bytes_per_cycle_ - moved);
    return now;
  }

 private:
  static constexpr double kObjectWords = 2048, kJoinedWords = 4096;

  const Costs& costs_;
  const double bytes_per_cycle_;
  Idle idle_;
};

}  // namespace

std::string name_of(const kernels::DescriptorHead& head) {
  static constexpr std::array kNames = {"pass",    "product",   "layer norm", "attention",
                                        "combine", "alignment", "add"};
  if (head.op == Op::kMatmul &&
      (head.epilogue == Epilogue::kTopK || head.epilogue == Epilogue::kLogits))
    return "vocabulary";
  return kNames[static_cast<size_t>(head.op)];
}

double core_cycles(const CoreOperation& operation, unsigned row, const Costs& costs) {
  double cycles = costs.descriptor;
  for (unsigned t = 0; t < operation.head.m_tiles; ++t) {
    cycles += groups_of(operation.head, t, row) * group_cycles(operation.head, costs);
  }
  return cycles;
}

double last_cycles(const CoreOperation& operation, unsigned row, const Costs& costs) {
  for (unsigned t = operation.head.m_tiles; t > 0; --t) {
    const unsigned groups = groups_of(operation.head, t - 1, row);
    if (groups > 0) return groups * group_last(operation.head, costs);
  }
  return 0;
}

std::vector<Prediction> predict(const std::vector<Step>& steps, const Costs& costs) {
  Timeline timeline(costs);
  std::vector<Prediction> predictions;
  for (const Step& step : steps) predictions.push_back(timeline.step(step));
  return predictions;
}

std::vector<Prediction> predict(const Report& report, const Target& target, const Costs& costs) {
  std::vector<Step> steps;
  std::vector<size_t> done(report.cores.size(), 0);
  for (const Segment& of : report.segments) {
    Step now{of, "", 0, 0};
    std::map<std::string, size_t> names;
    for (size_t core = 0; core < report.cores.size(); ++core) {
      const auto row = static_cast<unsigned>(core % target.core_rows);
      double cycles = 0, last = 0;
      for (; done[core] < of.core_operations[core]; ++done[core]) {
        const CoreOperation& operation = report.cores[core][done[core]];
        cycles += core_cycles(operation, row, costs);
        last = last_cycles(operation, row, costs);
        // Core row 0 sees what all of its column see.
        if (row == 0) ++names[name_of(operation.head)];
      }
      if (cycles > now.cores) now.cores = cycles, now.last = last;
    }
    for (const auto& [what, count] : names) {
      now.what += (now.what.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    }
    steps.push_back(std::move(now));
  }
  return predict(steps, costs);
}

std::string to_text(const std::vector<Prediction>& predictions, const Costs& costs) {
  const double cycles_per_us = costs.clock_ghz * 1000;
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  double total = costs.launch;
  for (const Prediction& of : predictions) {
    out << "operations " << of.first << "-" << of.end - 1 << " (" << of.what << "): predicted "
        << of.total / cycles_per_us << " us: controller " << of.controller / cycles_per_us
        << ", streams " << of.streams / cycles_per_us << ", memory " << of.memory / cycles_per_us
        << ", cores " << of.cores / cycles_per_us << "\n";
    total += of.total;
  }
  out << "with the launch: predicted " << total / cycles_per_us << " us at " << costs.clock_ghz
      << " GHz and " << costs.memory_gb_per_s << " GB/s\n";
  return out.str();
}

}  // namespace npu::twin
