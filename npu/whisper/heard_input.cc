// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/heard_input.h"

#include <limits>

#include "scope_timer.h"

namespace npu {
namespace {

// Kept of what is known of speech before what is still needed, in frames.
constexpr int kSpeechKept = 500;

}  // namespace

HeardInput::HeardInput(const Model& model, const TranscribeOptions& options,
                       TranscriberStats& stats)
    : stats_(stats),
      features_(model.mel_filters(), model.dims().mel_bands, options.normalisation,
                options.log_mel ? options.log_mel() : nullptr),
      clips_(options.clips) {
  if (options.vad) gate_ = std::make_unique<SpeechGate>(options.vad, options.vad_threshold);
}

void HeardInput::reset() {
  features_.reset();
  clips_.reset();
  if (gate_) gate_->reset();
}

void HeardInput::push(std::span<const float> samples) {
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.push(samples);
  }
  if (!gate_) return;
  const ScopeTimer timer(stats_.vad_s);
  gate_->push(samples);
}

void HeardInput::end_input() {
  {
    const ScopeTimer timer(stats_.mel_s);
    features_.end_input();
  }
  if (!gate_) return;
  const ScopeTimer timer(stats_.vad_s);
  gate_->end_input();
}

double HeardInput::pushed_s() const {
  return static_cast<double>(features_.samples()) / kSampleRate;
}

int HeardInput::content() const {
  return ended() ? features_.content_frames() : std::numeric_limits<int>::max();
}

void HeardInput::skip_to(int frame) {
  stats_.skipped_s += static_cast<double>(frame - clips_.position()) / kFramesPerSecond;
  clips_.seek(frame);
}

void HeardInput::cut(int start, int frames, int heard, std::span<float> mel) {
  const ScopeTimer timer(stats_.mel_s);
  features_.cut(start, frames, heard, mel);
}

void HeardInput::discard_before(int frame, Step& step) {
  features_.discard_before(frame);
  if (!gate_) return;
  gate_->discard_before(frame - kSpeechKept);
  step.speech = gate_->take_turns();
  stats_.speech_s = gate_->heard_s();
}

}  // namespace npu
