// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio tracks of a medium, as people name them.
#pragma once

#include <string>
#include <vector>

namespace npu::subtitle {

struct AudioTrack {
  std::string language;     // as the file says it: "de", "ger"; empty: it does not
  std::string description;  // "de, MPEG-4 AAC, 2 channels, 44100 Hz", as far as it is known
};

// The audio tracks of a file in its order. Opens the file a second time; empty if that does not
// work.
std::vector<AudioTrack> audio_tracks(const std::string& file);

// "1: en, MPEG-4 AAC; 2: de, MPEG-4 AAC".
std::string listed(const std::vector<AudioTrack>& tracks);

// The first track, from 1, that is in `language`, whichever of its codes is used for it ("de",
// "deu", "ger", "de-CH", "german"); 0 if there is none.
int track_in_language(const std::vector<AudioTrack>& tracks, const std::string& language);

}  // namespace npu::subtitle
