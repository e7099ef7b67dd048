// SPDX-License-Identifier: LGPL-2.1-or-later
// Whisper base in the array's arithmetic, prepared from one clip, and that clip as features.
#pragma once

#include <gtest/gtest.h>

#include "audio_file.h"
#include "corpus.h"
#include "model/mel_filters.h"
#include "model/model_file.h"
#include "prepare/calibration.h"
#include "whisper/features.h"

namespace npu::testing {

struct PreparedSpeech {
  ModelDims dims;
  quantised::Network network;
  std::vector<float> mel;  // [3000][bands]
};

// Made once for a process.
inline Result<const PreparedSpeech*> prepared_speech() {
  static const Result<PreparedSpeech> made = []() -> Result<PreparedSpeech> {
    PreparedSpeech speech;
    const std::string model = base_model().string();
    NPU_TRY_ASSIGN(const auto file, open_model_file(model));
    speech.dims = file->dims();
    NPU_TRY_ASSIGN(const Audio audio, read_audio(data_folder() / "speech" / "jfk.wav"));
    NPU_TRY_ASSIGN(const auto calibration, prepare::Calibration::create(model, 2, {}));
    NPU_TRY(calibration->listen(audio.samples, "en", {}));
    NPU_TRY_ASSIGN(speech.network, calibration->quantise({}, {}));
    const int bands = speech.dims.mel_bands;
    Features features(slaney_mel_filters(bands), bands, Normalisation::kWhole);
    features.push(audio.samples);
    features.end_input();
    speech.mel.resize(static_cast<size_t>(bands) * kWindowFrames);
    features.cut(0, kWindowFrames, speech.mel);
    return speech;
  }();
  if (!made) return made.error();
  return &*made;
}

}  // namespace npu::testing
