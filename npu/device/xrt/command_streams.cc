// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/command_streams.h"

#include <algorithm>

#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::Op;

constexpr double kHertz = 1e9;
constexpr double kObjectCycles = 2048;  // an object's way into a core
constexpr double kPairCycles = 3136;
constexpr double kBlockCycles = 9800;        // of keys, 64 queries
constexpr double kNarrowBlockCycles = 2450;  // 16 queries
constexpr double kEndCycles = 10000;         // of a tile: the slowest epilogue and what follows
constexpr double kStartCycles = 12000;       // of an operation by the controller

// Of one core, whose tiles are those of one row of cores.
double cycles_of(const Operation& op) {
  const double turns = static_cast<double>(op.rounds()) * op.m_tiles;
  const bool is_whole = op.rows > kernels::kGroupRows;
  switch (op.op) {
    case Op::kMatmul:
      return turns * (op.planes * op.count * (is_whole ? kPairCycles : kObjectCycles) +
                      (op.residual ? kArrayColumns * kObjectCycles : 0) + kObjectCycles +
                      (is_whole ? kEndCycles : kEndCycles / 4));
    case Op::kLayerNorm:
      return op.m_tiles * (2.0 * op.in_tiles * kObjectCycles + 2 * kEndCycles);
    case Op::kAttention:
    case Op::kAlignment:
      return turns * (op.count * (is_whole ? kBlockCycles : kNarrowBlockCycles) + kObjectCycles +
                      kEndCycles);
    case Op::kCombine:
    case Op::kPass:
    case Op::kAdd:
      break;
  }
  return turns * (op.in_tiles * kObjectCycles + kEndCycles);
}

}  // namespace

double predicted_seconds(const Operation& operation) {
  return (cycles_of(operation) + kStartCycles) / kHertz;
}

Result<std::vector<CommandStream>> command_streams(std::span<const Operation> operations,
                                                   const Binding& binding, double most_seconds) {
  std::vector<CommandStream> commands;
  for (size_t first = 0; first < operations.size();) {
    CommandStream command;
    std::vector<Transfers> transfers;
    size_t end = first;
    for (; end < operations.size(); ++end) {
      const double seconds = predicted_seconds(operations[end]);
      if (end > first && command.seconds + seconds > most_seconds) break;
      command.seconds += seconds;
      NPU_TRY_ASSIGN(Transfers made, transfers_of(operations[end], binding));
      transfers.push_back(std::move(made));
    }
    NPU_TRY_ASSIGN(command.words, stream_of(transfers));
    command.operations = operations[first].name;
    if (end - first > 1) command.operations += " to " + operations[end - 1].name;
    commands.push_back(std::move(command));
    first = end;
  }
  return commands;
}

}  // namespace npu::array
