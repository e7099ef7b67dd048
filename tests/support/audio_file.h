// SPDX-License-Identifier: LGPL-2.1-or-later
// Audio files as the reference reads them: 16 kHz, mono, through 16 bit.
#pragma once

#include <filesystem>
#include <vector>

#include "result.h"

namespace npu::testing {

struct Audio {
  std::vector<float> samples;  // -1..1, multiples of 1/32768
  bool exact = false;          // 16 kHz mono 16-bit in a lossless file: no resampler, no decoder
};

// Lossless 16 kHz files are read directly; everything else goes through the `ffmpeg` program with
// the arguments that openai/whisper:whisper/audio.py load_audio() uses. Errors: kIo.
Result<Audio> read_audio(const std::filesystem::path& path);

}  // namespace npu::testing
