// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes an xclbin with the arguments of the overlay's kernel and no configuration of the array:
// write_overlay PATH.
#include <cstdio>

#include "write_xclbin.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_overlay PATH\n");
    return 2;
  }
  xrt_double::XclbinSpec spec;
  spec.buffers = 8;
  spec.program = "whisper";
  try {
    xrt_double::write_xclbin(argv[1], spec);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_overlay: %s\n", error.what());
    return 1;
  }
  return 0;
}
