// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/stop_request.h"

#include <csignal>

#include "subtitle/interrupt.h"

namespace npu::subtitle {

std::optional<Failure> StopRequest::reason() const {
  const int signal = interrupted_by();
  if (signal == SIGINT) return Failure{ExitCode::kInterrupted, "interrupted"};
  if (signal != 0) return Failure{ExitCode::kTerminated, "terminated"};
  if (requested_) return Failure{ExitCode::kFailed, "given up"};
  return std::nullopt;
}

}  // namespace npu::subtitle
