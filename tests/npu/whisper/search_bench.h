// SPDX-License-Identifier: LGPL-2.1-or-later
// One window decoded on a scripted network, for the tests of searches.
#pragma once

#include <memory>

#include "scripted_device.h"
#include "whisper/decoding.h"
#include "whisper/sampling.h"
#include "whisper/search_driver.h"

namespace npu::testing {

inline constexpr int kVocabulary = 51865;
inline constexpr int kEnd = 50257;
inline constexpr int kTime = 50364;  // <|0.00|>

inline const Tokenizer& tokenizer() {
  static const auto made = Tokenizer::create(numbered_words(kVocabulary), kVocabulary);
  return **made;
}

// Logits that depend on the whole history in no simple way. A few ids stand out, so that beams
// compete; the end of text becomes likelier with length.
inline void random_logits(uint64_t seed, std::span<const int> history, std::span<float> logits) {
  uint64_t hash = seed;
  for (int id : history) hash = Random(hash ^ static_cast<uint64_t>(id)).next();
  Random random(hash);
  for (int i = 0; i < 12; ++i)
    logits[300 + random.next() % 500] = 6 + static_cast<float>(random.uniform()) * 4;
  for (size_t i = 0; i < 3; ++i)
    logits[static_cast<size_t>(kTime) + random.next() % 1501] =
        7 + static_cast<float>(random.uniform()) * 3;
  logits[kEnd] = static_cast<float>(random.uniform()) * static_cast<float>(history.size()) * 1.3F;
}

// A decoder over a script, and what it needs.
struct Bench {
  explicit Bench(const DecodingOptions& chosen, float temperature = 0) : options(chosen) {
    ContextLimits limits;
    limits.max_rows = kTextPositions;
    limits.self_slots = histories_needed(options, {&temperature, 1});
    inference = std::make_unique<Inference>(std::make_unique<ScriptedContext>(script, limits),
                                            limits, stats);
    decoder = std::make_unique<WindowDecoder>(tokenizer(), options);
  }
  Result<DecodedWindow> decode(float temperature = 0, std::span<const int> prompt = {},
                               std::span<const int> said = {}) {
    const WindowRequest request{"en", prompt, said, temperature, 0};
    const auto search = decoder->begin(request);
    SearchDriver driver(*inference);
    driver.add(*search);
    while (!driver.idle()) NPU_TRY(driver.step({}));
    return decoder->finish(*search, request);
  }

  DecodingOptions options;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  TranscriberStats stats;
  std::unique_ptr<Inference> inference;
  std::unique_ptr<WindowDecoder> decoder;
};

}  // namespace npu::testing
