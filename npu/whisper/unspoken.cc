// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/unspoken.h"

#include <cmath>

#include "log.h"
#include "model/dims.h"
#include "result.h"

namespace npu {
namespace {

constexpr double kLittleSpeech_s = 2;
constexpr double kDoubt_s = static_cast<double>(kUnspokenDoubt) / kFramesPerSecond;

int to_frame(double seconds) {
  return static_cast<int>(std::lround(seconds * kFramesPerSecond));
}

}  // namespace

bool is_little_speech(const SpeechGate& gate, int start, int frames) {
  return gate.speech_s(start, start + frames) < kLittleSpeech_s;
}

void blank_unspoken(std::vector<Segment>& segments, const SpeechGate& gate) {
  for (Segment& segment : segments) {
    if (segment.text.empty()) continue;
    const bool words = !segment.words.empty();
    const double begin_s = words ? segment.words.front().start_s : segment.start_s;
    const double end_s = words ? segment.words.back().end_s : segment.end_s;
    if (gate.speech_s(to_frame(begin_s - kDoubt_s), to_frame(end_s + kDoubt_s)) > 0) continue;
    log(LogLevel::kDebug,
        text("no speech from ", begin_s, " to ", end_s, " s: dropped \"", segment.text, '"'));
    segment.text.clear();
    segment.tokens.clear();
    segment.words.clear();
  }
}

}  // namespace npu
