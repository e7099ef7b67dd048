// SPDX-License-Identifier: LGPL-2.1-or-later
// Fuzzes the vocabulary files: tokenizer.json, vocab.json, vocabulary.json and vocabulary.txt.
#include "fuzz.h"
#include "model/vocabulary_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  for (const auto parse : {npu::parse_tokenizer_json, npu::parse_vocab_json,
                           npu::parse_vocabulary_json, npu::parse_vocabulary_txt})
    (void)npu::fuzz::accepted(parse("input", content, 51865));
  return 0;
}
