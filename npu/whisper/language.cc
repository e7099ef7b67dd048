// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/language.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace npu {

Result<DetectedLanguage> detect_language(const Tokenizer& tokenizer, Inference& inference,
                                         const LanguageSlots& slots, const CancelToken& cancel) {
  const SpecialTokens& special = tokenizer.special();
  std::vector<int> ids(static_cast<size_t>(special.languages));
  std::iota(ids.begin(), ids.end(), special.first_language);
  const Row row{special.start_of_transcript, 0, slots.self_slot, slots.cross_slot};
  ScoreRequest request;
  request.top_k = 0;
  request.named = ids;
  ScoreResult result;
  NPU_TRY(inference.step({&row, 1}, {}, {&request, 1}, {&result, 1}, cancel));
  const auto best = std::max_element(result.named.begin(), result.named.end());
  double sum = 0;
  for (float logit : result.named) sum += std::exp(static_cast<double>(logit - *best));
  const auto index = static_cast<size_t>(best - result.named.begin());
  return DetectedLanguage{std::string(language_codes()[index]), static_cast<float>(1 / sum)};
}

}  // namespace npu
