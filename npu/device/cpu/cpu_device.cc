// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/cpu/cpu_device.h"

#include <sched.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "device/cpu/integer/program.h"
#include "device/cpu/kernels.h"
#include "device/cpu/mixed/program.h"
#include "device/cpu/pool.h"
#include "device/cpu/program.h"
#include "quantised/network_file.h"

namespace npu::cpu {
namespace {

constexpr int kMostThreads = 256;

// Whether the word error rate of int8 is near enough to that of f32 for `auto` to take it:
// docs/numerics.md, "int8 on the CPU".
constexpr bool kInt8Accepted = true;

// CPUs that this process may run on.
int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// A program of either kind, as the interface knows it.
template <typename Compiled>
Result<std::unique_ptr<Program>> as_program(Result<std::unique_ptr<Compiled>> compiled) {
  if (!compiled) return compiled.error();
  return std::unique_ptr<Program>(*std::move(compiled));
}

class CpuDevice : public Device {
 public:
  CpuDevice(int threads, const DotVariant& dot, OpObserver* observer)
      : pool_(threads, dot.rest), dot_(dot), observer_(observer) {}

  std::string_view name() const override { return "cpu"; }
  std::string description() const override {
    return text("CPU, ", pool_.threads(), pool_.threads() == 1 ? " thread, " : " threads, ",
                instruction_set(), ", ", dot_.name);
  }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    if (precision == Precision::kAuto)
      precision = kInt8Accepted && dot_.fast_int8 ? Precision::kInt8 : Precision::kF32;
    if (precision == Precision::kF32)
      return as_program(CpuProgram::compile(pool_, lists, source, progress, cancel, observer_));
    if (precision == Precision::kNpu) {
      const WeightIdentity identity = source.identity();
      NPU_TRY_ASSIGN(auto network,
                     quantised::read_network(quantised::prepared_file(identity), identity));
      return as_program(integer::IntegerProgram::compile(
          pool_, dot_, lists, std::make_shared<const quantised::Network>(std::move(network)),
          progress, cancel, observer_));
    }
    const Element element = precision == Precision::kInt8 ? Element::kInt8 : Element::kBf16;
    return as_program(MixedProgram::compile(pool_, dot_, element, lists, source, progress, cancel));
  }

 private:
  Pool pool_;
  const DotVariant& dot_;
  OpObserver* observer_;
};

Result<std::unique_ptr<Device>> create(int threads, OpObserver* observer) {
  if (threads < 0 || threads > kMostThreads)
    return Error{ErrorCode::kInvalidArgument,
                 text("threads: expected 0 (all) to ", kMostThreads, ", found ", threads)};
  if (threads == 0) threads = std::min(usable_cpus(), kMostThreads);
  NPU_TRY_ASSIGN(const DotVariant* dot, dot_variant());
  try {
    return std::unique_ptr<Device>(std::make_unique<CpuDevice>(threads, *dot, observer));
  } catch (const std::system_error& error) {
    return Error{ErrorCode::kNoDevice,
                 text("device cpu: starting ", threads, " threads failed: ", error.what())};
  }
}

}  // namespace

Result<std::unique_ptr<Device>> create_cpu_device(int threads) {
  return create(threads, nullptr);
}

Result<std::unique_ptr<Device>> create_observed_cpu_device(int threads, OpObserver& observer) {
  return create(threads, &observer);
}

}  // namespace npu::cpu
