// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions about characters of UTF-8 text, answered by ICU.
#pragma once

#include <unicode/umachine.h>

#include <string>
#include <string_view>

namespace npu::captions {

// The first and last character; 0 for an empty text. Precondition: valid UTF-8.
UChar32 first_character(std::string_view text);
UChar32 last_character(std::string_view text);
// Without its last character. Precondition: not empty, valid UTF-8.
std::string_view without_last(std::string_view text);

std::string lower_case(std::string_view text);

bool is_letter_or_digit(UChar32 character);
// Of a script that puts no space between words: Han, kana, Thai, Lao, Khmer, Burmese.
bool is_dense_script(UChar32 character);
// Closing brackets and quotation marks.
bool is_closing(UChar32 character);
bool is_opening(UChar32 character);
bool is_dash(UChar32 character);
// Ends a sentence, in any script; an ellipsis too.
bool ends_sentence(UChar32 character);
// Ends a part of a sentence: comma, colon, semicolon.
bool ends_clause(UChar32 character);

}  // namespace npu::captions
