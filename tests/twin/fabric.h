// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory tiles and cores, and the streams between them and the shims: what moves, and what must
// move first.
//
// Fifos of the overlay: A of core row r enters in column r * columns / rows (MM2S 0) and is
// broadcast to the cores of the row; B of column c (MM2S 1) to those of the column; the C tiles of
// a column's cores leave in their order, one behind the other (S2MM 0).
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "core.h"
#include "memory_fifo.h"
#include "shim.h"

namespace npu::twin {

class Fabric {
 public:
  Fabric(const Target& target, kernels::Program program);

  void begin(uint32_t seed);  // wipes all that is on the chip
  void end();

  // Moves something without which the channel's task cannot go on. False if nothing can. Throws
  // Refusal, with the operation as its place, for what a core finds wrong.
  bool pull(const Channel& channel, const Operation& operation);
  // Moves the first thing that can move, in the order of the tiles; with `random`, in any order.
  bool step(const Operation& operation, std::mt19937* random = nullptr);

  // "", or what is not as it must be between operations.
  std::string left_over() const;
  std::string state() const;  // of everything, for people

  std::vector<Shim>& shims() { return shims_; }
  const Core& core(unsigned column, unsigned row) const {
    return *cores_[column * target_.core_rows + row];
  }
  const MemoryFifo& a(unsigned row) const { return a_[row]; }
  const MemoryFifo& b(unsigned column) const { return b_[column]; }
  uint64_t c_objects(unsigned column) const;

 private:
  // An end of a stream: which fifo, and the cores that take it.
  struct Input {
    bool b;
    unsigned number;  // core row or column
  };

  unsigned a_column(unsigned row) const { return row * target_.columns / target_.core_rows; }
  std::optional<unsigned> a_row(unsigned column) const;
  MemoryFifo& fifo(Input of) { return of.b ? b_[of.number] : a_[of.number]; }
  MemoryFifo& part(unsigned column, unsigned row) { return c_[column * target_.core_rows + row]; }
  unsigned takers(Input of) const { return of.b ? target_.core_rows : target_.columns; }
  size_t taker(Input of, unsigned i) const;  // index of a core

  bool fill(Input of);         // shim to memory tile
  bool deliver(Input of);      // memory tile to cores
  bool bring(Input of);        // whichever brings an object nearer to the cores
  bool advance(size_t core);   // lets it run, or what it waits for come
  bool take(size_t core);      // its C into the memory tile
  bool send(unsigned column);  // C to the shim
  bool can_deliver(Input of) const;
  bool go(size_t core);  // runs it
  std::vector<Input> inputs() const;

  const Target target_;
  std::vector<Shim> shims_;
  std::vector<MemoryFifo> a_, b_, c_;
  std::vector<unsigned> sending_;  // by column, the part of C that leaves
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<bool> asked_;    // cores on the way from the token to what it lacks
  std::vector<bool> asked_c_;  // columns' C, the same
  const Operation* now_ = nullptr;
};

}  // namespace npu::twin
