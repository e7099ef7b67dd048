// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/self_test/facts.h"

#include <xrt/experimental/xrt_version.h>
#include <xrt/experimental/xrt_xclbin.h>

#include "device/xrt/module_config.h"

namespace npu::array {

Result<Facts> facts_of(const FoundDevice& found, const std::filesystem::path& overlay,
                       const SystemView& view) {
  NPU_TRY_ASSIGN(const std::string id,
                 caught(ErrorCode::kNoDevice, text("cannot use the overlay ", overlay.string()),
                        [&] { return xrt::xclbin(overlay.string()).get_uuid().to_string(); }));
  const auto address = caught(ErrorCode::kNoDevice, "asking for the PCI address",
                              [&] { return found.device.get_info<xrt::info::device::bdf>(); });
  const auto version = caught(ErrorCode::kNoDevice, "asking for XRT's version", [] {
    return text(xrt::version::major(), ".", xrt::version::minor(), ".", xrt::version::patch());
  });
  const SystemFacts system = system_facts(view);
  const auto told = [](const std::string& fact) { return fact.empty() ? "not told" : fact; };
  return Facts{
      {"NPU", text(found.name, " at ", address ? *address : address.error().message)},
      {"PCI", told(system.pci)},
      {"driver", text("amdxdna ", system.driver.empty() ? "of the kernel" : system.driver, ", ",
                      told(system.kernel), ", node ", told(system.node))},
      {"firmware", told(system.firmware)},
      {"XRT", version ? *version : version.error().message},
      {"overlay", text(overlay.string(), ", ", id)},
      {"npuwhisper", NPUWHISPER_VERSION},
  };
}

}  // namespace npu::array
