// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fabric.h"

#include <algorithm>
#include <functional>

#include "layout/tile.h"
#include "refuse.h"

namespace npu::twin {
namespace {

constexpr size_t kObject = 8192, kTileObject = 4096;  // bytes
constexpr size_t kADepth = 2, kBDepth = 12, kCDepth = 2;
static_assert(kObject == kernels::kObjectBytes && kTileObject == kernels::CoreMemory::kOutput);

constexpr unsigned kAChannel = 0, kBChannel = 1, kCChannel = 0;

// Sets a mark while it lives. Found set: what is asked for waits for itself.
class Mark {
 public:
  Mark(std::vector<bool>& marks, size_t at) : marks_(marks), at_(at), again_(marks[at]) {
    marks_[at_] = true;
  }
  ~Mark() { marks_[at_] = again_; }
  bool again() const { return again_; }

 private:
  std::vector<bool>& marks_;
  size_t at_;
  bool again_;
};

}  // namespace

Fabric::Fabric(const Target& target, kernels::Program program)
    : target_(target),
      a_(target.core_rows, MemoryFifo(kObject, kADepth)),
      b_(target.columns, MemoryFifo(kObject, kBDepth)),
      c_(target.columns * target.core_rows, MemoryFifo(kTileObject, kCDepth)),
      sending_(target.columns, 0),
      asked_(target.columns * target.core_rows, false),
      asked_c_(target.columns, false) {
  for (unsigned column = 0; column < target_.columns; ++column) {
    for (unsigned row = 0; row < target_.core_rows; ++row) {
      cores_.push_back(std::make_unique<Core>(column, row, program));
    }
  }
}

void Fabric::begin(uint32_t seed) {
  shims_.clear();
  shims_.reserve(target_.columns);
  for (unsigned column = 0; column < target_.columns; ++column) {
    shims_.emplace_back(column, target_);
  }
  for (std::vector<MemoryFifo>* fifos : {&a_, &b_, &c_}) {
    for (MemoryFifo& fifo : *fifos) fifo.clear();
  }
  std::fill(sending_.begin(), sending_.end(), 0);
  for (auto& core : cores_) core->begin(seed++);
}

void Fabric::end() {
  for (auto& core : cores_) core->end();
}

std::optional<unsigned> Fabric::a_row(unsigned column) const {
  for (unsigned row = 0; row < target_.core_rows; ++row) {
    if (a_column(row) == column) return row;
  }
  return std::nullopt;
}

size_t Fabric::taker(Input of, unsigned i) const {
  return of.b ? of.number * target_.core_rows + i : i * target_.core_rows + of.number;
}

bool Fabric::fill(Input of) {
  MemoryFifo& to = fifo(of);
  if (!to.has_room()) return false;
  const unsigned channel = of.b ? kBChannel : kAChannel;
  Shim& shim = shims_[of.b ? of.number : a_column(of.number)];
  const Task* task = shim.running(Direction::kMm2s, channel);
  if (task == nullptr) return false;
  const std::string origin = task->pushed_by;
  const std::span<std::byte> room = to.room();
  to.arrived(shim.read(channel, room.data(), room.size()), origin);
  return true;
}

bool Fabric::can_deliver(Input of) const {
  const MemoryFifo& from = of.b ? b_[of.number] : a_[of.number];
  if (from.empty()) return false;
  for (unsigned i = 0; i < takers(of); ++i) {
    if (!cores_[taker(of, i)]->has_room(of.b)) return false;
  }
  return true;
}

bool Fabric::deliver(Input of) {
  MemoryFifo& from = fifo(of);
  for (unsigned i = 0; i < takers(of); ++i) {
    if (!cores_[taker(of, i)]->has_room(of.b)) return advance(taker(of, i));
  }
  for (unsigned i = 0; i < takers(of); ++i) {
    cores_[taker(of, i)]->give(of.b, from.head(), from.origin());
  }
  from.leave(kObject);
  return true;
}

bool Fabric::bring(Input of) {
  return fifo(of).empty() ? fill(of) : deliver(of);
}

bool Fabric::go(size_t number) {
  Core& core = *cores_[number];
  core.resume();
  if (core.wait() == Core::Wait::kStopped || core.wait() == Core::Wait::kFailed) {
    refuse(core.kernel_at_fault() ? FaultKind::kKernel : FaultKind::kCore, now_->index, now_->word,
           now_->where(), ": ", core.fault());
  }
  return true;
}

bool Fabric::advance(size_t number) {
  const Mark mark(asked_, number);
  if (mark.again()) return false;
  Core& core = *cores_[number];
  if (core.can_go()) return go(number);
  const unsigned column = static_cast<unsigned>(number) / target_.core_rows;
  const unsigned row = static_cast<unsigned>(number) % target_.core_rows;
  switch (core.wait()) {
    case Core::Wait::kDescriptor:
    case Core::Wait::kB:
      return bring({true, column});
    case Core::Wait::kA:
      return bring({false, row});
    case Core::Wait::kC:
      return take(number);
    case Core::Wait::kStopped:
    case Core::Wait::kFailed:
      return false;
  }
  return false;
}

bool Fabric::take(size_t number) {
  Core& core = *cores_[number];
  MemoryFifo& to = c_[number];
  if (!to.has_room()) return send(static_cast<unsigned>(number) / target_.core_rows);
  std::copy(core.c().begin(), core.c().end(), to.room().begin());
  to.arrived(kTileObject, "");
  core.take_c();
  return true;
}

bool Fabric::send(unsigned column) {
  const Mark mark(asked_c_, column);
  if (mark.again()) return false;
  Shim& shim = shims_[column];
  if (shim.running(Direction::kS2mm, kCChannel) == nullptr) return false;
  const size_t number = column * target_.core_rows + sending_[column];
  MemoryFifo& from = c_[number];
  if (from.empty()) return cores_[number]->c_full() ? take(number) : advance(number);
  const size_t sent = shim.write(kCChannel, from.head().data(), from.head().size());
  if (from.leave(sent)) sending_[column] = (sending_[column] + 1) % target_.core_rows;
  return true;
}

bool Fabric::pull(const Channel& channel, const Operation& operation) {
  now_ = &operation;
  if (channel.direction == Direction::kS2mm) return send(channel.column);
  Input of = {channel.number == kBChannel, channel.column};
  if (!of.b) {
    const std::optional<unsigned> row = a_row(channel.column);
    if (!row) return false;
    of.number = *row;
  }
  return fifo(of).has_room() ? fill(of) : deliver(of);
}

std::vector<Fabric::Input> Fabric::inputs() const {
  std::vector<Input> all;
  for (unsigned row = 0; row < target_.core_rows; ++row) all.push_back({false, row});
  for (unsigned column = 0; column < target_.columns; ++column) all.push_back({true, column});
  return all;
}

bool Fabric::step(const Operation& operation, std::mt19937* random) {
  now_ = &operation;
  std::vector<std::function<bool()>> moves;
  for (const Input of : inputs()) {
    moves.push_back([this, of] { return fill(of); });
    moves.push_back([this, of] { return can_deliver(of) && deliver(of); });
  }
  for (size_t i = 0; i < cores_.size(); ++i) {
    moves.push_back([this, i] { return cores_[i]->can_go() && go(i); });
    moves.push_back([this, i] { return cores_[i]->c_full() && c_[i].has_room() && take(i); });
  }
  for (unsigned column = 0; column < target_.columns; ++column) {
    moves.push_back(
        [this, column] { return !part(column, sending_[column]).empty() && send(column); });
  }
  if (random != nullptr) std::shuffle(moves.begin(), moves.end(), *random);
  return std::any_of(moves.begin(), moves.end(), [](const auto& move) { return move(); });
}

uint64_t Fabric::c_objects(unsigned column) const {
  uint64_t objects = 0;
  for (unsigned row = 0; row < target_.core_rows; ++row) {
    objects += c_[column * target_.core_rows + row].objects();
  }
  return objects;
}

std::string Fabric::left_over() const {
  for (const Input of : inputs()) {
    const MemoryFifo& fifo = of.b ? b_[of.number] : a_[of.number];
    const std::string where = text(of.b ? "B of column " : "A of core row ", of.number);
    if (fifo.partial() != 0) {
      return text(where, ": expected whole objects of ", kObject, " bytes, found ", fifo.partial(),
                  " bytes of one");
    }
    if (!fifo.empty()) {
      return text(where, ": ", fifo.full(), " objects that no core takes, the first brought by ",
                  fifo.origin());
    }
  }
  for (const auto& core : cores_) {
    const bool rest = core->filled(false) > 0 || core->filled(true) > 0 || core->c_full();
    if (core->wait() != Core::Wait::kDescriptor || rest || core->c_held()) {
      return text("expected a core between two operations with empty buffers: ", core->state());
    }
  }
  for (size_t i = 0; i < c_.size(); ++i) {
    if (!c_[i].empty()) {
      return text("C of column ", i / target_.core_rows, ": ", c_[i].full(), " tiles of core row ",
                  i % target_.core_rows, " that no task takes");
    }
  }
  return "";
}

std::string Fabric::state() const {
  std::ostringstream out;
  for (const Shim& shim : shims_) {
    for (const Direction direction : {Direction::kMm2s, Direction::kS2mm}) {
      for (unsigned number = 0; number < 2; ++number) {
        const Channel channel = {shim.column(), direction, number};
        const ChannelState& of = shim.channel(direction, number);
        if (of.tasks == 0) continue;
        out << "\n  " << name(channel) << ": " << of.tasks << " tasks, " << of.queue.size()
            << " of them not done, " << of.words << " words moved, " << of.tokens << " tokens";
        if (of.queue.empty()) continue;
        const Task& task = of.queue.front();
        out << "; runs that of " << task.pushed_by << ", " << task.moved << " of " << task.words
            << " words";
      }
    }
  }
  for (const Input of : inputs()) {
    const MemoryFifo& fifo = of.b ? b_[of.number] : a_[of.number];
    out << "\n  " << (of.b ? "B of column " : "A of core row ") << of.number << ": " << fifo.full()
        << " of " << fifo.depth() << " objects in the memory tile, " << fifo.partial()
        << " bytes of another";
  }
  for (size_t i = 0; i < c_.size(); ++i) {
    out << "\n  " << cores_[i]->state() << "; " << c_[i].full() << " of " << c_[i].depth()
        << " tiles in the memory tile";
  }
  return out.str();
}

}  // namespace npu::twin
