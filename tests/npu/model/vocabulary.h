// SPDX-License-Identifier: LGPL-2.1-or-later
// Vocabularies for tests, read from the ggml files of the corpus.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "corpus.h"
#include "model/model_file.h"

namespace npu::testing {

// The text tokens of a ggml file; empty if it is not there. Reads the vocabulary records alone and
// checks nothing: the file is one of the corpus.
inline TokenBytes ggml_tokens(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto number = [&] {
    uint32_t value = 0;
    file.read(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  };
  file.seekg(12 * 4);  // magic and eleven sizes
  const uint32_t bands = number();
  const uint32_t bins = number();
  file.seekg(static_cast<std::streamoff>(4) * bands * bins, std::ios::cur);
  TokenBytes tokens(file ? number() : 0);
  for (std::string& token : tokens) {
    token.resize(number());
    file.read(token.data(), static_cast<std::streamsize>(token.size()));
  }
  return tokens;
}

// The vocabulary of the size (51864, 51865, 51866); empty without the corpus.
inline TokenBytes corpus_tokens(int vocabulary) {
  const std::filesystem::path corpus = corpus_folder();
  if (corpus.empty()) return {};
  const char* name = vocabulary == 51864 ? "ggml-en-f16.bin" : "ggml-multilingual-f16.bin";
  return ggml_tokens(corpus / "models" / "random" / name);
}

}  // namespace npu::testing
