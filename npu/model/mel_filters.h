// SPDX-License-Identifier: LGPL-2.1-or-later
// The mel filter bank that Whisper was trained with.
#pragma once

#include "model/model_file.h"

namespace npu {

inline constexpr int kSpectrumBins = 201;  // of a transform of 400 samples, 40 Hz apart

// [bands][201], row-major: triangles on Slaney's mel scale from 0 to 8000 Hz, each of area 1 (times
// 2 / 2). Computed in f64 and rounded.
// Source: librosa/librosa:librosa/filters.py, mel(htk=False, norm="slaney").
MelFilters slaney_mel_filters(int bands);

}  // namespace npu
