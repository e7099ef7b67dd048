// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a speaker takes breath: pauses too short to end a stretch of speech.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace npu {

// Mel frames (10 ms) from `begin` to before `end`.
struct FrameSpan {
  int begin;
  int end;
  bool operator==(const FrameSpan&) const = default;
};

// Takes the probabilities of speech of one stream, chunk by chunk, as SpeechSegmenter does, and
// remembers every pause of 96 ms or more: from the first chunk below the exit threshold to the next
// one in which speech is heard. Not thread-safe.
class SpeechPauses {
 public:
  // `threshold`: as SegmenterOptions::threshold; a pause begins 0.15 below it.
  explicit SpeechPauses(float threshold);

  void push(float probability);
  void reset();
  // Pauses that end before `frame` are not asked for any more.
  void discard_before(int frame);
  // What lies between two frames of the pauses, in order, that which goes on among them. What has
  // not been pushed counts as none.
  std::vector<FrameSpan> between(int from, int until) const;

 private:
  float enter_;
  float leave_;
  int64_t now_ = 0;               // samples of all chunks so far
  std::optional<int64_t> quiet_;  // the pause that goes on
  std::deque<FrameSpan> over_;
};

}  // namespace npu
