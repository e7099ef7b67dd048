// SPDX-License-Identifier: LGPL-2.1-or-later
// Languages as people call them.
#pragma once

#include <string>

namespace npu::subtitle {

// "English" for "en"; the code itself if Whisper does not know it.
std::string language_name(const std::string& code);

// "English (detected, 98 %)"; probability < 0: the language was given, so nothing is added.
std::string language_line(const std::string& code, double probability);

// The title of a track: "Auto-generated (English)"; "Auto-generated" if the language is unknown.
std::string track_title(const std::string& code);

}  // namespace npu::subtitle
