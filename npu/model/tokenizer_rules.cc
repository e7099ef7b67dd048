// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tokenizer_rules.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

#include "model/utf8.h"
#include "whisper/strip.h"

namespace npu {
namespace {

// Suppressed where the symbol, alone or after a space, is one token.
constexpr std::string_view kSymbols[] = {
    "\"",  "#",  "(",  ")",   "*",   "+",   "/",   ":",  ";",   "<",  "=",  ">",
    "@",   "[",  "\\", "]",   "^",   "_",   "`",   "{",  "|",   "}",  "~",  "「",
    "」",  "『", "』", "<<",  ">>",  "<<<", ">>>", "--", "---", "-(", "-[", "('",
    "(\"", "((", "))", "(((", ")))", "[[",  "]]",  "{{", "}}",  "♪♪", "♪♪♪"};

// Suppressed by their first token even where they take several: the characters share two bytes with
// nothing but other symbols.
constexpr std::string_view kMusic[] = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

// Python's string.punctuation, in its order.
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

}  // namespace

std::vector<int> compute_non_speech_tokens(const Tokenizer& tokenizer) {
  // Hyphens and quotes are allowed inside words, not where one begins.
  std::vector<int> ids = {tokenizer.encode(" -").front(), tokenizer.encode(" '").front()};
  const auto add = [&](std::string_view symbol, bool first_of_many) {
    for (const char* space : {"", " "}) {
      const std::vector<int> tokens = tokenizer.encode(space + std::string(symbol));
      if (tokens.size() == 1 || first_of_many) ids.push_back(tokens.front());
    }
  };
  for (const std::string_view symbol : kSymbols) add(symbol, false);
  for (const std::string_view symbol : kMusic) add(symbol, true);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::string token_text(const Tokenizer& tokenizer, int id) {
  const SpecialTokens& special = tokenizer.special();
  if (id < 0 || id >= tokenizer.vocabulary()) return "";
  if (id < special.end_of_text) return std::string(tokenizer.bytes(id));
  if (id >= special.timestamp_begin) {
    const int hundredths = 2 * (id - special.timestamp_begin);
    std::array<char, 24> name{};
    std::snprintf(name.data(), name.size(), "<|%d.%02d|>", hundredths / 100, hundredths % 100);
    return name.data();
  }
  const int language = id - special.first_language;
  if (language >= 0 && language < special.languages) {
    return text("<|", language_codes()[static_cast<size_t>(language)], "|>");
  }
  if (id == special.end_of_text) return "<|endoftext|>";
  if (id == special.start_of_transcript) return "<|startoftranscript|>";
  if (id == special.translate) return "<|translate|>";
  if (id == special.transcribe) return "<|transcribe|>";
  if (id == special.start_of_lm) return "<|startoflm|>";
  if (id == special.start_of_prev) return "<|startofprev|>";
  if (id == special.no_speech) return "<|nospeech|>";
  return "<|notimestamps|>";
}

bool written_without_spaces(std::string_view language) {
  constexpr std::string_view kLanguages[] = {"zh", "ja", "th", "lo", "my", "yue"};
  return std::find(std::begin(kLanguages), std::end(kLanguages), language) != std::end(kLanguages);
}

Tokenizer::WordTokens split_at_characters(const Tokenizer& tokenizer, std::span<const int> ids) {
  std::string all;
  for (const int id : ids) all += token_text(tokenizer, id);

  Tokenizer::WordTokens groups;
  std::vector<int> pending;
  size_t group_begin = 0;  // byte of `all`
  size_t boundary = 0;     // end of the last whole character at or before `token_end`, or beyond it
  size_t token_end = 0;
  for (const int id : ids) {
    pending.push_back(id);
    token_end += token_text(tokenizer, id).size();
    while (boundary < token_end)
      boundary += next_utf8(std::string_view(all).substr(boundary)).bytes;
    if (boundary != token_end) continue;  // inside a character
    groups.words.push_back(
        repair_utf8(std::string_view(all).substr(group_begin, token_end - group_begin)));
    groups.tokens.push_back(std::move(pending));
    pending.clear();
    group_begin = token_end;
  }
  return groups;  // the end of the text is a boundary: nothing is pending
}

Tokenizer::WordTokens join_at_spaces(const Tokenizer& tokenizer, Tokenizer::WordTokens groups) {
  Tokenizer::WordTokens joined;
  for (size_t i = 0; i < groups.words.size(); ++i) {
    std::string& word = groups.words[i];
    std::vector<int>& tokens = groups.tokens[i];
    const bool special = tokens.front() >= tokenizer.special().end_of_text;
    const bool space = word.starts_with(' ');
    // A substring test, as in the reference: no text, and runs like "()", count as a mark.
    const bool mark = contains(kPunctuation, strip(word));
    if (special || space || mark || joined.words.empty()) {
      joined.words.push_back(std::move(word));
      joined.tokens.push_back(std::move(tokens));
    } else {
      joined.words.back() += word;
      joined.tokens.back().insert(joined.tokens.back().end(), tokens.begin(), tokens.end());
    }
  }
  return joined;
}

}  // namespace npu
