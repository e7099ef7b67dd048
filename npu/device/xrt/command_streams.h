// SPDX-License-Identifier: LGPL-2.1-or-later
// The operations of a list as commands: instruction streams, each of so little work that the
// driver's watchdog, who ends a command after 2 s without progress, is far away.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "device/xrt/stream/schedule.h"

namespace npu::array {

// What an operation takes at 1.0 GHz, by the cycles of docs/npu.md, rather too much than too
// little. Predicted.
double predicted_seconds(const Operation& operation);

inline constexpr double kMostCommandSeconds = 0.5;

struct CommandStream {
  std::string operations;  // the first and the last one, for messages
  double seconds = 0;      // predicted
  std::vector<uint32_t> words;
};

// `operations` in order, as few commands as none is predicted over `most_seconds` with; an
// operation is never cut. Errors: those of transfers_of() and stream_of().
Result<std::vector<CommandStream>> command_streams(std::span<const Operation> operations,
                                                   const Binding& binding,
                                                   double most_seconds = kMostCommandSeconds);

}  // namespace npu::array
