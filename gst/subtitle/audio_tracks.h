// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio tracks of a medium, as people name them.
#pragma once

#include <string>
#include <vector>

namespace npu::subtitle {

// The audio tracks of a file in its order, each "en, MPEG-4 AAC, 2 channels, 44100 Hz" as far as it
// is known. Opens the file a second time; empty if that does not work.
std::vector<std::string> audio_tracks(const std::string& file);

// "1: en, MPEG-4 AAC; 2: de, MPEG-4 AAC".
std::string listed(const std::vector<std::string>& tracks);

}  // namespace npu::subtitle
