// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/fallback.h"

namespace npu {
namespace {

bool is_quiet(const DecodedWindow& decoded, const TranscribeOptions& options, bool little_speech) {
  return options.no_speech_threshold &&
         (little_speech || decoded.no_speech_prob > *options.no_speech_threshold);
}

}  // namespace

bool needs_fallback(const DecodedWindow& decoded, const TranscribeOptions& options,
                    bool little_speech) {
  const bool repetitive = options.compression_ratio_threshold &&
                          decoded.compression_ratio > *options.compression_ratio_threshold;
  const bool improbable =
      options.logprob_threshold && decoded.avg_logprob < *options.logprob_threshold;
  const bool quiet = is_quiet(decoded, options, little_speech);
  return (repetitive || improbable) && !(quiet && improbable);
}

bool is_silence(const DecodedWindow& decoded, const TranscribeOptions& options,
                bool little_speech) {
  const bool probable =
      options.logprob_threshold && decoded.avg_logprob > *options.logprob_threshold;
  return is_quiet(decoded, options, little_speech) && !probable;
}

}  // namespace npu
