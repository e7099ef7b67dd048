// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the xclbins that tests load: a kernel with its arguments and banks, and no configuration
// of the array. XRT's own library reads them too (tests/xrt_double/xclbin_facts.cc).
#pragma once

#include <filesystem>
#include <string>

namespace xrt_double {

struct XclbinSpec {
  std::string kernel = "MLIR_AIE";
  int buffers = 5;                 // bo0.., behind opcode, instructions and their count
  std::string program = "test";    // name of the partition, to tell xclbins apart
  unsigned char uuid_byte = 0x11;  // all bytes of the UUID
};

// Throws std::runtime_error if the file cannot be written.
void write_xclbin(const std::filesystem::path& path, const XclbinSpec& spec = {});

}  // namespace xrt_double
