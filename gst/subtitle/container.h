// SPDX-License-Identifier: LGPL-2.1-or-later
// The video files that can be written.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace npu::subtitle {

enum class Container { kMatroska, kMp4 };

// By the name that is also the file extension: mkv, mp4; any case.
std::optional<Container> find_container(std::string_view name);
// The extension without its dot.
std::string_view extension(Container container);
// GStreamer's element that writes it.
const char* muxer_of(Container container);

// What a copy of `input` is best kept in: MP4 stays MP4, everything else becomes Matroska, which
// holds nearly all there is.
Container container_for(const std::filesystem::path& input);

}  // namespace npu::subtitle
