// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/stream/transfers.h"

#include <algorithm>
#include <array>

#include "device/xrt/stream/inputs.h"
#include "device/xrt/stream/outputs.h"
#include "matmul/matmul.h"

namespace npu::array {
namespace {

using kernels::kCoreRows;
using kernels::kGroupRows;
using kernels::Op;

static_assert(kColumns == kArrayColumns);

struct Load {
  size_t bds = 0;
  std::array<size_t, 3> tasks{};  // of c, b, a
};

// What a slice takes of each shim.
std::array<Load, kColumns> loads(const Slice& slice) {
  std::array<Load, kColumns> loads{};
  const std::array streams{&slice.c, &slice.b, &slice.a};
  for (size_t i = 0; i < streams.size(); ++i) {
    for (const Task& task : *streams[i]) {
      Load& load = loads[task.channel.column];
      load.bds += task.chain.size();
      ++load.tasks[i];
    }
  }
  return loads;
}

bool fits(const Slice& slice) {
  const auto loads_of_shims = loads(slice);
  return std::all_of(loads_of_shims.begin(), loads_of_shims.end(), [](const Load& load) {
    const auto fits_queue = [](size_t tasks) { return tasks <= kQueuedTasks; };
    return load.bds <= kShimBds && std::all_of(load.tasks.begin(), load.tasks.end(), fits_queue);
  });
}

void give_token(std::vector<Task>& tasks, const Channel& channel) {
  const auto last = std::find_if(tasks.rbegin(), tasks.rend(),
                                 [&](const Task& task) { return task.channel == channel; });
  if (last != tasks.rend()) last->token = true;
}

void append(std::vector<Task>& to, const std::vector<Task>& tasks) {
  to.insert(to.end(), tasks.begin(), tasks.end());
}

class Cutter {
 public:
  Cutter(const Operation& operation, const Binding& binding) : op_(operation), binding_(binding) {}

  Result<std::vector<Slice>> cut() {
    const uint32_t rounds = op_.rounds();
    // Objects that are read once are no fewer BDs as tasks of their own.
    const bool may_repeat = op_.m_tiles * op_.planes > 1;
    for (uint32_t begin = 0; begin < rounds;) {
      Found best{begin, {}};
      longest(begin, BForm::kChain, best);
      if (best.end < rounds && may_repeat) longest(begin, BForm::kTasks, best);
      if (best.end == begin) {
        NPU_TRY(cut_round(begin));
        ++begin;
        continue;
      }
      slices_.push_back(std::move(best.slice));
      begin = best.end;
    }
    return std::move(slices_);
  }

 private:
  struct Found {
    uint32_t end;
    Slice slice;
  };

  // The longest slice from `begin`, if it is longer than `best`.
  void longest(uint32_t begin, BForm form, Found& best) const {
    for (uint32_t end = op_.rounds(), bad = end + 1; bad - best.end > 1;
         end = best.end + (bad - best.end) / 2) {
      Slice found = slice(begin, end, form);
      if (fits(found))
        best = {end, std::move(found)};
      else
        bad = end;
    }
  }

  Slice slice(uint32_t begin, uint32_t end, BForm form) const {
    Slice slice;
    const uint32_t in_last = op_.op == Op::kLayerNorm
                                 ? op_.in_tiles
                                 : std::min(op_.tiles, end * op_.dealt) - (end - 1) * op_.dealt;
    const uint32_t last_column = (in_last - 1) % kColumns;
    bool implies_a = false;
    for (unsigned column = 0; column < kColumns; ++column) {
      const ColumnOutput c = c_tasks(op_, binding_, column, begin, end);
      append(slice.c, c.tasks);
      give_token(slice.c, c_channel(column));
      append(slice.b, b_tasks(op_, binding_, column, begin, end, form));
      if (!c.ends_with_its_tile || passes(op_, column, begin, end))
        give_token(slice.b, b_channel(column));
      if (column == last_column) implies_a = c.ends_with_its_tile;
    }
    for (unsigned row = 0; row < kCoreRows; ++row) {
      append(slice.a, a_tasks(op_, binding_, row, begin, end));
      if (!implies_a) give_token(slice.a, a_channel(row));
    }
    return slice;
  }

  // One round whose C alone is too much: as many descriptors of it as there is room for, then more
  // of them in slices without A and B. The cores wait with what they have to give.
  Result<void> cut_round(uint32_t round) {
    Slice first = slice(round, round + 1, BForm::kTasks);
    std::vector<Task> rest = std::exchange(first.c, {});
    if (!fits(first)) return too_much(first);
    for (bool is_first = true; !rest.empty(); is_first = false) {
      Slice next = is_first ? std::move(first) : Slice{};
      rest = fill(next, rest);
      if (next.c.empty()) return too_much(next);
      for (unsigned column = 0; column < kColumns; ++column) give_token(next.c, c_channel(column));
      slices_.push_back(std::move(next));
    }
    return {};
  }

  // Moves what there is room for to the slice's c. Returns what is left.
  static std::vector<Task> fill(Slice& slice, const std::vector<Task>& tasks) {
    std::array<Load, kColumns> used = loads(slice);
    std::vector<Task> left;
    for (const Task& task : tasks) {
      Load& load = used[task.channel.column];
      const size_t room = load.tasks[0] < kQueuedTasks ? kShimBds - load.bds : 0;
      // A chain that is repeated cannot be cut.
      const size_t here =
          task.repeats > 1 && task.chain.size() > room ? 0 : std::min(room, task.chain.size());
      const auto middle = task.chain.begin() + static_cast<std::ptrdiff_t>(here);
      if (here > 0) {
        slice.c.push_back({task.channel, {task.chain.begin(), middle}, task.repeats, false});
        load.bds += here;
        ++load.tasks[0];
      }
      if (middle == task.chain.end()) continue;
      left.push_back({task.channel, {middle, task.chain.end()}, task.repeats, false});
      load.tasks[0] = kQueuedTasks;  // nothing overtakes it
    }
    return left;
  }

  Error too_much(const Slice& slice) const {
    std::string found;
    for (const Load& load : loads(slice)) {
      found += text(found.empty() ? "" : "; ", load.bds, " descriptors, ", load.tasks[0], ", ",
                    load.tasks[1], ", ", load.tasks[2], " tasks");
    }
    return Error{ErrorCode::kInvalidArgument,
                 text("transfers of ", op_.name, ": one round of its tiles: expected at most ",
                      kShimBds, " descriptors of a shim and ", kQueuedTasks,
                      " tasks on each of C, B and A, found in the shims ", found)};
  }

  const Operation& op_;
  const Binding& binding_;
  std::vector<Slice> slices_;
};

Result<void> check(const Operation& op, const Binding& binding) {
  const auto refused = [&](const char* what, const std::string& expected, uint64_t found) {
    return Error{ErrorCode::kInvalidArgument, text("transfers of ", op.name, ": ", what,
                                                   ": expected ", expected, ", found ", found)};
  };
  if (op.op == Op::kPass)
    return refused("operation", "one that gives something", static_cast<uint64_t>(op.op));
  if (op.tiles == 0) return refused("tiles", "at least 1", op.tiles);
  if (op.dealt != kColumns && op.dealt != 1) return refused("columns", "4 or 1", op.dealt);
  if (op.rows > kGroupRows && op.rows % (kCoreRows * kernels::kTile) != 0)
    return refused("rows", "at most 16 or a multiple of 256", op.rows);
  const uint32_t m_tiles =
      (op.rows + kCoreRows * kernels::kTile - 1) / (kCoreRows * kernels::kTile);
  if (op.m_tiles != m_tiles || op.rows == 0)
    return refused("row tiles of a core", text(m_tiles, " for ", op.rows, " rows"), op.m_tiles);
  if (op.op == Op::kAdd && !op.residual) return refused("second streams", "1", 0);
  if (op.outputs.empty()) return refused("outputs", "at least 1", 0);
  for (const Output& output : op.outputs) {
    if (output.to.layout == Layout::kCacheRows &&
        (binding.rows.empty() || binding.rows.size() > kGroupRows))
      return refused("rows of a cache", "1 to 16", binding.rows.size());
    const bool in_pieces = is_narrow(output.to.layout) || output.to.layout == Layout::kCacheRows ||
                           output.to.layout == Layout::kLogits;
    if (in_pieces && op.rows > kGroupRows)
      return refused("rows of a narrow output", "at most 16", op.rows);
  }
  return {};
}

}  // namespace

Result<Transfers> transfers_of(const Operation& operation, const Binding& binding) {
  NPU_TRY(check(operation, binding));
  const auto stays = [](const BufferPlace& place) {
    return place.buffer != Buffer::kActivations && place.buffer != Buffer::kSelf;
  };
  Transfers transfers{operation.name, {}, false};
  transfers.reads_b_early =
      stays(operation.descriptors) && (operation.count == 0 || stays(operation.objects));
  NPU_TRY_ASSIGN(transfers.slices, Cutter(operation, binding).cut());
  for (const Slice& slice : transfers.slices) {
    for (const std::vector<Task>* tasks : {&slice.c, &slice.b, &slice.a}) {
      for (const Task& task : *tasks) {
        for (const ShimBd& bd : task.chain) {
          const Result<BdWords> words = encode(bd, std::nullopt);
          if (!words) {
            return Error{words.error().code,
                         text("transfers of ", operation.name, ": ", words.error().message)};
          }
        }
      }
    }
  }
  return transfers;
}

}  // namespace npu::array
