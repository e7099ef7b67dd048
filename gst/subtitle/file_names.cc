// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/file_names.h"

#include <algorithm>
#include <array>

#include "subtitle/output_plan.h"

namespace npu::subtitle {
namespace {

constexpr std::array<std::string_view, 43> kMediaExtensions = {
    "3g2",  "3gp",  "aac", "ac3",  "aif",  "aiff", "amr",  "asf", "avi", "caf", "dv",
    "eac3", "flac", "flv", "m2t",  "m2ts", "m4a",  "m4b",  "m4v", "mka", "mkv", "mov",
    "mp2",  "mp3",  "mp4", "mpeg", "mpg",  "mts",  "mxf",  "oga", "ogg", "ogm", "ogv",
    "opus", "spx",  "ts",  "vob",  "wav",  "weba", "webm", "wma", "wmv", "wv"};

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lower;
}

std::string lower_extension(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return extension.empty() ? "" : lower_case(std::string_view(extension).substr(1));
}

bool is_media_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name.empty() || name.front() == '.') return false;
  const std::string inner = lower_extension(path.stem());
  if (inner == kEmbeddedMark || inner == kBurnedMark) return false;
  return std::find(kMediaExtensions.begin(), kMediaExtensions.end(), lower_extension(path)) !=
         kMediaExtensions.end();
}

}  // namespace npu::subtitle
