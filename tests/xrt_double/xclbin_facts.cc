// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what the library of XRT that it runs on reads in an xclbin: the same on the genuine one
// and on the double. Without an argument, in one that it writes itself.
#include <unistd.h>
#include <xrt/experimental/xrt_xclbin.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "write_xclbin.h"

namespace {

void print(const std::string& path) {
  const xrt::xclbin file(path);
  std::printf("uuid %s\n", file.get_uuid().to_string().c_str());
  for (const auto& kernel : file.get_kernels())
    std::printf("kernel %s of %zu arguments\n", kernel.get_name().c_str(), kernel.get_num_args());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) {
    print(argv[1]);
    return 0;
  }
  const auto path =
      std::filesystem::temp_directory_path() / ("facts-" + std::to_string(getpid()) + ".xclbin");
  xrt_double::write_xclbin(path, {"WHISPER", 8, "facts", 0x5a});
  print(path.string());
  std::filesystem::remove(path);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "xclbin_facts: %s\n", error.what());
  return 1;
}
