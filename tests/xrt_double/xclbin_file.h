// SPDX-License-Identifier: LGPL-2.1-or-later
// What XRT reads of an xclbin for the NPU: the kernel, its arguments, and the bank of each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xrt_double {

struct ArgumentInfo {
  std::string name;
  bool buffer = false;  // else a scalar
  size_t bytes = 0;
  size_t offset = 0;
  int bank = -1;  // of a buffer: index into MEM_TOPOLOGY
};

struct KernelInfo {
  std::string name;
  std::vector<ArgumentInfo> arguments;
};

struct XclbinFile {
  std::array<unsigned char, 16> uuid{};
  std::vector<KernelInfo> kernels;
  std::vector<std::byte> partition;  // section AIE_PARTITION
};

// Reads at most `most_bytes` of the file. Throws std::runtime_error with XRT's texts.
XclbinFile read_xclbin(const std::string& path, size_t most_bytes);

}  // namespace xrt_double
