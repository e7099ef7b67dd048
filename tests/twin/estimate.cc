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

const char* name(const kernels::DescriptorHead& head) {
  static constexpr std::array kNames = {"pass",    "product",   "layer norm", "attention",
                                        "combine", "alignment", "add"};
  if (head.op == Op::kMatmul &&
      (head.epilogue == Epilogue::kTopK || head.epilogue == Epilogue::kLogits))
    return "vocabulary";
  return kNames[static_cast<size_t>(head.op)];
}

}  // namespace

double core_cycles(const CoreOperation& operation, unsigned row, const Costs& costs) {
  double cycles = costs.descriptor;
  for (unsigned t = 0; t < operation.head.m_tiles; ++t) {
    cycles += groups_of(operation.head, t, row) * group_cycles(operation.head, costs);
  }
  return cycles;
}

std::vector<Prediction> predict(const Report& report, const Target& target, const Costs& costs) {
  std::vector<Prediction> predictions;
  std::vector<size_t> done(report.cores.size(), 0);
  for (const Segment& of : report.segments) {
    Prediction now{of.first, of.end, "", 0, 0, 0, 0, 0};
    const double starts =
        of.tasks == 0 ? 0 : costs.first_task + static_cast<double>(of.tasks - 1) * costs.task;
    now.controller = static_cast<double>(of.bds) * costs.bd +
                     static_cast<double>(of.patches) * costs.patch +
                     static_cast<double>(of.mask_writes) * costs.mask_write +
                     static_cast<double>(of.writes) * costs.write + starts;
    double bytes = 0;
    for (size_t i = 0; i < of.words.size(); ++i) {
      const double words = static_cast<double>(of.words[i]);
      bytes += 4 * words;
      now.streams =
          std::max(now.streams, words / (i % 3 == 2 ? costs.write_words : costs.read_words));
    }
    now.memory = bytes / costs.memory_gb_per_s * costs.clock_ghz;
    std::map<std::string, size_t> names;
    for (size_t core = 0; core < report.cores.size(); ++core) {
      double cycles = 0;
      for (; done[core] < of.core_operations[core]; ++done[core]) {
        const CoreOperation& operation = report.cores[core][done[core]];
        cycles += core_cycles(operation, static_cast<unsigned>(core % target.core_rows), costs);
        // Core row 0 sees what all of its column see.
        if (core % target.core_rows == 0) ++names[name(operation.head)];
      }
      now.cores = std::max(now.cores, cycles);
    }
    for (const auto& [what, count] : names) {
      now.what += (now.what.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    }
    now.total = now.controller + costs.first_data + std::max({now.streams, now.memory, now.cores});
    predictions.push_back(now);
  }
  return predictions;
}

std::string to_text(const std::vector<Prediction>& predictions, const Costs& costs) {
  const double cycles_per_us = costs.clock_ghz * 1000;
  std::ostringstream out;
  out << std::fixed << std::setprecision(1);
  double total = costs.launch;
  for (const Prediction& of : predictions) {
    out << "operations " << of.first << "-" << of.end - 1 << " (" << of.what << "): predicted "
        << of.total / cycles_per_us << " us: controller " << of.controller / cycles_per_us
        << ", then the greatest of streams " << of.streams / cycles_per_us << ", memory "
        << of.memory / cycles_per_us << ", cores " << of.cores / cycles_per_us << "\n";
    total += of.total;
  }
  out << "with the launch: predicted " << total / cycles_per_us << " us at " << costs.clock_ghz
      << " GHz and " << costs.memory_gb_per_s << " GB/s\n";
  return out.str();
}

}  // namespace npu::twin
