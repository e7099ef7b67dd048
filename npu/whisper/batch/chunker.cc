// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/batch/chunker.h"

#include <algorithm>

#include "model/dims.h"
#include "whisper/piece.h"

namespace npu {
namespace {

// All in frames.
constexpr int kLongPause = 300;  // nothing is joined over it
constexpr int kPad = 20;
constexpr int kBreath = 20;  // a pause of this length lies between words
constexpr int kCutFrom = kWindowFrames * 2 / 3;
constexpr int kLeastChunk = 500;

// The longest of the pauses from `least` on, the latest of equals; null if there is none.
const FrameSpan* longest(std::span<const FrameSpan> pauses, int least) {
  const FrameSpan* best = nullptr;
  for (const FrameSpan& pause : pauses) {
    if (pause.begin < least) continue;
    if (!best || pause.end - pause.begin >= best->end - best->begin) best = &pause;
  }
  return best;
}

bool is_breath(const FrameSpan* pause) {
  return pause && pause->end - pause->begin >= kBreath;
}

const FrameSpan* best_pause(int start, std::span<const FrameSpan> pauses) {
  const FrameSpan* late = longest(pauses, start + kCutFrom);
  if (is_breath(late)) return late;
  const FrameSpan* earlier = longest(pauses, start + kLeastChunk);
  if (is_breath(earlier) || !late) return earlier ? earlier : longest(pauses, start + 1);
  return late;
}

}  // namespace

std::optional<Chunk> chunk_of_speech(int start, int clip_end, std::span<const FrameSpan> speech,
                                     std::span<const FrameSpan> pauses) {
  const int limit = start + kWindowFrames;
  for (size_t i = 0; i < speech.size(); ++i) {
    const int end = speech[i].end;
    const bool last = i + 1 == speech.size();
    const int next = !last ? speech[i + 1].begin : std::min(limit, clip_end);
    if (next - end >= kLongPause || (last && (clip_end <= limit || end < limit)))
      return Chunk{start, end, false};
  }
  const FrameSpan* pause = best_pause(start, pauses);
  if (!pause) return std::nullopt;
  const int middle = pause->begin + (pause->end - pause->begin) / 2;
  return Chunk{start, std::min(middle, pause->begin + kPad), true};
}

Chunk chunk_of_audio(int start, int clip_end, std::span<const float> energies) {
  if (clip_end - start <= kWindowFrames) return {start, clip_end, false};
  return {start, start + quietest_cut(energies, kCutFrom), true};
}

}  // namespace npu
