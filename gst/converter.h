// SPDX-License-Identifier: LGPL-2.1-or-later
// Any raw audio to what the engine takes: 32-bit float, mono, 16 kHz.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "result.h"

namespace npu::gst {

inline constexpr int kEngineRate = 16000;

// Converts one unbroken run at a time. Sample k of the output belongs to k / 16000 s after the
// run's first frame, and a whole run of n frames gives exactly round(n * 16000 / rate) samples.
// One thread at a time.
class Converter {
 public:
  // Errors: kUnsupported, if GStreamer cannot convert from `info`.
  static Result<std::unique_ptr<Converter>> create(const GstAudioInfo& info);
  ~Converter();
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  const GstAudioInfo& info() const { return info_; }

  // Appends the samples that `buffer` completes to `out`. Borrowed until the call returns. The
  // first `skip` frames are left out. Returns the number of frames taken.
  // Errors: kInvalidArgument, if the buffer cannot be mapped.
  Result<int64_t> convert(GstBuffer* buffer, int64_t skip, std::vector<float>& out);
  // The same for `frames` of silence.
  void silence(int64_t frames, std::vector<float>& out);
  // Ends the run: appends what the resampler still holds, and forgets the run.
  void finish(std::vector<float>& out);
  // Forgets the run.
  void reset();

 private:
  Converter(const GstAudioInfo& info, GstAudioConverter* converter)
      : info_(info), converter_(converter) {}
  void feed(gpointer* planes, int64_t frames, std::vector<float>& out);
  void feed_silence(int64_t frames, std::vector<float>& out);
  int64_t due_samples() const;

  GstAudioInfo info_;
  GstAudioConverter* converter_;
  int64_t frames_ = 0;   // of the run, taken
  int64_t samples_ = 0;  // of the run, given
};

}  // namespace npu::gst
