// SPDX-License-Identifier: LGPL-2.1-or-later
// A shim's buffer descriptor (BD): what a DMA channel reads or writes in DDR, and in which order.
//
// | word | fields, high to low                                                        | here |
// |------|----------------------------------------------------------------------------|------------|
// | 0    | 31:0 length in words                                                       | set | | 1
// | 31:2 address; the stream patches it over the offset that stands here       | set        | | 2
// | 30 enable packet, 29:24 out-of-order id, 23:19 packet id, 18:16 packet     | 0          | | |
// type, 15:0 address 47:32                                                   | patched    | | 3 |
// 29:20 D0 wrap, 19:0 D0 step - 1                                            | set        | | 4 |
// 31:30 burst (2: 256 bytes), 29:20 D1 wrap, 19:0 D1 step - 1                | set        | | 5 |
// 31:28 SMID, 27:24 AxCache (2), 23:20 QoS, 19:0 D2 step - 1                 | AxCache, D2| | 6 |
// 31:26 current iteration, 25:20 iterations - 1, 19:0 iteration step - 1     | current 0  | | 7 |
// 31 no TLAST, 30:27 next BD, 26 use next, 25 valid, 24:18 release value,    | next, valid| | |
// 16:13 release lock, 12 acquire, 11:5 acquire value, 3:0 acquire lock       |            |
//
// An unused step is stored as 0, as mlir-aie does. Locks, packets, SMID and QoS stay 0: the
// overlay's shims have none of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "device/xrt/stream/transaction.h"
#include "result.h"

namespace npu::array {

// A place in a buffer argument of the run.
struct Place {
  unsigned argument = 0;      // 0 to kMostArguments - 1
  uint64_t offset_bytes = 0;  // a multiple of 4
  Place operator+(uint64_t bytes) const { return {argument, offset_bytes + bytes}; }
  bool operator==(const Place&) const = default;
};

// `wrap` times a step of so many words; 0: there is no such dimension.
struct Dimension {
  uint32_t wrap = 0;
  uint32_t step = 0;
  bool operator==(const Dimension&) const = default;
};

// Units are words of 32 bits. D0 runs fastest; without D0 the transfer is linear, of any length. D2
// ends by the length. Each time the BD is executed it begins iteration.step words further on, from
// the place again after iteration.wrap times.
struct ShimBd {
  Place place{};
  uint32_t length = 0;
  Dimension d0{}, d1{};
  uint32_t d2_step = 0;  // 0: no D2
  Dimension iteration{};
  bool operator==(const ShimBd&) const = default;
};

inline constexpr uint32_t kMostWrap = 1023;
inline constexpr uint32_t kMostStep = 1u << 20;
inline constexpr uint32_t kMostIterations = 64;

// Buffer arguments from this one on are not translated by the firmware: their offset carries the
// array's view of DDR (mlir-aie: kDDRAIEAddrOffset).
inline constexpr unsigned kTranslatedArguments = 5;
inline constexpr uint32_t kUntranslatedOffset = 0x8000'0000;

using BdWords = std::array<uint32_t, 8>;

// The words of a BD, followed by BD `next` of the same shim if there is one. Errors
// (kInvalidArgument): a field beyond its limit, naming field, limit and what was found.
Result<BdWords> encode(const ShimBd& bd, std::optional<unsigned> next);

// The offset that the patch of a BD's address carries. Errors (kInvalidArgument): the argument does
// not exist; the offset is no multiple of 4 or beyond 32 bits (31 from kTranslatedArguments on).
Result<uint32_t> patched_offset(const Place& place);

}  // namespace npu::array
