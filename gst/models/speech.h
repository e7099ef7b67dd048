// SPDX-License-Identifier: LGPL-2.1-or-later
// The speech that a model is prepared with: the bundled one, or the user's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cancel.h"
#include "result.h"

namespace npu::models {

struct SpeechFile {
  std::string path;
  std::string language;  // a code of Whisper's; empty: the one that is heard
};

// $NPUWHISPER_CALIBRATION, else what lies beside the command in the build tree, else what was
// installed.
std::filesystem::path calibration_folder();

// What the manifest of that folder names. Errors: kNotFound, kIo, kBadModel (a broken manifest).
Result<std::vector<SpeechFile>> bundled_speech(const std::filesystem::path& folder);

// "FILE" or, unless there is a file of that name, "FILE:LANGUAGE"; `language` is that of files that
// name none. Errors: kInvalidArgument (a language that Whisper does not know).
Result<std::vector<SpeechFile>> given_speech(const std::vector<std::string>& files,
                                             const std::string& language);

struct Recording {
  std::string language;
  std::vector<float> samples;  // 16 kHz, mono
};

// Decodes all of it. Files of one language that follow each other become one recording: so text
// before a window is heard as well. Errors: those of read_recording().
Result<std::vector<Recording>> read_speech(const std::vector<SpeechFile>& files,
                                           const CancelToken& cancel);

}  // namespace npu::models
