// SPDX-License-Identifier: LGPL-2.1-or-later
// The ids of the special tokens, by vocabulary size: they follow the text tokens in a fixed order,
// and only the number of text tokens and of languages differs.
// Source: openai/whisper:whisper/tokenizer.py, get_encoding().
#include <cassert>

#include "model/tokenizer.h"

namespace npu {

SpecialTokens special_tokens(int vocabulary) {
  assert(vocabulary >= 51864 && vocabulary <= 51866);
  const bool multilingual = vocabulary >= 51865;
  SpecialTokens special{};
  special.end_of_text = multilingual ? 50257 : 50256;
  special.languages = vocabulary == 51866 ? 100 : 99;
  special.start_of_transcript = special.end_of_text + 1;
  special.first_language = special.start_of_transcript + 1;
  special.translate = special.first_language + special.languages;
  special.transcribe = special.translate + 1;
  special.start_of_lm = special.transcribe + 1;
  special.start_of_prev = special.start_of_lm + 1;
  special.no_speech = special.start_of_prev + 1;
  special.no_timestamps = special.no_speech + 1;
  special.timestamp_begin = special.no_timestamps + 1;
  return special;
}

}  // namespace npu
