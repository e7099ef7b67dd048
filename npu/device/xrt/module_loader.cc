// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/module_loader.h"

#include <dlfcn.h>

#include <string>
#include <string_view>
#include <system_error>

#include "device/xrt/module_config.h"
#include "device/xrt/module_interface.h"
#include "log.h"
#include "user_folder.h"

namespace npu::array {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kXrtLibrary = "libxrt_coreutil.so";

Error no_device(const std::string& what) {
  return {ErrorCode::kNoDevice, "device npu: " + what};
}

// What the loader said of a module that is there.
Error refused(const fs::path& module, const std::string& reason) {
  if (reason.find("undefined symbol") != std::string::npos ||
      reason.find("version `") != std::string::npos)
    return no_device(text("the installed XRT is too old for ", module.string(),
                          ": expected 2.21 or newer, found one that lacks what is needed (", reason,
                          "); install a newer one (Debian 13: libxrt2 and libxrt-npu2 of "
                          "trixie-backports)"));
  if (reason.find(kXrtLibrary) != std::string::npos)
    return no_device(text("XRT's library was not found (", reason,
                          "); install XRT 2.21 or newer (Debian 13: libxrt2 and libxrt-npu2 of "
                          "trixie-backports)"));
  return no_device(text("cannot load ", module.string(), ": ", reason));
}

Error foreign(const fs::path& module, const char* name) {
  return no_device(text(module.string(), " is no module of npuwhisper: it has no ", name));
}

void pass_on(LogLevel level, std::string_view line) {
  log(level, line);
}

// A function of the module, which is loaded if it is not yet, and of this build.
Result<void*> function_of(const fs::path& module, const char* name) {
  if (module.empty())
    return no_device(
        "this build of npuwhisper was made without XRT; build it with XRT 2.21 or newer and "
        "-Dxrt=enabled (Debian 13: libxrt-dev of trixie-backports)");
  std::error_code error;
  if (!fs::exists(module, error))
    return no_device(text("the module that drives the NPU is missing: expected ", module.string(),
                          "; install it, or name it in NPUWHISPER_XRT_MODULE"));
  // Never unloaded: devices have their code in it.
  void* library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return refused(module, dlerror());
  const auto version = reinterpret_cast<ModuleVersion>(dlsym(library, kModuleVersion));
  if (!version) return foreign(module, kModuleVersion);
  if (version() != std::string_view(NPUWHISPER_VERSION))
    return no_device(text(module.string(), ": expected version " NPUWHISPER_VERSION ", found ",
                          version(), "; install the module of this npuwhisper"));
  void* function = dlsym(library, name);
  if (!function) return foreign(module, name);
  return function;
}

}  // namespace

fs::path module_path() {
  if (const std::string path = environment("NPUWHISPER_XRT_MODULE"); !path.empty()) return path;
  return NPUWHISPER_XRT_MODULE;
}

Result<std::unique_ptr<Device>> open_with_module(const fs::path& module,
                                                 const DeviceRequest& request,
                                                 const CancelToken& cancel) {
  NPU_TRY_ASSIGN(void* open, function_of(module, kModuleOpen));
  Result<std::unique_ptr<Device>> device = no_device("the module gave no answer");
  reinterpret_cast<ModuleOpen>(open)(request, cancel, pass_on, device);
  return device;
}

Result<NpuReport> self_test_with_module(const fs::path& module, const DeviceRequest& request,
                                        const SelfTestSubject& subject) {
  NPU_TRY_ASSIGN(void* self_test, function_of(module, kModuleSelfTest));
  Result<NpuReport> report = no_device("the module gave no answer");
  reinterpret_cast<ModuleSelfTest>(self_test)(request, subject, pass_on, report);
  return report;
}

}  // namespace npu::array
