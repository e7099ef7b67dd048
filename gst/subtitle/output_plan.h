// SPDX-License-Identifier: LGPL-2.1-or-later
// Which files a medium gives, and where they go. Only names; nothing is opened.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "captions/caption.h"
#include "subtitle/command_line.h"
#include "subtitle/container.h"

namespace npu::subtitle {

// What stands before the extension of a video with a subtitle track, and of one with the text in
// its picture: talk.subtitled.mkv, talk.burned.mkv.
inline constexpr std::string_view kEmbeddedMark = "subtitled";
inline constexpr std::string_view kBurnedMark = "burned";

struct CaptionOutput {
  captions::CaptionFormat format;
};
struct VideoOutput {
  Container container;
  bool burn;  // into the picture; else a track
};

struct PlannedOutput {
  std::variant<CaptionOutput, VideoOutput> what;
  std::filesystem::path path;  // "-": standard output

  bool to_stdout() const { return path == "-"; }
  const VideoOutput* video() const { return std::get_if<VideoOutput>(&what); }
  const CaptionOutput* caption() const { return std::get_if<CaptionOutput>(&what); }
};

// Everything that `options` ask for of `input`, at least one file. Beside it, or where --output
// says; `below` is the way from the folder that was named down to the one that holds `input`, so
// that an output folder looks like it (empty for a file that was named itself).
std::vector<PlannedOutput> plan_outputs(const std::filesystem::path& input,
                                        const std::filesystem::path& below,
                                        const CommandLine& options);

}  // namespace npu::subtitle
