// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/cpu_device.h"

#include <sched.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "device/cpu/kernels.h"
#include "device/cpu/pool.h"
#include "device/cpu/program.h"

namespace npu::cpu {
namespace {

constexpr int kMostThreads = 256;

// CPUs that this process may run on.
int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

class CpuDevice : public Device {
 public:
  explicit CpuDevice(int threads) : pool_(threads) {}

  std::string_view name() const override { return "cpu"; }
  std::string description() const override {
    return text("CPU, ", pool_.threads(), pool_.threads() == 1 ? " thread" : " threads", ", f32, ",
                instruction_set());
  }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    if (precision != Precision::kF32)
      return Error{ErrorCode::kUnsupported, "device cpu: expected precision f32"};
    NPU_TRY_ASSIGN(auto program, CpuProgram::compile(pool_, lists, source, progress, cancel));
    return std::unique_ptr<Program>(std::move(program));
  }

 private:
  Pool pool_;
};

}  // namespace

Result<std::unique_ptr<Device>> create_cpu_device(int threads) {
  if (threads < 0 || threads > kMostThreads)
    return Error{ErrorCode::kInvalidArgument,
                 text("threads: expected 0 (all) to ", kMostThreads, ", found ", threads)};
  if (threads == 0) threads = std::min(usable_cpus(), kMostThreads);
  try {
    return std::unique_ptr<Device>(std::make_unique<CpuDevice>(threads));
  } catch (const std::system_error& error) {
    return Error{ErrorCode::kNoDevice,
                 text("device cpu: starting ", threads, " threads failed: ", error.what())};
  }
}

}  // namespace npu::cpu
