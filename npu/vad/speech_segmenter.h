// SPDX-License-Identifier: LGPL-2.1-or-later
// Probabilities of speech to stretches of speech.
// Source: snakers4/silero-vad:src/silero_vad/utils_vad.py, get_speech_timestamps_from_probs().
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

namespace npu {

struct SegmenterOptions {
  float threshold = 0.5F;  // speech begins at this probability
  std::optional<float>
      exit_threshold;          // and ends below this; unset: threshold - 0.15, not below 0.01
  double min_speech_s = 0.25;  // what is not longer is no speech
  double max_speech_s = std::numeric_limits<double>::infinity();  // longer speech is cut in a pause
  double min_silence_s = 0.1;                                     // a pause this long ends speech
  double pad_s = 0.03;  // added on both sides; neighbours share a shorter gap
};

// Samples of the input at 16 kHz: `start` is in the stretch, `end` is not.
struct SpeechSpan {
  int64_t start;
  int64_t end;
  bool operator==(const SpeechSpan&) const = default;
};

// Takes the probabilities of one stream, chunk by chunk, and says of each stretch of speech as soon
// as it cannot change any more. The stretches are those of the reference, which sees the whole
// input at once. Not thread-safe.
class SpeechSegmenter {
 public:
  explicit SpeechSegmenter(const SegmenterOptions& options);

  // The next chunk of 512 samples.
  void push(float probability);
  // The input had that many samples, of which the last chunk may have been filled up.
  void finish(int64_t samples);
  void reset();

  // The next stretch that is over, in order; padded.
  std::optional<SpeechSpan> take();
  // The speech that goes on and is long enough to count: its padded start, and up to where it is
  // certain.
  std::optional<SpeechSpan> speaking() const;
  // No stretch that take() has yet to give, but that of speaking(), begins before this sample.
  // Never decreases.
  int64_t silent_until() const;

 private:
  struct Pause {
    int64_t start;
    int64_t samples;
  };

  void close(int64_t end);
  void cut_long_speech(int64_t now);
  int64_t padded_start() const;

  SegmenterOptions options_;
  int64_t pad_;             // samples
  int64_t now_ = 0;         // samples of all chunks so far
  int64_t last_chunk_ = 0;  // where the last chunk began
  bool finished_ = false;
  std::optional<int64_t> start_;     // of the speech that goes on
  std::optional<int64_t> end_;       // of it, if the pause since then lasts
  std::vector<Pause> pauses_;        // in it, where it may be cut
  std::deque<SpeechSpan> over_;      // with padded starts; the last one's end is not yet padded
  std::optional<int64_t> last_end_;  // unpadded, of over_.back()
};

}  // namespace npu
