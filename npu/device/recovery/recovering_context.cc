// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/recovering_context.h"

#include <utility>

namespace npu {

RecoveringContext::RecoveringContext(ProgramSuccession& programs, const ContextLimits& limits)
    : programs_(programs), limits_(limits), log_(programs.lists(), limits) {}

Result<std::unique_ptr<RecoveringContext>> RecoveringContext::create(ProgramSuccession& programs,
                                                                     const ContextLimits& limits) {
  auto context = std::unique_ptr<RecoveringContext>(new RecoveringContext(programs, limits));
  context->loaded_ = programs.current();
  if (context->loaded_) {
    const Result<void> made = context->make_inner();
    if (!made && !programs.replaceable(context->loaded_->number, made.error())) return made.error();
    if (!made) context->leave();
  }
  return context;
}

Result<void> RecoveringContext::make_inner() {
  NPU_TRY_ASSIGN(inner_, loaded_->program->create_context(limits_));
  return {};
}

void RecoveringContext::leave() {
  inner_.reset();
  loaded_.reset();
}

// Ends with a context on the device of now.
Result<void> RecoveringContext::move_on(const CancelToken& cancel) {
  if (inner_ && programs_.current() == loaded_) return {};
  for (;;) {
    leave();
    NPU_TRY_ASSIGN(loaded_, programs_.living(cancel));
    const Result<void> made = make_inner();
    if (made) break;
    if (!programs_.replaceable(loaded_->number, made.error())) return made;
  }
  log_.begin_anew();
  retrying_ = true;
  return {};
}

Result<void> RecoveringContext::write(std::string_view buffer, std::span<const float> data) {
  const bool reached = inner_ != nullptr;
  if (inner_) {
    const Result<void> written = inner_->write(buffer, data);
    if (!written && !is_loss(written.error())) return written;
    if (!written) {
      programs_.replaceable(loaded_->number, written.error());
      leave();
    }
  }
  log_.wrote(buffer, data, reached && inner_);
  // What had to be done again has been done.
  if (inner_ && std::exchange(retrying_, false)) programs_.proved(loaded_->number);
  return {};
}

Result<void> RecoveringContext::read(std::string_view buffer, std::span<float> data) {
  if (!inner_)
    return Error{ErrorCode::kDeviceLost, "the device was lost, and nothing has run since"};
  return inner_->read(buffer, data);
}

Result<void> RecoveringContext::run(size_t list, const Replay& replay, const CancelToken& cancel,
                                    Deadline deadline) {
  const bool is_timed = deadline.at() != Deadline::Clock::time_point::max();
  const auto time = is_timed ? deadline.at() - Deadline::Clock::now() : Deadline::Clock::duration();
  for (;; deadline = is_timed ? Deadline::in(time) : deadline) {
    NPU_TRY(move_on(cancel));
    Result<void> ran = log_.prepare(*inner_, list, cancel, deadline);
    if (ran) ran = inner_->run(list, replay, cancel, deadline);
    if (ran) {
      log_.ran(list, replay);
      return {};
    }
    if (!is_loss(ran.error())) return ran;
    programs_.replaceable(loaded_->number, ran.error());
    leave();
  }
}

}  // namespace npu
