// SPDX-License-Identifier: LGPL-2.1-or-later
// Which language a window is in.
// Source: openai/whisper:whisper/decoding.py, detect_language().
#pragma once

#include <string>

#include "model/tokenizer.h"
#include "result.h"
#include "whisper/inference.h"

namespace npu {

struct DetectedLanguage {
  std::string code;
  float probability;  // among the languages
};

// Where the window is, and which history may be overwritten.
struct LanguageSlots {
  int self_slot = 0;
  int cross_slot = 0;
};

// Of an encoded window. Precondition: the tokenizer is multilingual. Errors: those of
// Context::run().
Result<DetectedLanguage> detect_language(const Tokenizer& tokenizer, Inference& inference,
                                         const LanguageSlots& slots, const CancelToken& cancel);

}  // namespace npu
