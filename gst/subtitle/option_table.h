// SPDX-License-Identifier: LGPL-2.1-or-later
// GLib's view of the options: their names, their help, and where the values go.
#pragma once

#include <glib.h>

#include <limits>
#include <string>
#include <vector>

#include "subtitle/command_line.h"

namespace npu::subtitle {

inline constexpr int kUnsetInt = std::numeric_limits<int>::min();
inline constexpr double kUnsetDouble = std::numeric_limits<double>::lowest();

// Where GLib leaves what it parsed.
struct RawOptions {
  char* format = nullptr;
  char* output = nullptr;
  char* container = nullptr;
  char* font = nullptr;
  char* track = nullptr;
  char* from = nullptr;
  char* to = nullptr;
  char* model = nullptr;
  char* device = nullptr;
  char* language = nullptr;
  char* task = nullptr;
  char* initial_prompt = nullptr;
  char** inputs = nullptr;
  int jobs = kUnsetInt;
  int quality = kUnsetInt;
  int device_index = kUnsetInt;
  int beam_size = kUnsetInt;
  int best_of = kUnsetInt;
  int threads = kUnsetInt;
  double temperature = kUnsetDouble;
  gboolean recursive = FALSE;
  gboolean embed = FALSE;
  gboolean burn = FALSE;
  gboolean skip_existing = FALSE;
  gboolean translate = FALSE;
  gboolean force = FALSE;
  gboolean quiet = FALSE;
  gboolean json = FALSE;
  gboolean exact = FALSE;
  gboolean words = FALSE;
  gboolean word_timestamps = FALSE;
  gboolean profile = FALSE;
  gboolean self_test = FALSE;
  gboolean version = FALSE;
  std::vector<ElementSetting> settings;

  RawOptions() = default;
  RawOptions(const RawOptions&) = delete;
  RawOptions& operator=(const RawOptions&) = delete;
  ~RawOptions();
};

// The words of the command line into `raw`. Failures: kUsage, without a hint.
Done parse_raw(int argc, char** argv, RawOptions& raw);

}  // namespace npu::subtitle
