// SPDX-License-Identifier: LGPL-2.1-or-later
// The sound that the self-test listens to.
#pragma once

#include <span>
#include <vector>

namespace npu::subtitle {

// 10 s of a gliding, pulsing, voice-like sound, 16 kHz, multiples of 2^-15. The same samples
// everywhere: tests/gst/subtitle/make_self_test_values.py makes them too.
std::vector<float> self_test_signal();

// Its log-mel window [3000][bands], silence after the sound. filters [bands][201].
std::vector<float> self_test_mel(std::span<const float> filters, int bands);

}  // namespace npu::subtitle
