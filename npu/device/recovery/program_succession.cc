// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/program_succession.h"

#include <chrono>
#include <utility>

#include "device/recovery/turn.h"

namespace npu {
namespace {

constexpr std::chrono::milliseconds kCancelPoll{20};

}  // namespace

ProgramSuccession::ProgramSuccession(std::shared_ptr<DeviceSuccession> devices,
                                     std::span<const OpList> lists, const WeightSource& source,
                                     Precision precision)
    : devices_(std::move(devices)),
      lists_(lists.begin(), lists.end()),
      reopen_(source.reopener()),
      wanted_(precision) {}

Result<void> ProgramSuccession::load(WeightSource& source, const LoadProgress& progress,
                                     const CancelToken& cancel) {
  NPU_TRY_ASSIGN(auto loaded, load_next(&source, progress, cancel));
  const std::lock_guard lock(mutex_);
  keep(std::move(loaded));
  return {};
}

void ProgramSuccession::keep(std::shared_ptr<const Loaded> loaded) {
  loaded_ = std::move(loaded);
  weight_bytes_ = loaded_->program->weight_bytes();
  precision_ = loaded_->program->precision();
}

Result<std::shared_ptr<const ProgramSuccession::Loaded>> ProgramSuccession::living(
    const CancelToken& cancel) {
  std::shared_ptr<const Loaded> gone;
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (loaded_ && devices_->is_current(loaded_->number)) return loaded_;
      if (!loading_) break;
      NPU_TRY(check_interrupt(cancel, {}, "loading the model again"));
      changed_.wait_for(lock, kCancelPoll);
    }
    loading_ = true;
    gone = std::move(loaded_);
  }
  // Before another one is opened, for which there may be no room beside it.
  gone.reset();
  const Turn turn(mutex_, changed_, loading_);
  NPU_TRY_ASSIGN(auto loaded, load_next(nullptr, {}, cancel));
  const std::lock_guard lock(mutex_);
  keep(loaded);
  return loaded;
}

// Without a `source` the weights are opened again.
Result<std::shared_ptr<const ProgramSuccession::Loaded>> ProgramSuccession::load_next(
    WeightSource* source, const LoadProgress& progress, const CancelToken& cancel) {
  for (;;) {
    NPU_TRY_ASSIGN(DeviceSuccession::Opened opened, devices_->living(cancel));
    std::unique_ptr<WeightSource> reopened;
    if (source == nullptr) {
      if (!reopen_)
        return Error{ErrorCode::kInternal, "the weights of the model cannot be read again"};
      NPU_TRY_ASSIGN(reopened, reopen_());
    }
    auto program =
        opened.device->load(lists_, source ? *source : *reopened, wanted_, progress, cancel);
    if (program) {
      auto loaded = std::make_shared<Loaded>();
      loaded->number = opened.number;
      loaded->device = std::move(opened.device);
      loaded->program = *std::move(program);
      return std::shared_ptr<const Loaded>(std::move(loaded));
    }
    if (!replaceable(opened.number, program.error())) return program.error();
  }
}

std::shared_ptr<const ProgramSuccession::Loaded> ProgramSuccession::current() const {
  const std::lock_guard lock(mutex_);
  return loaded_ && devices_->is_current(loaded_->number) ? loaded_ : nullptr;
}

bool ProgramSuccession::replaceable(uint64_t number, const Error& why) {
  if (why.code == ErrorCode::kCancelled) return false;
  if (!is_loss(why)) return devices_->unfit(number, why);
  devices_->lost(number, why);
  return true;
}

size_t ProgramSuccession::weight_bytes() const {
  const std::lock_guard lock(mutex_);
  return weight_bytes_;
}

Precision ProgramSuccession::precision() const {
  const std::lock_guard lock(mutex_);
  return precision_;
}

}  // namespace npu
