// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/host_core.h"

#include "core/core_main.h"

namespace kernels {

void run_core(Program program, HostSource& a, HostSource& b, HostSink& c, CoreState& state) {
  switch (program) {
    case Program::kEncoder:
      return core_main<Program::kEncoder>(a, b, c, state);
    case Program::kDecoder:
      return core_main<Program::kDecoder>(a, b, c, state);
    case Program::kWhisper:
      return core_main<Program::kWhisper>(a, b, c, state);
    case Program::kWhole:
      return core_main<Program::kWhole>(a, b, c, state);
  }
}

}  // namespace kernels
