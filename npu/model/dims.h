// SPDX-License-Identifier: LGPL-2.1-or-later
// The sizes of one Whisper model, as its file gives them.
#pragma once

namespace npu {

inline constexpr int kSampleRate = 16000;      // Hz
inline constexpr int kHopSamples = 160;        // one mel frame, 10 ms
inline constexpr int kFramesPerSecond = 100;   // mel
inline constexpr int kWindowFrames = 3000;     // 30 s
inline constexpr int kWindowSamples = 480000;  // 30 s
inline constexpr int kAudioPositions = 1500;   // encoder rows of a window, 20 ms each
inline constexpr int kFramesPerPosition = 2;
inline constexpr int kTextPositions = 448;  // decoder context, in tokens
inline constexpr int kHeadSize = 64;        // of every Whisper model

struct ModelDims {
  int mel_bands;  // 80 or 128
  int width;      // C, of encoder and decoder
  int heads;      // C / 64
  int encoder_layers;
  int decoder_layers;
  int vocabulary;    // 51864 (.en), 51865, 51866 (large-v3, turbo)
  int feed_forward;  // 4 C in every official model

  bool operator==(const ModelDims&) const = default;
  bool multilingual() const { return vocabulary >= 51865; }
  int languages() const { return vocabulary - 51765 - (multilingual() ? 1 : 0); }
};

}  // namespace npu
