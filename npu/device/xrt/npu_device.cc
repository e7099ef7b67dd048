// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/npu_device.h"

#include <algorithm>
#include <system_error>

#include "device/device_work.h"
#include "device/xrt/program.h"
#include "quantised/network_file.h"

namespace npu::array {
namespace {

class NpuDevice : public Device, public WorkMeter {
 public:
  NpuDevice(std::unique_ptr<Hardware> hardware, int threads)
      : hardware_(std::move(hardware)), pool_(std::max(1, threads)) {}

  std::string_view name() const override { return "npu"; }
  std::string description() const override {
    return text("NPU ", hardware_->name(), ", 16 cores; ", pool_.threads(),
                pool_.threads() == 1 ? " thread" : " threads", " of the CPU for logits");
  }
  Result<std::unique_ptr<Program>> load(std::span<const OpList> lists, WeightSource& source,
                                        Precision precision, const LoadProgress& progress,
                                        const CancelToken& cancel) override {
    if (precision != Precision::kAuto && precision != Precision::kNpu)
      return Error{ErrorCode::kUnsupported,
                   text("device npu: expected precision npu or auto, found ",
                        precision_name(precision), "; choose device cpu for it")};
    const WeightIdentity identity = source.identity();
    NPU_TRY_ASSIGN(auto network,
                   quantised::read_network(quantised::prepared_file(identity), identity));
    NPU_TRY_ASSIGN(auto program, ArrayProgram::compile(
                                     *hardware_, pool_, lists,
                                     std::make_shared<const quantised::Network>(std::move(network)),
                                     progress, cancel));
    return std::unique_ptr<Program>(std::move(program));
  }

  std::vector<ListWork> work() const override { return hardware_->work().lists(); }

 private:
  std::unique_ptr<Hardware> hardware_;
  cpu::Pool pool_;
};

}  // namespace

Result<std::unique_ptr<Device>> create_npu_device(FoundDevice found,
                                                  const std::filesystem::path& overlay, int threads,
                                                  const Patience& patience,
                                                  const CancelToken& cancel) {
  constexpr int kMostThreads = 256;
  if (threads < 0 || threads > kMostThreads)
    return Error{ErrorCode::kInvalidArgument,
                 text("threads: expected 0 (one) to ", kMostThreads, ", found ", threads)};
  NPU_TRY_ASSIGN(auto hardware, Hardware::open(std::move(found), overlay, patience, cancel));
  try {
    return std::unique_ptr<Device>(std::make_unique<NpuDevice>(std::move(hardware), threads));
  } catch (const std::system_error& error) {
    return Error{ErrorCode::kNoDevice,
                 text("device npu: starting ", threads, " threads failed: ", error.what())};
  }
}

}  // namespace npu::array
