// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the work is, as one line of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace npu::subtitle {

// How far one file is.
struct ProgressState {
  double position_s = 0;   // of the medium, up to which this stage is done
  double duration_s = -1;  // of what is to be done; < 0: not known
  double elapsed_s = 0;    // since this stage began
};

// 0..1; 0 if the duration is not known.
double fraction_of(const ProgressState& state);

// One line of at most `columns` characters, with a bar if it fits; 0: no limit and no bar.
// " 42 % [####------] 2:06 / 5:00  15.2x  11 s left".
std::string progress_line(const ProgressState& state, int columns);

// One of several files that are worked on.
struct ActiveFile {
  std::string name;   // shown: "talk.mp4"
  std::string stage;  // "embedding"; empty while listening
  ProgressState state;
};

// The line for a run of several files: "3/12 talk.mp4  42 % [####------] ..." while one is worked
// on, "3/12  a.mp4 42 %, b.mp4 7 %" for more. `begun` files of `total` have been begun.
std::string run_line(const std::vector<ActiveFile>& files, size_t begun, size_t total, int columns);

// The first `columns` columns of UTF-8 text, taking each character for one; 0: all of it.
std::string cut_to_columns(std::string_view text, int columns);

}  // namespace npu::subtitle
