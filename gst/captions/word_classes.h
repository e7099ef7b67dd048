// SPDX-License-Identifier: LGPL-2.1-or-later
// What a word is to the editor who looks for a place to break, per language.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace npu::captions {

// Bits; a word may have several.
enum WordClass : uint8_t {
  kNoClass = 0,
  kConjunction = 1,    // begins a clause: break before it, not after
  kPreposition = 2,    // begins a phrase: break before it, not after
  kBindsNext = 4,      // article, possessive, auxiliary, pronoun, negation: no break after
  kBindsPrevious = 8,  // postposition, particle, unit: no break before, but after
  kAbbreviation = 16,  // its full stop ends no sentence ("etc.")
  kTitle = 32,         // the same, and a name follows ("Dr.")
};

// A row of the table: words of one language and class with a space between, lower case, NFC.
struct WordClassRow {
  std::string_view language;
  WordClass word_class;
  std::string_view words;
};

// The whole table, sorted by nothing; a language has several rows.
std::span<const WordClassRow> word_class_rows();

// The classes of `word` (lower case, without punctuation around it) in a language ("en"; a region
// after a hyphen is ignored). kNoClass for an unknown word or language. If the whole is unknown,
// what stands before an apostrophe counts ("qu'il" as "qu'"). Any thread.
uint8_t word_classes(std::string_view language, std::string_view word);

}  // namespace npu::captions
