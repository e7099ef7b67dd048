// SPDX-License-Identifier: LGPL-2.1-or-later
// A context that outlives the device it began on.
#pragma once

#include <memory>
#include <string_view>

#include "device/recovery/context_log.h"
#include "device/recovery/program_succession.h"

namespace npu {

// Hands everything to a context on the device of now. Where that is lost it is replaced inside the
// run that finds out, told what the lost one knew (ContextLog), and the run is begun anew: the
// caller sees a slow run and no error. A run has the time that its caller gave for each attempt.
class RecoveringContext : public Context {
 public:
  // `limits` have been checked. Where the device is being lost, that is found out at the first run.
  // Borrows `programs`. Errors: kOutOfMemory.
  static Result<std::unique_ptr<RecoveringContext>> create(ProgramSuccession& programs,
                                                           const ContextLimits& limits);

  Result<void> write(std::string_view buffer, std::span<const float> data) override;
  // A device that is lost here is replaced by the next run.
  Result<void> read(std::string_view buffer, std::span<float> data) override;
  // Errors: beside those of the device, kDeviceLost: it was given up, and nothing takes its place.
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

 private:
  RecoveringContext(ProgramSuccession& programs, const ContextLimits& limits);

  Result<void> move_on(const CancelToken& cancel);
  Result<void> make_inner();
  void leave();

  ProgramSuccession& programs_;
  const ContextLimits limits_;
  ContextLog log_;
  std::shared_ptr<const ProgramSuccession::Loaded> loaded_;
  std::unique_ptr<Context> inner_;  // after loaded_: goes first. Null: to be made by the next run
  bool retrying_ = false;           // inner_ is another one, and has not begun a window of its own
};

}  // namespace npu
