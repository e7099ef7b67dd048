// SPDX-License-Identifier: LGPL-2.1-or-later
// How much audio a window takes: 30 s of it, or less where text must not trail the input that far.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "vad/speech_gate.h"
#include "whisper/clips.h"
#include "whisper/features.h"

namespace npu {

// The quietest place of `energies` (one per 10 ms) at or after index `least`: the middle of the
// 200 ms with the least energy, the latest of equals. The end, if fewer than 200 ms follow `least`.
int quietest_cut(std::span<const float> energies, int least);

// The audio that is decoded at once. All in mel frames.
struct Piece {
  int frames;      // from the start of the window on
  int heard;       // up to here audio may be looked at
  int least_next;  // the next window begins here or later
};

// Cuts pieces. Not thread-safe.
class Pieces {
 public:
  // As Transcriber::set_lag().
  void set_lag(double max_lag_s, bool catch_up);

  // Frames that a piece takes, and looks at, at most (but for catching up).
  int longest() const { return lag_frames_; }
  // Whether windows are whole, as the reference's.
  bool whole() const { return lag_frames_ >= kWindowFrames; }
  // The piece that begins with `window`; nothing if more audio must come. `look_ahead`: frames
  // beyond a whole window that must be known. With `gate` a piece ends in a pause, if there is one
  // where it may end that is settled whenever the piece is there; otherwise at a quiet place.
  std::optional<Piece> next(const Clips::Window& window, int look_ahead, Features& features,
                            const SpeechGate* gate);

 private:
  int lag_frames_ = kWindowFrames;
  bool catch_up_ = false;
  std::vector<float> energies_;
};

}  // namespace npu
