// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/word_classes.h"

#include <string>
#include <unordered_map>

namespace npu::captions {
namespace {

using Classes = std::unordered_map<std::string_view, uint8_t>;
using Languages = std::unordered_map<std::string_view, Classes>;

Languages build_languages() {
  Languages languages;
  for (const WordClassRow& row : word_class_rows()) {
    Classes& classes = languages[row.language];
    std::string_view rest = row.words;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(' '), rest.size());
      if (end > 0) classes[rest.substr(0, end)] |= row.word_class;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return languages;
}

uint8_t find_class(const Classes& classes, std::string_view word) {
  const auto found = classes.find(word);
  return found == classes.end() ? uint8_t{kNoClass} : found->second;
}

// The part up to the first apostrophe, with a plain one at its end; empty without one.
std::string elided(std::string_view word) {
  constexpr std::string_view kCurly = "\xE2\x80\x99";
  const size_t plain = word.find('\'');
  const size_t curly = word.find(kCurly);
  const size_t at = std::min(plain, curly);
  return at == std::string_view::npos ? std::string() : std::string(word.substr(0, at)) + "'";
}

}  // namespace

uint8_t word_classes(std::string_view language, std::string_view word) {
  static const Languages languages = build_languages();
  const auto found = languages.find(language.substr(0, language.find('-')));
  if (found == languages.end()) return kNoClass;
  const uint8_t whole = find_class(found->second, word);
  if (whole != kNoClass) return whole;
  const std::string beginning = elided(word);
  return beginning.empty() ? uint8_t{kNoClass} : find_class(found->second, beginning);
}

}  // namespace npu::captions
