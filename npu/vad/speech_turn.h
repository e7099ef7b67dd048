// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace npu {

// A moment at which speech begins or ends, in seconds from the start of the input.
struct SpeechTurn {
  bool begins;
  double time_s;
};

}  // namespace npu
