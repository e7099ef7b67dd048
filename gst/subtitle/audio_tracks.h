// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio tracks of a medium, as people name them.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace npu::subtitle {

struct AudioTrack {
  std::string stream_id;
  std::string description;  // "en, MPEG-4 AAC, 2 channels, 44100 Hz", as far as it is known
};

// In the order of the medium.
std::vector<AudioTrack> audio_tracks(GstStreamCollection* collection);

// "1: en, MPEG-4 AAC; 2: de, MPEG-4 AAC".
std::string listed(const std::vector<AudioTrack>& tracks);

}  // namespace npu::subtitle
