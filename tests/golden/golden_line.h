// SPDX-License-Identifier: LGPL-2.1-or-later
// One line of a file of reference outputs: a clip, options, and what the reference made of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "result.h"
#include "whisper/options.h"
#include "whisper/segment.h"

namespace npu::testing {

struct GoldenLine {
  std::string file;   // of the audio, below the folder of clips
  std::string model;  // below the folder of models; empty: Whisper base
  size_t samples;
  std::string language;
  std::string text;
  std::vector<Segment> segments;
  std::optional<int64_t> fallbacks;  // decodings at another than the first temperature
  TranscribeOptions options;
};

// The lines of `path`. What the options are follows from the file's name, as the README beside the
// files says; a line's own "options" object overrides that. Errors: kIo, kInvalidArgument.
Result<std::vector<GoldenLine>> read_golden(const std::filesystem::path& path);

}  // namespace npu::testing
