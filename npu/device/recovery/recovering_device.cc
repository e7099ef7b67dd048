// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/recovering_device.h"

#include <new>
#include <utility>

#include "device/check.h"
#include "device/recovery/program_succession.h"
#include "device/recovery/recovering_context.h"

namespace npu {
namespace {

class RecoveringProgram : public Program {
 public:
  explicit RecoveringProgram(std::unique_ptr<ProgramSuccession> programs)
      : programs_(std::move(programs)) {}

  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    NPU_TRY(check_limits(programs_->lists(), limits));
    try {
      NPU_TRY_ASSIGN(auto context, RecoveringContext::create(*programs_, limits));
      return std::unique_ptr<Context>(std::move(context));
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::kOutOfMemory, "a context: not enough memory to remember it"};
    }
  }
  size_t weight_bytes() const override { return programs_->weight_bytes(); }
  Precision precision() const override { return programs_->precision(); }

 private:
  const std::unique_ptr<ProgramSuccession> programs_;
};

}  // namespace

RecoveringDevice::RecoveringDevice(std::unique_ptr<Device> first, Replacements replacements,
                                   LostDevice& memory)
    : devices_(
          std::make_shared<DeviceSuccession>(std::move(first), std::move(replacements), memory)) {}

Result<std::unique_ptr<Program>> RecoveringDevice::load(std::span<const OpList> lists,
                                                        WeightSource& source, Precision precision,
                                                        const LoadProgress& progress,
                                                        const CancelToken& cancel) {
  auto programs = std::make_unique<ProgramSuccession>(devices_, lists, source, precision);
  NPU_TRY(programs->load(source, progress, cancel));
  return std::unique_ptr<Program>(std::make_unique<RecoveringProgram>(std::move(programs)));
}

}  // namespace npu
