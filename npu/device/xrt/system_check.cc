// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/xrt/system_check.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace npu::array {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAmd = "0x1022";
constexpr std::string_view kFirstGeneration = "0x1502";   // Phoenix, Hawk Point
constexpr std::string_view kSecondGeneration = "0x17f0";  // Strix and later
constexpr unsigned kCapIpcLock = 14;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// The entries of a folder; none if it is not there.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    found.push_back(entry->path());
  return found;
}

bool is_npu(const fs::path& device, std::string_view kind) {
  return first_line(device / "vendor") == kAmd && first_line(device / "device") == kind;
}

Error no_device(const std::string& what) {
  return {ErrorCode::kNoDevice, "device npu: " + what};
}

// The PCI address of the first NPU of a kind, "" if there is none.
std::string pci_address(const SystemView& view, std::string_view kind) {
  for (const fs::path& device : entries(view.pci_devices))
    if (is_npu(device, kind)) return device.filename().string();
  return {};
}

Error missing_npu(const SystemView& view) {
  const std::string other = pci_address(view, kSecondGeneration);
  if (!other.empty())
    return no_device(
        text("expected an NPU of the first generation (PCI 1022:1502; Phoenix, Hawk Point), found "
             "one of "
             "the second (1022:17f0, at ",
             other, "), which this version cannot drive"));
  return no_device(
      "expected an AMD NPU of the first generation (PCI 1022:1502; Ryzen AI, Phoenix or Hawk "
      "Point), "
      "found none; if the processor has one, enable it in the firmware's setup (\"IPU\"); virtual "
      "machines have none");
}

Error missing_driver(const std::string& address) {
  return no_device(text(
      "the NPU at PCI ", address,
      " has no driver: load amdxdna (modprobe amdxdna; in Linux 6.14 and newer); if it does not "
      "take the NPU, the kernel's log says why (firmware amdnpu/1502_00 is in linux-firmware)"));
}

Result<void> check_node(const SystemView& view, const fs::path& node) {
  std::error_code error;
  if (!fs::exists(node, error))
    return no_device(text("the driver has the NPU, but ", node.string(),
                          " is missing; a container must be given it (--device ", node.string(),
                          ")"));
  if (!view.may_open(node))
    return no_device(text("may not read and write ", node.string(),
                          "; join the group that owns it, usually with 'usermod -aG render USER', "
                          "and log in again"));
  return {};
}

uint64_t lockable_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:") &&
        (std::stoull(line.substr(7), nullptr, 16) >> kCapIpcLock & 1) != 0)
      return UINT64_MAX;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

}  // namespace

SystemFacts system_facts(const SystemView& view) {
  SystemFacts facts;
  for (const fs::path& accelerator : entries(view.accelerators)) {
    const fs::path device = accelerator / "device";
    if (!is_npu(device, kFirstGeneration)) continue;
    std::error_code error;
    const fs::path address = fs::canonical(device, error);
    facts.pci = text(address.filename().string(), ", 1022:1502, revision ",
                     first_line(device / "revision"));
    facts.node = (view.nodes / accelerator.filename()).string();
    facts.firmware = first_line(device / "fw_version");
    break;
  }
  facts.driver = first_line(view.modules / "amdxdna" / "version");
  utsname system{};
  if (uname(&system) == 0) facts.kernel = text(system.sysname, " ", system.release);
  return facts;
}

SystemView SystemView::of_process() {
  SystemView view;
  view.may_open = [](const fs::path& node) { return access(node.c_str(), R_OK | W_OK) == 0; };
  view.lockable_bytes = array::lockable_bytes();
  return view;
}

Result<void> check_system(const SystemView& view) {
  const std::string address = pci_address(view, kFirstGeneration);
  if (address.empty()) return missing_npu(view);
  fs::path node;
  for (const fs::path& accelerator : entries(view.accelerators))
    if (is_npu(accelerator / "device", kFirstGeneration))
      node = view.nodes / accelerator.filename();
  if (node.empty()) return missing_driver(address);
  NPU_TRY(check_node(view, node));
  if (view.lockable_bytes < kLockedBytesNeeded)
    return no_device(text("expected to be allowed to lock ", kLockedBytesNeeded >> 10,
                          " kB of memory (ulimit -l), found ", view.lockable_bytes >> 10,
                          " kB; set memlock to unlimited in /etc/security/limits.conf and log in "
                          "again (a container: --ulimit memlock=-1)"));
  return {};
}

}  // namespace npu::array
