// SPDX-License-Identifier: LGPL-2.1-or-later
// Where Unicode text may be taken apart: ICU's tables behind a C++ face.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace npu::captions {

enum class BreakKind {
  kGrapheme,  // between what a reader takes for one character (UAX 29)
  kWord,      // around words; with a dictionary where words have no spaces (UAX 29)
  kLine,      // where a line may end (UAX 14), by the rules of the language
  kPhrase,    // the same, but Japanese only between phrases
};

// Boundaries of one kind in one text at a time. Offsets count bytes of UTF-8. One thread at a time.
class TextBreaks {
 public:
  // `language`: a code such as "ja"; empty or unknown: rules for all languages.
  TextBreaks(BreakKind kind, const std::string& language);
  ~TextBreaks();
  TextBreaks(TextBreaks&&) noexcept;
  TextBreaks& operator=(TextBreaks&&) noexcept;

  // Precondition for all that follows: `text` is valid UTF-8 and lives until the next set_text().
  void set_text(std::string_view text);

  // Whether there is a boundary at `offset`; there always is one at both ends.
  bool is_boundary(size_t offset);

  // The nearest boundary before and after `offset`, which is inside the text.
  size_t before(size_t offset);
  size_t after(size_t offset);

  // All boundaries of the text, both ends included; {0} for an empty text.
  std::vector<size_t> boundaries();

 private:
  class Iterator;
  std::unique_ptr<Iterator> iterator_;
};

}  // namespace npu::captions
