// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/piece.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/dims.h"

namespace npu {
namespace {

constexpr int kQuiet = 20;  // frames
// A frame is known once 12.5 ms beyond its middle are.
constexpr int kFrameDelay = 2;
// A piece is cut in its last two fifths.
constexpr double kCutFrom = 0.6;
// Text that is unfinished where a piece was cut is heard again in the next one, unless that makes
// hardly any way.
constexpr double kLeastProgress = 0.5;

}  // namespace

int quietest_cut(std::span<const float> energies, int least) {
  const int end = static_cast<int>(energies.size());
  if (least + kQuiet > end) return end;
  int best = least;
  double best_energy = 0;
  for (int at = least; at + kQuiet <= end; ++at) {
    const auto quiet = energies.subspan(static_cast<size_t>(at), kQuiet);
    const double here = std::accumulate(quiet.begin(), quiet.end(), 0.0);
    if (at > least && here > best_energy) continue;
    best = at;
    best_energy = here;
  }
  return best + kQuiet / 2;
}

void Pieces::set_lag(double max_lag_s, bool catch_up) {
  const double window_s = static_cast<double>(kWindowFrames) / kFramesPerSecond;
  lag_frames_ = max_lag_s < 0 || max_lag_s >= window_s
                    ? kWindowFrames
                    : static_cast<int>(std::floor(max_lag_s * kFramesPerSecond)) - kFrameDelay;
  catch_up_ = catch_up;
}

std::optional<Piece> Pieces::next(const Clips::Window& window, int look_ahead, Features& features,
                                  const SpeechGate* gate) {
  const int start = window.start;
  if (whole()) {
    const int heard = start + kWindowFrames;
    if (!features.ready(heard + look_ahead)) return std::nullopt;
    return Piece{std::min(kWindowFrames, window.clip_end - start), heard, start + 1};
  }
  int length = lag_frames_;
  if (catch_up_)
    length = std::clamp(features.content_frames() - kFrameDelay - start, length, kWindowFrames);
  const int heard = std::min(start + length, window.clip_end);
  if (!features.ready(heard)) return std::nullopt;
  if (heard == window.clip_end) return Piece{heard - start, heard, start + 1};
  const int least = static_cast<int>(kCutFrom * length);
  const auto pause =
      gate ? gate->pause(start + least, heard - SpeechGate::kDelay) : std::optional<int>();
  if (!pause) features.energies(start, heard, energies_);
  const int frames = pause ? *pause - start : quietest_cut(energies_, least);
  return Piece{frames, heard, start + static_cast<int>(kLeastProgress * frames)};
}

}  // namespace npu
