// SPDX-License-Identifier: LGPL-2.1-or-later
// Why all work should end now.
#pragma once

#include <atomic>
#include <optional>

#include "subtitle/failure.h"

namespace npu::subtitle {

// Asked by everything that may take long, several times a second. Thread-safe.
class StopRequest {
 public:
  // The rest would fail in the same way: a missing model, say.
  void request() { requested_ = true; }
  // kInterrupted or kTerminated after a signal, kFailed after request().
  std::optional<Failure> reason() const;

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace npu::subtitle
