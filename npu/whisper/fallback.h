// SPDX-License-Identifier: LGPL-2.1-or-later
// Temperature fallback, and what counts as silence.
// Source: openai/whisper:whisper/transcribe.py, decode_with_fallback() and should_skip.
#pragma once

#include "whisper/decoding.h"
#include "whisper/options.h"

namespace npu {

// Whether the window should be decoded again at the next temperature: too repetitive or too
// improbable, unless it is silence. `little_speech`: by other knowledge than the decoder's there is
// hardly any speech in the window, so that improbable text is none.
bool needs_fallback(const DecodedWindow& decoded, const TranscribeOptions& options,
                    bool little_speech = false);

// Whether the window holds no speech, so that what was decoded is to be dropped.
bool is_silence(const DecodedWindow& decoded, const TranscribeOptions& options,
                bool little_speech = false);

}  // namespace npu
