// SPDX-License-Identifier: LGPL-2.1-or-later
// Instruction streams (TXN): words into operations on known registers, or the fault that the device
// would not report.
//
// Formats: Xilinx/mlir-aie:include/aie/Runtime/TxnEncoding.h; registers: lib/Dialect/AIE/Util/
// aie_registers_aie2.json.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fault.h"

namespace npu::twin {

// The array and its build. Default: Phoenix.
struct Target {
  unsigned columns = 4;
  unsigned core_rows = 4;
  unsigned generation = 3;      // of the device, as headers say it
  unsigned controller_id = 15;  // of shims, which routes tokens
};

enum class Direction { kS2mm, kMm2s };  // stream to memory; memory to stream

struct Channel {
  unsigned column;
  Direction direction;
  unsigned number;
};
std::string name(const Channel& channel);  // "MM2S 1 of shim 2"

enum class OpCode : uint32_t {
  kWrite = 0,
  kBlockWrite = 1,
  kMaskWrite = 3,
  kWait = 0x80,
  kPatch = 0x81
};

enum class RegisterKind { kBd, kControl, kQueue };

// A register of a shim that a stream may write.
struct Register {
  RegisterKind kind;
  unsigned column;
  unsigned bd = 0, bd_word = 0;  // kBd
  Channel channel{};             // kControl, kQueue
};

struct Operation {
  OpCode code;
  size_t index;  // in the stream
  size_t word;   // its first
  uint32_t address = 0;
  Register target{};                   // kWrite, kBlockWrite (the first), kMaskWrite, kPatch
  std::span<const uint32_t> values{};  // what is written
  uint32_t mask = 0;                   // kMaskWrite
  Channel channel{};                   // kWait
  uint32_t argument = 0, offset = 0;   // kPatch; bytes

  bool at_end = false;  // no operation, but what is found behind the last one

  std::string where() const;  // "operation 3 (WRITE 0x0001D204, word 35)"
};

// All of a stream. Throws Refusal. `words` must outlive what is returned.
std::vector<Operation> parse(std::span<const uint32_t> words, const Target& target);

// Format, registers and the fields of descriptors, without any buffer or state.
std::optional<Fault> check_format(std::span<const uint32_t> words, const Target& target = {});

}  // namespace npu::twin
