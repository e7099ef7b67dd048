// SPDX-License-Identifier: LGPL-2.1-or-later
// What file names say.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace npu::subtitle {

// ASCII letters only.
std::string lower_case(std::string_view text);
// "mp4" of "Talk.MP4"; empty without an extension.
std::string lower_extension(const std::filesystem::path& path);

// Whether a folder's entry looks like audio or video. Hidden files do not, and neither do the
// videos that npusubtitle itself has written (talk.subtitled.mkv).
bool is_media_name(const std::filesystem::path& path);

}  // namespace npu::subtitle
