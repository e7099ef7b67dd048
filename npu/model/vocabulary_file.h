// SPDX-License-Identifier: LGPL-2.1-or-later
// The text tokens of a model folder: tokenizer.json, vocabulary.json, vocabulary.txt, vocab.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/model_contents.h"
#include "result.h"

namespace npu {

// Undoes GPT-2's byte map: characters 33-126, 161-172 and 174-255 are the bytes of the same number,
// U+0100 + n the n-th of the other 68. nullopt if `mapped` is not UTF-8 of such characters.
// Source: openai/gpt-2:src/encoder.py, bytes_to_unicode.
std::optional<std::string> undo_byte_map(std::string_view mapped);

// Each returns text_tokens(vocabulary) entries. `file` names the file in errors, which are
// kBadModel: bad syntax, ids missing, twice or out of range, strings outside the byte map.

// tokenizer.json: model.vocab, {string: id}.
Result<TokenBytes> parse_tokenizer_json(const std::string& file, std::string_view content,
                                        int vocabulary);
// vocab.json: {string: id}.
Result<TokenBytes> parse_vocab_json(const std::string& file, std::string_view content,
                                    int vocabulary);
// vocabulary.json: a list of strings by id, at most `vocabulary`.
Result<TokenBytes> parse_vocabulary_json(const std::string& file, std::string_view content,
                                         int vocabulary);
// vocabulary.txt: one string per line by id, at most `vocabulary`.
Result<TokenBytes> parse_vocabulary_txt(const std::string& file, std::string_view content,
                                        int vocabulary);

// The vocabulary of `folder` from the first of those files that is there; empty if none is.
Result<TokenBytes> read_vocabulary(const std::string& folder, int vocabulary);

}  // namespace npu
