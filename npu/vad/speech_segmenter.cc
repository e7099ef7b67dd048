// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vad/speech_segmenter.h"

#include <algorithm>
#include <cmath>

#include "model/dims.h"
#include "vad/vad_model.h"

namespace npu {
namespace {

constexpr auto kChunk = static_cast<int64_t>(kVadChunkSamples);
constexpr double kPauseToCut_s = 0.098;  // longer ones are remembered

double samples(double seconds) {
  return seconds * kSampleRate;
}

}  // namespace

SpeechSegmenter::SpeechSegmenter(const SegmenterOptions& options)
    : options_(options), pad_(std::llround(samples(options.pad_s))) {
  if (!options_.exit_threshold)
    options_.exit_threshold = std::max(options_.threshold - 0.15F, 0.01F);
}

void SpeechSegmenter::reset() {
  *this = SpeechSegmenter(options_);
}

// The speech that goes on ended at `end`, whatever it has come to.
void SpeechSegmenter::close(int64_t end) {
  const int64_t start = padded_start();
  if (last_end_) {
    // Neighbours share a gap that has no room for both pads.
    const int64_t gap = *start_ - *last_end_;
    over_.back().end = *last_end_ + (gap < 2 * pad_ ? gap / 2 : pad_);
  }
  over_.push_back({start, end});
  last_end_ = end;
  start_.reset();
  end_.reset();
  pauses_.clear();
}

int64_t SpeechSegmenter::padded_start() const {
  if (last_end_) {
    const int64_t gap = *start_ - *last_end_;
    if (gap < 2 * pad_) return std::max<int64_t>(0, *start_ - gap / 2);
  }
  return std::max<int64_t>(0, *start_ - pad_);
}

void SpeechSegmenter::cut_long_speech(int64_t now) {
  if (pauses_.empty()) return close(now);
  const Pause longest =
      *std::max_element(pauses_.begin(), pauses_.end(),
                        [](const Pause& a, const Pause& b) { return a.samples < b.samples; });
  close(longest.start);
  start_ = longest.start + longest.samples;
}

void SpeechSegmenter::push(float probability) {
  const int64_t now = now_;
  last_chunk_ = now;
  now_ += kChunk;
  if (probability >= options_.threshold) {
    if (end_ && static_cast<double>(now - *end_) > samples(kPauseToCut_s))
      pauses_.push_back({*end_, now - *end_});
    end_.reset();
    if (!start_) {
      start_ = now;
      return;
    }
  }
  if (!start_) return;
  const double limit = samples(options_.max_speech_s) - kVadChunkSamples - 2.0 * pad_;
  if (static_cast<double>(now - *start_) > limit) {
    cut_long_speech(now);
    if (!start_) return;
  }
  if (!(probability < *options_.exit_threshold)) return;
  if (!end_) end_ = now;
  if (static_cast<double>(now - *end_) < samples(options_.min_silence_s)) return;
  if (static_cast<double>(*end_ - *start_) > samples(options_.min_speech_s)) return close(*end_);
  start_.reset();
  end_.reset();
  pauses_.clear();
}

void SpeechSegmenter::finish(int64_t total) {
  finished_ = true;
  if (start_ && static_cast<double>(total - *start_) > samples(options_.min_speech_s)) close(total);
  start_.reset();
  if (last_end_) over_.back().end = std::min(total, *last_end_ + pad_);
  last_end_.reset();
}

std::optional<SpeechSpan> SpeechSegmenter::take() {
  if (over_.empty()) return std::nullopt;
  SpeechSpan span = over_.front();
  if (over_.size() == 1 && last_end_) {
    // Its end is settled once the next speech can only begin beyond both pads.
    const int64_t next = start_ ? *start_ : now_;
    if (next - *last_end_ < 2 * pad_) return std::nullopt;
    span.end = *last_end_ + pad_;
    last_end_.reset();
  }
  over_.pop_front();
  return span;
}

std::optional<SpeechSpan> SpeechSegmenter::speaking() const {
  if (!start_) return std::nullopt;
  // Where it ends at the earliest.
  const int64_t end = end_.value_or(last_chunk_);
  if (!(static_cast<double>(end - *start_) > samples(options_.min_speech_s))) return std::nullopt;
  return SpeechSpan{padded_start(), end_ ? std::min(*end_ + pad_, now_) : now_};
}

int64_t SpeechSegmenter::silent_until() const {
  if (finished_) return std::numeric_limits<int64_t>::max();
  if (!over_.empty()) return over_.front().start;
  return start_ ? padded_start() : std::max<int64_t>(0, now_ - pad_);
}

}  // namespace npu
