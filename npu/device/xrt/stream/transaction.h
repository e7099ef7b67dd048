// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of an instruction stream (a "transaction", TXN) that the NPU's controller executes in
// order, and the registers of shims that they write. Phoenix: XDNA1, which mlir-aie calls npu1.
//
// All words are 32 bits, little-endian. Source of the operations: Xilinx/mlir-aie,
// include/aie/Runtime/TxnEncoding.h and lib/Targets/AIETargetNPU.cpp; of the registers:
// lib/Dialect/AIE/Util/aie_registers_aie2.json.
//
// | what        | words                                                                           |
// |-------------|---------------------------------------------------------------------------------|
// | header      | rows << 24 | generation << 16 | minor << 8 | major; memory tile rows << 8 | | |
// | columns; number of operations; bytes of the stream, header included             | | write | 0,
// 0, address, 0, value, 24                                                     | | block write | 1,
// 0, address, 4 * (4 + n), n values                                            | | mask write  | 3,
// 0, address, 0, value, mask, 28                                               | | wait for a  |
// 0x80, 16, direction | row << 8 | column << 16,                                  | | token       |
// rows << 8 | columns << 16 | channel << 24 (1 row, 1 column)                     | | patch of an |
// 0x81, 48, 0, 0, 0, 0 (kind), register, 0, argument, 0, byte offset, 0           | | address     |
// |
//
// | register of a shim           | at                                                             |
// |------------------------------|----------------------------------------------------------------|
// | buffer descriptor n          | 0x1D000 + 0x20 n, 8 words (shim_bd.h)                          |
// | control of channel ch        | 0x1D200 + 8 ch in, 0x1D210 + 8 ch out; bits 12:8 controller id |
// | task queue of channel ch     | its control + 4: token << 31 | (repeats - 1) << 16 | first BD |
//
// An address is column << 25 | row << 20 | register; columns count from 0, shims are row 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace npu::array {

inline constexpr unsigned kColumns = 4;

// As the wait for a token names them: into memory or out of it.
enum class Direction : uint8_t { kS2mm = 0, kMm2s = 1 };

// A DMA channel of a shim.
struct Channel {
  unsigned column;
  Direction direction;
  unsigned index;
  bool operator==(const Channel&) const = default;
};

// The channels of the overlay (kernels/overlay/design.py).
constexpr Channel a_channel(unsigned core_row) {
  return {core_row, Direction::kMm2s, 0};
}
constexpr Channel b_channel(unsigned column) {
  return {column, Direction::kMm2s, 1};
}
constexpr Channel c_channel(unsigned column) {
  return {column, Direction::kS2mm, 0};
}

inline constexpr unsigned kShimChannels = 2;  // of each direction
inline constexpr unsigned kShimBds = 16;
inline constexpr unsigned kQueuedTasks = 4;
inline constexpr uint32_t kMostRepeats = 256;
inline constexpr unsigned kMostArguments = 8;  // buffers of the overlay's kernel

constexpr uint32_t shim_address(unsigned column, uint32_t shim_register) {
  return column << 25 | shim_register;
}
constexpr uint32_t bd_address(unsigned column, unsigned bd) {
  return shim_address(column, 0x1D000 + 0x20 * bd);
}
constexpr uint32_t control_address(const Channel& channel) {
  const uint32_t first = channel.direction == Direction::kS2mm ? 0x1D200 : 0x1D210;
  return shim_address(channel.column, first + 8 * channel.index);
}
constexpr uint32_t queue_address(const Channel& channel) {
  return control_address(channel) + 4;
}

inline constexpr uint32_t kControllerIdMask = 0x1F00;
constexpr uint32_t controller_id_field(unsigned id) {
  return id << 8;
}

// Precondition: 1 <= repeats <= kMostRepeats.
constexpr uint32_t queue_word(bool token, uint32_t repeats, unsigned first_bd) {
  return uint32_t{token} << 31 | (repeats - 1) << 16 | first_bd;
}

// Operations one behind the other, as words. Checks nothing: StreamWriter does. Not thread-safe.
class Transaction {
 public:
  Transaction();

  void write(uint32_t address, uint32_t value);
  void block_write(uint32_t address, std::span<const uint32_t> values);
  void mask_write(uint32_t address, uint32_t value, uint32_t mask);
  // The controller goes on when the channel has given a token; each wait takes one.
  void wait(const Channel& channel);
  // Address of buffer argument `argument` plus `offset_bytes`, to the register and the one behind
  // it, whose upper half stays.
  void patch(uint32_t address, unsigned argument, uint32_t offset_bytes);

  // The stream with its header, complete so far.
  std::vector<uint32_t> words() const;

 private:
  void append(std::initializer_list<uint32_t> operation);

  std::vector<uint32_t> words_;
  uint32_t operations_ = 0;
};

}  // namespace npu::array
