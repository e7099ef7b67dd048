// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/fallback.h"

namespace npu {

bool needs_fallback(const DecodedWindow& decoded, const TranscribeOptions& options) {
  const bool repetitive = options.compression_ratio_threshold &&
                          decoded.compression_ratio > *options.compression_ratio_threshold;
  const bool improbable =
      options.logprob_threshold && decoded.avg_logprob < *options.logprob_threshold;
  const bool quiet =
      options.no_speech_threshold && decoded.no_speech_prob > *options.no_speech_threshold;
  return (repetitive || improbable) && !(quiet && improbable);
}

bool is_silence(const DecodedWindow& decoded, const TranscribeOptions& options) {
  if (!options.no_speech_threshold) return false;
  const bool probable =
      options.logprob_threshold && decoded.avg_logprob > *options.logprob_threshold;
  return decoded.no_speech_prob > *options.no_speech_threshold && !probable;
}

}  // namespace npu
