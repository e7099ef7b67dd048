// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules on top of encode() and decode(): which tokens are no speech, how special tokens are
// written, where words begin. Source: openai/whisper:whisper/tokenizer.py.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace npu {

// The ids that never stand for speech (notes, brackets, dashes and quotes that open a word),
// sorted.
std::vector<int> compute_non_speech_tokens(const Tokenizer& tokenizer);

// The bytes of a text token, the name of a special one ("<|endoftext|>", "<|en|>", "<|1.08|>").
// Empty for ids that the vocabulary lacks.
std::string token_text(const Tokenizer& tokenizer, int id);

// Whether words of the language are not told apart by spaces: zh ja th lo my yue.
bool written_without_spaces(std::string_view language);

// Groups ids so that no character is cut: a group ends where one of its tokens ends and the text of
// all ids has a character boundary. The reference instead looks at which U+FFFD the text has at
// some index; it gives the same groups, but where a broken character spans tokens its index runs
// away, and it loses the rest of the tokens or fails.
Tokenizer::WordTokens split_at_characters(const Tokenizer& tokenizer, std::span<const int> ids);

// Joins groups into words: one begins at a special token, a leading space, a punctuation mark, and
// at the very first group.
Tokenizer::WordTokens join_at_spaces(const Tokenizer& tokenizer, Tokenizer::WordTokens groups);

}  // namespace npu
