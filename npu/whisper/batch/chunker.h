// SPDX-License-Identifier: LGPL-2.1-or-later
// Where speech is cut into chunks that are decoded side by side.
#pragma once

#include <optional>
#include <span>

#include "vad/speech_pauses.h"

namespace npu {

// Audio that is decoded by itself, in mel frames: contiguous, at most kWindowFrames.
struct Chunk {
  int start;
  int end;
  bool cut;  // speech goes on where it ends
};

// The chunk that begins with the speech at `start`: as long as a window holds, but no longer than
// to a long pause or to `clip_end`. `speech` and `pauses` are those between `start` and the end of
// a window or of the clip (SpeechGate::speech(), pauses()). Ends in silence with 0.2 s of it, if
// there are as many, or in a pause: the longest of the last third, else the longest before. Nothing
// if speech goes on without any. Precondition: `speech` is not empty.
std::optional<Chunk> chunk_of_speech(int start, int clip_end, std::span<const FrameSpan> speech,
                                     std::span<const FrameSpan> pauses);

// The same where it is not known what is speech: the rest of the clip if a window holds it, else to
// the quietest place of the last third. `energies`: of a window's frames from `start` on.
Chunk chunk_of_audio(int start, int clip_end, std::span<const float> energies);

}  // namespace npu
