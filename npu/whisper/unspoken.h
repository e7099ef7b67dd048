// SPDX-License-Identifier: LGPL-2.1-or-later
// What voice activity detection says about decoded text.
#pragma once

#include <vector>

#include "vad/speech_gate.h"
#include "whisper/segment.h"

namespace npu {

// How far the times of text are doubted, in frames.
inline constexpr int kUnspokenDoubt = 50;

// Whether so little speech is heard in a window that only probable text is believed, whatever the
// decoder's own no-speech probability is. Short false alarms are what the detector's errors look
// like: music and animals for up to 1.3 s; single words that are spoken decode with a mean
// log-probability of -0.9 and better (docs/measurements.md).
bool is_little_speech(const SpeechGate& gate, int start, int frames);

// Takes text, tokens and words from segments that lie where no speech is heard, by the times of
// their words if they have any, with half a second of doubt on both sides. They keep their place.
void blank_unspoken(std::vector<Segment>& segments, const SpeechGate& gate);

}  // namespace npu
